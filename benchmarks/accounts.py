"""Whose the buckets of the null S3 are said to be."""

SOURCE_OWNER, TARGET_OWNER = "111122223333", "044455556666"
