"""One account and region of the archive: its digest chains walked, its logs read, their events counted."""
