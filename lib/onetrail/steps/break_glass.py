"""Whether whoever runs this can become break-glass now: asked before a plan that needs it is approved, and again when it is sent."""

from typing import Final

from onetrail import names
from onetrail.aws import Clients
from onetrail.aws.sessions import CannotEnter
from onetrail.change import BREAK_GLASS, Requirement

CAN_BECOME: Final = "break_glass"
"""The name that changes use for it in `requires`."""
CURE: Final = "run this step again as one of break_glass_principals"


def cannot_become(clients: Clients) -> str:
    """Why break-glass of the log account cannot be assumed with the credentials at hand; empty where it was."""
    try:
        entry = clients.entry(clients.settings.log_account.account_id, BREAK_GLASS)
    except CannotEnter as err:
        return f"{err}"
    kind, _, name = entry.arn.split(":", 5)[5].partition("/")
    if kind == "assumed-role" and name.split("/")[0] == names.BREAK_GLASS_ROLE:
        return ""
    return f"{names.BREAK_GLASS_ROLE} cannot be assumed with the credentials at hand, only {entry.way}"


def can_become(clients: Clients) -> Requirement:
    """Met when break-glass was really assumed, as STS says."""
    why = cannot_become(clients)
    return Requirement(not why, why and f"{why}; {CURE}")
