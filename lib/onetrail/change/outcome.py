"""What became of a plan."""

from dataclasses import dataclass

from onetrail.change.plan import Plan
from onetrail.change.send import Done
from onetrail.change.step_state import StepState


@dataclass(frozen=True)
class Outcome:
    """What became of a plan.

    `line` gives the reason of the state in a sentence: what is withheld and why, until when time is missing, which
    requirement was not met. `unsealed` says why the record's head could not be put outside this machine after it; empty
    where it was, or nobody does.
    """

    plan: Plan
    state: StepState
    line: str
    done: tuple[Done, ...] = ()
    unsealed: str = ""

    @property
    def exit_code(self) -> int:
        """0, 3 when stopped by an unmet requirement, not evaluated or without a head of the record, 4 when time is
        missing."""
        match self.state:
            case StepState.NOT_YET:
                return 4
            case StepState.STOPPED | StepState.NOT_EVALUATED:
                return 3
            case (
                StepState.NOTHING
                | StepState.WITHHELD
                | StepState.PLANNED
                | StepState.WAITING
                | StepState.APPLIED
                | StepState.CLOSED
            ):
                return 3 if self.unsealed else 0
            case StepState.REFUSED | StepState.FAILED | StepState.INTERRUPTED:
                raise ValueError(f"an error ends a plan as {self.state}, and has its own exit code")
