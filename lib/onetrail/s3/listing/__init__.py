"""Listings as streams in key order, cut into ranges that are read side by side."""
