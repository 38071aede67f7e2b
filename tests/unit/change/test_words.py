"""Counts in words: one thing is reported as one."""

import pytest

from onetrail.change import FindingState, verdict
from onetrail.change.finding import Finding
from onetrail.change.words import counted, share, some


@pytest.mark.parametrize(
    ("count", "words", "said"),
    [
        (1, ("log",), "1 log"),
        (2, ("log",), "2 logs"),
        (0, ("log",), "0 logs"),
        (1234, ("log",), "1,234 logs"),
        (1, ("policy", "policies"), "1 policy"),
        (3, ("policy", "policies"), "3 policies"),
        # The verb goes with it, and 1,001 is not one.
        (1, ("log is", "logs are"), "1 log is"),
        (1001, ("log is", "logs are"), "1,001 logs are"),
    ],
)
def test_a_count_agrees_with_its_words(count: int, words: tuple[str, ...], said: str) -> None:
    """One has the singular, everything else the plural, with an s where nothing else is said."""
    assert counted(count, *words) == said


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (3, 20, "3 of 20 keys are"),
        (1, 20, "1 of 20 keys is"),
        (0, 1, "0 of 1 key is"),
        (0, 2, "0 of 2 keys are"),
    ],
)
def test_a_part_of_a_count_agrees_with_its_verb(part: int, whole: int, said: str) -> None:
    """One of many has the verb of one, and so has a part of a single thing."""
    assert share(part, whole, "key") == said


@pytest.mark.parametrize(
    ("names", "of", "said"),
    [
        (["a"], 1, "a"),
        (["a", "b"], 2, "a, b"),
        (["a", "b"], 3, "a, b and 1 more"),
        (["a"], 1235, "a and 1,234 more"),
    ],
)
def test_the_first_of_a_count_are_not_told_as_all(names: list[str], of: int, said: str) -> None:
    """What is not named is counted beside those that are."""
    assert some(names, of) == said


def test_a_single_check_is_reported_as_one() -> None:
    """The line of a step with one check says `1 check`; with two it says `2 checks`."""
    one = Finding("06.bucket", FindingState.OK, "-", "-", "bucket", "as it should be")
    assert verdict([one]).line == "1 check: 1 is as it should be."
    assert verdict([one, one]).line == "2 checks: 2 are as they should be."
