"""What the nbval plugin mends: parameters, order, and going on after a failed cell."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.estate]


def _given_a_notebook(folder, name, *sources):
    cells = [nbformat.v4.new_code_cell('approve = ""', execution_count=1, metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(source, execution_count=n) for n, source in enumerate(sources, 2)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / name)


def _nbval(folder):
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "lib"), str(ROOT)]),
        "ONETRAIL_NBVAL_SCENARIO": "tiny",  # what is tested here is the plugin
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "tests.notebooks.nbval_estate",
        "--rootdir",
        str(folder),
        "-c",
        os.devnull,
        "--nbval",
        "--nbval-current-env",
        str(folder),
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder, check=False)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One run over four notebooks: two that pass, one with an output that differs, one behind it. Folder, exit code,
    what pytest said."""
    folder = tmp_path_factory.mktemp("nbval")
    left, destroyed = (f"open({str(folder / name)!r}, 'w').close()" for name in ("left", "destroyed"))
    _given_a_notebook(folder, "00_a.ipynb", "assert approve == 'any'", left)
    _given_a_notebook(
        folder,
        "01_b.ipynb",
        f"assert open({str(folder / 'left')!r})",
        "from onetrail.aws.estate import PracticeEstate\nassert PracticeEstate.running().number == 7",
    )
    _given_a_notebook(folder, "02_c.ipynb", "1 + 1", destroyed)
    _given_a_notebook(folder, "03_d.ipynb", destroyed)
    return folder, *_nbval(folder)


def test_the_cells_run_in_order_with_everything_approved_on_an_estate_of_their_own(run):
    """The second notebook finds what the first left; neither sees anybody's parameters."""
    folder, _, out = run
    assert "7 passed" in out, out
    assert (folder / "left").exists()


def test_an_output_that_differs_fails(run):
    """The twin of every passing cell."""
    _, code, out = run
    assert (code, "1 failed" in out) == (1, True), out
    assert "02_c" in out.split("FAILURES")[1], out


def test_after_a_failed_cell_no_other_runs(run):
    """In its notebook and in the next one: nbval by itself would run the cell after a raised gate."""
    folder, _, out = run
    assert "1 failed, 7 passed, 3 skipped" in out, out
    assert not (folder / "destroyed").exists()
