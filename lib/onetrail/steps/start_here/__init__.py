"""Step 00: who we are in each account, what would stop the move, and how far every step is. It changes nothing."""

from onetrail.steps.registry import START_HERE as ABOUT
from onetrail.steps.start_here.overview import (
    STEP,
    AccountEntry,
    StartObservation,
    apply,
    check,
    observe,
    propose,
    read_ways,
)

__all__ = [
    "ABOUT",
    "STEP",
    "AccountEntry",
    "StartObservation",
    "apply",
    "check",
    "observe",
    "propose",
    "read_ways",
]
