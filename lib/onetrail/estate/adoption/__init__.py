"""An existing trail in place of a new one: found, left to its owner, and recording as much as the old trails do."""
