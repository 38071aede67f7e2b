"""The plans that the notebooks of a run proposed, as their executed notebooks carry them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from onetrail.change.step_state import StepState
from onetrail.printable import json_safe
from onetrail.runner.notebooks import NotebookUnfit, read
from onetrail.runner.result import StepResult
from onetrail.show import PLAN_MIME
from onetrail.show.plans.plan_json import plans_as_json

_AWAITS: Final = (StepState.PLANNED, StepState.REFUSED)


@dataclass(frozen=True)
class Proposed:
    """One plan: how its step ended, the plan as JSON, as Markdown, and as the notebook shows it in text."""

    state: str
    plan: Mapping[str, Any]
    markdown: str
    text: str

    @property
    def awaits(self) -> bool:
        """Whether it still awaits approval."""
        return self.state in _AWAITS


def proposed_in(steps: Iterable[StepResult]) -> tuple[Proposed, ...]:
    """Those of the steps, in their order; a step that proposed nothing has none."""
    return tuple(found for step in steps for found in _of(step))


def _of(step: StepResult) -> Iterable[Proposed]:
    try:
        cells = read(step.path).cells
    except NotebookUnfit:  # its kernel never got so far, or the disk is full: the step's own line says so
        return
    for cell in cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if PLAN_MIME in data:
                found = data[PLAN_MIME]
                yield Proposed(str(step.state), found["plan"], found["markdown"], str(data.get("text/plain", "")))


def as_json(proposed: Iterable[Proposed]) -> str:
    """The document of `--plan-json`: each plan, with the state in which its step ended."""
    document = plans_as_json({**one.plan, "state": one.state} for one in proposed)
    return json_safe(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def as_markdown(proposed: Iterable[Proposed]) -> str:
    """The text of `--plan-markdown`: a section for each plan that awaits approval."""
    return "\n".join(one.markdown for one in proposed if one.awaits) or "No plan awaits approval.\n"
