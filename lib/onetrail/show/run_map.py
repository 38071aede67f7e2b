"""Where am I: the nine steps as the record of this run has them, at the top of every notebook and for `onetrail
status`."""

from typing import TYPE_CHECKING

from onetrail.change import RecordError
from onetrail.show.html import Column, Shown, escape, paragraph, together
from onetrail.show.table import NOTHING, simple

if TYPE_CHECKING:
    from onetrail.settings import Settings
    from onetrail.steps.recorded import RunMap, StepRecord

_COLUMNS = [Column(head) for head in ("step", "state", "plan", "when", "what comes next")]


def run_map(settings: "Settings") -> Shown:
    """The map of this run, from its record alone; nothing is asked of AWS. A record that cannot be read is reported."""
    from onetrail.steps.recorded import read_map  # `validate` shows tables too, and needs no step

    try:
        return shown(read_map(settings.run_folder), settings.run_name)
    except RecordError as err:
        return paragraph(err.line, strong=True)


def shown(found: "RunMap", run_name: str) -> Shown:
    """One row per step, and one line on what comes next."""
    table = simple(f"Steps of run {run_name}, as its record has them", _COLUMNS, [_row(one) for one in found.steps])
    return together(table, paragraph(f"{_next(found)} Only 00 asks AWS how far each step is.", strong=True))


def _next(found: "RunMap") -> str:
    one = found.next
    if one is None:
        return "By the record, every step was run."
    todo = f": {one.todo}".rstrip(".") if one.todo else ""
    return f"By the record, {_name(one)} comes next ({one.state}){todo}."


def _row(one: "StepRecord") -> list[str | Shown]:
    return [_linked(one), one.state, one.plan or NOTHING, one.at or NOTHING, one.todo or NOTHING]


def _linked(one: "StepRecord") -> Shown:
    """The step's name, which leads to its notebook beside this one."""
    return Shown(f'<a href="{one.about.notebook}.ipynb">{escape(_name(one))}</a>', _name(one))


def _name(one: "StepRecord") -> str:
    return f"{one.about.number} {one.about.title}"
