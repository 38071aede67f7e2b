"""How a step that was stopped ended, as the record has it: never a sentence that was fixed beforehand."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from onetrail.change import entries
from onetrail.change.words import counted

_NAMED: Final = 5
"""So many closed things are named, the others counted."""


def lines_of(folder: Path) -> int:
    """How many lines the record has now."""
    path = folder / "record.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def interrupted(folder: Path, since: int) -> str:
    """What the lines after number `since` say of the plan that was being applied: how far it came, and what was closed again."""
    lines = [line for line in entries(folder) if line["n"] > since]
    plan = next((line for line in reversed(lines) if line["kind"] == "plan"), None)
    if plan is None:
        return "interrupted before a plan was applied: nothing was sent"
    done = [line for line in lines if line["kind"] == "done" and line["n"] > plan["n"]]
    of = counted(len(plan["changes"]), "change")
    said = f"interrupted after {len(done)} of {of} of plan {plan['plan']}"
    closed = list(dict.fromkeys(_closed(done, lines)))
    if not closed:
        return said
    more = f" and {len(closed) - _NAMED} more" if len(closed) > _NAMED else ""
    return f"{said}; closed: {', '.join(closed[:_NAMED])}{more}"


def _closed(done: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]]) -> list[str]:
    intents = {line["hash"]: line for line in lines if line["kind"] == "intent"}
    return [str(intents[line["intent"]]["resource"]) for line in done if line.get("closes")]
