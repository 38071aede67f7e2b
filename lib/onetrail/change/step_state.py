"""How a step ended: one spelling for what the record's `step` lines say, what reads them, and what the runner
prints."""

from enum import StrEnum
from typing import Final


class StepState(StrEnum):
    """How a plan ended.

    The first eight are an `Outcome`'s. An error ends a plan as REFUSED (its approval does not cover it), FAILED or
    INTERRUPTED. CLOSED is of a later run that closed what an earlier one had left open.
    """

    NOTHING = "nothing"
    """Everything is already as wanted."""
    NOT_EVALUATED = "not_evaluated"
    """Something could not be read, so nothing is proposed."""
    WITHHELD = "withheld"
    """Nothing is proposed for another reason."""
    PLANNED = "planned"
    """Not approved, nothing sent."""
    WAITING = "waiting"
    """A prerequisite step is not done."""
    NOT_YET = "not_yet"
    """Time is missing."""
    APPLIED = "applied"
    STOPPED = "stopped"
    """A requirement was not met."""
    REFUSED = "refused"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    CLOSED = "closed"


NOTHING_SENT: Final = frozenset(
    (
        StepState.PLANNED,
        StepState.NOTHING,
        StepState.WAITING,
        StepState.NOT_YET,
        StepState.WITHHELD,
        StepState.NOT_EVALUATED,
    )
)
"""How a plan ends of which nothing is sent."""
