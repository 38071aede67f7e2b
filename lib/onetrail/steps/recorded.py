"""How far each step of a run is, as its record has it: a map for people, made without a call to AWS.

The record says what was done here and when, never how AWS is now: no step is done because of it. Notebook 00 asks AWS.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from onetrail.change import StepState, entries
from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.run_record.lock import writer_of
from onetrail.steps.registry import EVIDENCE, STEPS
from onetrail.steps.step import About

_AGAIN: Final = re.compile(r"after (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")
_BEFORE: Final = re.compile(r"waiting for (\d\d)")
_GO_ON: Final = "run its notebook again: it goes on from what is there"


class Recorded(StrEnum):
    """The states of the map, in words."""

    NOT_BEGUN = "not begun"
    LOOKED = "looked"
    """A step that only looks was run."""
    NOTHING = "nothing to change"
    PLANNED = "planned, waiting for approval"
    WAITING = "waiting for an earlier step"
    NOT_YET = "not yet"
    WITHHELD = "nothing is planned"
    NOT_EVALUATED = "not evaluated"
    APPLIED = "applied"
    STOPPED = "stopped"
    REFUSED = "refused"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    AT_WORK = "at work"
    """Another process applies its plan just now."""
    STALE = "stale"
    """An earlier step was applied after it."""


_STATES: Final[Mapping[str, Recorded]] = {
    StepState.NOTHING: Recorded.NOTHING,
    StepState.PLANNED: Recorded.PLANNED,
    StepState.WAITING: Recorded.WAITING,
    StepState.NOT_YET: Recorded.NOT_YET,
    StepState.WITHHELD: Recorded.WITHHELD,
    StepState.NOT_EVALUATED: Recorded.NOT_EVALUATED,
    StepState.APPLIED: Recorded.APPLIED,
    StepState.STOPPED: Recorded.STOPPED,
    StepState.REFUSED: Recorded.REFUSED,
    StepState.FAILED: Recorded.FAILED,
    StepState.INTERRUPTED: Recorded.INTERRUPTED,
    StepState.CLOSED: Recorded.INTERRUPTED,
}
_BEHIND_US: Final = (Recorded.LOOKED, Recorded.NOTHING, Recorded.APPLIED)
_EXIT_CODES: Final[Mapping[Recorded, int]] = {
    Recorded.FAILED: 1,
    Recorded.INTERRUPTED: 1,
    Recorded.REFUSED: 2,
    Recorded.STOPPED: 3,
    Recorded.NOT_EVALUATED: 3,
    Recorded.NOT_YET: 4,
}


@dataclass(frozen=True)
class StepRecord:
    """One step on the map. `at` is the time of its last line in the record, `plan` the id that this line names; both
    empty where there is none. `todo` says what comes next, empty where nothing does."""

    about: About
    state: Recorded = Recorded.NOT_BEGUN
    plan: str = ""
    at: str = ""
    todo: str = ""

    @property
    def open(self) -> bool:
        """Whether something is still to be done here, as far as the record says."""
        return self.state not in _BEHIND_US


@dataclass(frozen=True)
class RunMap:
    """The nine steps in order."""

    steps: tuple[StepRecord, ...]

    @property
    def next(self) -> StepRecord | None:
        """The first step with something to do; None where there is none."""
        return next((one for one in self.steps if one.open), None)

    @property
    def exit_code(self) -> int:
        """That of the step that is next: 1 failed or interrupted, 2 refused, 3 stopped or not evaluated, 4 not yet;
        else 0."""
        return _EXIT_CODES.get(self.next.state, 0) if self.next else 0


def read_map(folder: Path) -> RunMap:
    """The map of a run folder. Raises RecordError where its record cannot be read."""
    found = run_map(entries(folder, LineKind.PLAN, LineKind.STEP))
    if any(one.state is Recorded.INTERRUPTED for one in found.steps) and writer_of(folder):
        found = RunMap(tuple(map(_at_work, found.steps)))
    return found


def run_map(lines: Iterable[Mapping[str, Any]]) -> RunMap:
    """The map that these lines of a record give, in their order; lines of other kinds say nothing here."""
    last: dict[str, Mapping[str, Any]] = {}
    applied: dict[str, int] = {}
    for line in lines:
        if line["kind"] in (LineKind.PLAN, LineKind.STEP) and "step" in line:
            last[line["step"]] = line
            if line.get("state") == StepState.APPLIED and line.get("changes"):
                applied[line["step"]] = line["n"]
    return RunMap(tuple(_stale(_step(about, last), last, applied) for about in STEPS))


def _step(about: About, last: Mapping[str, Mapping[str, Any]]) -> StepRecord:
    line = last.get(about.number)
    if line is None:
        return StepRecord(about, todo=_run(about))
    said = str(line.get("line", ""))
    state = _STATES.get(str(line.get("state", "")), Recorded.INTERRUPTED)
    if state is Recorded.NOTHING and about.looks_only:
        state = Recorded.LOOKED
    plan = "" if state in (Recorded.LOOKED, Recorded.NOTHING, Recorded.WAITING) else str(line.get("plan", ""))
    return StepRecord(about, state, plan, str(line.get("at", "")), _todo(about, state, plan, said))


def _todo(about: About, state: Recorded, plan: str, said: str) -> str:
    match state:
        case Recorded.PLANNED:
            return f"review the plan, then approve {plan}"
        case Recorded.REFUSED:
            return f"another plan was approved: review this one, then approve {plan}"
        case Recorded.WAITING:
            before = _BEFORE.match(said)
            return f"do {before[1] if before else ' and '.join(about.after)} first"
        case Recorded.NOT_YET:
            again = _AGAIN.search(said)
            return f"run its notebook again after {again[1]}" if again else "run its notebook again later"
        case Recorded.FAILED | Recorded.INTERRUPTED:
            return _GO_ON
        case Recorded.STOPPED | Recorded.WITHHELD | Recorded.NOT_EVALUATED:
            return said
        case _:
            return ""


def _run(about: About) -> str:
    return "run its notebook" if about.looks_only else "run its notebook: it plans"


def _stale(one: StepRecord, last: Mapping[str, Mapping[str, Any]], applied: Mapping[str, int]) -> StepRecord:
    """The step as stale where an earlier one was applied after it: what it saw is not what is there."""
    if one.state is Recorded.NOT_BEGUN or (one.about.looks_only and one.about is not EVIDENCE):
        return one
    number = one.about.number
    since = [step for step, line in sorted(applied.items()) if step < number and line > last[number]["n"]]
    if not since:
        return one
    return replace(one, state=Recorded.STALE, todo=f"{', '.join(since)} applied since: run its notebook again")


def _at_work(one: StepRecord) -> StepRecord:
    if one.state is not Recorded.INTERRUPTED:
        return one
    return replace(one, state=Recorded.AT_WORK, todo="wait for the process that applies it")
