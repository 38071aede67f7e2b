"""Run folders are put aside whole, with the time in their name, and never while a process is in one."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock

from onetrail.change import RecordError, RunFolderBusy, RunRecord, verify_record
from onetrail.change.run_record.aside import practice_runs, put_aside
from tests.unit.change.given import MovableClock

NOW = datetime(2026, 11, 30, 15, 0, tzinfo=UTC)


def given_a_run(runs: Path, name: str, estate: str = "practice 94f69172") -> Path:
    with RunRecord(runs / name, name, MovableClock(), estate=estate) as record:
        record.append("step", step="00", plan="", state="nothing", line="")
    return runs / name


def test_a_run_is_renamed_with_the_time_in_its_name_and_its_record_is_as_it_was(tmp_path):
    """Nothing is deleted. Twin: where that name is taken, the next one is, and what has it stays."""
    folder = given_a_run(tmp_path, "practice")
    (folder / "report.html").write_text("page")
    assert put_aside([folder], NOW) == [(folder, tmp_path / "practice.20261130T150000Z")]
    aside = tmp_path / "practice.20261130T150000Z"
    assert ((aside / "report.html").read_text(), verify_record(aside).whole) == ("page", True)
    assert not folder.exists()
    assert put_aside([given_a_run(tmp_path, "practice")], NOW)[0][1].name == "practice.20261130T150000Z-2"
    assert (aside / "report.html").read_text() == "page"


@pytest.mark.parametrize("lock", [".runner.lock", ".writer.lock"])
def test_nothing_is_renamed_while_a_process_is_in_one_of_them(tmp_path, lock):
    """All or none. Twin: once it has ended, both are renamed."""
    folders = [given_a_run(tmp_path, "first"), given_a_run(tmp_path, "second")]
    with FileLock(folders[1] / lock), pytest.raises(RunFolderBusy):
        put_aside(folders, NOW)
    assert [folder.exists() for folder in folders] == [True, True]
    assert len(put_aside(folders, NOW)) == 2


def test_a_folder_that_cannot_be_renamed_is_one_line(tmp_path, monkeypatch):
    """What the system says, and which folder."""

    def refused(self, target):
        raise OSError(13, "Permission denied")

    folder = given_a_run(tmp_path, "practice")
    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(RecordError, match=r"cannot be renamed to practice\.2026.*: Permission denied"):
        put_aside([folder], NOW)


def test_only_runs_of_the_practice_estate_are_found_and_none_that_is_aside(tmp_path):
    """A run on AWS is never moved, nor one whose estate nobody knows."""
    for name, estate in (("real", "aws"), ("old", ""), ("one", "practice 1"), ("two", "practice")):
        given_a_run(tmp_path, name, estate)
    put_aside([given_a_run(tmp_path, "was")], NOW)
    (tmp_path / "no-run").mkdir()
    assert [path.name for path in practice_runs(tmp_path)] == ["one", "two"]
    assert practice_runs(tmp_path / "none") == []
