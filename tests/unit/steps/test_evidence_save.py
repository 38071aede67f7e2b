"""The report is written whole or not at all, and an earlier one with other bytes is put aside."""

from importlib import import_module

import pytest
from filelock import FileLock

from onetrail.change import RecordError, RunRecord
from onetrail.show.steps.evidence import kept
from tests.unit.change.given import MovableClock
from tests.unit.steps.test_evidence_check import SETTINGS

saving = import_module("onetrail.steps.evidence.save")


def test_a_report_that_found_no_space_is_written_by_running_08_again(tmp_path, monkeypatch):
    """The earlier page is kept, whether it was put aside before the disk was full or not. Twin: with space the new page
    is there."""
    settings = SETTINGS.with_values(runs_dir=str(tmp_path))
    folder = settings.run_folder

    def full(*_):
        raise OSError(28, "No space left on device")

    with RunRecord(folder, settings.run_name, MovableClock()) as record:
        saving.save(settings, "first", 0, record)
        with monkeypatch.context() as patch:
            patch.setattr(saving, "replaced", full)
            with pytest.raises(RecordError, match=r"free space there, then run step 08 again"):
                saving.save(settings, "second", 0, record)
        assert "first" in {path.read_text() for path in folder.glob("report*.html")}
        saving.save(settings, "second", 0, record)
        assert {path.read_text() for path in folder.glob("report*.html")} == {"first", "second"}


def test_beside_another_process_the_report_is_not_saved_and_the_cell_says_so(tmp_path):
    """The page would be bound by no line of the record. Twin: once the process has ended, the same call saves it."""
    settings = SETTINGS.with_values(runs_dir=str(tmp_path))
    settings.run_folder.mkdir(parents=True)
    with (
        FileLock(settings.run_folder / ".writer.lock"),
        RunRecord(settings.run_folder, settings.run_name, MovableClock(), if_free=True) as record,
    ):
        saved = saving.save(settings, "page", 0, record)
        assert not (settings.run_folder / "report.html").exists()
    assert kept(saved).text == (
        "The report was not saved: another process is writing this run (it does not say which one). Once it has ended,"
        " run this notebook again."
    )
    with RunRecord(settings.run_folder, settings.run_name, MovableClock(), if_free=True) as record:
        assert kept(saving.save(settings, "page", 0, record)).text.startswith("Files on this machine")
