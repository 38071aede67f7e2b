"""nbval on the committed notebooks: one fresh practice estate for all nine, in order, everything approved.

nbval itself injects no parameters, takes no fixtures, and goes on after a failed cell; this plugin mends the three.
A session that collects no notebook starts nothing.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from onetrail.practice import process

_ROOT = Path(__file__).resolve().parents[2]
_STATE = pytest.StashKey[dict]()


def _is_cell(item: pytest.Item) -> bool:
    return type(item).__name__ == "IPyNbCell"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The notebooks' cells first, as the longest chain, in the notebooks' order; their parameters approve
    everything."""
    cells = [item for item in items if _is_cell(item)]
    if not cells or config.option.collectonly:
        return
    work = Path(tempfile.mkdtemp(prefix="onetrail-nbval-"))
    config.stash[_STATE] = {"work": work, "before": dict(os.environ), "failed": ""}
    items[:] = [
        *sorted(cells, key=lambda cell: (cell.path.name, cell.cell_num)),
        *(item for item in items if not _is_cell(item)),
    ]
    for item in cells:
        if "parameters" in item.cell.metadata.get("tags", []):
            item.cell.source += f'\napprove = "any"\nruns_dir = "{work / "runs"}"\n'


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """The estate starts with the first cell; after a failed cell no other runs, since each builds on those before
    it."""
    if not _is_cell(item):
        return
    state = item.config.stash[_STATE]
    if state["failed"]:
        pytest.skip(f"not run: {state['failed']} failed before it")
    if "estate" not in state:
        os.environ |= {
            "ONETRAIL_PRACTICE_DIR": str(state["work"] / "practice"),
            "ONETRAIL_LIVE": "0",
            "ONETRAIL_UNATTENDED": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, [str(_ROOT / "lib"), os.environ.get("PYTHONPATH", "")])),
        }
        process.start(os.environ.get("ONETRAIL_NBVAL_SCENARIO", "default"))
        state["estate"] = True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Remember the first cell that fails."""
    report = yield
    if _is_cell(item) and report.failed and not item.config.stash[_STATE]["failed"]:
        item.config.stash[_STATE]["failed"] = f"{item.path.name} {item.name}"
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the estate and put the environment back."""
    state = session.config.stash.get(_STATE, None)
    if state is None:
        return
    try:
        if "estate" in state:
            process.stop()
    finally:
        os.environ.clear()
        os.environ.update(state["before"])
        shutil.rmtree(state["work"], ignore_errors=True)
