"""The wall clock waits for what comes soon and ends the step where it comes late."""

from datetime import timedelta

import pytest

from onetrail.change import WallClock, clock
from onetrail.errors import NotYet
from tests.unit.change.given import NOON


class Noon(WallClock):
    def now(self):
        return NOON


@pytest.mark.parametrize(
    ("seconds", "waited", "reported"),
    [
        (120, [120.0], ["waiting 120 s: a policy"]),
        (1, [1.0], ["waiting 1 s: a policy"]),
        (0, [], []),  # it has come
        (-5, [], []),
    ],
)
def test_a_short_wait_is_reported_and_waited_for(monkeypatch, seconds, waited, reported):
    """As long as it takes, and not at all for what has come."""
    slept, said = [], []
    monkeypatch.setattr(clock.time, "sleep", slept.append)
    Noon().wait_until(NOON + timedelta(seconds=seconds), "a policy", said.append)
    assert (slept, said) == (waited, reported)


def test_a_long_wait_ends_the_step(monkeypatch):
    """With the time from which it goes on, and without waiting."""
    slept = []
    monkeypatch.setattr(clock.time, "sleep", slept.append)
    with pytest.raises(NotYet, match=r"not yet: a policy: run this step again after 2026-01-12T12:02:01Z"):
        Noon().wait_until(NOON + timedelta(seconds=121), "a policy", print)
    assert slept == []
