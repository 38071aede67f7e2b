"""The run record: its lines, its chain of hashes, its heads, and the lock on the run folder."""
