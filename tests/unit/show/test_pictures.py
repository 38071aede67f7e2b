"""A picture has its numbers beside it, and a mark that does not rest on colour."""

from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import pytest

from onetrail import show
from onetrail.show.calendar import MOST_ROWS, calendar
from onetrail.show.over_time import Passes, ProgressPoint, Samples, over_time

COVERAGE = pd.DataFrame(
    [["whole", "gap"], ["none", "gap"]], index=["us-east-1", "eu-west-1"], columns=["2021-01", "2021-02"]
)


def test_a_heatmap_counts_its_cells_beside_the_picture():
    """The numbers are text, for nbval and for whoever cannot see the picture."""
    shown = show.heatmap(COVERAGE, "Coverage", states=["whole", "gap", "none"], verdict="Two gaps.")
    assert shown.png.startswith(b"\x89PNG")
    assert shown.numbers.text.splitlines()[1].split() == ["row", "whole", "gap", "none"]
    assert "Two gaps." in str(shown)


def test_the_same_numbers_are_the_same_picture():
    """Recorded twice, the file is the same."""
    first, second = (show.heatmap(COVERAGE, "Coverage", states=["whole", "gap", "none"]).png for _ in range(2))
    assert first == second


def test_a_state_that_has_no_mark_is_refused():
    """Nothing is drawn as something else."""
    with pytest.raises(ValueError, match="is not in"):
        show.heatmap(COVERAGE, "Coverage", states=["whole", "gap"])


def given_regions(count: int, lost: int = -1) -> dict[str, list[dict[date, int]]]:
    """So many regions with logs every other day of a year; in one of them a day is lost."""
    days = [date(2025, 1, 1) + timedelta(days=2 * n) for n in range(180)]
    return {
        f"region-{number}": [
            {day: n % 2 for n, day in enumerate(days)},
            {day: -1 if (number, n) == (lost, 90) else 0 for n, day in enumerate(days)},
        ]
        for number in range(count)
    }


def drawn(rows: dict[str, list[dict[date, int]]]) -> bytes:
    return calendar(
        rows, "Days", lanes=("before", "after"), states=("proven", "present"), lost="missing after the move"
    )


def height(png: bytes) -> int:
    """In pixels, as the PNG's own header says."""
    return int.from_bytes(png[20:24], "big")


def test_a_calendar_of_many_regions_stays_readable_and_shows_the_ones_that_lost_a_day():
    """No higher than sixty rows, and the loss is seen wherever its row stands. Twin: without the loss it is another
    picture."""
    few, many = drawn(given_regions(MOST_ROWS)), drawn(given_regions(MOST_ROWS + 40))
    assert height(drawn(given_regions(2))) < height(few) == height(many)
    at_the_end, at_the_start = (drawn(given_regions(MOST_ROWS + 40, lost)) for lost in (MOST_ROWS + 39, 0))
    assert len({few, many, at_the_end, at_the_start}) == 4
    assert many == drawn(given_regions(MOST_ROWS + 40))


def test_samples_stay_few_and_keep_the_last():
    """However many words, few samples are kept, and the last is among them."""
    samples = Samples()
    for number in range(5001):
        samples.add(ProgressPoint(number / 10, number * 7, number * 7000))
    assert len(samples.all()) <= 514
    assert samples.all()[-1] == ProgressPoint(500.0, 35_000, 35_000_000)


def given_passes(*points: tuple[str, float, int]) -> Passes:
    passes = Passes()
    for label, seconds, objects in points:
        passes.add(label, ProgressPoint(seconds, objects, objects * 1000))
    return passes


def test_objects_over_time_end_in_what_was_really_done():
    """At most ten rows. Twin: two words are too few to draw."""
    shown = over_time(given_passes(*(("objects copied", n / 10, n * 7) for n in range(5001))), "Copied")
    assert shown.png.startswith(b"\x89PNG")
    assert "Objects copied: 35,000 in 500.0 s, 70 per second." in str(shown).splitlines()
    assert len(shown.frame) <= 11
    assert over_time(given_passes(("objects copied", 0, 0), ("objects copied", 1, 5)), "Copied") is None


TWO_PASSES = [
    *(("objects locked", n, 10 * n) for n in range(5)),
    *(("objects compared", 5 + n, 20 * n) for n in range(5)),
    *(("objects compared", 10 + n, 5 * n) for n in range(5)),
]
"""Another work begins at nothing again, and so does the same work when it is done once more."""


def test_each_pass_is_a_line_of_its_own_and_no_rate_is_negative():
    """Twin: as one line, the first row of each further pass would go down."""
    shown = over_time(given_passes(*TWO_PASSES), "Objects over time")
    assert list(dict.fromkeys(shown.frame["pass"])) == [
        "objects locked",
        "objects compared",
        "objects compared, pass 2",
    ]
    rates = shown.frame.groupby("pass", sort=False)["objects per second"].unique()
    assert {name: list(values) for name, values in rates.items()} == {
        "objects locked": [10],
        "objects compared": [20],
        "objects compared, pass 2": [5],
    }
    assert str(shown).splitlines()[-1] == (
        "Objects locked: 40 in 4.0 s, 10 per second. Objects compared: 80 in 4.0 s, 20 per second. Objects compared,"
        " pass 2: 20 in 4.0 s, 5 per second."
    )
    as_one = [objects for _, _, objects in TWO_PASSES]
    assert any(later < sooner for sooner, later in pairwise(as_one))


def test_numbers_beside_a_picture_have_their_total():
    """A column of counts ends in its sum."""
    shown = show.heatmap(COVERAGE, "Coverage", states=["whole", "gap", "none"])
    assert shown.numbers.text.splitlines()[-1].split() == ["all", "1", "2", "1"]
