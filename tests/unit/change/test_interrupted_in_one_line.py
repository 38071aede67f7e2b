"""Ctrl-C, a kernel's interrupt and the stop button end in one line that says what is so, and never in a traceback."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from onetrail.change import entries, run_plan
from onetrail.change.interrupt import Stopped, ended_by_signals, heed, interrupted_in_one_line
from onetrail.change.plan_end import PlanEnd, interrupted
from onetrail.change.step_state import StepState
from tests.unit.change.given import given_a_change, given_a_gate, given_a_plan, lines

GO_ON = "to go on, run its cells again from Observe on, or the step again with onetrail run"


@pytest.mark.parametrize(
    ("end", "did", "line"),
    [
        (None, "", f"interrupted before a plan was begun: nothing was sent; {GO_ON}"),
        (  # what was opened is closed
            PlanEnd("p-1", StepState.INTERRUPTED, 58, 88, ("archive", "old")),
            "851 of 10,939 objects copied",
            (
                "interrupted after 58 of 88 changes of plan p-1: 851 of 10,939 objects copied;"
                f" every permission that it opened is closed again (2); {GO_ON}"
            ),
        ),
        (  # nothing was opened
            PlanEnd("p-1", StepState.INTERRUPTED, 0, 1),
            "",
            f"interrupted after 0 of 1 change of plan p-1; no permission was left open; {GO_ON}",
        ),
        (  # the third signal ended the closing: never "closed"
            PlanEnd("p-1", StepState.INTERRUPTED, 58, 88, ("archive",), ("old",)),
            "",
            f"interrupted after 58 of 88 changes of plan p-1; still open until it expires: old; {GO_ON}",
        ),
        (  # the plan was over already
            PlanEnd("p-1", StepState.APPLIED, 88, 88),
            "",
            f"interrupted after plan p-1 had ended: applied, 88 of 88 changes; {GO_ON}",
        ),
    ],
)
def test_the_line_says_how_far_the_plan_came_what_is_open_and_how_to_go_on(end, did, line):
    """Only what is closed is called closed."""
    assert interrupted(end, did) == line


def test_an_interrupt_is_heard_by_other_threads_and_leaves_with_the_line():
    """What is under way in a pool ends before its next call. Twin: outside, nobody is stopped."""
    begun, ended = threading.Event(), []

    def work():
        begun.set()
        while True:
            try:
                heed()
            except Stopped:
                ended.append("stopped")
                return

    with pytest.raises(Stopped) as raised, interrupted_in_one_line(lambda: "interrupted: 3 of 20 read"):  # noqa: SIM117
        with ThreadPoolExecutor(1) as pool:
            pool.submit(work)
            begun.wait()
            os.kill(os.getpid(), signal.SIGINT)
    assert ended == ["stopped"]
    assert raised.value._render_traceback_() == ["Interrupted: 3 of 20 read"]
    heed()


def test_within_a_plan_or_another_one_the_outer_one_says_the_line():
    """A look that a plan takes is stopped as the plan is. Twin: alone it says its own line."""
    with pytest.raises(Stopped, match="outer"), interrupted_in_one_line(lambda: "outer"):  # noqa: SIM117
        with interrupted_in_one_line(lambda: "inner"):
            os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(Stopped, match="stopped by SIGINT"), ended_by_signals(print):  # noqa: SIM117
        with interrupted_in_one_line(lambda: "inner"):
            os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(Stopped, match="inner"), interrupted_in_one_line(lambda: "inner"):
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_between_the_approval_and_the_first_change_ends_the_plan_in_the_record(tmp_path):
    """As if it came a moment later: nothing was sent, and the record says how the plan ended. Twin: without it the plan
    is applied."""
    gate, estate = given_a_gate(tmp_path / "cut")
    write = gate.record.append

    def append(kind, **fields):
        said = write(kind, **fields)
        if kind == "plan":
            raise Stopped("stopped by SIGINT")
        return said

    gate.record.append = append
    with pytest.raises(Stopped):
        run_plan(given_a_plan(given_a_change()), gate)
    assert [line["kind"] for line in entries(tmp_path / "cut")] == ["plan", "step"]
    assert (lines(tmp_path / "cut", "step")[0]["state"], estate.sent) == ("interrupted", [])
    assert interrupted(gate.ended).startswith("interrupted after 0 of 1 change of plan p-")
    gate, _ = given_a_gate(tmp_path / "whole")
    assert run_plan(given_a_plan(given_a_change()), gate).state == "applied"
