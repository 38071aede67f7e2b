"""Sending the cutover: before each old trail is stopped delivery is seen and the trail looked at again, the last files
before the end."""

from functools import partial

from onetrail.aws import Clients
from onetrail.change import Change, CheckKind, Gate, Outcome, Plan, Requirement, run_plan
from onetrail.estate.old_estate import read_trails
from onetrail.estate.old_trails import not_as_reviewed
from onetrail.steps.trail_cutover.observe import (
    CutoverObservation,
    delivered_everywhere,
    last_files_in,
    observe_delivery,
)
from onetrail.steps.trail_cutover.propose import LAST_FILES


def apply(plan: Plan, gate: Gate, clients: Clients) -> Outcome:
    """Send the plan; waits for delivery before an old trail is stopped, and for the last files before the end."""

    def look_again() -> CutoverObservation:
        return observe_delivery(clients.settings, clients, read_trails(clients.settings, clients))

    def may_stop(change: Change) -> Requirement:
        seen = look_again()
        state = delivered_everywhere(clients.settings, seen)
        why = not_as_reviewed(seen.estate, change.resource, change.before) if state.met else ""
        return Requirement(False, f"{change.resource}: {why}; run this step again") if why else state

    stopping = {
        change.requires: partial(may_stop, change)
        for change in plan.changes
        if change.requires and change.requires.kind is CheckKind.DELIVERED_EVERYWHERE
    }
    return run_plan(
        plan,
        gate,
        requires={**stopping, LAST_FILES: lambda: last_files_in(look_again())},
    )
