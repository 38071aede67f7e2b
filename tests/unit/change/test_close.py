"""Closing happens whatever ends a plan, is tried again within bounds, and what stays open is reported with its end."""

import os
import signal
from contextlib import nullcontext, suppress
from datetime import timedelta

import pytest

from onetrail.change import (
    After,
    Bulk,
    BulkAction,
    ChangeFailed,
    CheckKind,
    Document,
    ExpectedAnswer,
    RequiredCheck,
    Requirement,
    StillOpen,
    apply,
    entries,
    run_plan,
    verify_record,
)
from onetrail.change.run_record import record as record_module
from onetrail.errors import NotYet, WrongUse
from onetrail.policies import Restores
from tests.unit.change.given import NOON, Expired, Gone, Refused, given_a_change, given_a_gate, given_a_plan

BACK = RequiredCheck(CheckKind.POLICIES_BACK)
QUIET = RequiredCheck(CheckKind.PROVEN_QUIET_COOLED, "old")
REFUSED = RequiredCheck(CheckKind.READS_REFUSED)
UNTIL = {"Condition": {"DateLessThan": {"aws:CurrentTime": After("PT6H")}}}


def given_a_grant(*between, **closing):
    """Two openings and their closings, with something in between."""
    opening = given_a_change("open", resource="old-1", parameters={"Policy": Document({"Statement": [UNTIL]})})
    return given_a_plan(
        opening,
        given_a_change("open-2", region="eu-west-1", resource="old-2"),
        *between,
        given_a_change("close", closes="open", region="eu-west-2", resource="old-1", **closing),
        given_a_change("close-2", closes="open-2", region="eu-north-1", resource="old-2"),
    )


WORK = given_a_change("work", region="eu-west-3")


class Fails:
    """Fails so many times, then works."""

    def __init__(self, times, error):
        self.times, self.error = times, error

    def __call__(self):
        self.times -= 1
        if self.times >= 0:
            raise self.error


def failing(estate, **keys):
    send = estate.send

    def sends(change, parameters):
        keys.get(change.key, lambda: None)()
        return send(change, parameters)

    estate.send = sends


def test_a_network_that_comes_back_closes_all(tmp_path):
    """Twin: the next test, in which it stays away."""
    gate, estate = given_a_gate(tmp_path)
    failing(
        estate,
        work=Fails(1, OSError("unreachable")),
        close=Fails(4, OSError("unreachable")),
        **{"close-2": Fails(1, OSError("unreachable"))},
    )
    with pytest.raises(Exception, match="unreachable"):
        run_plan(given_a_grant(WORK), gate)
    assert [key for key, _ in estate.sent] == ["open", "open-2", "close-2", "close"]
    assert 0 < (gate.clock.now() - NOON).total_seconds() < 300


def test_what_cannot_be_closed_is_reported_with_the_instant_that_ends_it(tmp_path):
    """Within bounds, in one line; the one without an expiry is reported as such."""
    gate, estate = given_a_gate(tmp_path)
    failing(estate, close=Fails(99, OSError("unreachable")), **{"close-2": Fails(99, OSError("unreachable"))})
    with pytest.raises(StillOpen) as reported:
        run_plan(given_a_grant(), gate)
    assert "unreachable" in reported.value.line
    assert "old-1 (refuses by itself from 2026-01-12T18:00:00Z); old-2 (until it is closed)" in reported.value.line
    assert reported.value.line.endswith("run this step again: it closes what is open")
    assert (gate.clock.now() - NOON).total_seconds() < 300


@pytest.mark.parametrize("error", [Expired("ExpiredToken"), Refused("AccessDenied")])
def test_where_asking_again_cannot_help_it_is_reported_at_once(tmp_path, error):
    """Expired credentials close nothing: the expiry does, and the line says when. Twin: the test above, which waits."""
    gate, estate = given_a_gate(tmp_path)
    failing(estate, close=Fails(99, error), **{"close-2": Fails(99, error)})
    with pytest.raises(StillOpen, match="refuses by itself from 2026-01-12T18:00:00Z"):
        run_plan(given_a_grant(), gate)
    assert gate.clock.now() == NOON


def test_a_role_goes_only_after_all_policies_are_back(tmp_path):
    """AWS refuses a document that names a role which is gone. Twin: the policies are back, and it goes."""
    gate, estate = given_a_gate(tmp_path / "not back")
    failing(estate, **{"close-2": Fails(99, Refused("AccessDenied"))})
    back = {BACK: lambda: Requirement("close-2" in dict(estate.sent), "the policy of old-2 is not back")}
    plan = given_a_grant(requires=BACK)
    with pytest.raises(StillOpen, match="old-1"):
        run_plan(given_a_plan(*plan.changes[:2], WORK, plan.changes[3], plan.changes[2]), gate, back)
    assert "close" not in dict(estate.sent)
    gate, estate = given_a_gate(tmp_path / "back", failing={"work": OSError("no")})
    with pytest.raises(Exception, match="no"):
        run_plan(given_a_plan(*plan.changes[:2], WORK, plan.changes[3], plan.changes[2]), gate, back)
    assert [key for key, _ in estate.sent] == ["open", "open-2", "close-2", "close"]


@pytest.mark.parametrize("times", [2, 99])
def test_a_check_that_cannot_be_made_keeps_its_own_closing_waiting_and_no_other(tmp_path, times):
    """An account that cannot be entered is tried again as AWS is. Twin: it stays so, and the line says what is open and
    why."""
    gate, estate = given_a_gate(tmp_path, failing={"work": OSError("late")})
    failing(estate, **{"close-2": Fails(1, OSError("unreachable"))})
    shut = Fails(times, WrongUse("the account cannot be entered"))
    back = {BACK: lambda: Requirement(not shut(), "")}
    plan = given_a_grant(WORK, requires=BACK)
    with pytest.raises(ChangeFailed) as reported:
        run_plan(plan, gate, back)
    assert [key for key, _ in estate.sent][2:] == (["close-2", "close"] if times == 2 else ["close-2"])
    open_ = "policies_back could not be checked: the account cannot be entered; still open: old-1 (refuses by itself"
    assert (open_ in reported.value.line) is isinstance(reported.value, StillOpen) is (times == 99)


@pytest.mark.parametrize("error", [NotYet("the wall clock does not wait"), OSError("the clock is gone")])
def test_a_clock_that_cannot_be_waited_for_does_not_hide_what_is_open(tmp_path, error):
    """It is reported after the tries that there were. Twin: the test above, whose clock waits."""
    gate, estate = given_a_gate(tmp_path)
    gate.clock.wait_until = lambda moment, why, say: Fails(1, error)()
    failing(estate, close=Fails(99, OSError("unreachable")))
    with pytest.raises(StillOpen, match=r"unreachable.*still open: old-1"):
        run_plan(given_a_grant(), gate)


@pytest.fixture
def heard():
    """What reaches the handlers that were there before the plan ran."""
    got = []
    held = {
        number: signal.signal(number, lambda number, frame: got.append(signal.Signals(number).name))
        for number in (signal.SIGTERM, signal.SIGHUP)
    }
    yield got
    for number, handler in held.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_middle_of_the_work_closes_and_then_ends_the_process(tmp_path, heard, number):
    """Ctrl-C, a polite kill, and a terminal that went away; twin: below, where it comes while closing."""
    gate, estate = given_a_gate(tmp_path)
    failing(estate, work=lambda: os.kill(os.getpid(), number))
    with pytest.raises(KeyboardInterrupt):
        run_plan(given_a_grant(WORK), gate)
    assert [key for key, _ in estate.sent] == ["open", "open-2", "close", "close-2"]
    assert heard == ([] if number == signal.SIGINT else [signal.Signals(number).name])
    assert verify_record(tmp_path).whole


def swallowed(number):
    """A signal whose exception is lost, as in a callback that C code calls."""
    with suppress(KeyboardInterrupt):
        os.kill(os.getpid(), number)


def losing(estate, key, number):
    """The signal comes, and is lost, right after the call of this change."""
    send = estate.send

    def sends(change, parameters):
        answer = send(change, parameters)
        if change.key == key:
            swallowed(number)
        return answer

    estate.send = sends


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_whose_exception_is_lost_ends_the_plan_before_its_next_call(tmp_path, heard, number):
    """What is open is closed then. Twin: without a signal all is sent."""
    more = given_a_change("more", region="eu-central-1")
    gate, estate = given_a_gate(tmp_path / "stopped")
    losing(estate, "work", number)
    with pytest.raises(KeyboardInterrupt, match=f"stopped by {signal.Signals(number).name}"):
        run_plan(given_a_grant(WORK, more), gate)
    assert [key for key, _ in estate.sent] == ["open", "open-2", "work", "close", "close-2"]
    assert heard == ([] if number == signal.SIGINT else [signal.Signals(number).name])
    gate, estate = given_a_gate(tmp_path / "whole")
    assert run_plan(given_a_grant(WORK, more), gate).state == "applied"
    assert "more" in dict(estate.sent)


def test_a_stop_that_is_lost_at_the_last_call_is_raised_at_the_end(tmp_path):
    """The next one, another cell or another step, hears of it; the plan after that is not stopped any more."""
    gate, estate = given_a_gate(tmp_path)
    losing(estate, "last", signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run_plan(given_a_plan(given_a_change("last")), gate)
    assert [key for key, _ in estate.sent] == ["last"]
    assert run_plan(given_a_plan(given_a_change("next", region="eu-west-1")), gate).state == "applied"


def test_a_bulk_loop_asks_before_each_call_whether_to_stop(tmp_path):
    """Through the guard, in whatever thread. Twin: no signal, and every object is asked for."""
    rule = given_a_change(
        "work", region="eu-west-3", call="CopyObject", bulk=Bulk(BulkAction.COPY, ("CopyObject",), {}, {})
    )
    for stopped, asked in ((True, 3), (False, 9)):
        gate, _ = given_a_gate(tmp_path / str(asked))
        passed = []

        def copies(change, gate=gate, passed=passed, stopped=stopped):
            for number in range(9):
                gate.guard.check(change.account, "s3", "CopyObject", {"Key": str(number)})
                passed.append(number)
                if stopped and number == 2:
                    swallowed(signal.SIGINT)
            return {}

        with pytest.raises(KeyboardInterrupt) if stopped else nullcontext():
            run_plan(given_a_grant(rule), gate, bulk=copies)
        assert len(passed) == asked


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_on_the_way_to_the_closing_does_not_keep_it_from_being_done(
    tmp_path, heard, monkeypatch, number
):
    """A person who presses Ctrl-C twice has what is open closed, too. Twin: the third one ends even a closing,
    below."""
    close = apply.close_what_is_open

    def hurried(*args):
        os.kill(os.getpid(), number)
        close(*args)

    monkeypatch.setattr(apply, "close_what_is_open", hurried)
    gate, estate = given_a_gate(tmp_path)
    failing(estate, work=lambda: os.kill(os.getpid(), number))
    with pytest.raises(KeyboardInterrupt):
        run_plan(given_a_grant(WORK), gate)
    assert [key for key, _ in estate.sent] == ["open", "open-2", "close", "close-2"]


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_that_was_ignored_stays_ignored(tmp_path, number):
    """As nohup starts a run, to outlive its terminal. Twin: above."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        gate, estate = given_a_gate(tmp_path)
        failing(estate, work=lambda: os.kill(os.getpid(), number))
        assert run_plan(given_a_grant(WORK), gate).state == "applied"
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_closing_waits_until_all_is_closed(tmp_path, heard, number):
    """And is heard then. Twin: the third one ends even that, for who cannot wait."""
    gate, estate = given_a_gate(tmp_path / "one", failing={"work": OSError("no")})
    failing(estate, close=lambda: os.kill(os.getpid(), number))
    with pytest.raises(KeyboardInterrupt):
        run_plan(given_a_grant(WORK), gate)
    assert [key for key, _ in estate.sent][-2:] == ["close", "close-2"]
    gate, estate = given_a_gate(tmp_path / "three", failing={"work": OSError("no")})
    failing(estate, close=lambda: [os.kill(os.getpid(), number) for _ in range(3)])
    with pytest.raises(KeyboardInterrupt):
        run_plan(given_a_grant(WORK), gate)
    assert "close-2" not in dict(estate.sent)


def test_a_signal_while_a_line_is_written_leaves_the_record_whole(tmp_path, monkeypatch):
    """It is heard after the line."""
    gate, _ = given_a_gate(tmp_path)
    sync, left = os.fsync, [4]

    def interrupted(number):
        sync(number)
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(record_module.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_plan(given_a_grant(WORK), gate)
    assert verify_record(tmp_path).whole


@pytest.mark.parametrize("again", [3600, None])
def test_nothing_is_open_while_a_check_is_waited_for(tmp_path, again):
    """It is closed at the moment at which the clock is asked to wait. Twin: a check that holds at once waits for
    nothing."""
    gate, estate = given_a_gate(tmp_path)
    opening, closing = given_a_change("open"), given_a_change("close", closes="open", region="eu-west-2")
    plan = given_a_plan(opening, given_a_change("work", region="eu-west-3", requires=QUIET), closing)
    stood, wait = [], gate.clock.wait_until

    def waiting(moment, why, say):
        stood.append([key for key, _ in estate.sent])
        wait(moment, why, say)

    gate.clock.wait_until = waiting
    due = NOON + timedelta(seconds=again) if again else None
    quiet = lambda: Requirement(not due or gate.clock.now() >= due, "it is not quiet", due)
    assert run_plan(plan, gate, {QUIET: quiet}).state == "applied"
    assert stood == ([["open", "close"]] if again else [])


def test_a_probe_that_is_allowed_at_first_is_sent_again_a_few_times(tmp_path):
    """A new policy takes time to propagate; twins: one try more than that, and a probe that may not be sent again."""
    let_in = RuntimeError("PreconditionFailed")
    for tries, times, good in ((5, 4, True), (5, 5, False), (1, 1, False)):
        gate, estate = given_a_gate(tmp_path / f"{tries}-{times}")

        failing(estate, probe=Fails(times, let_in))
        estate.failing = {"probe": Refused("AccessDenied")}
        plan = given_a_plan(given_a_change("probe", expects=ExpectedAnswer.REFUSED, tries=tries))
        if good:
            assert run_plan(plan, gate).done[0].result == {"refused": "AccessDenied"}
            failed = [line for line in entries(tmp_path / f"{tries}-{times}") if line["kind"] == "failed"]
            assert len(failed) == times, "each is in the record"
        else:
            with pytest.raises(Exception, match="PreconditionFailed"):
                run_plan(plan, gate)


def test_rounds_lie_apart_and_their_check_is_made_when_they_begin(tmp_path):
    """The clock is waited out between them."""
    gate, _ = given_a_gate(tmp_path, failing={f"probe-{n}": Refused("AccessDenied") for n in range(3)})
    seen = []
    first = given_a_change("probe-0", expects=ExpectedAnswer.REFUSED, requires=REFUSED)
    later = [
        given_a_change(f"probe-{n}", expects=ExpectedAnswer.REFUSED, requires=REFUSED, after="PT2M") for n in (1, 2)
    ]
    requires = {REFUSED: lambda: Requirement(not seen.append(gate.clock.now()), "")}
    run_plan(given_a_plan(first, *later), gate, requires)
    assert [(moment - NOON).total_seconds() for moment in seen] == [0, 120, 240]


def test_a_later_closing_whose_opening_was_never_sent_stands_in_for_nothing(tmp_path):
    """It is not sent, so it has undone nothing: what stays open is reported. Twin: the next test, where it is done."""
    back = Restores(frozenset({"Temporary"}))
    plan = given_a_plan(
        given_a_change("open", parameters={"Bucket": "old", "Policy": "{ }"}),
        WORK,
        given_a_change("window", region="eu-central-1", resource="elsewhere"),
        given_a_change("close", closes="open", region="eu-west-2", restores=back),
        given_a_change("no-window", closes="window", region="eu-north-1", restores=back),
    )
    gate, estate = given_a_gate(tmp_path, failing={"work": OSError("late"), "close": Refused("AccessDenied")})
    with pytest.raises(StillOpen, match=r"still open: old \(until it is closed\)"):
        run_plan(plan, gate)
    assert [key for key, _ in estate.sent] == ["open"]


@pytest.mark.parametrize("ended", ["", "late"])
def test_what_is_gone_already_is_closed_and_the_record_says_so(tmp_path, ended):
    """Killed between the call and its line, or an answer that was lost. Twin: a refusal, which keeps it open."""
    work = {"work": OSError(ended)} if ended else {}
    gate, estate = given_a_gate(tmp_path / "gone", failing={"close": Gone("NoSuchEntity"), **work})
    if ended:
        with pytest.raises(ChangeFailed, match="late"):
            run_plan(given_a_grant(WORK), gate)
    else:
        assert run_plan(given_a_grant(WORK), gate).state == "applied"
    done = next(line for line in entries(tmp_path / "gone") if (line["kind"], line.get("key")) == ("done", "close"))
    assert (done["result"], done["closes"]) == ({"was_gone_already": "NoSuchEntity"}, "open")
    assert dict(estate.sent).keys() >= {"close-2"}
    gate, _ = given_a_gate(tmp_path / "refused", failing={"close": Refused("AccessDenied")})
    with pytest.raises(StillOpen, match="old-1"):
        run_plan(given_a_grant(WORK), gate)


def test_a_later_closing_of_the_same_policy_stands_in_for_one_that_is_refused(tmp_path):
    """As break-glass does for a grant-keeper whose window has expired. Twin: that one is refused too."""
    back = Restores(frozenset({"Temporary"}))
    plan = given_a_plan(
        given_a_change("window"),
        given_a_change("open", parameters={"Bucket": "old", "Policy": "{ }"}),
        WORK,
        given_a_change("close", closes="open", region="eu-west-2", restores=back),
        given_a_change("no-window", closes="window", region="eu-north-1", restores=back),
    )
    refused = Refused("AccessDenied")
    gate, estate = given_a_gate(tmp_path / "one", failing={"work": OSError("late"), "close": refused})
    with pytest.raises(Exception, match="late") as reported:
        run_plan(plan, gate)
    assert not isinstance(reported.value, StillOpen)
    assert [key for key, _ in estate.sent] == ["window", "open", "no-window"]
    both = {"work": OSError("late"), "close": refused, "no-window": refused}
    gate, _ = given_a_gate(tmp_path / "two", failing=both)
    with pytest.raises(StillOpen, match="still open: old"):
        run_plan(plan, gate)
