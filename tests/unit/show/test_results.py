"""Outcomes and findings carry what the runner reads, and read worst first."""

import pytest
from given import given_a_change, given_a_plan

from onetrail import show
from onetrail.change import Done, Finding, FindingState, Outcome, StepState
from onetrail.show.findings import STATES


def _finding(state, number=0, check="03.tls"):
    return Finding(check, state, "111122223333", "us-east-1", f"bucket-{number}", "evidence")


@pytest.mark.parametrize(
    ("state", "code"),
    [("planned", 0), ("nothing", 0), ("waiting", 0), ("applied", 0), ("stopped", 3), ("not_yet", 4)],
)
def test_an_outcome_says_its_exit_code(state, code):
    """In the notebook, beside what a person sees."""
    plan = given_a_plan(given_a_change())
    bundle = show.outcome(Outcome(plan, StepState(state), "said"))._repr_mimebundle_()
    assert bundle[show.RESULT_MIME] == {
        "step": "03",
        "state": state,
        "exit_code": code,
        "line": "said",
        "plan": plan.id,
    }
    assert "said" in bundle["text/plain"]


def test_an_outcome_counts_what_was_done_without_request_ids():
    """A request id differs from run to run; the record has it."""
    change = given_a_change()
    shown = show.outcome(Outcome(given_a_plan(change), StepState.APPLIED, "Applied.", (Done(change, "REQUEST-1", {}),)))
    assert "s3:PutBucketPolicy" in shown.text
    assert "REQUEST-1" not in shown.html + shown.text


def test_findings_are_worst_first_and_what_is_well_is_one_row():
    """Twenty buckets in order are one line; one that is not stands above them."""
    found = [_finding(FindingState.OK, n) for n in range(20)] + [
        _finding(FindingState.FINDING, 20),
        _finding(FindingState.NOTE, 21),
    ]
    shown = show.findings(found)
    assert shown.text.index("✗ finding") < shown.text.index("· note") < shown.text.index("✓ ok")
    assert "20 resources" in shown.text
    assert shown.result["exit_code"] == 3
    assert "bucket-13" in shown.html  # folded, not lost


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ([], 0),
        ([FindingState.OK, FindingState.NOTE, FindingState.PLANNED], 0),
        ([FindingState.OK, FindingState.COULD_NOT_LOOK], 3),  # what could not be looked at is not well
        ([FindingState.FINDING], 3),
    ],
)
def test_findings_say_their_exit_code(states, code):
    """Zero, or three."""
    assert show.findings([_finding(state) for state in states]).result["exit_code"] == code


def test_the_columns_of_states_say_not_evaluated():
    """As the rows below a check do; `could_not_look` is the value for programs."""
    assert STATES == ("finding", "not evaluated", "planned", "note", "ok")
    assert FindingState.COULD_NOT_LOOK.value == "could_not_look"
    assert "? not evaluated" in show.findings([_finding(FindingState.COULD_NOT_LOOK)]).text
