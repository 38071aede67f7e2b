"""The report is written whole or not at all, and an earlier one with other bytes is put aside."""

from importlib import import_module

import pytest

from onetrail.change import RecordError, RunRecord
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
