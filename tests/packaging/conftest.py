"""The wheel, built once, and clean environments that hold it."""

from pathlib import Path

import pytest

from tests.packaging.wheel import ROOT, Installed, built, installed


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of this checkout as it is."""
    return built(ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def core(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel without any extra."""
    return installed(wheel, tmp_path_factory.mktemp("core") / "env")
