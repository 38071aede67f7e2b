"""S3 Batch Operations: jobs, their tasks and their completion reports."""
