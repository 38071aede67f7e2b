"""Copies one S3 prefix into another with proof: what `onetrail copy` does."""
