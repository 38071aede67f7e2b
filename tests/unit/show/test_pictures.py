"""A picture has its numbers beside it, and a mark that does not rest on colour."""

import pandas as pd
import pytest

from onetrail import show
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
        clock[0] = 10.0
        progress("a", 100, 2_000_000, 0, 0)
        row = progress.shown().text.splitlines()[3].split()
        assert row == ["a", "100", "2", "0", "0", "200", "10", "20"]
    with Progress("Copying", what="bucket") as plain:
        plain("a", 100, 2_000_000, 0, 0)
    assert "time left" not in plain.shown().text


def test_numbers_beside_a_picture_have_their_total():
    """A column of counts ends in its sum."""
    shown = show.heatmap(COVERAGE, "Coverage", states=["whole", "gap", "none"])
    assert shown.numbers.text.splitlines()[-1].split() == ["all", "1", "2", "1"]
