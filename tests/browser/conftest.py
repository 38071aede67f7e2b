"""Makes the pieces of this folder importable, and gives each test an estate and a copy of the notebooks."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from onetrail.aws.estate import PracticeEstate

sys.path.insert(0, str(Path(__file__).parent))
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def estate(tmp_path, monkeypatch):
    """A fresh tiny estate, named to everything that is started from here."""
    monkeypatch.setenv("ONETRAIL_PRACTICE_DIR", str(tmp_path / "practice"))
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join(filter(None, [str(ROOT / "lib"), os.environ.get("PYTHONPATH", "")]))
    )
    for name in ("ONETRAIL_LIVE", "ONETRAIL_UNATTENDED"):
        monkeypatch.delenv(name, raising=False)
    practice = [sys.executable, "-m", "onetrail.cli", "practice"]
    subprocess.run([*practice, "start", "--scenario", "tiny"], check=True, capture_output=True)
    try:
        yield PracticeEstate.running()
    finally:
        subprocess.run([*practice, "stop"], check=True, capture_output=True)


@pytest.fixture
def notebooks(tmp_path):
    """A copy of the notebooks, so that what a browser saves stays out of the repository."""
    folder = tmp_path / "copy" / "notebooks"
    shutil.copytree(ROOT / "notebooks", folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return folder
