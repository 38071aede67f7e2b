"""Scenarios: the old estate that a practice estate starts with, and damage done to it on request."""
