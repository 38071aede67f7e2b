"""The table of engines says which is taken and why; the table of jobs says how each stands."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.s3.batch.group import JobGroup, Label
from onetrail.s3.batch.job import BatchJob
from onetrail.s3.decisions.decide import DecisionKind
from onetrail.settings import Settings
from onetrail.show.steps.batch_jobs import JobProgress, engines
from onetrail.steps.copy_history.jobs.watch import TellsJobs
from onetrail.steps.copy_history.observe import Backlog, CopyObservation

SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")


def seen(objects):
    bucket = OldBucket("old", "111122223333", "eu-west-1")
    one = Backlog(bucket, "pull", "", {DecisionKind.COPY: objects}, first=date(2025, 11, 1), last=date(2026, 1, 2))
    return CopyObservation((), OldEstate((), (), ()), (one,), None, {}, datetime(2026, 1, 12, 9, tzinfo=UTC))


@pytest.mark.parametrize(
    ("objects", "engine", "line"),
    [
        (
            7_000,
            "local",
            (
                "local: 7,000 copies take this machine about 2 seconds, well within a grant of 6 hours; "
                "S3 Batch Operations would add $1.51 for up to 6 jobs."
            ),
        ),
        (
            70_000_000,
            "s3-batch",
            (
                "s3-batch: 70,000,000 copies take this machine about 6 hours, and a grant lasts 6 hours: "
                "S3 Batch Operations needs no machine that stays up, for $99.50 more in up to 6 jobs."
            ),
        ),
    ],
)
def test_both_engines_are_shown_and_the_one_that_is_taken_says_why(objects, engine, line):
    """Two quarters in three classes; a small copy stays with this machine, one that would fill the grant does not."""
    text = engines(SETTINGS, seen(objects)).text
    assert [
        row.split()[1]
        for row in text.splitlines()
        if row.startswith(("local", "s3-batch ")) and ":" not in row.split()[0]
    ] == ["yes" if name == engine else "no" for name in ("local", "s3-batch")]
    assert " ".join(text.split()).endswith(line)


def test_with_nothing_to_copy_no_engine_is_compared():
    """Twin of the tables above."""
    assert "Nothing is left to copy" in engines(SETTINGS, seen(0)).text


def job(number, status, succeeded, failed):
    group = JobGroup(f"old-{number}", "GLACIER_IR", datetime(2033, 1, 1, tzinfo=UTC))
    return BatchJob(f"{number}" * 12, Label("practice", "copy", group), status, 10, succeeded, failed)


def test_jobs_stand_below_the_counts_with_their_sum_and_in_one_line_elsewhere(monkeypatch, capsys):
    """As last told of; twin: a copy without jobs has no such table and no such line."""
    monkeypatch.setenv("ONETRAIL_LIVE", "1")
    shown = JobProgress("Copied so far", what="old bucket")
    assert isinstance(shown, TellsJobs)
    assert "Jobs of" not in shown.shown().text
    shown.jobs([job(2, "Active", 3, 1), job(1, "Suspended", 0, 0)])
    assert "jobs: 1 Active, 1 Suspended; 3 of 20 copied, 1 failed" in capsys.readouterr().err
    shown.jobs([job(1, "Complete", 10, 0)])
    text = shown.shown().text
    rows = [line.split() for line in text.splitlines() if line.startswith(("old-", "all"))]
    assert rows == [
        ["old-1", "copy", "GLACIER_IR", "2033-01-01", "11111111", "Complete", "10", "0", "10"],
        ["old-2", "copy", "GLACIER_IR", "2033-01-01", "22222222", "Active", "3", "1", "10"],
        ["all", "13", "1", "20"],
    ]
    assert "1 Complete" in capsys.readouterr().err
    monkeypatch.setenv("ONETRAIL_LIVE", "0")
    JobProgress("Copied so far").jobs([job(1, "Complete", 10, 0)])
    assert capsys.readouterr().err == ""
