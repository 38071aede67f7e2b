"""What step 05 reads in addition to the old buckets: earlier jobs, edited policies, and subscribers to every copied
object."""
