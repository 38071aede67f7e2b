"""The result of a plan."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from onetrail.aws import environment
from onetrail.change import ExpectedAnswer, Outcome, StepState
from onetrail.show.html import Column, Shown, paragraph, together
from onetrail.show.table import simple

_SIGNS: Final[Mapping[StepState, str]] = {
    StepState.APPLIED: "✓",
    StepState.NOTHING: "✓",
    StepState.WITHHELD: "→",
    StepState.NOT_EVALUATED: "✗",
    StepState.PLANNED: "→",
    StepState.WAITING: "…",
    StepState.NOT_YET: "…",
    StepState.STOPPED: "✗",
}
_COLUMNS: Final = [
    Column("what was done"),
    Column("account"),
    Column("region"),
    Column("as"),
    Column("changes", right=True),
]


def outcome(became: Outcome) -> Shown:
    """What was carried out, by call, and the one line that says how it ended, with the exit code for the runner."""
    result = {
        "step": became.plan.step,
        "state": became.state.value,
        "exit_code": became.exit_code,
        "line": became.line,
        "plan": became.plan.id if became.plan.changes else "",
    }
    line = paragraph(f"{_SIGNS.get(became.state, '')} {_for_a_reader(became)}", strong=True)
    shown = together(_done(became), line) if became.done else line
    return Shown(shown.html, shown.text, result, shown.tables)


def _for_a_reader(became: Outcome) -> str:
    """The line; for a person in JupyterLab the way on is the gate, not a parameter."""
    said, apart, _ = became.line.partition("; to apply them set approve")
    if not apart or not environment.people_are_here():
        return became.line
    return f"{said}; to apply them type {became.plan.id} at the gate above, and run this cell again."


def _done(became: Outcome) -> Shown:
    counts: Counter[tuple[str, str, str]] = Counter()
    regions: dict[tuple[str, str, str], set[str]] = {}
    for done in became.done:
        change = done.change
        refused = ", refused as expected" if change.expects is ExpectedAnswer.REFUSED else ""
        row = (f"{change.service}:{change.call}{refused}", change.account, change.actor or "named role")
        counts[row] += 1
        regions.setdefault(row, set()).add(change.region)
    rows = [
        [what, account, _regions(regions[what, account, actor]), actor, f"{number:,}"]
        for (what, account, actor), number in counts.items()
    ]
    total = ["all", "", "", "", f"{len(became.done):,}"]
    return simple(f"Changes carried out of plan {became.plan.id}", _COLUMNS, rows, total)


def _regions(seen: set[str]) -> str:
    return next(iter(seen)) if len(seen) == 1 else f"{len(seen)} regions"
