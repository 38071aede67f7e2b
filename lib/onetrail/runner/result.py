"""What an executed notebook says of itself: how its plan ended, and what its checks found."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from onetrail.change.step_state import StepState
from onetrail.errors import OnetrailError
from onetrail.show import RESULT_MIME
from onetrail.show.findings import CheckState

FAILED, REFUSED, FINDINGS, NOT_YET = 1, 2, 3, 4
"""Exit codes beside 0."""
_OF_CHECKS: Final = frozenset(CheckState)


class NotebookState(StrEnum):
    """How a notebook ended, where that is not how its plan ended."""

    DONE = "done"
    """It has no plan."""
    FINDINGS = "findings"
    """Its checks found something."""


@dataclass(frozen=True)
class StepResult:
    """How one notebook ended. `plan` is the id that awaits approval or was applied; `path` the executed notebook."""

    name: str
    state: StepState | NotebookState
    exit_code: int
    line: str
    plan: str
    path: Path

    @property
    def stops_the_run(self) -> bool:
        """Findings are remembered and the run goes on; anything else than done stops it."""
        return self.exit_code in (FAILED, REFUSED, NOT_YET)


def from_notebook(name: str, notebook: Any, path: Path) -> StepResult:
    """The result of a notebook that reached its end."""
    said = list(_results(notebook))
    outcome = next((one for one in reversed(said) if one["state"] not in _OF_CHECKS), None)
    checked = next((one for one in reversed(said) if one["state"] in _OF_CHECKS), None)
    codes = [int(one["exit_code"]) for one in (outcome, checked) if one]
    code = NOT_YET if NOT_YET in codes else FINDINGS if FINDINGS in codes else 0
    lines = [str(one["line"]) for one in (outcome, checked) if one]
    ended = StepState(outcome["state"]) if outcome else NotebookState.DONE
    state = NotebookState.FINDINGS if code == FINDINGS and ended is not StepState.STOPPED else ended
    return StepResult(name, state, code, " ".join(map(_sentence, lines)), str((outcome or {}).get("plan", "")), path)


def _sentence(line: str) -> str:
    return line if line.endswith((".", "!", "?")) else f"{line}."


def from_stop(name: str, line: str, path: Path) -> StepResult:
    """The result of a notebook that was told to stop; `line` says how far its plan came."""
    return StepResult(name, StepState.INTERRUPTED, FAILED, f"{line}: see {path}", "", path)


def from_error(name: str, ename: str, evalue: str, path: Path) -> StepResult:
    """The result of a notebook that stopped at an error. Ours say in one line what to do; others name the notebook."""
    if ename == "ModuleNotFoundError" and "'onetrail" in evalue:
        return StepResult(
            name,
            StepState.FAILED,
            FAILED,
            f"the kernel cannot import onetrail ({evalue}): install it again, from its wheel or by make venv in a"
            " checkout",
            "",
            path,
        )
    code = exit_codes().get(ename)
    if code is None:
        line = evalue.splitlines()[0] if evalue else ""
        return StepResult(
            name,
            StepState.FAILED,
            FAILED,
            f"{ename}: {line}: the failing cell is linked at the top of {path}",
            "",
            path,
        )
    state = {REFUSED: StepState.REFUSED, NOT_YET: StepState.NOT_YET}.get(code, StepState.FAILED)
    return StepResult(name, state, code, OnetrailError(evalue).line, "", path)


def exit_codes() -> dict[str, int]:
    """The errors that onetrail raises on purpose, by class name, as far as they are imported."""
    return {kind.__name__: kind.exit_code for kind in _kinds(OnetrailError)}


def _kinds(kind: type[OnetrailError]) -> Iterator[type[OnetrailError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


def _results(notebook: Any) -> Iterator[dict[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            result = output.get("data", {}).get(RESULT_MIME)
            if result:
                yield dict(result)
