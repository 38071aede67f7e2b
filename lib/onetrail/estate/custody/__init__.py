"""What the run record says: what was sent and how that ended, and which temporary permissions were opened and closed
again."""
