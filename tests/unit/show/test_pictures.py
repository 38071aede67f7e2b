"""A picture has its numbers beside it, and a mark that does not rest on colour."""

import sys
from datetime import date, timedelta
from types import SimpleNamespace

import pandas as pd
import pytest

from onetrail import show
from onetrail.aws.telling import say_line
from onetrail.show.calendar import MOST_ROWS, calendar
from onetrail.show.over_time import ProgressPoint, Samples, over_time
from onetrail.show.progress import Progress

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


def test_progress_ends_in_counts_alone(monkeypatch):
    """No retries and no rates where outputs must not vary."""
    monkeypatch.setenv("ONETRAIL_LIVE", "0")
    with Progress("Copying", what="bucket") as progress:
        progress("b", 10, 2_000_000, 3, 0)
        progress("a", 5, 1_000_000, 0, 0)
        progress("b", 20, 4_500_000, 4, 0)
    assert progress.shown().text.splitlines() == [
        "Copying",
        "bucket  objects  size (MB)  errors",
        "------  -------  ---------  ------",
        "a             5       1.00       0",
        "b            20       4.50       0",
        "------  -------  ---------  ------",
        "all          25       5.50       0",
    ]


def test_live_progress_says_what_is_to_come_how_fast_and_how_long(monkeypatch):
    """From what is expected and the time since the first word; without an expectation it says none of it."""
    monkeypatch.setenv("ONETRAIL_LIVE", "1")
    clock = [0.0]
    with Progress("Copying", what="bucket", of={"a": 300}, monotonic=lambda: clock[0]) as progress:
        progress("a", 0, 0, 0, 0)
        clock[0] = 0.001
        progress("a", 2, 4_000, 0, 0)
        assert progress.shown().text.splitlines()[3].split()[-3:] == ["298", "–", "–"], "no rate by one moment"
        clock[0] = 10.0
        progress("a", 100, 2_000_000, 0, 0)
        row = progress.shown().text.splitlines()[3].split()
        assert row == ["a", "100", "2", "0", "0", "200", "10", "20"]
    with Progress("Copying", what="bucket") as plain:
        plain("a", 100, 2_000_000, 0, 0)
    assert "time left" not in plain.shown().text


def test_in_a_kernel_progress_is_no_error(monkeypatch, capsys):
    """A notebook shows standard error in red. Twin: elsewhere it is standard error, and standard output is free for
    results."""
    monkeypatch.setenv("ONETRAIL_LIVE", "1")
    say_line("one")
    told = Progress("Copying", unattended=True, monotonic=lambda: 100.0)
    told("old", objects=1)
    said = capsys.readouterr()
    assert (said.out, said.err.splitlines()) == ("", ["one", "Copying: objects 1"])
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=1)))
    say_line("two")
    told._last = 0.0
    told("old", objects=2)
    said = capsys.readouterr()
    assert (said.out.splitlines(), said.err) == (["two", "Copying: objects 2"], "")


def test_unattended_progress_says_the_same_in_a_line_now_and_then(monkeypatch, capsys):
    """At most one line each five seconds; without an expectation no rate and no time left."""
    monkeypatch.setenv("ONETRAIL_LIVE", "1")
    clock = [100.0]
    with Progress("Copying", of={"a": 300, "b": 100}, unattended=True, monotonic=lambda: clock[0]) as progress:
        for second in range(11):
            clock[0] = 100.0 + second
            progress("a", 10 * second, 200_000 * second, second // 5, 0)
    assert capsys.readouterr().err.splitlines() == [
        "Copying: objects 0 of 400, 0.0 MB, retries 0, errors 0, – per second, – s left",
        "Copying: objects 50 of 400, 1.0 MB, retries 1, errors 0, 10 per second, 35 s left",
        "Copying: objects 100 of 400, 2.0 MB, retries 2, errors 0, 10 per second, 30 s left",
    ]
    with Progress("Copying", unattended=True, monotonic=lambda: clock[0]) as plain:
        plain("a", 100, 2_000_000, 0, 0)
    assert capsys.readouterr().err.splitlines() == ["Copying: objects 100, 2.0 MB, retries 0, errors 0"]


def test_objects_over_time_end_in_what_was_really_done():
    """However many words, few samples are kept, and the last is among them; two words are too few to draw."""
    samples = Samples()
    for number in range(5001):
        samples.add(ProgressPoint(number / 10, number * 7, number * 7000))
    assert len(samples.all()) <= 514
    assert samples.all()[-1] == ProgressPoint(500.0, 35_000, 35_000_000)
    shown = over_time(samples, "Copied")
    assert shown.png.startswith(b"\x89PNG")
    lines = str(shown).splitlines()
    assert "35,000 objects in 500.0 s: 70 per second." in lines
    assert len([line for line in lines if line.split()[:1] and line.split()[0][0].isdigit()]) <= 12
    few = Samples()
    few.add(ProgressPoint(0, 0, 0))
    few.add(ProgressPoint(1, 5, 5))
    assert over_time(few, "Copied") is None


def test_numbers_beside_a_picture_have_their_total():
    """A column of counts ends in its sum."""
    shown = show.heatmap(COVERAGE, "Coverage", states=["whole", "gap", "none"])
    assert shown.numbers.text.splitlines()[-1].split() == ["all", "1", "2", "1"]
