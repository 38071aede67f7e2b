"""S3: buckets and objects in memory, access checks, and the operations."""
