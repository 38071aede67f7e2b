"""The practice estate as a step left it, with its run folder: made once for all modules and lanes, put back for each
test."""

import shutil
from pathlib import Path
from typing import Final

from filelock import FileLock

from onetrail.aws import Clients
from tests.integration.by_hand import carried_out
from tests.integration.conftest import Estate
from tests.integration.in_process import STEPS

FIRST: Final = "02"
"""The first step that changes the estate."""


def after(estate: Estate, step: str, runs: Path) -> Clients:
    """Put back the estate as it is once `step` has ended, and its run folder below `runs`; returns new clients.

    The first call carries the steps out with the plain settings and saves each; every later one, of whatever lane,
    takes what was saved.
    """
    saved = _saved(estate, step)
    estate.restore(saved / "snapshot")
    clients = estate.clients(runs_dir=str(runs))
    folder = clients.settings.run_folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(saved / "run", folder)
    return clients


def _saved(estate: Estate, step: str) -> Path:
    """The folder that holds the estate after this step; made if it is not there yet."""
    saved = estate.stages / f"{estate.door.scenario}-after-{step}"
    with FileLock(f"{saved}.lock"):
        if not saved.exists():
            _make(estate, step, saved)
    return saved


def _make(estate: Estate, step: str, saved: Path) -> None:
    half = saved.with_name(f"{saved.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    earlier = [number for number in STEPS if FIRST <= number < step]
    if earlier:
        clients = after(estate, earlier[-1], half / "runs")
    else:
        estate.restore()
        clients = estate.clients(runs_dir=str(half / "runs"))
    carried_out(estate, (STEPS[step],), runs_dir=clients.settings.runs_dir)
    estate.snapshot(half / "snapshot")
    (half / "runs" / clients.settings.run_name).rename(half / "run")
    half.rename(saved)
