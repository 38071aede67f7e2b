"""The copy engine: one object step by step, many partitions at once, and a copy read back."""
