"""Whoever stops a run has what is open closed first."""

import os
import signal
import subprocess
import sys
import time

import pytest
from given_run import ROOT, given_an_answering_estate, given_notebooks

_RUN = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from given_run import given_settings
from onetrail.runner import run
result = run(given_settings(Path({folder!r})), folder=Path({folder!r}) / "notebooks", live=False)
print(result.steps[-1].state, len(result.steps))
sys.exit(result.exit_code)
"""
_CELL = """
import pathlib, time
folder = pathlib.Path({folder!r})
try:
    (folder / "opened").write_text("")
    time.sleep(1000)
finally:
    (folder / "closed").write_text("")
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_runs_the_finally_clauses_of_its_cell_and_fails(tmp_path, number):
    """Ctrl-C and a polite kill reach the cell, not the kernel: what the cell opened is closed, and exit code 1 says
    it."""
    given_notebooks(tmp_path, _CELL.format(folder=str(tmp_path)), "ok")
    with given_an_answering_estate(tmp_path / "practice"):
        environment = {
            **os.environ,
            "ONETRAIL_PRACTICE_DIR": str(tmp_path / "practice"),
            "PYTHONPATH": str(ROOT / "lib"),
        }
        code = _RUN.format(tests=os.path.dirname(__file__), folder=str(tmp_path))
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            env=environment,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        try:
            deadline = time.monotonic() + 300
            while not (tmp_path / "opened").exists() and time.monotonic() < deadline:
                time.sleep(0.1)
            process.send_signal(number)
            out, _ = process.communicate(timeout=300)
        finally:
            process.kill()
    assert (tmp_path / "closed").exists()
    assert process.returncode == 1
    assert out.split() == ["interrupted", "1"]
