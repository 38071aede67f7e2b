"""Which side copies an old bucket."""

from enum import StrEnum


class Direction(StrEnum):
    """Who sends the copies of one old bucket. `copy_direction` and an override may name one; `auto` leaves the choice
    to the bucket."""

    PULL = "pull"
    """A role of the log account reads the old bucket."""
    PUSH = "push"
    """A role of the old bucket's own account writes into the archive."""
