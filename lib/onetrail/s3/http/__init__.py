"""S3 over HTTP: calls and answers, signatures, retries, and the transport."""
