"""The run record read as evidence: what was approved by what, what was sent as whom and how it ended, and which files
it names.

Pure but for reading `record.jsonl`; a line that cannot be read is left out here and named by the check of the chain.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from onetrail.change import CheckKind, RecordCheck, entries, verify_record
from onetrail.change.run_record.line_kind import LineKind
from onetrail.errors import described
from onetrail.estate.custody.approvals import Approval, Entered, approvals, entered
from onetrail.estate.custody.permissions import Permission, permissions
from onetrail.estate.custody.sent import ChangeEnding, Sent, all_sent, end_of
from onetrail.estate.proof.receipts import EARLIER_FOLDER, FOLDER

_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    LineKind.PLAN: ("step", "plan", "approve", "changes"),
    LineKind.INTENT: (
        "step",
        "plan",
        "key",
        "account",
        "region",
        "service",
        "call",
        "actor",
        "resource",
        "before",
        "parameters",
        "reason",
    ),
    LineKind.DONE: ("intent",),
    LineKind.FAILED: ("intent",),
    LineKind.STEP: ("step", "state", "line"),
    LineKind.REQUIREMENT: ("step", "name", "met", "why"),
    LineKind.CALLER: ("step", "plan", "account", "actor", "arn", "way"),
    LineKind.PARTITION: ("part", "sha256", "rows"),
    LineKind.SAVED: ("files",),
    LineKind.REPORT: ("file", "sha256"),
}
"""Kind of line -> what it must hold to be read here."""
_RECEIPTS: Final = (f"{FOLDER}/", f"{EARLIER_FOLDER}/")


class Ran(NamedTuple):
    """A step that reached its end: its state in the words of the record, and the sentence."""

    line: int
    at: str
    step: str
    state: str
    said: str


class Condition(NamedTuple):
    """A named check that was asked at the moment of sending."""

    line: int
    at: str
    step: str
    name: str
    met: bool
    why: str

    @property
    def of_revocation(self) -> bool:
        """Whether it asked if a grant was revoked, whatever the version that wrote it calls that."""
        return self.name in _REVOCATION


_REVOCATION: Final = (CheckKind.GRANT_REVOKED, "hole_closed")
"""This version's name, and the one that versions up to 0.2.0 wrote."""


class BoundFile(NamedTuple):
    """A file that the record binds by SHA-256: its path below the run folder, and the line that says so.

    Of a `receipt` the hash is that over its fields, which it says of itself.
    """

    line: int
    name: str
    sha256: str
    rows: int
    receipt: bool = False


class NotKept(NamedTuple):
    """A closing that was sent although the policy it replaced could not be read; `line` is that before it was sent."""

    line: int
    account: str
    region: str
    what: str
    call: str
    why: str


@dataclass(frozen=True)
class Custody:
    """The record of one run. `head` is the hash of its last line; `anchored` are the heads it says it stored, by
    line."""

    check: RecordCheck
    first: str = ""
    last: str = ""
    sent: tuple[Sent, ...] = ()
    permissions: tuple[Permission, ...] = ()
    approvals: tuple[Approval, ...] = ()
    entered: tuple[Entered, ...] = ()
    ran: tuple[Ran, ...] = ()
    conditions: tuple[Condition, ...] = ()
    files: tuple[BoundFile, ...] = ()
    anchored: Mapping[int, str] = field(default_factory=dict)
    reports: tuple[BoundFile, ...] = ()
    not_kept: tuple[NotKept, ...] = ()

    @property
    def there(self) -> bool:
        """True where the run has a record."""
        return bool(self.check.lines)

    @property
    def left_open(self) -> tuple[Permission, ...]:
        """Permissions that the record does not show as closed."""
        return tuple(one for one in self.permissions if one.closed is None)

    @property
    def unended(self) -> tuple[Approval, ...]:
        """Plans that were begun, and of which the record does not say how they ended: their process was killed."""
        return tuple(one for one in self.approvals if not one.ended)

    @property
    def unknown(self) -> tuple[Sent, ...]:
        """Changes of which the record does not say how they ended."""
        return tuple(one for one in self.sent if one.ended is ChangeEnding.UNKNOWN)


def read_custody(folder: Path, stored: Mapping[int, str] | None = None) -> Custody:
    """The record of a run folder; `stored` are the heads that the work bucket holds. A missing record is an empty one,
    not whole."""
    check = verify_record(folder, stored)
    if not check.lines:
        return Custody(check)
    lines, unfit, closings = [], [], set()
    for line in entries(folder):
        why = _unfit(line, check)
        if why:
            unfit.append(f"line {line['n']} is no {line['kind'][:40]} line of a record: {why}")
        else:
            lines.append(line)
        closings |= _closings(line)
    if unfit:
        check = replace(check, whole=False, problems=(*check.problems, *unfit))
    return _read(lines, check, closings)


_ODD: Final = (TypeError, ValueError, LookupError, AttributeError)
"""What reading raises where a line is not of its shape."""


def _unfit(line: dict[str, Any], check: RecordCheck) -> str:
    """Why a line cannot be read here; empty where it can. It is read by itself, so that it keeps no other from being
    read."""
    lacks = next((name for name in _FIELDS.get(line["kind"], ()) if name not in line), "")
    if lacks:
        return f"it has no {lacks}"
    try:
        if line["kind"] == LineKind.PLAN:
            [change["closes"] for change in line["changes"]]
        elif line["kind"] in (LineKind.DONE, LineKind.FAILED):
            end_of(line)
        _read([line], check, {(line["plan"], line["key"])} if line["kind"] == LineKind.INTENT else set())
    except _ODD as err:
        return f"it is not of its shape: {described(err)}"
    return ""


def _read(lines: list[dict[str, Any]], check: RecordCheck, closings: Collection[tuple[str, str]]) -> Custody:
    """`closings` are (plan, key) of every change that another change of its plan closes again."""
    sent, callers = all_sent(lines), entered(lines)
    return Custody(
        check=check,
        first=str(lines[0]["at"]) if lines else "",
        last=str(lines[-1]["at"]) if lines else "",
        sent=sent,
        permissions=permissions(closings, sent),
        approvals=approvals(lines, sent, callers),
        entered=callers,
        ran=tuple(
            Ran(one["n"], one["at"], one["step"], one["state"], one["line"])
            for one in lines
            if one["kind"] == LineKind.STEP
        ),
        conditions=tuple(
            Condition(one["n"], one["at"], one["step"], one["name"], one["met"], one["why"])
            for one in lines
            if one["kind"] == LineKind.REQUIREMENT
        ),
        files=tuple(named for line in lines for named in _files(line)),
        anchored={line["line"]: line["head"] for line in lines if line["kind"] == LineKind.ANCHOR},
        reports=tuple(
            BoundFile(one["n"], one["file"], one["sha256"], 0) for one in lines if one["kind"] == LineKind.REPORT
        ),
        not_kept=tuple(_not_kept(lines)),
    )


def _closings(line: Mapping[str, Any]) -> set[tuple[str, str]]:
    """What a plan's line says is closed again, change by change: one that cannot be read hides no other."""
    changes = line.get("changes", []) if line["kind"] == LineKind.PLAN else []
    said = (change.get("closes") for change in changes if isinstance(change, Mapping))
    return {(str(line.get("plan")), closes) for closes in said if isinstance(closes, str) and closes}


def _files(line: Mapping[str, Any]) -> Iterator[BoundFile]:
    """Policies before and after, ledger parts, receipts, and what the inventory saved."""
    number = int(line["n"])
    policy = line.get({LineKind.INTENT: "replaces", LineKind.DONE: "puts"}.get(line["kind"], ""), {})
    if "file" in policy:
        yield BoundFile(number, policy["file"], policy["sha256"], 0)
    if line["kind"] == LineKind.PARTITION:
        yield BoundFile(number, f"ledger/{line['part']}", line["sha256"], line["rows"])
    elif line["kind"] == LineKind.SAVED:
        yield from (BoundFile(number, one["name"], one["sha256"], one["count"]) for one in line["files"])
    elif line["kind"] in (LineKind.DONE, LineKind.FAILED):
        result = line.get("result") or {}
        parts = [*(result.get("ledger") or []), *([result["proven"]] if "proven" in result else [])]
        yield from (BoundFile(number, _below_the_run_folder(one["part"]), one["sha256"], one["rows"]) for one in parts)
        if str(result.get("file", "")).startswith(_RECEIPTS):
            yield BoundFile(number, result["file"], result["sha256"], result["objects"], receipt=True)


def _below_the_run_folder(part: str) -> str:
    """Where a part lies: a receipt's list says its folder, a part of the ledger does not."""
    return part if "/" in part else f"ledger/{part}"


def _not_kept(lines: Iterable[Mapping[str, Any]]) -> Iterator[NotKept]:
    for line in lines:
        why = line.get("replaces", {}).get("could_not_look", "") if line["kind"] == LineKind.INTENT else ""
        if why:
            call = f"{line['service']}:{line['call']}"
            yield NotKept(line["n"], line["account"], line["region"], line["resource"], call, why)
