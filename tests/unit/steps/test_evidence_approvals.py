"""The starts of plans in the record: each with its own changes, callers and end, and sums that add up."""

import json
from pathlib import Path

from onetrail.change import Caller, entries, run_plan
from onetrail.change.step_state import StepState
from onetrail.steps.evidence import read_custody
from tests.unit.change.given import Refused, given_a_change, given_a_fresh_chain, given_a_gate, given_a_plan
from tests.unit.steps.given_record import ACCOUNT, given_a_grant, killed, sent

ENGINEER = Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/Move/engineer", "role Move")
SECOND = Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/Move/second", "role Move")


def started(folder: Path, *, by: Caller | None = None, interrupted: bool = False) -> None:
    """One start of the grant; an interrupted one is stopped by Ctrl-C while its second change is on its way."""
    gate, sender = given_a_gate(folder)
    if by:
        sender.callers[ACCOUNT, ""] = by
    if interrupted:
        sender.failing["work"] = KeyboardInterrupt()
    try:
        run_plan(given_a_grant(), gate)
    except KeyboardInterrupt:
        pass
    gate.record.__exit__()


def test_an_interrupted_start_and_the_one_after_it_are_both_there_and_their_sums_add_up(tmp_path: Path) -> None:
    """Three changes each: the first start was stopped at the second change, and closed what it had opened."""
    started(tmp_path, interrupted=True)
    started(tmp_path)
    first, second = read_custody(tmp_path).approvals
    assert first.plan == second.plan
    assert (first.ended, first.changes, tuple(first.sums), first.counted) == ("interrupted", 3, (2, 0, 1, 0), 2)
    assert (second.ended, second.changes, tuple(second.sums), second.counted) == ("applied", 3, (3, 0, 0, 0), 3)
    for one in (first, second):
        assert sum(one.sums) == one.changes


def test_a_plan_that_was_not_stopped_is_there_once(tmp_path: Path) -> None:
    """Twin of the above."""
    started(tmp_path)
    (one,) = read_custody(tmp_path).approvals
    assert (one.ended, tuple(one.sums), one.ended_at) == ("applied", (3, 0, 0, 0), "2026-01-12T12:00:00Z")


def test_what_failed_and_what_was_never_sent_are_counted_apart(tmp_path: Path) -> None:
    """The second of four changes fails. Twin: it is refused, which is a failure too."""
    plan = given_a_plan(*(given_a_change(key) for key in ("one", "two", "three", "four")))
    for name, error in (("failed", TimeoutError("no answer")), ("refused", Refused("(AccessDenied)"))):
        sent(tmp_path / name, plan, failing={"two": error})
        (one,) = read_custody(tmp_path / name).approvals
        assert (one.ended, one.changes, tuple(one.sums), one.counted) == ("failed", 4, (1, 1, 0, 2), 1)


def test_a_start_whose_process_was_killed_has_no_end_and_still_adds_up(tmp_path: Path) -> None:
    """One change done, one without an end, one not sent."""
    killed(tmp_path, given_a_grant(), at="work")
    (one,) = read_custody(tmp_path).approvals
    assert (one.ended, one.ended_at, one.counted, tuple(one.sums)) == ("", "", None, (1, 0, 1, 1))


def test_each_start_has_its_own_callers(tmp_path: Path) -> None:
    """Of the same plan, started by two people. Twin: a record without such lines names nobody."""
    started(tmp_path / "two", by=ENGINEER, interrupted=True)
    started(tmp_path / "two", by=SECOND)
    assert [[who.arn for who in one.callers] for one in read_custody(tmp_path / "two").approvals] == [
        [ENGINEER.arn],
        [SECOND.arn],
    ]
    started(tmp_path / "none")
    assert [one.callers for one in read_custody(tmp_path / "none").approvals] == [()]


def test_an_end_without_a_number_is_read_as_not_saying_one(tmp_path: Path) -> None:
    """As something else may have written it; zero is never put in its place."""
    started(tmp_path)
    lines = list(entries(tmp_path))
    for value in (None, "three", True):
        changed = [line | ({"changes": value} if line["kind"] == "step" else {}) for line in lines]
        given_a_fresh_chain(tmp_path, changed)
        (one,) = read_custody(tmp_path).approvals
        assert (one.ended, one.counted) == (StepState.APPLIED, None), json.dumps(value)
