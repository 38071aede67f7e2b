"""The record of a move by an earlier version, in whatever state it was left, is read by this one and is not called
broken."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from onetrail.change import entries
from onetrail.change.run_record.line_kind import LineKind
from onetrail.cli import main
from onetrail.estate.custody.custody import read_custody
from onetrail.steps.recorded import read_map
from tests.integration.under_way import replay

STATES = {
    # lines, starts of a plan (05 three times, 07 twice), and the steps as the map has them from 02 on
    "grant_open": (143, 4, ("applied", "applied", "applied", "interrupted", *["not begun"] * 3)),
    "half_copied": (170, 5, ("applied", "applied", "applied", "interrupted", *["not begun"] * 3)),
    "sealed": (254, 7, ("applied",) * 5 + ("not begun",) * 2),
    "half_emptied": (266, 8, ("applied",) * 5 + ("interrupted", "not begun")),
    "retired": (290, 9, ("applied",) * 6 + ("looked",)),
}


def given_a_run(state: str, folder: Path) -> Path:
    replay.run_folder(state, folder)
    return folder


def verified(folder: Path) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["record", "verify", str(folder)])
    return result.exit_code, result.output


@pytest.mark.parametrize("state", STATES)
def test_a_record_of_an_earlier_version_is_whole_and_is_read(state, tmp_path):
    """By `record verify`, by the map at the top of the notebooks, and as evidence. Twin: one character of it changed,
    and the check names the line."""
    folder = given_a_run(state, tmp_path / state)
    lines, plans, steps = STATES[state]
    code, said = verified(folder)
    assert (code, said.splitlines()[0].split(", head")[0]) == (0, f"The record of {state} is whole. {lines} lines")
    assert tuple(one.state.value for one in read_map(folder).steps)[2:] == steps
    assert len(read_custody(folder).approvals) == plans == sum(1 for _ in entries(folder, LineKind.PLAN))
    path = folder / "record.jsonl"
    path.write_text(re.sub(r'"practice"', '"practicf"', path.read_text(), count=1))
    code, said = verified(folder)
    assert (code, "line 1" in said, "is not whole" in said) == (3, True, True)
