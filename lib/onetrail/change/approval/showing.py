"""When a plan was first shown, by the record of its run, and until when it can be approved.

A plan that is shown again after its time starts a new period: running it once without an approval is all that an
expiry asks for.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from onetrail.change.approval.given import PlanRefused, Showing
from onetrail.change.plan import Plan
from onetrail.change.step_state import StepState
from onetrail.change.values import iso


def shown(plan: Plan, lines: Iterable[Mapping[str, Any]], hours: int) -> Showing | None:
    """The first showing of a plan since it was last applied or last expired; `lines` are the record's `step` lines.
    None where it was not shown before."""
    found: Showing | None = None
    for line in lines:
        if line.get("plan") != plan.id:
            continue
        if line["state"] == StepState.APPLIED:
            found = None
        elif line["state"] == StepState.PLANNED:
            at = datetime.fromisoformat(str(line["at"]))
            if found is None or at > found.until(hours):
                found = Showing(at, str(line.get("by") or ""))
    return found


def refuse_expired(plan: Plan, first: Showing, now: datetime, hours: int) -> None:
    """Raises PlanRefused where the plan was first shown too long ago."""
    if now > first.until(hours):
        raise PlanRefused(
            f"step {plan.step}: plan {plan.id} was first shown at {iso(first.at)}, and approval_hours is {hours}: its "
            f"approval expired at {iso(first.until(hours))}; run step {plan.step} without approve, review the plan "
            "again, and approve it then"
        )


def refuse_unshown(plan: Plan) -> None:
    """Raises PlanRefused: the run folder does not say when the plan was shown."""
    raise PlanRefused(
        f"step {plan.step}: this run folder holds no showing of plan {plan.id}, so when its approval expires is not "
        f"known: show it first: run step {plan.step} without approve, review the plan, and approve it then"
    )
