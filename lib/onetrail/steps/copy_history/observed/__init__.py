"""What step 05 reads besides the old buckets: earlier jobs, edited policies, and subscribers to every copied object."""
