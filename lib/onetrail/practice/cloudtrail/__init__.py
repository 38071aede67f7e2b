"""CloudTrail: its API, and the logs and digests that it delivers as time passes."""
