"""Copies by S3 Batch Operations: which objects make one job, its manifest, its request, its report, and the ledger rows
that follow."""
