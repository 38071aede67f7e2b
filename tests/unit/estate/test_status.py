"""A plan that holds nothing because of what could not be read says so, and is never taken for "already so" or for a
wait."""

from datetime import UTC, datetime

import pytest

from onetrail.change import Change, CheckKind, FindingState, Plan, RequiredCheck
from onetrail.estate.status import (
    BLIND,
    Status,
    StepStage,
    behind,
    evaluated,
    standing_behind,
    unevaluated,
    waiting_findings,
)
from onetrail.show import plan as shown

BARE = Plan("05", "practice", ("111122223333",), (), notes=("a fact",))
CHANGE = Change("k", "1", "r", "s3", "PutBucketPolicy", {}, "b", None, "why", "undo")
OPEN, UNKNOWN = (
    Status("02", StepStage.OPEN, "a role is to be made"),
    Status("02", StepStage.UNKNOWN, "GetRole: AccessDenied: no"),
)


def test_a_plan_that_nobody_could_make_holds_nothing_and_names_the_refusal_first() -> None:
    """Whatever it held before: no check at its end and no wait is left of it."""
    plan = unevaluated(
        Plan(
            "05",
            "practice",
            (),
            (CHANGE,),
            ends_with=RequiredCheck(CheckKind.GRANT_REVOKED),
            not_yet=datetime(2026, 1, 1, tzinfo=UTC),
            notes=("a fact",),
        ),
        ("no",),
    )
    assert (plan.changes, plan.ends_with, plan.not_yet, plan.not_evaluated) == ((), None, None, True)
    assert (plan.why, plan.notes) == (BLIND, ("no", "a fact"))


@pytest.mark.parametrize(
    ("plan", "unread", "evaluates"),
    [
        (BARE, [], True),
        (BARE, ["no"], False),
        # it holds what could be seen to be needed, or says why it holds nothing
        (Plan("05", "practice", (), (CHANGE,)), ["no"], True),
        (Plan("05", "practice", (), (), waiting_for="02"), ["no"], True),
        (Plan("05", "practice", (), (), not_yet=datetime(2026, 1, 1, tzinfo=UTC)), ["no"], True),
        (Plan("05", "practice", (), (), why="too large"), ["no"], True),
    ],
)
def test_only_an_empty_plan_without_a_reason_becomes_one_that_was_not_evaluated(
    plan: Plan, unread: list[str], evaluates: bool
) -> None:
    """And only where something was unread."""
    assert evaluated(plan, unread) == (plan if evaluates else unevaluated(plan, unread))


def test_a_step_behind_one_that_nobody_could_look_at_does_not_wait_for_it() -> None:
    """Its plan, its status and its finding are as unknown as that; twin: behind one that is open it waits."""
    said = "whether step 02 is done is unknown: GetRole: AccessDenied: no"
    assert behind(BARE, UNKNOWN) == unevaluated(BARE, (said,))
    assert standing_behind("05", UNKNOWN) == Status("05", StepStage.UNKNOWN, said)
    (finding,) = waiting_findings("05.waiting", UNKNOWN, "x")
    assert (finding.state, finding.evidence) == (FindingState.COULD_NOT_LOOK, said)
    assert (behind(BARE, OPEN).waiting_for, behind(BARE, OPEN).why) == ("02", OPEN.line)
    assert standing_behind("05", OPEN) == Status("05", StepStage.OPEN, "waiting for 02")
    assert waiting_findings("05.waiting", OPEN, "x")[0].state is FindingState.PLANNED


def test_the_table_of_such_a_plan_names_what_was_refused() -> None:
    """Twin: the plan of a step with nothing left to do."""
    assert "GetRole: AccessDenied: no" in shown(behind(BARE, UNKNOWN)).text
    assert "already so" not in shown(behind(BARE, UNKNOWN)).text
    assert "already so" in shown(BARE).text
