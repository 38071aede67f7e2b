"""Access to the log account and what the archive's policy allows: before the move as the record shows it, and now."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from onetrail.change.words import counted
from onetrail.looked import Unread
from onetrail.settings import Settings
from onetrail.show.report.model import Part, Prose, Section, table
from onetrail.steps.account_lockdown import paths
from onetrail.steps.account_lockdown.paths import trusted
from onetrail.steps.bucket_creation import verdicts
from onetrail.steps.evidence import EvidenceObservation

_TRUST = ("CreateRole", "UpdateAssumeRolePolicy")


def section(settings: Settings, observation: EvidenceObservation) -> Section:
    """Roles and who may assume them; then the archive's own policy, request by request."""
    title = "Access to the log archive account"
    lockdown = observation.lockdown
    if lockdown is None or isinstance(lockdown.log.roles, Unread):
        return Section(
            "access",
            title,
            "The roles of the log account could not be read, so the access paths are not evaluated.",
        )
    known = _before(observation, settings.log_account.account_id)
    now = {name: trusted(role.trust) for name, role in lockdown.log.roles.items()}
    may = {way.role: way.may for way in paths(settings, lockdown)}
    ways = sorted({(role, who) for side in (now, known) for role, people in side.items() for who in people})
    rows = [
        [
            who,
            role,
            may.get(role, "–"),
            "yes" if who in known.get(role, now.get(role, set())) else "no",
            "yes" if who in now.get(role, set()) else "no",
        ]
        for role, who in ways
    ]
    heads = ("principal", "may assume", "and then may", "before", "now")
    parts: list[Part] = [
        table(f"Access paths to the log account {lockdown.log.account}", heads, rows, verdict=_line(rows))
    ]
    parts.append(
        Prose(
            (
                (
                    "Before is what the run record holds of the state that each change replaced; a role that no change"
                    " touched counts as it is now."
                    if known
                    else "The record shows no change of a role of this account, so before and now are the same."
                ),
            )
        )
    )
    parts += _judged(settings, observation)
    return Section("access", title, _line(rows), tuple(parts))


def _line(rows: list[list[str]]) -> str:
    now = {row[0] for row in rows if row[4] == "yes"}
    closed = sum(row[3] == "yes" and row[4] == "no" for row in rows)
    opened = sum(row[3] == "no" and row[4] == "yes" for row in rows)
    count = sum(row[4] == "yes" for row in rows)
    return (
        f"{counted(len(now), 'principal has', 'principals have')} {counted(count, 'access path')}; since the record"
        f" began {counted(opened, 'was', 'were')} opened and {closed:,} closed."
    )


def _before(observation: EvidenceObservation, account: str) -> dict[str, set[str]]:
    """Role -> who could assume it before the first change of this record to its trust; roles that no change touched are
    left out."""
    found: dict[str, set[str]] = {}
    for one in observation.custody.sent:
        if one.account != account or one.service != "iam" or one.call not in _TRUST or not one.may_have_happened:
            continue
        name = str(one.parameters.get("RoleName", ""))
        if name not in found:
            found[name] = trusted(_document(one.before)) if one.call == "UpdateAssumeRolePolicy" else set()
    return found


def _document(said: Any) -> Mapping[str, Any]:
    if isinstance(said, str):
        try:
            said = json.loads(said)
        except ValueError:
            return {}
    return said if isinstance(said, Mapping) else {}


def _judged(settings: Settings, observation: EvidenceObservation) -> Iterator[Part]:
    seen = observation.creation.buckets.get(settings.bucket_name) if observation.creation else None
    if seen is None or seen.policy is None or isinstance(seen.policy, Unread):
        yield Prose(("The archive's policy does not exist yet, or could not be read: nothing was evaluated.",))
        return
    judged = [(one.expectation, one.decision, one.row) for one in verdicts(settings, seen.policy)]
    rows = [
        [
            wish.name,
            said.does,
            "allowed" if wish.wanted else "denied",
            "allowed" if decision.allowed else "denied",
            said.statement,
        ]
        for wish, decision, said in judged
    ]
    yield Prose(
        (
            (
                "Every caller below counts as an administrator of its own account: each denial comes from the archive's"
                " own policy."
            ),
        )
    )
    heads = ("request", "action", "expected", "actual", "decided by")
    yield table(
        "The archive's policy as AWS shows it now, request by request",
        heads,
        rows,
        verdict=f"{sum(row[2] == row[3] for row in rows):,} of {len(rows):,} requests have the expected decision.",
        folded=f"Show all {len(rows)} requests",
    )
