"""How far a step is, as AWS shows it: what the map of notebook 00 lists, and what a later step asks of its forerunner."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from onetrail.change import Plan

BLIND: Final = "something could not be looked at"
"""Why a plan holds nothing where a look failed."""


class Stage(StrEnum):
    """`DONE`: nothing left to change. `OPEN`: something is left. `UNKNOWN`: could not look."""

    DONE = "done"
    OPEN = "open"
    UNKNOWN = "could not look"


@dataclass(frozen=True)
class Status:
    """One step's stage with the sentence that says what was seen."""

    step: str
    stage: Stage
    line: str

    @property
    def done(self) -> bool:
        """True when a later step may build on this one."""
        return self.stage is Stage.DONE


def asked(before: Mapping[str, Status] | None, step: str, ask: Callable[[], Status]) -> Status:
    """The step's status: the one that the caller has asked for in this same look, else asked now."""
    return before[step] if before and step in before else ask()


def still_open(plan: Plan) -> Status | None:
    """The status of a step whose plan holds changes: the first of them, and how many more; None where the plan is empty."""
    if plan.empty:
        return None
    first, more = plan.changes[0], len(plan.changes) - 1
    others = f" and {more:,} more are" if more else " is"
    return Status(plan.step, Stage.OPEN, f"{first.key} ({first.call}){others} still to be done")
