"""The record says who: the caller as STS gives it, once for each account and actor of a plan."""

from onetrail.change import Caller, entries, run_plan
from tests.unit.change.given import given_a_change, given_a_gate, given_a_plan

ENGINEER = Caller("arn:aws:sts::111122223333:assumed-role/Platform/engineer", "own credentials")
GRANT_KEEPER = Caller(
    "arn:aws:sts::444455556666:assumed-role/onetrail-grant-keeper/onetrail-practice",
    "role onetrail-grant-keeper",
)
FALLBACK = Caller("arn:aws:iam::444455556666:user/root-like", "profile log")


def reported(folder):
    return [(line["account"], line["actor"], line["arn"], line["way"]) for line in entries(folder, "caller")]


def given_a_plan_of_two_accounts():
    return given_a_plan(
        given_a_change("a"),
        given_a_change("b"),
        given_a_change("c", account="444455556666", actor="grant-keeper"),
        given_a_change("d", account="444455556666", actor="grant-keeper"),
    )


def test_who_sends_stands_once_before_the_first_change_of_each_account_and_actor(tmp_path):
    """And before that change is sent. Twin: where nobody can be entered there is no line, and sending it says why."""
    gate, sender = given_a_gate(tmp_path)
    sender.callers = {("111122223333", ""): ENGINEER, ("444455556666", "grant-keeper"): GRANT_KEEPER}
    run_plan(given_a_plan_of_two_accounts(), gate)
    kinds = [line["kind"] for line in entries(tmp_path)]
    assert kinds == ["plan", "caller", *["intent", "done"] * 2, "caller", *["intent", "done"] * 2, "step"]
    assert reported(tmp_path) == [("111122223333", "", *ENGINEER), ("444455556666", "grant-keeper", *GRANT_KEEPER)]
    run_plan(given_a_plan_of_two_accounts(), gate)
    assert len(reported(tmp_path)) == 4, "each plan says it for itself"
    sender.callers = {}
    run_plan(given_a_plan_of_two_accounts(), gate)
    assert len(reported(tmp_path)) == 4


def test_a_role_that_falls_back_to_another_entry_says_so(tmp_path):
    """In the middle of a plan, as after a role was made or taken away."""
    gate, sender = given_a_gate(tmp_path)
    sender.callers = {("111122223333", ""): ENGINEER, ("444455556666", "grant-keeper"): GRANT_KEEPER}
    send = sender.send

    def falling_back(change, parameters):
        if change.key == "c":
            sender.callers[("444455556666", "grant-keeper")] = FALLBACK
        return send(change, parameters)

    sender.send = falling_back
    run_plan(given_a_plan_of_two_accounts(), gate)
    assert reported(tmp_path)[1:] == [
        ("444455556666", "grant-keeper", *GRANT_KEEPER),
        ("444455556666", "grant-keeper", *FALLBACK),
    ]
