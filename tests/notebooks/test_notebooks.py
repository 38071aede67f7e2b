"""The committed notebooks read alike, hold no logic, and carry the outputs of a whole run."""

import importlib.util
import itertools
import re
from pathlib import Path

import nbformat
import pytest

from onetrail.recording import RECORDED, refreshed, written
from onetrail.runner.notebooks import all_notebooks, check_parameters
from onetrail.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = all_notebooks(ROOT / "notebooks")
HEADINGS = ["## Observe", "## Propose", "## Apply", "## Check", "## Undo"]
each = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.name)


def _cells(notebook, kind="code"):
    return [cell for cell in nbformat.read(notebook.path, as_version=4).cells if cell.cell_type == kind]


def test_the_notebooks_are_there():
    """Their names are what parameter files and people rely on."""
    assert [notebook.name for notebook in NOTEBOOKS] == [
        "00_start_here",
        "01_inventory",
        "02_account_lockdown",
        "03_bucket_creation",
        "04_trail_cutover",
        "05_copy_history",
        "06_verification",
        "07_retirement",
        "08_evidence",
    ]


@each
def test_headings_are_the_same_in_all(notebook):
    """One title with its number, then Observe, Propose, Apply, Check, Undo."""
    heads = [line for cell in _cells(notebook, "markdown") for line in cell.source.splitlines() if line.startswith("#")]
    assert re.fullmatch(rf"# {notebook.number} [A-Z][a-z ]+", heads[0])
    assert [head for head in heads[1:] if head.startswith("## ")] == HEADINGS
    assert sum(head.startswith("# ") for head in heads) == 1


@each
def test_the_first_cell_says_what_the_notebook_leaves_changed(notebook):
    """Title, one sentence, that the outputs are a recording, links."""
    _title, sentence, recorded, links = nbformat.read(notebook.path, as_version=4).cells[0].source.split("\n\n")
    assert sentence.startswith("This notebook ")
    assert sentence.endswith(".")
    assert recorded == RECORDED
    assert "](" in links


@each
def test_cells_are_short(notebook):
    """What needs more than five lines belongs in the library; the parameters have a line a key."""
    long = [
        c.source
        for c in _cells(notebook)
        if "parameters" not in c.metadata.get("tags", []) and c.source.count("\n") >= 5
    ]
    assert long == []


@each
def test_every_code_cell_follows_a_sentence_that_announces_it(notebook):
    """The sentence ends in a colon."""
    cells = nbformat.read(notebook.path, as_version=4).cells
    silent = [
        cell.source
        for before, cell in itertools.pairwise(cells)
        if cell.cell_type == "code" and not (before.cell_type == "markdown" and before.source.rstrip().endswith(":"))
    ]
    assert silent == []


@each
def test_every_code_cell_was_run_in_order(notebook):
    """nbval compares nothing for a cell without a count, and would call it passed."""
    assert [cell.execution_count for cell in _cells(notebook)] == list(range(1, len(_cells(notebook)) + 1))


@each
def test_no_cell_failed_or_escapes_comparison(notebook):
    """No error output, no tag or comment that keeps nbval from comparing."""
    cells = _cells(notebook)
    assert not [o for cell in cells for o in cell.outputs if o.output_type == "error"]
    assert not [cell.source for cell in cells if "NBVAL" in cell.source.upper()]
    assert {tag for cell in cells for tag in cell.metadata.get("tags", [])} == {"parameters"}


@each
def test_outputs_hold_nothing_that_varies(notebook):
    """No address in memory, port, path of a machine, or widget."""
    outputs = str([cell.outputs for cell in _cells(notebook)])
    for pattern in (
        r"0x[0-9a-f]{8,}",
        r"127\.0\.0\.1",
        r"/tmp/",
        r"/home/",
        r"widget-view",
        r"(?<!AIDA)OTPRACTICE",
    ):
        assert not re.search(pattern, outputs), pattern


@each
def test_the_cell_after_the_parameters_makes_settings_of_them(notebook):
    """A wrong parameter is refused before anything else happens."""
    cells = _cells(notebook)
    place = next(i for i, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", []))
    assert cells[place + 1].source.startswith("settings = Settings.from_notebook(globals())\n")


@each
def test_the_step_has_its_library_module(notebook):
    """`03_bucket_creation` calls `onetrail.steps.bucket_creation`."""
    assert importlib.util.find_spec(f"onetrail.steps.{notebook.step}")
    assert f"from onetrail.steps import {notebook.step} as step" in str([c.source for c in _cells(notebook)])


@each
def test_the_imports_are_there_and_the_step_is_its_own(notebook):
    """The first cell as a kernel runs it. Twin: a name that is not there ends it at once."""
    cell = _cells(notebook)[0].source
    names: dict[str, object] = {}
    exec(cell, names)  # noqa: S102 - our own notebook
    assert names["step"].__name__ == f"onetrail.steps.{notebook.step}"
    assert names["seen"].__name__.endswith(f".{notebook.step}")
    with pytest.raises(ImportError, match="cannot import name"):
        exec(cell.replace("import Clients", "import NoClients"), {})  # noqa: S102


def test_every_notebook_knows_every_parameter():
    """And no other."""
    check_parameters(NOTEBOOKS)


def test_generated_parts_are_as_they_would_be_generated():
    """Parameters cell, links, metadata, and the form in which the file is written."""
    fresh = refreshed(NOTEBOOKS, Settings.from_file(ROOT / "parameters" / "practice.yaml"))
    stale = [path.name for path, notebook in fresh.items() if path.read_text(encoding="utf-8") != written(notebook)]
    assert stale == []
