"""The table of engines says which is taken and why."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.s3.decisions.decide import DecisionKind
from onetrail.settings import Settings
from onetrail.show.steps.batch_jobs import engines
from onetrail.steps.copy_history.observe import Backlog, CopyObservation

SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")


def seen(objects, pushed=0):
    both = [("old", "pull", objects), ("own", "push", pushed)]
    found = tuple(
        Backlog(
            OldBucket(name, "111122223333", "eu-west-1"),
            direction,
            "",
            {DecisionKind.COPY: count},
            first=date(2025, 11, 1),
            last=date(2026, 1, 2),
        )
        for name, direction, count in both
    )
    return CopyObservation((), OldEstate((), (), ()), found, None, {}, datetime(2026, 1, 12, 9, tzinfo=UTC))


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


def test_copies_that_only_this_machine_can_make_are_counted_too():
    """So that the numbers of one page agree. Twin: the table above, in which jobs could make all."""
    text = " ".join(engines(SETTINGS, seen(7_000, pushed=53)).text.split())
    assert "local: jobs could make 7,000 of the 7,053 copies; 7,000 copies take this machine about 2 seconds" in text


def test_with_nothing_to_copy_no_engine_is_compared():
    """Twin of the tables above."""
    assert "Nothing is left to copy" in engines(SETTINGS, seen(0)).text
