"""Findings are counted and read for the reader."""

import pytest

from onetrail.change import Finding, FindingState, ordered, verdict


def given(state, name="x"):
    return Finding(f"06.{name}", state, "111122223333", "us-east-1", "bucket", "evidence")


@pytest.mark.parametrize(
    ("states", "line", "code"),
    [
        ([], "Nothing was there to check.", 0),
        ([FindingState.OK], "1 check: 1 is as it should be.", 0),
        (
            [FindingState.OK, FindingState.NOTE, FindingState.PLANNED],
            "3 checks: 1 is cured by a pending change, 1 is a note, 1 is as it should be.",
            0,
        ),
        (
            [FindingState.FINDING, FindingState.FINDING, FindingState.OK],
            "3 checks: 2 need attention, 1 is as it should be. Look at: 06.x bucket; 06.x bucket.",
            3,
        ),
        (
            [FindingState.COULD_NOT_LOOK],
            "1 check: 1 is not evaluated. Look at: 06.x bucket.",
            3,
        ),  # not looking is never as good as seeing
        (
            [FindingState.FINDING] * 5,
            "5 checks: 5 need attention. Look at: " + "06.x bucket; " * 4 + "06.x bucket.",
            3,
        ),
        (
            [FindingState.FINDING] * 7,
            "7 checks: 7 need attention. Look at: " + "06.x bucket; " * 5 + "and 2 more.",
            3,
        ),  # a line stays a line
    ],
)
def test_the_verdict_reads_the_findings(states, line, code):
    """Worst first, in words, with the exit code."""
    said = verdict([given(state) for state in states])
    assert (said.line, said.exit_code) == (line, code)


def test_the_worst_stands_first():
    """A reader of only the first row reads the worst."""
    rows = ordered(
        [
            given(FindingState.OK, "a"),
            given(FindingState.FINDING, "z"),
            given(FindingState.COULD_NOT_LOOK, "b"),
        ]
    )
    assert [row.state for row in rows] == [FindingState.FINDING, FindingState.COULD_NOT_LOOK, FindingState.OK]
