"""With several source accounts, what fails in one ends the plan there, and the others' changes are sent."""

import pytest

from onetrail.change import ChangeFailed, CheckKind, RecordError, RequiredCheck, Requirement, StepState, run_plan
from onetrail.change.text_store import TextUnread
from onetrail.errors import OnetrailError
from tests.unit.change.given import Expired, Refused, given_a_change, given_a_gate, given_a_plan

ONE, TWO, LOG = "111122223333", "222233334444", "044455556666"
CHECK = RequiredCheck(CheckKind.DELIVERED_EVERYWHERE)
PLAN = given_a_plan(
    given_a_change("log first", account=LOG),
    given_a_change("one a", account=ONE),
    given_a_change("one b", account=ONE, requires=CHECK),
    given_a_change("one c", account=ONE),
    given_a_change("two a", account=TWO),
    given_a_change("two b", account=TWO),
    given_a_change("guardrail", account=TWO, service="organizations", call="CreatePolicy"),
    given_a_change("log last", account=LOG),
    accounts=(ONE, TWO, LOG),
)
"""A guardrail is of all accounts, though it is sent to one of them."""


def carried_out(folder, *, failing=None, met=True, accounts=(ONE, TWO)):
    """What was sent, and how it ended: the outcome's state, or the error, and its line."""
    gate, estate = given_a_gate(folder, failing=failing)
    requires = {CHECK: lambda: Requirement(met, "it delivers nothing")}
    try:
        outcome = run_plan(PLAN, gate, requires=requires, accounts=accounts)
        ended = (outcome.state, outcome.line)
    except ChangeFailed as err:
        ended = ("raised", err.line)
    return [key for key, _ in estate.sent], *ended


@pytest.mark.parametrize(
    ("failing", "met", "sent", "state", "line"),
    [
        ({}, True, [change.key for change in PLAN.changes], StepState.APPLIED, "Applied 8 changes"),
        # the account that failed is left, and so is what rests on all; everything else is sent
        ({"one b": Refused("no")}, True, ["log first", "one a", "two a", "two b"], "raised", f"everything in {TWO}"),
        ({"two a": Refused("no")}, True, ["log first", "one a", "one b", "one c"], "raised", f"everything in {ONE}"),
        ({}, False, ["log first", "one a", "two a", "two b"], StepState.STOPPED, "Stopped before 'one b': it delivers"),
        # an account that cannot be entered any more, or whose policy cannot be read, ends by itself too
        (
            {"one a": OnetrailError("no role")},
            True,
            ["log first", "two a", "two b"],
            "raised",
            "no role; 3 of 8 changes",
        ),
        # what rests on all of them ends all, and so does it where the credentials are over
        ({"log first": Refused("no")}, True, [], "raised", "fix the cause and run this step again: it goes on from"),
        ({"one b": Expired("over")}, True, ["log first", "one a"], "raised", "sign in again and run this step again"),
        ({"guardrail": Refused("no")}, True, [c.key for c in PLAN.changes[:6]], "raised", "organizations:CreatePolicy"),
    ],
)
def test_the_other_accounts_work_is_whole(tmp_path, failing, met, sent, state, line):
    """Everything that does not rest on the failure is sent, and one line says what failed where and what is done."""
    said = carried_out(tmp_path, failing=failing, met=met)
    assert said[:2] == (sent, state)
    assert line in said[2]


def test_the_line_names_each_account_that_ended(tmp_path):
    """Both failures, how much was carried out, and no account as whole."""
    sent, state, line = carried_out(tmp_path, failing={"one a": Refused("no"), "two b": Refused("never")})
    assert (sent, state) == (["log first", "two a"], "raised")
    assert f"in account {ONE} failed: no; fix the cause" in line and f"in account {TWO} failed: never;" in line
    assert line.endswith(f"; 2 of 8 changes carried out, nothing more in account {ONE}, {TWO}")


def test_where_the_plan_is_about_one_of_them_its_own_error_ends_it(tmp_path):
    """As it was raised, since no other account's work goes on."""
    plan = given_a_plan(given_a_change("one a", account=ONE), given_a_change("log", account=LOG), accounts=(ONE, LOG))
    gate, estate = given_a_gate(tmp_path, failing={"one a": TextUnread("not sent: its policy could not be read")})
    with pytest.raises(TextUnread, match=r"could not be read$"):
        run_plan(plan, gate, accounts=(ONE, TWO))
    assert estate.sent == []


def test_a_record_that_cannot_be_written_ends_everything(tmp_path):
    """Nothing may be sent that is not written down."""
    with pytest.raises(RecordError, match="full"):
        carried_out(tmp_path, failing={"one a": RecordError("the disk is full")})


def test_without_accounts_that_stand_apart_a_failure_ends_the_plan(tmp_path):
    """The twin."""
    sent, state, line = carried_out(tmp_path, failing={"one b": Refused("no")}, accounts=())
    assert (sent, state) == (["log first", "one a"], "raised")
    assert line.endswith("it goes on from what is there")
