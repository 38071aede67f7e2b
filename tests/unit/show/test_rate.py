"""A rate is that of now, and a time left is in two units."""

import pytest

from onetrail.show.rate import Rate, duration


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "1 s"),
        (45.2, "45 s"),
        (60, "1 min"),
        (80, "1 min 20 s"),
        (4_800, "1 h 20 min"),
        (41_237, "11 h 27 min"),
        (90_000, "1 d 1 h"),
        (86_400 * 1_200, "1,200 d"),
    ],
)
def test_a_time_is_said_in_two_units_at_most(seconds, said):
    """What is below the second unit says nothing to a person who waits."""
    assert duration(seconds) == said


def given_counts(*counts: tuple[float, int]) -> Rate:
    rate = Rate()
    for now, done in counts:
        rate.add(now, done)
    return rate


def test_the_rate_is_that_of_the_last_half_minute():
    """A slow hour before it does not count. Twin: the mean since the beginning would be another number."""
    hour = [(float(second), second) for second in range(3600)]
    fast = [(3600.0 + second, 3600 + 100 * second) for second in range(31)]
    assert given_counts(*hour, *fast).per_second == 100
    assert (3600 + 3000) / 3630 < 2
    stopped = [(3700.0 + second, 6_600) for second in range(31)]
    assert given_counts(*hour, *fast, *stopped).per_second is None


def test_there_is_no_rate_within_the_first_second_and_no_time_left_before_five_or_two_percent():
    """Then it would be a guess. Twin: after either of them it is said."""
    assert given_counts((0.0, 0), (0.5, 10)).per_second is None
    assert given_counts((0.0, 0), (2.0, 10)).seconds_left(990, 1000) is None
    assert given_counts((0.0, 0), (2.0, 20)).seconds_left(980, 1000) == 98
    assert given_counts((0.0, 0), (5.0, 10)).seconds_left(990, 1000) == 495
    assert given_counts((0.0, 0), (5.0, 0)).seconds_left(1000, 1000) is None


def test_what_was_done_before_the_first_word_is_in_no_rate():
    """A run that goes on counts what it does itself."""
    assert given_counts((0.0, 10_000), (10.0, 10_100)).per_second == 10


def test_few_samples_are_kept_however_long_it_takes():
    """Two a second for a day: those of the last half minute, and the one before them."""
    rate = given_counts(*((tick / 2, tick) for tick in range(20_000)))
    assert len(rate._samples) <= 62
