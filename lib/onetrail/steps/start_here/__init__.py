"""Step 00: who we are in each account, what would stop the move, and how far every step is. It changes nothing."""

from onetrail.steps.start_here.overview import (
    MAP,
    STEP,
    Mapped,
    Observation,
    Way,
    apply,
    check,
    observe,
    propose,
    read_ways,
)

__all__ = ["MAP", "STEP", "Mapped", "Observation", "Way", "apply", "check", "observe", "propose", "read_ways"]
