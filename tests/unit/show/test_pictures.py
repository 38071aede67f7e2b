"""A picture has its numbers beside it, and a mark that does not rest on colour."""

import pandas as pd
import pytest

from onetrail import show
from onetrail.show.over_time import Sample, Samples, over_time
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
    first, second = (
        show.heatmap(COVERAGE, "Coverage", states=["whole", "gap", "none"]).png for _ in range(2)
    )
    assert first == second


def test_a_state_that_has_no_mark_is_refused():
    """Nothing is drawn as something else."""
    with pytest.raises(ValueError, match="is not in"):
        show.heatmap(COVERAGE, "Coverage", states=["whole", "gap"])


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
        assert progress.shown().text.splitlines()[3].split()[-3:] == ["298", "–", "–"], (
            "no rate by one moment"
        )
        clock[0] = 10.0
        progress("a", 100, 2_000_000, 0, 0)
        row = progress.shown().text.splitlines()[3].split()
        assert row == ["a", "100", "2", "0", "0", "200", "10", "20"]
    with Progress("Copying", what="bucket") as plain:
        plain("a", 100, 2_000_000, 0, 0)
    assert "time left" not in plain.shown().text


def test_unattended_progress_says_the_same_in_a_line_now_and_then(monkeypatch, capsys):
    """At most one line each five seconds; without an expectation no rate and no time left."""
    monkeypatch.setenv("ONETRAIL_LIVE", "1")
    clock = [100.0]
    with Progress(
        "Copying", of={"a": 300, "b": 100}, unattended=True, monotonic=lambda: clock[0]
    ) as progress:
        for second in range(11):
            clock[0] = 100.0 + second
            progress("a", 10 * second, 200_000 * second, second // 5, 0)
    assert capsys.readouterr().err.splitlines() == [
        "Copying: objects 0 of 400, 0.0 MB, retries 0, errors 0, – a second, – s left",
        "Copying: objects 50 of 400, 1.0 MB, retries 1, errors 0, 10 a second, 35 s left",
        "Copying: objects 100 of 400, 2.0 MB, retries 2, errors 0, 10 a second, 30 s left",
    ]
    with Progress("Copying", unattended=True, monotonic=lambda: clock[0]) as plain:
        plain("a", 100, 2_000_000, 0, 0)
    assert capsys.readouterr().err.splitlines() == ["Copying: objects 100, 2.0 MB, retries 0, errors 0"]


def test_objects_over_time_end_in_what_was_really_done():
    """However many words, few samples are kept, and the last is among them; two words are too few to draw."""
    samples = Samples()
    for number in range(5001):
        samples.add(Sample(number / 10, number * 7, number * 7000))
    assert len(samples.all()) <= 514
    assert samples.all()[-1] == Sample(500.0, 35_000, 35_000_000)
    shown = over_time(samples, "Copied")
    assert shown.png.startswith(b"\x89PNG")
    lines = str(shown).splitlines()
    assert "35,000 objects in 500.0 s: 70 a second." in lines
    assert len([line for line in lines if line.split()[:1] and line.split()[0][0].isdigit()]) <= 12
    few = Samples()
    few.add(Sample(0, 0, 0))
    few.add(Sample(1, 5, 5))
    assert over_time(few, "Copied") is None


def test_numbers_beside_a_picture_have_their_total():
    """A column of counts ends in its sum."""
    shown = show.heatmap(COVERAGE, "Coverage", states=["whole", "gap", "none"])
    assert shown.numbers.text.splitlines()[-1].split() == ["all", "1", "2", "1"]
