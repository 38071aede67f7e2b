"""What of one old bucket is still to be copied, and what prevents the copy."""
