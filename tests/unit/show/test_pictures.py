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
        progress("b", 10, 2000, 3, 0)
        progress("a", 5, 1000, 0, 0)
        progress("b", 20, 4000, 4, 0)
    assert progress.shown().text.splitlines() == [
        "Copying",
        "bucket  objects  bytes  errors",
        "------  -------  -----  ------",
        "a             5  1,000       0",
        "b            20  4,000       0",
        "------  -------  -----  ------",
        "all          25  5,000       0",
    ]
