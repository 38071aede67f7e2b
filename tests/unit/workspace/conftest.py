"""A folder, and versions that lay it out."""

from pathlib import Path

import pytest

from tests.unit.workspace.given_version import Versions


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Versions:
    return Versions(tmp_path, monkeypatch)
