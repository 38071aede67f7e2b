"""A laid-out folder of another version than the installed one is named in one line, by a run and by each notebook."""

import json
from pathlib import Path

import pytest

import onetrail
from onetrail.workspace.version import laid_out_by_another
from tests.unit.workspace.given_version import Versions


def test_the_same_version_says_nothing(versions: Versions, tmp_path: Path) -> None:
    """Nor does a folder that was not laid out, or a checkout."""
    versions.lay_out("0.2.0")
    assert laid_out_by_another(versions.folder / "notebooks") == ""
    assert laid_out_by_another(tmp_path) == ""
    assert laid_out_by_another(Path(__file__)) == ""


@pytest.mark.parametrize(
    ("installed", "cure"),
    [("0.3.0", "onetrail init {} brings its files up to date"), ("0.1.9", "install 0.2.0 or a newer one")],
)
def test_another_version_says_which_and_what_to_do(
    versions: Versions, monkeypatch: pytest.MonkeyPatch, installed: str, cure: str
) -> None:
    """From wherever in the folder. An older onetrail would refuse to init, so it is to be replaced."""
    versions.lay_out("0.2.0")
    monkeypatch.setattr(onetrail, "__version__", installed)
    said = laid_out_by_another(versions.folder / "notebooks")
    assert said.startswith(f"The files in {versions.folder} are of onetrail 0.2.0, and {installed} is installed: ")
    assert cure.format(versions.folder) in said
    assert "\n" not in said


def test_a_manifest_that_cannot_be_read_is_said_and_stops_nothing(versions: Versions) -> None:
    versions.lay_out("0.2.0")
    versions.write(".onetrail.json", json.dumps({"files": {}}))
    assert "was not written by onetrail init" in laid_out_by_another(versions.folder)
