"""The map at the top of every notebook: nine rows with links, and the one line on what comes next."""

from pathlib import Path

import pytest

from onetrail.settings import Settings
from onetrail.show import run_map
from onetrail.show.run_map import shown
from tests.unit.steps.test_recorded import P, applied, ended, mapped

PRACTICE = Path(__file__).parents[3] / "parameters" / "practice.yaml"
HERE = "By the record, {} Only 00 asks AWS how far each step is."


def test_each_step_links_to_its_notebook_beside_this_one():
    """Relative, so that JupyterLab, VS Code and GitHub follow it; the same names in text."""
    found = shown(mapped(), "practice")
    assert found.html.count("<a href=") == 9
    assert '<a href="05_copy_history.ipynb">05 Copy history</a>' in found.html
    assert "05 Copy history" in found.text
    assert "href" not in found.text


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ([], "00 Start here comes next (not begun): run its notebook."),
        (
            [*(ended(f"0{n}", "nothing") for n in range(3)), ended("03", "planned", plan=P)],
            f"03 Bucket creation comes next (planned, waiting for approval): review the plan, then approve {P}.",
        ),
        (
            [*(ended(f"0{n}", "nothing") for n in range(7)), *applied("06"), ended("07", "stopped", "Stopped: why.")],
            "07 Retirement comes next (stopped): Stopped: why.",
        ),
        (
            # Interrupted, and gone on with after that: the last line counts.
            [*(ended(f"0{n}", "nothing") for n in range(5)), ended("05", "interrupted", "Interrupted.", plan=P)],
            "05 Copy history comes next (interrupted): run its notebook again: it goes on from what is there.",
        ),
        (
            [*(ended(f"0{n}", "nothing") for n in range(5)), ended("05", "interrupted", plan=P), *applied("05")],
            "06 Verification comes next (not begun): run its notebook: it plans.",
        ),
        ([ended(f"0{n}", "nothing") for n in range(9)], "every step was run."),
    ],
)
def test_one_line_says_what_comes_next_as_the_record_has_it(lines, line):
    """The record marks no step as done, and the line says who asks AWS."""
    assert shown(mapped(*lines), "practice").text.endswith(HERE.format(line))


def test_a_record_that_cannot_be_read_is_one_line_and_no_map(tmp_path):
    """Twin: without a record there is the map of a run that has not begun."""
    settings = Settings.from_file(PRACTICE).with_values(runs_dir=str(tmp_path))
    assert run_map(settings).text.startswith("Steps of run practice, as its record has them\n")
    (settings.run_folder / "record.jsonl").mkdir(parents=True)
    assert run_map(settings).text.endswith("fix this and try again: " + str(settings.run_folder / "record.jsonl"))
