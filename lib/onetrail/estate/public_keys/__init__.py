"""CloudTrail's public keys: those that AWS lists now, and those that the run keeps."""
