"""What an approval needs besides the plan's id, and what the record keeps of it."""

from datetime import timedelta

import pytest

from onetrail.change import Bulk, BulkAction, Plan, PlanRefused, run_plan, verify_record
from onetrail.change.approval import AccountName, ApprovalTerms, Confirmation, ReadAgain, Showing, shown
from tests.unit.change.given import (
    MovableClock,
    Seen,
    given_a_change,
    given_a_gate,
    given_a_plan,
    given_a_showing,
    lines,
)

OLD = "arn:aws:s3:::old"


def given_a_deletion(objects: int = 10_979, **said) -> Plan:
    """A plan that deletes so many objects of one old bucket."""
    rule = Bulk(BulkAction.DELETE, ("DeleteObjects",), {"Bucket": "old"}, {}, estimate={"objects": objects})
    return given_a_plan(given_a_change("empty", call="DeleteObjects", bulk=rule, parameters={}, resource=OLD), **said)


def apply(folder, plan, terms=None, **said):
    """What became of a plan that its own id approves, once it was shown."""
    clock = said.get("clock") or MovableClock()
    if not shown(plan, lines(folder, "step"), 1_000_000):
        given_a_showing(folder, plan, clock)
    gate, estate = given_a_gate(
        folder, approve=plan.id, terms=terms or ApprovalTerms(), witness=said.pop("witness", Seen()), **said
    )
    try:
        return run_plan(plan, gate, bulk=lambda change: {}), estate
    finally:
        gate.record.__exit__()


# --- a plan that destroys


@pytest.mark.parametrize(
    "confirm",
    ["10979", "10,979", "12, 10979", "acme-old"],
)
def test_a_plan_that_destroys_opens_with_its_number_or_the_account_s_name(tmp_path, confirm):
    """Besides its id."""
    outcome, _ = apply(tmp_path, given_a_deletion(), ApprovalTerms(confirm=confirm), witness=Seen(alias="acme-old"))
    assert outcome.state == "applied"
    assert lines(tmp_path, "plan")[0]["confirmed"] == confirm


@pytest.mark.parametrize(
    ("confirm", "why"),
    [
        ("", "its id alone does not open it"),
        ("10978", "confirm is '10978'"),  # a wrong number
        ("979", "confirm is '979'"),  # the end of the right one
        ("109790", "confirm is '109790'"),
        ("not 10979", "confirm is 'not 10979'"),  # the number among other words
        ("10979 or so", "confirm is '10979 or so'"),
        ("10,97,9", "confirm is '10,97,9'"),
        ("12, not 10979", "confirm is '12, not 10979'"),
        ("acme-old, I think", "confirm is 'acme-old, I think'"),
        ("acme-new", "confirm is 'acme-new'"),  # the name of another account
        ("111122223333", "confirm is '111122223333'"),  # the id, where the account has an alias
    ],
)
def test_a_plan_that_destroys_stays_closed_without_them(tmp_path, confirm, why):
    """The id can be pasted without reading; the line says what to pass. Nothing is sent."""
    plan = given_a_deletion()
    with pytest.raises(PlanRefused) as refused:
        apply(tmp_path, plan, ApprovalTerms(confirm=confirm), witness=Seen(alias="acme-old"))
    assert str(refused.value) == (
        f"step 03: plan {plan.id} deletes 10,979 objects, and {why}: review it, and pass confirm=10979, the number of "
        "objects that it deletes, or acme-old, the alias of account 111122223333"
    )
    assert (refused.value.exit_code, lines(tmp_path, "plan"), lines(tmp_path, "step")[-1]["state"]) == (
        2,
        [],
        "refused",
    )


def test_an_account_without_an_alias_is_named_by_its_id(tmp_path):
    """Twin: with an alias its id is refused, above."""
    outcome, _ = apply(tmp_path, given_a_deletion(), ApprovalTerms(confirm="111122223333"))
    assert outcome.state == "applied"


def test_a_bucket_that_is_deleted_empty_asks_for_the_account(tmp_path):
    """There is no number to type: 0 does not open it."""
    plan = given_a_plan(given_a_change("gone", call="DeleteBucket", parameters={"Bucket": "old"}, resource=OLD))
    with pytest.raises(PlanRefused, match=r"pass confirm=111122223333, the id of the account$"):
        apply(tmp_path / "zero", plan, ApprovalTerms(confirm="0"))
    assert apply(tmp_path / "named", plan, ApprovalTerms(confirm="111122223333"))[0].state == "applied"


def test_each_account_in_which_it_deletes_is_named():
    """One of two names is not enough."""
    asked = Confirmation(0, (AccountName("111122223333", "acme-old"), AccountName("222233334444", "222233334444")))
    assert [asked.met_by(said) for said in ("acme-old", "222233334444, acme-old")] == [False, True]


@pytest.mark.parametrize(("typed", "opens"), [("10,979", True), ("acme-old", True), ("12, 10979", False)])
def test_at_the_gate_one_answer_is_typed_alone(typed, opens):
    """A list is for a run of several plans. Twin: as a parameter it opens, above."""
    asked = Confirmation(10_979, (AccountName("111122223333", "acme-old"),))
    assert (asked.met_by(typed), asked.met_by(typed, several=True)) == (opens, True)


def test_a_plan_that_destroys_nothing_asks_for_nothing_besides_its_id(tmp_path):
    """Twin of the plan that does."""
    outcome, _ = apply(tmp_path, given_a_plan(given_a_change()))
    assert (outcome.state, "confirmed" in lines(tmp_path, "plan")[0]) == ("applied", False)


def test_any_implies_the_confirmation_on_the_practice_estate_alone(tmp_path):
    """On a real estate `any` is refused before."""
    gate, _ = given_a_gate(tmp_path / "practice")
    assert run_plan(given_a_deletion(), gate, bulk=lambda change: {}).state == "applied"
    gate, _ = given_a_gate(tmp_path / "aws", estate="aws")
    with pytest.raises(PlanRefused, match="practice estate only"):
        run_plan(given_a_deletion(), gate)


def test_what_is_shown_says_what_to_pass(tmp_path):
    """Both parameters of a plan that destroys; the id alone of another one."""
    gate, _ = given_a_gate(tmp_path, approve="")
    plan, other = given_a_deletion(), given_a_plan(given_a_change())
    assert run_plan(plan, gate).line.endswith(f"to apply them set approve = {plan.id!r} and confirm = '10979'.")
    assert run_plan(other, gate).line.endswith(f"to apply them set approve = {other.id!r}.")


# --- expiry


def show(folder, plan, clock, **said):
    gate, _ = given_a_gate(folder, approve="", clock=clock, witness=Seen(), **said)
    run_plan(plan, gate)
    gate.record.__exit__()


def given_a_plan_shown(folder, *hours):
    """A plan that was shown at these hours, and the clock an hour after the last of them."""
    plan, clock = given_a_plan(given_a_change()), MovableClock()
    start = clock.moment
    for hour in hours:
        clock.moment = start + timedelta(hours=hour)
        show(folder, plan, clock)
    clock.moment += timedelta(hours=1)
    return plan, clock


def test_an_approval_within_its_time_opens(tmp_path):
    """To the hour."""
    plan, clock = given_a_plan_shown(tmp_path, 0)
    assert apply(tmp_path, plan, ApprovalTerms(hours=1), clock=clock)[0].state == "applied"


def test_an_approval_that_is_too_old_is_refused_and_says_what_to_do(tmp_path):
    """It counts from the first showing: to look again does not prolong it."""
    plan, clock = given_a_plan_shown(tmp_path, 0, 23)
    with pytest.raises(PlanRefused) as refused:
        apply(tmp_path, plan, ApprovalTerms(hours=23), clock=clock)
    assert str(refused.value) == (
        f"step 03: plan {plan.id} was first shown at 2026-01-12T12:00:00Z, and approval_hours is 23: its approval "
        "expired at 2026-01-13T11:00:00Z; run step 03 without approve, review the plan again, and approve it then"
    )
    show(tmp_path, plan, clock)
    assert apply(tmp_path, plan, ApprovalTerms(hours=23), clock=clock)[0].state == "applied"


def test_a_plan_that_comes_again_after_it_was_applied_has_its_own_time(tmp_path):
    """What was applied has used its showing up."""
    plan, clock = given_a_plan_shown(tmp_path, 0)
    apply(tmp_path, plan, ApprovalTerms(hours=2), clock=clock)
    clock.moment += timedelta(hours=5)
    show(tmp_path, plan, clock)
    assert apply(tmp_path, plan, ApprovalTerms(hours=2), clock=clock)[0].state == "applied"
    assert [line["planned_at"] for line in lines(tmp_path, "plan")] == ["2026-01-12T12:00:00Z", "2026-01-12T18:00:00Z"]


def test_a_plan_that_this_folder_never_showed_is_refused(tmp_path):
    """What has no beginning would never expire: another plan's showing is none of it. Twin: shown, it opens."""
    _, clock = given_a_plan_shown(tmp_path, 0)
    other = given_a_plan(given_a_change(region="eu-west-1"))
    gate, estate = given_a_gate(tmp_path, approve=other.id, clock=clock, witness=Seen())
    with pytest.raises(PlanRefused) as refused:
        run_plan(other, gate)
    assert str(refused.value) == (
        f"step 03: this run folder holds no showing of plan {other.id}, so when its approval expires is not known: "
        "show it first: run step 03 without approve, review the plan, and approve it then"
    )
    assert estate.sent == []
    gate.record.__exit__()
    given_a_showing(tmp_path, other, clock)
    assert apply(tmp_path, other, ApprovalTerms(hours=1), clock=clock)[0].state == "applied"


def test_a_plan_that_was_applied_is_shown_again_before_the_same_id_opens_it_again(tmp_path):
    """An id that stays in the parameters approves nothing that comes back. Twin: shown again, it opens."""
    plan, clock = given_a_plan_shown(tmp_path, 0)
    apply(tmp_path, plan, clock=clock)
    gate, _ = given_a_gate(tmp_path, approve=plan.id, clock=clock, witness=Seen())
    with pytest.raises(PlanRefused, match="show it first"):
        run_plan(plan, gate)


@pytest.mark.parametrize(("hours", "state"), [(1, "applied"), (2, "refused")])
def test_what_is_typed_at_a_gate_counts_from_when_the_gate_was_shown(tmp_path, hours, state):
    """A box that stood open for longer than that opens no more."""
    plan, clock = given_a_plan(given_a_change()), MovableClock()
    terms = ApprovalTerms(typed=True, hours=1, shown=Showing(clock.moment, "ann"))
    clock.moment += timedelta(hours=hours)
    gate, _ = given_a_gate(tmp_path, approve=plan.id, clock=clock, witness=Seen(), terms=terms)
    if state == "refused":
        with pytest.raises(PlanRefused, match="its approval expired at 2026-01-12T13:00:00Z"):
            run_plan(plan, gate)
    else:
        assert run_plan(plan, gate).state == state
        assert lines(tmp_path, "plan")[0]["planned_by"] == "ann"


def test_any_has_no_time(tmp_path):
    """It approves what is there now, and the practice estate's clock moves by days."""
    plan, clock = given_a_plan_shown(tmp_path, 0)
    clock.moment += timedelta(days=300)
    gate, _ = given_a_gate(tmp_path, clock=clock)
    assert run_plan(plan, gate).state == "applied"


# --- what the record keeps


@pytest.mark.parametrize(("typed", "way"), [(True, "typed"), (False, "parameter")])
def test_the_record_says_how_a_plan_was_approved_and_by_whom(tmp_path, typed, way):
    """And who planned it and when, and the ticket. Its chain stays whole."""
    plan, clock = given_a_plan_shown(tmp_path, 0)
    bob = "arn:aws:sts::111122223333:assumed-role/Platform/bob"
    apply(tmp_path, plan, ApprovalTerms(ticket="CHG-17, agreed", typed=typed), clock=clock, witness=Seen(bob))
    said = lines(tmp_path, "plan")[0]
    assert {name: said[name] for name in said if name.startswith(("approved", "planned", "ticket", "confirmed"))} == {
        "approved_as": way,
        "approved_by": bob,
        "planned_at": "2026-01-12T12:00:00Z",
        "planned_by": "arn:aws:sts::111122223333:assumed-role/Platform/ann",
        "ticket": "CHG-17, agreed",
    }
    assert verify_record(tmp_path).whole


def test_what_is_not_known_is_left_out_of_the_record(tmp_path):
    """Without anybody who looks at the estate the line holds no name."""
    gate, _ = given_a_gate(tmp_path)
    run_plan(given_a_plan(given_a_change()), gate)
    said = lines(tmp_path, "plan")[0]
    assert ("approved_by" in said, "planned_by" in said, "ticket" in said, said["approved_as"]) == (
        False,
        False,
        False,
        "any",
    )


# --- what the plan reviewed, read again


def test_a_difference_between_the_review_and_now_stops_it_before_anything_is_sent(tmp_path):
    """One line says what differs. Twin: with no difference it is applied, and the record says how much was read."""
    plan, seen = given_a_plan(given_a_change()), Seen()
    seen.again = ReadAgain(7, ("s3:GetBucketPolicy of old in account 111122223333 answers differently now", "b", "c"))
    with pytest.raises(PlanRefused) as refused:
        apply(tmp_path / "drift", plan, witness=seen)
    assert str(refused.value) == (
        f"step 03: what plan {plan.id} reviewed has changed since: s3:GetBucketPolicy of old in account 111122223333 "
        "answers differently now (and 2 other differences); nothing was sent: observe again, and review the plan that "
        "follows"
    )
    assert [line["kind"] for line in lines(tmp_path / "drift", "intent")] == []
    seen.again = ReadAgain(7)
    assert apply(tmp_path / "same", plan, witness=seen)[0].state == "applied"
    assert lines(tmp_path / "same", "plan")[0]["observed_again"] == 7


def test_any_is_no_leave_to_pass_over_a_difference(tmp_path):
    """It approves the plan as it was reviewed."""
    seen = Seen()
    seen.again = ReadAgain(1, ("something differs",))
    gate, estate = given_a_gate(tmp_path, witness=seen)
    with pytest.raises(PlanRefused, match="something differs"):
        run_plan(given_a_plan(given_a_change()), gate)
    assert estate.sent == []


def test_what_was_read_again_is_reported(tmp_path):
    """To the person who waits for the first change."""
    gate, _ = given_a_gate(tmp_path, witness=Seen())
    heard: list[str] = []
    gate.say = heard.append
    run_plan(given_a_plan(given_a_change()), gate)
    assert heard[0] == "observed again just now: 2 settings that the plan reviewed, no difference"
