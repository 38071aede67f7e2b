"""08 ends with a link to the report that works from where the notebook is."""

from pathlib import Path

import pytest

from onetrail.settings import Settings
from onetrail.show.steps.evidence import report
from onetrail.steps.evidence import SavedReport

ROOT = Path(__file__).resolve().parents[3]
SAVED = SavedReport("report.html", 9, "0" * 64, "")
TEXT = "report.html of run practice, in its run folder"


@pytest.mark.parametrize(
    ("unattended", "href"),
    [
        # a kernel works in its notebook's folder, and JupyterLab shows the notebook from there
        ("0", "../runs/practice/report.html"),
        # the runner keeps the executed notebook in the run folder, beside the page
        ("1", "report.html"),
    ],
)
def test_the_link_is_relative_to_the_notebook_that_shows_it(tmp_path, monkeypatch, unattended, href):
    """The text names no path of a machine."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    monkeypatch.setenv("ONETRAIL_UNATTENDED", unattended)
    settings = Settings.from_file(ROOT / "parameters/practice.yaml").with_values(runs_dir=str(tmp_path / "runs"))
    shown = report(settings, SAVED)
    assert f'<a href="{href}">Open report.html</a>' in shown.html
    assert shown.text == TEXT


def test_a_report_that_was_not_saved_has_no_link(tmp_path):
    """The line says why. Twin: the test above."""
    settings = Settings.from_file(ROOT / "parameters/practice.yaml")
    shown = report(settings, SavedReport("", 0, "", "", unsaved="process 7 on build-1, at work since then"))
    assert "href" not in shown.html
    assert shown.text.startswith("The report was not saved: another process is writing this run (process 7")
