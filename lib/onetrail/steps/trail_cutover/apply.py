"""Sending the cutover: delivery is seen before the first old trail is stopped, the last files before the end."""

from typing import cast

from onetrail.aws import Clients
from onetrail.change import Gate, Outcome, Plan, run_plan
from onetrail.steps.old_estate import read_trails
from onetrail.steps.trail_cutover.observe import (
    Observation,
    delivered_everywhere,
    last_files_in,
    observe_delivery,
)


def apply(plan: Plan, gate: Gate) -> Outcome:
    """Send the plan; waits for delivery before the first old trail is stopped, and for the last files before the end."""
    clients = cast(Clients, gate.sender)

    def look_again() -> Observation:
        return observe_delivery(clients.settings, clients, read_trails(clients.settings, clients))

    return run_plan(
        plan,
        gate,
        requires={
            "delivered_everywhere": lambda: delivered_everywhere(clients.settings, look_again()),
            "last_files_in": lambda: last_files_in(look_again()),
        },
    )
