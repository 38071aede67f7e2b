"""What has been proven: receipts of old buckets, and the heads of the run record that are stored outside this
machine."""
