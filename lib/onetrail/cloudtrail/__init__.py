"""What CloudTrail is: object keys, trails, digest files and their chain. Bytes in, values out; no AWS
calls."""
