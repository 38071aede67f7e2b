"""Every access path into the log account: who, through which role, and what then; before and after the plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onetrail import iam
from onetrail.estate.log_account.observed import SERVICE_LINKED, Role
from onetrail.estate.log_account.roles import ORGANIZATION_ROLE, WantedRole
from onetrail.iam.build import trust
from onetrail.iam.document import values
from onetrail.looked import Unread
from onetrail.settings import Settings
from onetrail.steps.account_lockdown.observe import LockdownObservation
from onetrail.steps.account_lockdown.propose import roles_for


@dataclass(frozen=True, order=True)
class Path:
    """`principal` may assume `role` and then do `may`; now, and once the plan is applied."""

    role: str
    principal: str
    may: str
    now: bool
    after: bool


def paths(settings: Settings, observation: LockdownObservation) -> list[Path]:
    """Sorted by role and principal; empty when the roles could not be read."""
    log = observation.log
    if isinstance(log.roles, Unread):
        return []
    wanted = {role.name: role for role in roles_for(settings, log, observation.old.buckets, observation.gone)}
    found: list[Path] = []
    for name in sorted({*log.roles, *wanted}):
        role, goal = log.roles.get(name), wanted.get(name)
        now = trusted(role.trust) if role else set()
        after = _after(settings, name, goal, now)
        may = _may_wanted(goal) if goal else _may(role) if role else ""
        found += [Path(name, who, may, who in now, who in after) for who in sorted(now | after)]
    return found


def trusted(document: Mapping[str, Any]) -> set[str]:
    """Every principal that an Allow of a trust policy names."""
    who: set[str] = set()
    for statement in iam.statements(document):
        principal = statement.get("Principal", {}) if statement.get("Effect") == "Allow" else {}
        named = {"AWS": principal} if isinstance(principal, str) else principal
        who.update(value for kind in named.values() for value in values(kind))
    return who


def _after(settings: Settings, name: str, goal: WantedRole | None, now: set[str]) -> set[str]:
    if goal:
        return trusted(goal.trust)
    return trusted(trust(settings.break_glass_principals)) if name == ORGANIZATION_ROLE else now


def _may(role: Role) -> str:
    if role.path.startswith(SERVICE_LINKED):
        return "what its service needs"
    if role.could_not_look:
        return "not evaluated"
    held = [arn.rsplit("/", 1)[-1] for arn in role.attached] + sorted(role.inline)
    return ", ".join(held) or "nothing"


def _may_wanted(role: WantedRole) -> str:
    held = [arn.rsplit("/", 1)[-1] for arn in role.attached]
    return ", ".join(held) if held else role.what_for
