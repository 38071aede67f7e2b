"""Bulk work is counted against what the plan expects, and a cell that is run again against what is left."""

from pathlib import Path

import pytest

from onetrail.aws import Clients
from onetrail.aws.bulk_progress import BulkProgress, expected
from onetrail.aws.panel import LinesPanel
from onetrail.change import Bulk, BulkAction
from onetrail.progress import Progress
from onetrail.settings import Settings
from tests.unit.change.given import given_a_change, given_a_plan

ROOT = Path(__file__).parents[3]


def given_rules(*rules: tuple[BulkAction, str, int]):
    return given_a_plan(
        *(
            given_a_change(
                f"{deed}-{n}", bulk=Bulk(deed, ("CopyObject",), {"from": name}, {}, estimate={"objects": of})
            )
            for n, (deed, name, of) in enumerate(rules)
        ),
        given_a_change("close"),
    )


def test_what_is_expected_is_what_the_rules_of_one_deed_say():
    """A pilot's objects are among those of the copy, and two rules over one bucket add up."""
    plan = given_rules(
        (BulkAction.PILOT, "a", 2), (BulkAction.COPY, "a", 10), (BulkAction.COPY, "b", 5), (BulkAction.COPY, "b", 1)
    )
    assert expected(plan, BulkAction.COPY, lambda bulk: bulk.fixed["from"]) == {"a": 10, "b": 6}


def test_a_pilot_is_in_no_rate_and_the_end_of_a_part_expects_no_more():
    """What the pilot copied is done, and says nothing of the speed. Twin: what is copied after it does."""
    told = []
    progress = BulkProgress(told.append, "copied", {"a": 10})
    progress.more("a", rated=False)("", 2, 20, 0, 0)
    progress.more("a")("", 7, 70, 1, 1)
    progress.handed_on("a", 1)
    progress.more("a")("", 1, 0, 0, 0)
    progress.ended("a")
    assert [one.done for one in told] == sorted(one.done for one in told), "what was counted stays counted"
    said = [(one.done, one.of, one.before, one.retries, one.errors) for one in told]
    assert said == [
        (0, 10, 0, 0, 0),
        (2, 10, 2, 0, 0),
        (9, 10, 2, 1, 1),
        (9, 10, 2, 1, 0),
        (9, 10, 2, 1, 0),
        (9, 9, 2, 1, 0),
    ]


def test_what_is_handed_on_counts_once_more_when_it_is_more_than_was_tried_in_vain():
    """Three of five were tried in vain: the first three that are made now are those. Twin: the fourth is a new one."""
    told = []
    progress = BulkProgress(told.append, "copied", {"a": 10})
    progress.more("a")("", 5, 50, 0, 3)
    progress.handed_on("a", 3)
    more = progress.more("a")
    for done in (1, 3, 4, 8):
        more("", done, done * 10, 0, 0)
    assert [(one.done, one.of, one.errors) for one in told[2:]] == [
        (5, 10, 0),
        (5, 10, 0),
        (5, 10, 0),
        (6, 10, 0),
        (10, 10, 0),
    ]


@pytest.fixture
def given_clients(monkeypatch):
    """Clients that connected to nothing yet."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "made-up")
    return Clients(Settings.from_file(ROOT / "parameters" / "practice.yaml"), None)


def test_after_an_interrupt_only_what_is_left_is_expected(given_clients):
    """Within one kernel, until it looks again. Twin: after the next look the plan's own number counts."""
    with pytest.raises(KeyboardInterrupt), given_clients.panel(look=False):
        given_clients.tell(Progress("copied", "a", 851, 10_939))
        raise KeyboardInterrupt
    assert given_clients.still_expected("copied", {"a": 10_939, "b": 5}) == {"a": 10_088, "b": 5}
    assert given_clients.still_expected("deleted", {"a": 10_939}) == {"a": 10_939}
    with given_clients.panel(look=True):
        assert given_clients.still_expected("copied", {"a": 10_939}) == {"a": 10_939}


def test_a_look_that_a_plan_takes_is_shown_in_the_plans_panel(given_clients):
    """There is one panel at a time; outside of any, words go nowhere or in plain lines."""
    with given_clients.panel(look=False) as plan:
        with given_clients.panel(look=True) as look:
            assert look is plan
            given_clients.tell(Progress("compared", "a", 1))
        given_clients.tell(Progress("copied", "a", 2))
    assert plan.standing.line == "1 object compared, 2 objects copied"
    given_clients.tell(Progress("copied", "b", 2))
    with given_clients.panel(look=True) as other:
        assert isinstance(other, LinesPanel) and other is not plan
