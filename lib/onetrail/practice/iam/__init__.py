"""Who is calling, and whether the call is allowed."""
