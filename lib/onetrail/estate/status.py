"""How far a step is, as AWS shows it: what the map of notebook 00 lists, and what a later step asks of its
prerequisite."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from onetrail.change import Finding, FindingState, Plan

BLIND: Final = "something could not be read"
"""Why a plan holds nothing where a look failed."""


class StepStage(StrEnum):
    """`DONE`: nothing left to change. `OPEN`: something is left. `UNKNOWN`: not evaluated."""

    DONE = "done"
    OPEN = "open"
    UNKNOWN = "not evaluated"


@dataclass(frozen=True)
class Status:
    """One step's stage with the sentence that says what was seen."""

    step: str
    stage: StepStage
    line: str

    @property
    def done(self) -> bool:
        """True when a later step may build on this one."""
        return self.stage is StepStage.DONE


def asked(before: Mapping[str, Status] | None, step: str, ask: Callable[[], Status]) -> Status:
    """The step's status: the one that the caller has asked for in this same look, else asked now."""
    return before[step] if before and step in before else ask()


def unevaluated(plan: Plan, unread: Sequence[str]) -> Plan:
    """The plan as one that holds nothing, because of what could not be read, which its notes name first."""
    return replace(
        plan,
        changes=(),
        why=BLIND,
        notes=(*unread, *plan.notes),
        ends_with=None,
        not_yet=None,
        not_evaluated=True,
    )


def evaluated(plan: Plan, unread: Sequence[str]) -> Plan:
    """The plan; where it holds nothing for no other reason, and something was unread, it says that instead of "already
    so"."""
    reasons = (plan.changes, plan.waiting_for, plan.not_yet, plan.why)
    return plan if not unread or any(reasons) else unevaluated(plan, unread)


def behind(plan: Plan, before: Status) -> Plan:
    """The plan of a step whose prerequisite is not done: it waits, or is as unknown as that is."""
    if before.stage is StepStage.UNKNOWN:
        return unevaluated(plan, (_unknown(before),))
    return replace(plan, changes=(), waiting_for=before.step, why=before.line)


def standing_behind(step: str, before: Status) -> Status:
    """The status of such a step; what the prerequisite lacks is in its own status."""
    unknown = before.stage is StepStage.UNKNOWN
    return Status(step, before.stage, _unknown(before) if unknown else f"waiting for {before.step}")


def waiting_findings(id: str, before: Status, resource: str) -> list[Finding]:
    """What the check of such a step finds."""
    if before.stage is StepStage.UNKNOWN:
        return [Finding(id, FindingState.COULD_NOT_LOOK, "-", "-", resource, _unknown(before))]
    return [Finding(id, FindingState.PLANNED, "-", "-", resource, f"waiting for {before.step}: {before.line}")]


def _unknown(before: Status) -> str:
    return f"whether step {before.step} is done is unknown: {before.line}"


def still_open(plan: Plan) -> Status | None:
    """The status of a step whose plan holds changes: the first of them, and how many more; None where the plan is
    empty."""
    if plan.empty:
        return None
    first, more = plan.changes[0], len(plan.changes) - 1
    others = f" and {more:,} more are" if more else " is"
    return Status(plan.step, StepStage.OPEN, f"{first.key} ({first.call}){others} still to be done")
