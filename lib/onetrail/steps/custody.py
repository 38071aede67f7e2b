"""The run record read as evidence: what was approved, what was changed by whom, and each temporary permission from opening to closing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onetrail.change import RecordCheck, entries, verify_record


@dataclass(frozen=True)
class Sent:
    """One change as the record holds it. `outcome` is `done`, `refused` (a canary, as wanted), `failed` or `unknown` (no line after the intent)."""

    step: str
    plan: str
    key: str
    at: str
    account: str
    region: str
    call: str
    resource: str
    actor: str
    reason: str
    outcome: str
    request_id: str
    ended: str


@dataclass(frozen=True)
class Permission:
    """A temporary permission: when it was opened and, once it was, closed. An empty `closed` means that it stands open."""

    what: str
    account: str
    actor: str
    opened: str
    closed: str


@dataclass(frozen=True)
class Custody:
    """The record of one run. `approvals` pairs each plan id with the approval it ran under; `anchors` maps line numbers to head hashes."""

    check: RecordCheck
    sent: tuple[Sent, ...]
    permissions: tuple[Permission, ...]
    approvals: tuple[tuple[str, str, str, int], ...]
    steps: tuple[tuple[str, str, str, str], ...]
    objects: Mapping[str, int]

    @property
    def left_open(self) -> tuple[Permission, ...]:
        """Permissions that the record does not show as closed."""
        return tuple(permission for permission in self.permissions if not permission.closed)


def read_custody(folder: Path, anchored: Mapping[int, str] | None = None) -> Custody:
    """Read `record.jsonl`. A missing record is an empty one whose check is not whole."""
    lines = list(entries(folder))
    sent = _sent(lines)
    plans = [line for line in lines if line["kind"] == "plan"]
    outcomes: dict[str, int] = {}
    for line in lines:
        if line["kind"] == "partition":
            for outcome, count in line.get("outcomes", {}).items():
                outcomes[outcome] = outcomes.get(outcome, 0) + count
    return Custody(
        check=verify_record(folder, anchored),
        sent=sent,
        permissions=_permissions(plans, sent),
        approvals=tuple(
            (line["step"], line["plan"], line["approve"], len(line["changes"])) for line in plans
        ),
        steps=tuple(
            (line["at"], line["step"], line["state"], line["line"])
            for line in lines
            if line["kind"] == "step"
        ),
        objects=dict(sorted(outcomes.items())),
    )


def _sent(lines: Iterable[Mapping[str, Any]]) -> tuple[Sent, ...]:
    """Each intent with the line that ended it; an intent is named by the hash of its own line."""
    intents: dict[str, Mapping[str, Any]] = {}
    ends: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        if line["kind"] == "intent":
            intents[line["hash"]] = line
        elif line["kind"] in ("done", "failed") and line.get("intent"):
            ends[line["intent"]] = line
    return tuple(_joined(line, ends.get(name)) for name, line in intents.items())


def _joined(line: Mapping[str, Any], end: Mapping[str, Any] | None) -> Sent:
    outcome = "unknown" if end is None else str(end["kind"])
    if end is not None and isinstance(end.get("result"), Mapping) and end["result"].get("refused"):
        outcome = "refused"
    return Sent(
        step=line["step"],
        plan=line["plan"],
        key=line["key"],
        at=line["at"],
        account=line["account"],
        region=line["region"],
        call=f"{line['service']}:{line['call']}",
        resource=line["resource"],
        actor=line["actor"] or "named role",
        reason=line["reason"],
        outcome=outcome,
        request_id=str(end.get("request_id", "")) if end else "",
        ended=str(end["at"]) if end else "",
    )


def _permissions(plans: Iterable[Mapping[str, Any]], sent: Iterable[Sent]) -> tuple[Permission, ...]:
    """Every change that another one closes is a temporary permission; a later closing of the same resource counts as well."""
    pairs = {
        (line["plan"], change["closes"]): change["key"]
        for line in plans
        for change in line["changes"]
        if change["closes"]
    }
    done = [change for change in sent if change.outcome in ("done", "unknown")]
    found = []
    for index, opening in enumerate(done):
        closing_key = pairs.get((opening.plan, opening.key))
        if closing_key is None:
            continue
        closing = next(
            (
                later
                for later in done[index + 1 :]
                if later.outcome == "done"
                and later.resource == opening.resource
                and later.account == opening.account
                and later.key in (closing_key, closing_key.replace("no-window", "close"))
            ),
            None,
        )
        found.append(
            Permission(
                opening.resource, opening.account, opening.actor, opening.at, closing.ended if closing else ""
            )
        )
    return tuple(found)
