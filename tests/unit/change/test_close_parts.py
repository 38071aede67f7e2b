"""Closing where the record or the clock fails, closing by closing."""

from datetime import timedelta

import pytest

from onetrail.change import RecordError, StillOpen
from onetrail.change.close import close_what_is_open
from tests.unit.change.given import NOON, Gone, MovableClock, given_a_change, given_a_sending

OPEN, CLOSE = given_a_change("open"), given_a_change("close", closes="open")


def holds(requires):
    return ""


def given_an_opening(folder, **said):
    """It was sent, and is to be closed."""
    sending, estate, reported = given_a_sending(folder, OPEN, CLOSE, **said)
    sending.send(OPEN)
    reported.clear()
    return sending, estate, reported


def test_what_was_opened_is_closed_once(tmp_path):
    """And nothing that was not, or that is closed already."""
    sending, estate, _ = given_a_sending(tmp_path / "never", OPEN, CLOSE)
    close_what_is_open(sending, holds)
    assert estate.sent == []
    sending, estate, _ = given_an_opening(tmp_path / "opened")
    for _ in range(2):
        close_what_is_open(sending, holds)
    assert [key for key, _ in estate.sent] == ["open", "close"]


def full(*_, **__):
    raise RecordError("the disk is full")


@pytest.mark.parametrize("gone", [False, True])
def test_a_closing_that_the_record_cannot_take_is_sent_all_the_same_and_the_failure_is_raised_then(tmp_path, gone):
    """Also where it is gone already. It counts as closed, and that it has no line is reported."""
    sending, estate, reported = given_an_opening(tmp_path, failing={"close": Gone("x")} if gone else {})
    sending.gate.record.append = full
    with pytest.raises(RecordError, match="the disk is full"):
        close_what_is_open(sending, holds)
    assert [key for key, _ in estate.sent] == (["open"] if gone else ["open", "close"])
    assert reported == ["closed without a record line: s3:PutBucketPolicy old"]
    assert "close" in sending.closed
    close_what_is_open(sending, holds)


def test_a_closing_that_fails_without_a_line_too_says_both(tmp_path):
    """What the record refused, and what AWS did; it stays open, and is not reported as closed."""
    sending, _, reported = given_an_opening(tmp_path, failing={"close": ValueError("no route")})
    sending.gate.record.append = full
    with pytest.raises(
        StillOpen,
        match="the disk is full; s3:PutBucketPolicy old was then sent without a record line and failed: no route",
    ):
        close_what_is_open(sending, holds)
    assert "closed without a record line: s3:PutBucketPolicy old" not in reported
    assert "close" not in sending.closed


def test_a_closing_that_fails_is_tried_again_while_the_clock_waits_and_no_longer(tmp_path):
    """Some minutes on one that does; not at all on one that will not wait."""
    tries = []
    for number, patience in enumerate((timedelta(days=1), timedelta())):
        clock = MovableClock(patience)
        sending, estate, _ = given_an_opening(
            tmp_path / str(number), clock=clock, failing={"close": ValueError("no route")}
        )
        asked, send = [], estate.send
        estate.send = lambda change, parameters, asked=asked, send=send: (
            asked.append(change.key) or send(change, parameters)
        )
        with pytest.raises(StillOpen):
            close_what_is_open(sending, holds)
        tries.append((len(asked), clock.now() - NOON))
    (many, waited), once = tries
    assert many > 2
    assert timedelta(minutes=1) < waited < timedelta(minutes=10)
    assert once == (1, timedelta())
