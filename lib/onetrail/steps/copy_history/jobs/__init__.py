"""Copies by S3 Batch Operations: manifests, jobs, and their completion reports."""
