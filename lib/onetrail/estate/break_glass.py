"""Whether the person who runs this can become break-glass, or the sealer, now: asked before a plan that needs it is
approved, and again when it is sent."""

from dataclasses import replace
from typing import Final

from onetrail import names
from onetrail.aws import Clients
from onetrail.aws.actors import BREAK_GLASS, SEALER
from onetrail.aws.sessions import CannotEnter
from onetrail.change import CheckKind, Plan, RequiredCheck, Requirement
from onetrail.change.words import counted

CAN_BECOME: Final = RequiredCheck(CheckKind.BREAK_GLASS)
"""What changes say of it in `requires`."""
CAN_SEAL: Final = RequiredCheck(CheckKind.SEALER)
"""The same for the role that seals the record's head."""
_WHY: Final = {
    "02": "nobody else may change the roles and the settings of the log account",
    "03": "nobody else may change our buckets and the archive's key once they stand",
    "05": "nobody else may change the archive's policy, and it lets the grant-keeper in for the copy and out again",
    "06": "nobody else may raise locks and the archive's default lock",
}
"""Step -> why break-glass, and no everyday role, sends some of its changes."""
SEAL_CURE: Final = "run step 02 if the role is not there yet, and this step again as one of break_glass_principals"
CURE: Final = "run this step again as one of break_glass_principals"


def with_reason(plan: Plan) -> Plan:
    """The plan with a note of how many changes need break-glass and why; as it is where none does."""
    number = sum(change.actor == BREAK_GLASS for change in plan.changes)
    if not number:
        return plan
    note = f"{counted(number, 'change needs', 'changes need')} break-glass: {_WHY[plan.step]}"
    return replace(plan, notes=(*plan.notes, note))


def cannot_become(clients: Clients) -> str:
    """Why break-glass of the log account cannot be assumed with the current credentials; empty where it was."""
    return _cannot(clients, BREAK_GLASS, names.BREAK_GLASS_ROLE)


def cannot_seal(clients: Clients) -> str:
    """Why the sealer of the log account cannot be assumed with the current credentials; empty where it was."""
    return _cannot(clients, SEALER, names.SEALER_ROLE)


def _cannot(clients: Clients, actor: str, role: str) -> str:
    try:
        entry = clients.entry(clients.settings.log_account.account_id, actor)
    except CannotEnter as err:
        return f"{err}"
    kind, _, name = entry.arn.split(":", 5)[5].partition("/")
    if kind == "assumed-role" and name.split("/")[0] == role:
        return ""
    return f"{role} cannot be assumed with the current credentials, only {entry.way}"


def can_become(clients: Clients) -> Requirement:
    """Met when break-glass was really assumed, as STS says."""
    why = cannot_become(clients)
    return Requirement(not why, why and f"{why}; {CURE}")


def can_seal(clients: Clients) -> Requirement:
    """Met when the sealer was really assumed, as STS says."""
    why = cannot_seal(clients)
    return Requirement(not why, why and f"{why}; {SEAL_CURE}")
