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
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tests.notebooks.nbval_estate",
               "--rootdir", str(folder), "-c", os.devnull, "--nbval", "--nbval-current-env", str(folder)]  # fmt: skip
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=folder, check=False)
    return done.returncode, done.stdout


def test_the_cells_run_in_order_with_everything_approved_on_an_estate_of_their_own(tmp_path):
    """The second notebook finds what the first left; neither sees anybody's parameters."""
    _given_a_notebook(
        tmp_path, "00_a.ipynb", "assert approve == 'any'", f"open({str(tmp_path / 'left')!r}, 'w').close()"
    )
    _given_a_notebook(
        tmp_path,
        "01_b.ipynb",
        f"assert open({str(tmp_path / 'left')!r})",
        "from onetrail.aws.estate import PracticeEstate\nassert PracticeEstate.running().number == 7",
    )
    code, out = _nbval(tmp_path)
    assert (code, "6 passed" in out) == (0, True), out


def test_after_a_failed_cell_no_other_runs(tmp_path):
    """nbval by itself would run the cell after a raised gate."""
    _given_a_notebook(tmp_path, "00_a.ipynb", "1 / 0", f"open({str(tmp_path / 'destroyed')!r}, 'w').close()")
    _given_a_notebook(tmp_path, "01_b.ipynb", f"open({str(tmp_path / 'destroyed')!r}, 'w').close()")
    code, out = _nbval(tmp_path)
    assert code == 1
    assert "1 failed, 1 passed, 3 skipped" in out
    assert not (tmp_path / "destroyed").exists()


def test_an_output_that_differs_fails(tmp_path):
    """The twin of every passing cell."""
    _given_a_notebook(tmp_path, "00_a.ipynb", "1 + 1")
    code, out = _nbval(tmp_path)
    assert code == 1, out
