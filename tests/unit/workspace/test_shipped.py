"""One function finds the notebooks and parameters files: at the top of a checkout, or in the installed package."""

from pathlib import Path

import pytest

from onetrail.workspace.shipped import NotShipped, shipped
from tests.unit.workspace.given_version import BLANK, FILLED, STEP, given_a_package

ROOT = Path(__file__).resolve().parents[3]


def test_in_a_checkout_they_lie_at_its_top() -> None:
    """All nine notebooks, and the two parameters files that a person is given."""
    found = shipped()
    assert (found.notebooks, found.parameters, found.checkout) == (
        ROOT / "notebooks",
        ROOT / "parameters",
        True,
    )
    assert [path for path in found.files() if path.startswith("notebooks/")] == [
        f"notebooks/{path.name}" for path in sorted((ROOT / "notebooks").glob("*.ipynb"))
    ]
    assert len(found.files()) == 11
    assert list(found.files())[-2:] == [FILLED, BLANK]
    assert all(path.is_file() for path in found.files().values())


def test_installed_they_lie_in_the_package(tmp_path: Path) -> None:
    """As a wheel leaves them, with a checkout of something else around."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "another"\n')
    package = given_a_package(tmp_path / "lib" / "onetrail")
    found = shipped(package)
    assert (found.notebooks, found.checkout) == (package / "notebooks", False)
    assert list(found.files()) == [STEP, FILLED, BLANK]
    assert list(found.files().values()) == [package / path for path in (STEP, FILLED, BLANK)]


def test_the_package_of_a_checkout_takes_those_of_the_checkout(tmp_path: Path) -> None:
    """The twin: the same folders, and the checkout is onetrail's."""
    given_a_package(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "onetrail"\n')
    (tmp_path / "lib" / "onetrail").mkdir(parents=True)
    assert shipped(tmp_path / "lib" / "onetrail").notebooks == tmp_path / "notebooks"


@pytest.mark.parametrize("missing", ["notebooks", "parameters"])
def test_a_package_without_them_says_so_with_its_cure(tmp_path: Path, missing: str) -> None:
    package = given_a_package(tmp_path / "onetrail")
    for path in (package / missing).iterdir():
        path.unlink()
    (package / missing).rmdir()
    with pytest.raises(NotShipped, match=rf"{missing} is not there: install onetrail again"):
        shipped(package)
