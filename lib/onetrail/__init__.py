"""onetrail: many CloudTrail trails and buckets down to one trail and one bucket in a locked-down account."""

__version__ = "0.2.0"
