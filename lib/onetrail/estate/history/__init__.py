"""Old objects beside the archive: what an old bucket holds, which archive key each object has, and who else claims that
key."""
