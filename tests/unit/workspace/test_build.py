"""Which onetrail runs: version, commit, and whether its code was changed since."""

import shutil
import subprocess
from pathlib import Path

import pytest

import onetrail
from onetrail.workspace.build import build

PROJECT = '[project]\nname = "onetrail"\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one commit."""
    (tmp_path / "lib" / "onetrail").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "notebook").write_text("1")
    (tmp_path / "lib" / "onetrail" / "__init__.py").write_text("")
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "one")
    return tmp_path


def _git(folder: Path, *arguments: str) -> str:
    said = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return said.stdout.strip()


def test_a_checkout_has_its_commit(checkout: Path) -> None:
    """As git gives it, whatever repository a variable of the environment names."""
    found = build(checkout / "lib" / "onetrail")
    assert found == (onetrail.__version__, _git(checkout, "rev-parse", "HEAD"), False)


def test_the_variables_of_another_repository_count_for_nothing(checkout: Path, monkeypatch, tmp_path) -> None:
    """As a hook of git sets them."""
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    assert build(checkout / "lib" / "onetrail").commit


def test_code_that_was_changed_since_is_said(checkout: Path) -> None:
    """Also a new file. Twin: what is not code counts for nothing."""
    (checkout / "notebook").write_text("2")
    assert build(checkout / "lib" / "onetrail").changed is False
    (checkout / "lib" / "onetrail" / "new.py").write_text("x = 1\n")
    assert build(checkout / "lib" / "onetrail").changed is True


@pytest.mark.parametrize("lacks", [".git", "pyproject.toml"])
def test_what_is_no_checkout_has_no_commit(checkout: Path, lacks: str) -> None:
    """An unpacked archive, and a package that another repository holds."""
    path = checkout / lacks
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert build(checkout / "lib" / "onetrail") == (onetrail.__version__, "", False)


def test_where_there_is_no_git_there_is_no_commit(checkout: Path, monkeypatch) -> None:
    """Twin: the same checkout has one with git."""
    assert build(checkout / "lib" / "onetrail").commit
    monkeypatch.setenv("PATH", str(checkout))
    assert build(checkout / "lib" / "onetrail").commit == ""
