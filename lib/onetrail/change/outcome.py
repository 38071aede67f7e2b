"""What became of a plan."""

from dataclasses import dataclass

from onetrail.change.plan import Plan
from onetrail.change.send import Done


@dataclass(frozen=True)
class Outcome:
    """What became of a plan.

    `state` is `nothing` (already as wanted), `not_evaluated` (something could not be looked at, so nothing is proposed), `withheld` (nothing
    is proposed for another reason, which `line` gives), `planned` (not approved, nothing sent), `waiting` (a prerequisite is not done),
    `not_yet` (time is missing, `line` says until when), `applied`, or `stopped` (a requirement was not met).
    `unsealed` says why the record's head could not be put outside this machine after it; empty where it was, or nobody does.
    """

    plan: Plan
    state: str
    line: str
    done: tuple[Done, ...] = ()
    unsealed: str = ""

    @property
    def exit_code(self) -> int:
        """0, 3 when stopped by an unmet requirement, not evaluated or without a head of the record, 4 when time is missing."""
        return {"not_yet": 4, "stopped": 3, "not_evaluated": 3}.get(self.state, 3 if self.unsealed else 0)
