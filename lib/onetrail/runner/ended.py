"""How a step that was stopped ended, as the record has it: never a sentence that was fixed beforehand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from onetrail.change import RecordError, entries
from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.words import counted

_NAMED: Final = 5
"""So many closed things are named, the others counted."""


def lines_of(folder: Path) -> int:
    """How many lines the record has now."""
    return max((line["n"] for line in _entries(folder)), default=0)


def plans_in(folder: Path) -> set[str]:
    """The ids of every plan that was begun in this run folder."""
    return {str(line["plan"]) for line in _entries(folder) if line["kind"] == LineKind.PLAN and "plan" in line}


def interrupted(folder: Path, since: int) -> str:
    """What the lines after number `since` say of the plan that was being applied: how far it came, and what was closed
    again."""
    lines = [line for line in _entries(folder) if line["n"] > since]
    plan = _last_plan(lines)
    if plan is None:
        return "interrupted before a plan was applied: nothing was sent"
    done = [line for line in lines if line["kind"] == LineKind.DONE and line["n"] > plan["n"]]
    of = counted(len(plan["changes"]), "change")
    said = f"interrupted after {len(done)} of {of} of plan {plan['plan']}"
    closed = list(dict.fromkeys(_closed(done, lines)))
    if not closed:
        return said
    more = f" and {len(closed) - _NAMED} more" if len(closed) > _NAMED else ""
    return f"{said}; closed: {', '.join(closed[:_NAMED])}{more}"


def _last_plan(lines: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    plans = (line for line in reversed(lines) if line["kind"] == LineKind.PLAN and {"plan", "changes"} <= line.keys())
    return next(plans, None)


def _entries(folder: Path) -> list[dict[str, Any]]:
    """Nothing of a record that cannot be read: the steps say so themselves."""
    try:
        return list(entries(folder))
    except RecordError:
        return []


def _closed(done: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]]) -> list[str]:
    intents = {line["hash"]: line for line in lines if line["kind"] == LineKind.INTENT}
    closing = (intents.get(str(line.get("intent", ""))) for line in done if line.get("closes"))
    return [str(line.get("resource", "")) for line in closing if line]
