"""What the estate is: accounts, clock, buckets, credentials, trails, jobs. Values, and no service."""
