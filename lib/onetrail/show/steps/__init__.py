"""What each step shows in its notebook."""
