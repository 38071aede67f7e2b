"""Makes the situations of the plan tests importable, and no test unattended that does not say so."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "change"))


@pytest.fixture(autouse=True)
def not_unattended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Notebooks that ran in this process before leave it so."""
    monkeypatch.delenv("ONETRAIL_UNATTENDED", raising=False)
