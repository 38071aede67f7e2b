"""Sending the cutover: before each old trail is stopped delivery is seen and the trail looked at again, the last files
before the end."""

from functools import partial

from onetrail.aws import Clients
from onetrail.change import Change, CheckKind, Gate, Outcome, Plan, Requirement, run_plan
from onetrail.estate.adoption.recording import records_as_much
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
    stopping = {
        change.requires: partial(may_stop, clients, change)
        for change in plan.changes
        if change.requires and change.requires.kind is CheckKind.DELIVERED_EVERYWHERE
    }
    return run_plan(
        plan,
        gate,
        requires={**stopping, LAST_FILES: lambda: last_files_in(_looked_again(clients))},
        accounts=clients.settings.source_account_ids,
    )


def may_stop(clients: Clients, change: Change) -> Requirement:
    """Whether this old trail may be stopped now: the new one delivers everywhere, the old one is as reviewed, and no
    event of it is lost."""
    seen, settings = _looked_again(clients), clients.settings
    state = delivered_everywhere(settings, seen)
    if not state.met:
        return state
    if why := not_as_reviewed(seen.estate, change.resource, change.before):
        return Requirement(False, f"{change.resource}: {why}; run this step again")
    old = next(trail for trail in seen.estate.old_trails if trail.arn == change.resource)
    recorded = records_as_much(settings, seen.estate, old)
    return state if recorded.met else recorded


def _looked_again(clients: Clients) -> CutoverObservation:
    return observe_delivery(clients.settings, clients, read_trails(clients.settings, clients))
