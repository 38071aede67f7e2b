"""S3's operations, one module for each kind."""
