"""One change as the run record holds it: the line before it was sent, and the line that says how it ended. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from onetrail.change.run_record.line_kind import LineKind

_REFUSED = ("AccessDenied", "AccessDeniedException", "Forbidden", "UnauthorizedOperation", "403")


class ChangeEnding(StrEnum):
    """How a change ended, as the record has it. `REFUSED_AS_WANTED` is a probe; `UNKNOWN` has no line after its
    intent."""

    DONE = "done"
    REFUSED_AS_WANTED = "refused, as it must be"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Sent:
    """One change. `line` is that of its intent, `at` and `ended_at` are ISO text, UTC; `objects` are outcomes of bulk
    work, `size` its bytes."""

    line: int
    step: str
    plan: str
    key: str
    at: str
    account: str
    region: str
    service: str
    call: str
    resource: str
    actor: str
    reason: str
    before: Any
    parameters: Mapping[str, Any]
    ended: ChangeEnding
    ended_at: str = ""
    ended_line: int = 0
    request_id: str = ""
    why: str = ""
    objects: Mapping[str, int] = field(default_factory=dict)
    size: int = 0

    @property
    def may_have_happened(self) -> bool:
        """False only where AWS refused it: a failure without an answer may have been carried out."""
        return self.ended not in (ChangeEnding.REFUSED, ChangeEnding.REFUSED_AS_WANTED)


def all_sent(lines: Iterable[Mapping[str, Any]]) -> tuple[Sent, ...]:
    """Each intent with the line that ended it, in the order of sending; an intent is named by the hash of its own
    line."""
    intents: dict[str, Mapping[str, Any]] = {}
    ends: dict[str, Mapping[str, Any]] = {}
    for line in lines:
        if line["kind"] == LineKind.INTENT:
            intents[line["hash"]] = line
        elif line["kind"] in (LineKind.DONE, LineKind.FAILED):
            ends[line["intent"]] = line
    return tuple(_joined(line, ends.get(name)) for name, line in intents.items())


def end_of(line: Mapping[str, Any]) -> dict[str, Any]:
    """What the line that ended a change says of it, by the fields of Sent."""
    result = line.get("result") or {}
    return {
        "ended": _ended(line, result),
        "ended_at": str(line["at"]),
        "ended_line": int(line["n"]),
        "request_id": str(line.get("request_id", "")),
        "why": str(line.get("error", "")),
        "objects": dict(sorted((result.get("outcomes") or {}).items())),
        "size": int(result.get("bytes") or 0),
    }


def _joined(line: Mapping[str, Any], end: Mapping[str, Any] | None) -> Sent:
    return Sent(
        line=line["n"],
        step=line["step"],
        plan=line["plan"],
        key=line["key"],
        at=line["at"],
        account=line["account"],
        region=line["region"],
        service=line["service"],
        call=line["call"],
        resource=line["resource"],
        actor=line["actor"] or "named role",
        reason=line["reason"],
        before=line["before"],
        parameters=line["parameters"],
        **(end_of(end) if end else {"ended": ChangeEnding.UNKNOWN}),
    )


def _ended(end: Mapping[str, Any], result: Mapping[str, Any]) -> ChangeEnding:
    if end["kind"] == LineKind.DONE:
        return ChangeEnding.REFUSED_AS_WANTED if result.get("refused") else ChangeEnding.DONE
    said = str(end.get("error", ""))
    return ChangeEnding.REFUSED if any(f"({code})" in said for code in _REFUSED) else ChangeEnding.FAILED
