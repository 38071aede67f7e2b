"""Findings are counted and read for the reader."""

import pytest

from onetrail.change import Finding, State, ordered, verdict


def given(state, name="x"):
    return Finding(f"06.{name}", state, "111122223333", "us-east-1", "bucket", "evidence")


@pytest.mark.parametrize(
    ("states", "line", "code"),
    [
        ([], "Nothing was there to check.", 0),
        ([State.OK], "1 check: 1 is as it should be.", 0),
        (
            [State.OK, State.NOTE, State.PLANNED],
            "3 checks: 1 is cured by a pending change, 1 is a note about the past, 1 is as it should be.",
            0,
        ),
        (
            [State.FINDING, State.FINDING, State.OK],
            "3 checks: 2 need attention, 1 is as it should be. Look at: 06.x bucket; 06.x bucket.",
            3,
        ),
        (
            [State.COULD_NOT_LOOK],
            "1 check: 1 could not be looked at. Look at: 06.x bucket.",
            3,
        ),  # not looking is never as good as seeing
        (
            [State.FINDING] * 5,
            "5 checks: 5 need attention. Look at: " + "06.x bucket; " * 4 + "06.x bucket.",
            3,
        ),
        (
            [State.FINDING] * 7,
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
    """Whoever reads only the first row reads the worst."""
    rows = ordered([given(State.OK, "a"), given(State.FINDING, "z"), given(State.COULD_NOT_LOOK, "b")])
    assert [row.state for row in rows] == [State.FINDING, State.COULD_NOT_LOOK, State.OK]
