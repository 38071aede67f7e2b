"""Requests about single objects in bulk: deletions, locks, restores, and how they are counted."""
