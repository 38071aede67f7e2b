"""Copies that this machine sends: the pilot, the tasks, restores, and the rows of the ledger."""
