"""The core alone: at most thirty packages, and its verbs do their work without Jupyter, moto, pandas and matplotlib."""

import json
from pathlib import Path

import pytest

import onetrail
from onetrail.change import RunRecord, WallClock
from onetrail.cli.main import VERBS
from tests.packaging.wheel import ROOT, Installed, needed, part_of_the_lock
from tests.unit.cloudtrail.signing import given_a_chain, kept_keys, written

MOST = 30
HEAVY = {
    "ipython",
    "ipykernel",
    "jupyterlab",
    "jupyter-core",
    "matplotlib",
    "moto",
    "numpy",
    "pandas",
    "papermill",
}


def test_the_core_is_small_and_exactly_what_the_lock_says(core: Installed) -> None:
    """At most thirty packages, each of the version that is pinned."""
    packages = core.packages()
    assert packages.pop("onetrail") == onetrail.__version__
    assert len(packages) < MOST
    assert packages.keys() & HEAVY == set()
    assert f"{len(packages) + 1} packages in all" in (ROOT / "docs" / "installing.md").read_text()
    lock = part_of_the_lock(set(packages))
    assert [name for name, version in packages.items() if f"{name}=={version} " not in lock] == []


def test_the_extras_bring_the_heavy_packages(wheel: Path) -> None:
    """So that the look for them above could find one."""
    assert HEAVY <= needed(wheel, "all")
    assert needed(wheel, "all") == needed(wheel, "runbook", "practice") > needed(wheel, "practice")


def test_it_says_its_version(core: Installed) -> None:
    """By the program, and as a module."""
    for words in (("onetrail",), ("python", "-m", "onetrail.cli")):
        said = core.run(*words, "--version")
        assert (said.returncode, said.stdout) == (0, f"onetrail, version {onetrail.__version__}\n")


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_every_verb_shows_its_help(core: Installed, verb: str) -> None:
    """Also where its extra is missing."""
    said = core.run("onetrail", *verb.split(), "--help")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith(f"Usage: onetrail{' ' if verb else ''}{verb} [OPTIONS]")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["run", "-f", "x.yaml"], "onetrail: onetrail run needs: pip install 'onetrail[runbook]'\n"),
        (["practice", "start"], "onetrail: onetrail practice needs: pip install 'onetrail[practice]'\n"),
    ],
)
def test_a_verb_whose_extra_is_missing_says_so(core: Installed, words: list[str], line: str) -> None:
    """One line, exit code 2."""
    said = core.run("onetrail", *words)
    assert (said.returncode, said.stderr, said.stdout) == (2, line, "")


def test_a_folder_is_laid_out(core: Installed, tmp_path: Path) -> None:
    """Before the runbook is installed beside it."""
    said = core.run("onetrail", "init", str(tmp_path / "move"))
    assert (said.returncode, said.stderr) == (0, "")
    assert len(list((tmp_path / "move" / "notebooks").glob("*.ipynb"))) == 9


def test_where_no_practice_estate_runs_that_is_said(core: Installed, tmp_path: Path) -> None:
    """To ask for it and to stop it needs no extra."""
    where = {"ONETRAIL_PRACTICE_DIR": str(tmp_path)}
    asked, stopped = (core.run("onetrail", "practice", verb, **where) for verb in ("status", "stop"))
    assert (asked.returncode, "onetrail practice start" in asked.stderr) == (2, True)
    assert (stopped.returncode, stopped.stdout) == (0, "it was not running\n")


def test_a_download_is_validated(core: Installed, tmp_path: Path) -> None:
    """Valid as it is, invalid after one changed byte."""
    scene = given_a_chain(4)
    kept_keys(scene, tmp_path / "keys")
    there = written(scene, tmp_path / "down")
    words = ("onetrail", "validate", str(there), "--public-keys", str(tmp_path / "keys"), "--json")
    whole = core.run(*words)
    assert (whole.returncode, whole.stderr) == (0, "")
    assert json.loads(whole.stdout)["summary"]["logs"]["valid"] == 3
    log = min(there.rglob("*CloudTrail_*.json.gz"))
    log.write_bytes(log.read_bytes()[:-1] + b"x")
    assert core.run(*words).returncode == 3


def test_a_record_is_verified(core: Installed, tmp_path: Path) -> None:
    """Whole as it was written, not whole after a change."""
    folder = tmp_path / "runs" / "trial"
    with RunRecord(folder, "trial", WallClock()) as record:
        record.append("note", line="one")
    assert core.run("onetrail", "record", "verify", str(folder)).returncode == 0
    path = folder / "record.jsonl"
    path.write_text(path.read_text().replace('"one"', '"ten"'))
    assert core.run("onetrail", "record", "verify", str(folder)).returncode == 3


def test_policies_are_printed_and_judged(core: Installed) -> None:
    """For the practice parameters that the wheel brings."""
    found = core.run("python", "-c", "import onetrail, os; print(os.path.dirname(onetrail.__file__))")
    parameters = Path(found.stdout.strip()) / "parameters" / "practice.yaml"
    assert parameters.read_bytes() == (ROOT / "parameters" / "practice.yaml").read_bytes()
    said = core.run("onetrail", "policies", "-f", str(parameters), "--explain")
    assert said.returncode == 0
    assert "Requests evaluated" in said.stdout
