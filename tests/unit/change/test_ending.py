"""However a plan ends, the record says so: plans begun are plans ended."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from onetrail.change import (
    ChangeFailed,
    CheckKind,
    PlanRefused,
    RequiredCheck,
    Requirement,
    entries,
    run_plan,
    verify_record,
)
from onetrail.errors import NotYet
from tests.unit.change.given import NOON, Expired, MovableClock, given_a_change, given_a_gate, given_a_plan


def given_a_grant_and_work():
    """Open, work twice, close."""
    return given_a_plan(
        given_a_change("open", resource="old"),
        given_a_change("first"),
        given_a_change("second"),
        given_a_change("close", resource="old", closes="open"),
    )


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def raising(err):
    def fail():
        raise err

    return fail


def ended(folder, at="second", by=lambda: None, plan=None, **said):
    """The `step` lines after a plan during whose change `at` that happens, and what it raised."""
    gate, sender = given_a_gate(folder, **said)
    send = sender.send

    def struck(change, parameters):
        if change.key == at:
            by()
        return send(change, parameters)

    sender.send = struck
    raised = None
    try:
        run_plan(plan or given_a_grant_and_work(), gate)
    except BaseException as err:  # noqa: BLE001 - what it raises is what the rows are about
        raised = err
    gate.record.__exit__()
    return [line for line in entries(folder) if line["kind"] == "step"], raised


@pytest.mark.parametrize(
    ("by", "state", "changes", "line", "raises"),
    [
        (lambda: None, "applied", 4, "Applied 4 changes of plan", None),
        (
            interrupt,
            "interrupted",
            3,
            "interrupted after 3 of 4 changes: stopped by SIGINT; what was open is closed: old",
            KeyboardInterrupt,
        ),
        (
            raising(KeyboardInterrupt()),
            "interrupted",
            3,
            "interrupted after 3 of 4 changes: KeyboardInterrupt; what was open is closed: old",
            KeyboardInterrupt,
        ),
        (
            raising(SystemExit(3)),
            "interrupted",
            3,
            "interrupted after 3 of 4 changes: 3; what was open is closed: old",
            SystemExit,
        ),
        (
            raising(ValueError("no such\nbucket")),
            "failed",
            3,
            "failed after 3 of 4 changes: s3:PutBucketPolicy on old in account 111122223333 failed: no such bucket;",
            ChangeFailed,
        ),
        (
            raising(Expired("the token has expired")),
            "failed",
            3,
            (
                "failed after 3 of 4 changes: s3:PutBucketPolicy on old in account 111122223333 failed: the token has"
                " expired; sign in again and run this step again"
            ),
            ChangeFailed,
        ),
        (
            raising(NotYet("not yet: again after noon")),
            "not_yet",
            3,
            "not yet after 3 of 4 changes: not yet: again after noon; what was open is closed: old",
            NotYet,
        ),
    ],
)
def test_a_plan_that_was_begun_has_one_end_in_the_record(tmp_path, by, state, changes, line, raises):
    """With how many of how many changes were sent, what was closed, and the record whole; the error itself still
    leaves."""
    steps, raised = ended(tmp_path, by=by)
    assert [(one["state"], one["changes"]) for one in steps] == [(state, changes)]
    assert steps[0]["line"].startswith(line)
    assert raised is None if raises is None else isinstance(raised, raises)
    if raises:
        assert (steps[0]["of"], steps[0]["closed"]) == (4, ["old"])
    assert verify_record(tmp_path).whole


def test_what_stays_open_is_in_the_line(tmp_path):
    """A closing that fails leaves the plan failed, and the line names what is open."""
    steps, _ = ended(tmp_path, at="close", by=raising(ValueError("no")), plan=None, clock=MovableClock(timedelta(0)))
    (step,) = steps
    assert step["state"] == "failed"
    assert "still open: old" in step["line"]
    assert step["closed"] == []


def test_a_plan_that_is_refused_was_not_begun_and_is_reported(tmp_path):
    """Something else was approved."""
    steps, raised = ended(tmp_path, approve="p-000000000000")
    assert isinstance(raised, PlanRefused)
    assert [(one["state"], one["changes"]) for one in steps] == [("refused", 0)]
    assert not any(line["kind"] == "plan" for line in entries(tmp_path))


@pytest.mark.parametrize(
    ("requirement", "state"),
    [
        (Requirement(False, "the policy is not judged"), "stopped"),
        (Requirement(False, "jobs run", NOON + timedelta(days=9)), "not_yet"),
    ],
)
def test_a_plan_that_a_check_ends_has_its_own_states(tmp_path, requirement, state):
    """A check that does not hold, and one that lacks time."""
    plan = given_a_plan(given_a_change("open"), given_a_change("work", requires=RequiredCheck(CheckKind.POLICY_JUDGED)))
    gate, _ = given_a_gate(tmp_path, clock=MovableClock(timedelta(days=1)))
    assert run_plan(plan, gate, {RequiredCheck(CheckKind.POLICY_JUDGED): lambda: requirement}).state == state
    assert [(one["state"], one["changes"]) for one in entries(tmp_path, "step")] == [(state, 1)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_end_of_the_plan_in_the_record(tmp_path, number):
    """In a process of its own, which the signal then ends."""
    program = (
        "import os, signal, sys; from pathlib import Path; from tests.unit.change.test_ending import ended\n"
        "ended(Path(sys.argv[1]), by=lambda: os.kill(os.getpid(), int(sys.argv[2])))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path), str(int(number))], cwd=Path(__file__).parents[3], check=False
    )
    assert ran.returncode == (0 if number == signal.SIGINT else -number)
    (step,) = entries(tmp_path, "step")
    assert step["state"] == "interrupted"
    assert step["line"] == f"interrupted after 3 of 4 changes: stopped by {number.name}; what was open is closed: old"


def test_a_stop_that_was_swallowed_still_ends_the_plan_as_interrupted(tmp_path):
    """Every change is sent, and yet the record says what was asked for."""

    def swallowed():
        try:
            interrupt()
        except KeyboardInterrupt:
            pass

    steps, raised = ended(tmp_path, at="close", by=swallowed)
    assert isinstance(raised, KeyboardInterrupt)
    assert [one["state"] for one in steps] == ["interrupted"]


@pytest.mark.parametrize("why", ["", "the head could not be put into the work bucket"])
def test_an_outcome_says_that_the_records_head_could_not_be_put_outside(tmp_path, why):
    """In its line, and in a field that a program reads. Twin: where it was put, both say nothing of it."""
    gate, _ = given_a_gate(tmp_path)
    gate.anchor = lambda _: why
    outcome = run_plan(given_a_grant_and_work(), gate)
    assert (outcome.unsealed, outcome.state) == (why, "applied")
    assert outcome.line.endswith(" The head could not be put into the work bucket.") is bool(why)


def test_a_plan_that_is_begun_again_says_how_it_ended_before(tmp_path):
    """A person who pressed stop sees that it goes on. Twins: a first beginning, and one after a good end, say nothing
    of it."""

    def said_by(by):
        said = []
        gate, sender = given_a_gate(tmp_path)
        gate.say, send = said.append, sender.send

        def struck(change, parameters):
            if change.key == "second":
                by()
            return send(change, parameters)

        sender.send = struck
        plan = given_a_grant_and_work()
        with suppress(KeyboardInterrupt):
            run_plan(plan, gate)
        gate.record.__exit__()
        return [line for line in said if "begun before" in line], plan.id

    assert said_by(interrupt)[0] == []
    said, plan = said_by(lambda: None)
    assert said == [f"plan {plan} was begun before and interrupted after 3 of 4 changes: it goes on from what is there"]
    assert said_by(lambda: None)[0] == []
