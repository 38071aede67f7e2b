"""Nothing is sent that was not approved, and what was opened is closed."""

from contextlib import nullcontext
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from onetrail.aws.requests import AWS_REQUESTS
from onetrail.change import (
    Bulk,
    BulkAction,
    ChangeFailed,
    CheckKind,
    EarlierResult,
    ExpectedAnswer,
    Gate,
    GateClosed,
    Guard,
    PlanRefused,
    RecordError,
    RequiredCheck,
    Requirement,
    entries,
    run_plan,
)
from tests.unit.change.given import (
    NOON,
    MovableClock,
    Refused,
    given_a_change,
    given_a_gate,
    given_a_plan,
    given_a_showing,
    lines,
)

DELIVERED = RequiredCheck(CheckKind.DELIVERED_EVERYWHERE, "arn:aws:cloudtrail:us-east-1:111122223333:trail/old")
DRAINED = RequiredCheck(CheckKind.LAST_FILES_IN)


def test_without_approval_nothing_is_sent_and_that_is_no_failure(tmp_path):
    """An empty approve shows the plan and ends with 0."""
    gate, estate = given_a_gate(tmp_path, approve="")
    outcome = run_plan(given_a_plan(given_a_change()), gate)
    assert (outcome.state, outcome.exit_code, estate.sent) == ("planned", 0, [])


def test_the_right_id_opens(tmp_path):
    """One of several ids separated by commas is enough."""
    plan = given_a_showing(tmp_path, given_a_plan(given_a_change()))
    gate, estate = given_a_gate(tmp_path, approve=f"p-000000000000, {plan.id}", estate="aws")
    assert run_plan(plan, gate).state == "applied"
    assert estate.sent == [("put", {"Bucket": "old", "Policy": "{}"})]


def test_the_record_says_what_a_plan_comes_to_before_anything_of_it_is_sent(tmp_path):
    """Its id is not moved by it. Twin: a plan with a call of unknown effect is not begun at all."""
    plan = given_a_showing(tmp_path, given_a_plan(given_a_change()))
    gate, _ = given_a_gate(tmp_path, approve=plan.id)
    run_plan(plan, gate)
    (said,) = lines(tmp_path, "plan")
    assert (said["plan"], said["consequence"]["line"]) == (plan.id, "Plan: 1 to make; nothing is lost for good.")
    assert said["consequence"]["destroys"] is False
    with pytest.raises(ValueError, match="PutBucketReplication has no effect"):
        run_plan(given_a_plan(given_a_change(call="PutBucketReplication")), replace(gate, approve="any"))
    assert len(lines(tmp_path, "plan")) == 1


@pytest.mark.parametrize(("approve", "estate"), [("p-000000000000", "practice"), ("any", "aws")])
def test_another_approval_is_refused_and_says_what_to_pass(tmp_path, approve, estate):
    """An id of another plan, or `any` on a real estate, opens nothing."""
    plan = given_a_plan(given_a_change())
    gate, sender = given_a_gate(tmp_path, approve=approve, estate=estate)
    with pytest.raises(PlanRefused, match=f"approve={plan.id}") as refused:
        run_plan(plan, gate)
    assert (refused.value.exit_code, sender.sent) == (2, [])


def test_an_empty_plan_needs_no_approval(tmp_path):
    """A step that is done says so whatever was approved."""
    gate, _ = given_a_gate(tmp_path, approve="p-000000000000")
    assert run_plan(given_a_plan(), gate).state == "nothing"


@pytest.mark.parametrize(
    ("service", "operation", "reads"),
    [
        ("s3", "GetObject", True),
        ("s3", "ListObjectsV2", True),
        ("sts", "AssumeRole", True),
        ("iam", "GenerateCredentialReport", True),
        ("s3", "CopyObject", False),
        ("sts", "AssumeRoot", False),
        ("cloudtrail", "StopLogging", False),
        ("s3", "NeverHeardOf", False),  # an unknown call counts as one that changes something
    ],
)
def test_what_only_reads(service, operation, reads):
    """Only calls known to read pass a closed gate."""
    assert AWS_REQUESTS.only_reads(service, operation) is reads


def test_the_guard_lets_only_the_open_change_through():
    """While one change is open, its neighbour is still refused."""
    guard, change = Guard(AWS_REQUESTS), given_a_change()
    with pytest.raises(GateClosed, match="no approved plan"):
        guard.check(change.account, "s3", "PutBucketPolicy", change.parameters)
    with guard.opened(change, change.parameters):
        guard.check(change.account, "s3", "PutBucketPolicy", change.parameters)
        for account, operation, parameters in [
            ("999988887777", "PutBucketPolicy", change.parameters),
            (change.account, "DeleteBucketPolicy", change.parameters),
            (change.account, "PutBucketPolicy", {**change.parameters, "Policy": "{ }"}),
        ]:
            with pytest.raises(GateClosed):
                guard.check(account, "s3", operation, parameters)
    with pytest.raises(GateClosed):
        guard.check(change.account, "s3", "PutBucketPolicy", change.parameters)


def test_a_bulk_rule_covers_its_own_bucket_only():
    """A rule over one old bucket lets no copy from another one through."""
    guard = Guard(AWS_REQUESTS)
    change = given_a_change(
        call="CopyObject",
        bulk=Bulk(BulkAction.COPY, ("CopyObject",), {"Bucket": "new", "CopySource.Bucket": "old"}, {}),
    )
    with guard.opened(change, {}):
        guard.check(change.account, "s3", "CopyObject", {"Bucket": "new", "CopySource": {"Bucket": "old", "Key": "k"}})
        guard.check(change.account, "s3", "CopyObject", {"Bucket": "new", "CopySource": "/old/k"})
        for wrong in (
            {"Bucket": "new", "CopySource": {"Bucket": "other", "Key": "k"}},
            {"Bucket": "old", "CopySource": "old/k"},
        ):
            with pytest.raises(GateClosed):
                guard.check(change.account, "s3", "CopyObject", wrong)


def test_a_bulk_rule_that_bypasses_governance_covers_its_bucket_mode_and_bypass_only():
    """A rule that raises locks lets no other lock through. Twin: the call it means, which passes."""
    guard = Guard(AWS_REQUESTS)
    fixed = {"Bucket": "new", "Retention.Mode": "COMPLIANCE", "BypassGovernanceRetention": True}
    change = given_a_change(
        call="PutObjectRetention",
        bulk=Bulk(BulkAction.SEAL, ("PutObjectRetention",), fixed, {"until": "the date each has"}),
    )
    raised = {
        "Bucket": "new",
        "Key": "k",
        "Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": "2028-03-06T00:00:00Z"},
        "BypassGovernanceRetention": True,
    }
    with guard.opened(change, {}):
        guard.check(change.account, "s3", "PutObjectRetention", raised)
        for wrong in (
            {"Bucket": "other"},
            {"Retention": {**raised["Retention"], "Mode": "GOVERNANCE"}},
            {"Retention": {}},
            {"Retention": "COMPLIANCE"},
            {"BypassGovernanceRetention": False},
        ):
            with pytest.raises(GateClosed):
                guard.check(change.account, "s3", "PutObjectRetention", {**raised, **wrong})
        for call in ("DeleteObjects", "DeleteObject", "PutObjectLockConfiguration"):
            with pytest.raises(GateClosed):
                guard.check(change.account, "s3", call, raised)


def test_what_was_opened_is_closed_when_something_fails(tmp_path):
    """A failure between opening and closing leaves nothing open."""
    plan = given_a_plan(
        given_a_change("open"),
        given_a_change("work", region="eu-west-1"),
        given_a_change("close", closes="open", region="eu-west-2"),
    )
    gate, estate = given_a_gate(tmp_path, failing={"work": RuntimeError("lost connection")})
    with pytest.raises(ChangeFailed, match="lost connection"):
        run_plan(plan, gate)
    assert [key for key, _ in estate.sent] == ["open", "close"]


def test_what_was_not_opened_is_not_closed(tmp_path):
    """A plan that fails at its opening leaves the closing alone."""
    plan = given_a_plan(given_a_change("open"), given_a_change("close", closes="open", region="eu-west-2"))
    gate, estate = given_a_gate(tmp_path, failing={"open": Refused("AccessDenied")})
    with pytest.raises(ChangeFailed):
        run_plan(plan, gate)
    assert estate.sent == []


def test_an_opening_whose_answer_was_lost_is_closed(tmp_path):
    """A call without an answer may have done its work."""
    plan = given_a_plan(given_a_change("open"), given_a_change("close", closes="open", region="eu-west-2"))
    gate, estate = given_a_gate(tmp_path, failing={"open": TimeoutError("no answer")})
    with pytest.raises(ChangeFailed):
        run_plan(plan, gate)
    assert [key for key, _ in estate.sent] == ["close"]


def test_one_failed_closing_does_not_keep_the_next_from_being_tried(tmp_path):
    """Every opening is closed on its own."""
    plan = given_a_plan(
        given_a_change("open-1"),
        given_a_change("open-2", region="eu-west-1"),
        given_a_change("work", region="eu-west-3"),
        given_a_change("close-1", closes="open-1", region="eu-west-2"),
        given_a_change("close-2", closes="open-2", region="eu-north-1"),
    )
    gate, estate = given_a_gate(tmp_path, failing={"work": RuntimeError("no"), "close-1": RuntimeError("no")})
    with pytest.raises(ChangeFailed):
        run_plan(plan, gate)
    assert [key for key, _ in estate.sent] == ["open-1", "open-2", "close-2"]


def test_the_grant_is_closed_even_when_the_record_cannot_be_written(tmp_path):
    """A full disk keeps no grant open."""
    plan = given_a_plan(given_a_change("open"), given_a_change("close", closes="open", region="eu-west-2"))
    gate, estate = given_a_gate(tmp_path)
    write = gate.record.append

    def full(kind, **fields):
        if kind == "done":
            gate.record.append = always_full
            raise RecordError("no space left")
        return write(kind, **fields)

    def always_full(kind, **fields):
        raise RecordError("no space left")

    gate.record.append = full
    with pytest.raises(RecordError):
        run_plan(plan, gate)
    assert [key for key, _ in estate.sent] == ["open", "close"]


def test_nothing_is_sent_that_the_record_could_not_take_first(tmp_path):
    """The intent is on disk before the call leaves."""
    gate, estate = given_a_gate(tmp_path)

    def full(kind, **fields):
        raise RecordError("no space left")

    gate.record.append = full
    with pytest.raises(RecordError):
        run_plan(given_a_plan(given_a_change()), gate)
    assert estate.sent == []


def test_an_unmet_requirement_stops_there(tmp_path):
    """What was promised to hold is looked at in the moment of sending."""
    plan = given_a_plan(
        given_a_change("a"),
        given_a_change("b", requires=RequiredCheck(CheckKind.NEW_ENTRY_ROLES), region="eu-west-1"),
    )
    gate, estate = given_a_gate(tmp_path)
    outcome = run_plan(
        plan,
        gate,
        {RequiredCheck(CheckKind.NEW_ENTRY_ROLES): lambda: Requirement(False, "the new entry role was not proven")},
    )
    assert (outcome.state, outcome.exit_code) == ("stopped", 3)
    assert [key for key, _ in estate.sent] == ["a"]


def test_waiting_moves_a_movable_clock_and_goes_on(tmp_path):
    """On the practice estate a wait is passed by moving the clock."""
    plan, again = given_a_plan(given_a_change(requires=DELIVERED)), NOON + timedelta(hours=2)
    gate, estate = given_a_gate(tmp_path)
    outcome = run_plan(plan, gate, {DELIVERED: lambda: Requirement(gate.clock.now() >= again, "first digest", again)})
    assert (outcome.state, len(estate.sent), gate.clock.now()) == ("applied", 1, again)


def test_waiting_on_a_wall_ends_with_not_yet(tmp_path):
    """On AWS a long wait ends the step, with nothing left open."""
    plan, again = (
        given_a_plan(
            given_a_change("open"),
            given_a_change("work", requires=DELIVERED, region="eu-west-1"),
            given_a_change("close", closes="open", region="eu-west-2"),
        ),
        NOON + timedelta(hours=2),
    )
    gate, estate = given_a_gate(tmp_path, clock=MovableClock(timedelta(minutes=2)))
    outcome = run_plan(plan, gate, {DELIVERED: lambda: Requirement(False, "first digest", again)})
    assert (outcome.state, outcome.exit_code) == ("not_yet", 4)
    assert "2026-01-12T14:00:00Z" in outcome.line
    assert [key for key, _ in estate.sent] == ["open", "close"]


def test_a_probe_that_is_refused_is_good_and_one_that_gets_through_is_not(tmp_path):
    """A closed grant is proven by a refusal."""
    plan = given_a_plan(given_a_change("probe", expects=ExpectedAnswer.REFUSED))
    gate, _ = given_a_gate(tmp_path / "closed", failing={"probe": Refused("AccessDenied")})
    assert run_plan(plan, gate).done[0].result == {"refused": "AccessDenied"}
    gate, _ = given_a_gate(tmp_path / "open")
    with pytest.raises(ChangeFailed, match="must be refused but got through"):
        run_plan(plan, gate)


def test_a_probe_that_fails_for_another_reason_proves_nothing(tmp_path):
    """A time-out is not a refusal."""
    gate, _ = given_a_gate(tmp_path, failing={"probe": TimeoutError("slow")})
    with pytest.raises(ChangeFailed):
        run_plan(given_a_plan(given_a_change("probe", expects=ExpectedAnswer.REFUSED)), gate)


def test_each_change_is_written_before_and_after(tmp_path):
    """The record holds what it was, what was sent and what AWS answered."""
    gate, _ = given_a_gate(tmp_path)
    run_plan(given_a_plan(given_a_change(before={"Policy": "old"})), gate)
    kinds = [(line["kind"], line.get("before"), line.get("request_id")) for line in entries(tmp_path)]
    assert kinds == [
        ("plan", None, None),
        ("intent", {"Policy": "old"}, None),
        ("done", None, "R-put"),
        ("step", None, None),
    ]


def test_a_step_ends_only_when_its_last_check_holds(tmp_path):
    """The last files of a stopped trail are awaited as part of the step."""
    plan, again = given_a_plan(given_a_change(), ends_with=DRAINED), NOON + timedelta(hours=2)
    gate, _ = given_a_gate(tmp_path / "moves")
    assert (
        run_plan(plan, gate, {DRAINED: lambda: Requirement(gate.clock.now() >= again, "final digests", again)}).state
        == "applied"
    )
    gate, _ = given_a_gate(tmp_path / "stands", clock=MovableClock(timedelta(minutes=2)))
    assert run_plan(plan, gate, {DRAINED: lambda: Requirement(False, "final digests", again)}).exit_code == 4


def test_waiting_alone_needs_an_approval_before_it_moves_a_clock(tmp_path):
    """A look at a plan moves no clock."""
    again = NOON + timedelta(hours=2)
    plan = given_a_plan(ends_with=DRAINED, not_yet=again, why="final digests")
    gate, _ = given_a_gate(tmp_path / "look", approve="")
    requires = {DRAINED: lambda: Requirement(gate.clock.now() >= again, "final digests", again)}
    assert (run_plan(plan, gate, requires).state, gate.clock.now()) == ("not_yet", NOON)
    gate, _ = given_a_gate(tmp_path / "go")
    assert (run_plan(plan, gate, requires).state, gate.clock.now()) == ("applied", again)


def test_a_change_may_use_what_an_earlier_one_brought_back(tmp_path):
    """An id that AWS gives is filled in when the next change is sent, and the guard sees the filled-in call."""
    plan = given_a_plan(
        given_a_change("make"), given_a_change("use", parameters={"Id": EarlierResult("make", "Made.Id")})
    )
    gate, estate = given_a_gate(tmp_path)
    send = estate.send
    estate.send = lambda change, parameters: {**send(change, parameters), "Made": {"Id": "i-1"}}
    run_plan(plan, gate)
    assert estate.sent[1] == ("use", {"Id": "i-1"})


@pytest.mark.parametrize(
    ("said", "state", "code", "line"),
    [
        (
            {
                "why": "something could not be read",
                "notes": ("old: GetBucketPolicy: AccessDenied",),
                "not_evaluated": True,
            },
            "not_evaluated",
            3,
            "Nothing is planned: something could not be read: old: GetBucketPolicy: AccessDenied.",
        ),
        (
            {"why": "a partial check proves nothing"},
            "withheld",
            0,
            "Nothing is planned: a partial check proves nothing.",
        ),
        ({}, "nothing", 0, "Nothing to change: everything this step is for is already so."),
        ({"looks_only": True}, "nothing", 0, "Nothing to change: this step only looks."),
    ],
)
def test_an_empty_plan_is_done_only_where_nothing_kept_it_from_being_made(tmp_path, said, state, code, line):
    """What could not be read, or was not proposed for another reason, is never reported as done."""
    for approve in ("", "any"):
        gate, _ = given_a_gate(tmp_path / (approve or "none"), approve=approve)
        outcome = run_plan(replace(given_a_plan(), **said), gate)
        assert (outcome.state, outcome.exit_code, outcome.line) == (state, code, line)


@pytest.mark.parametrize(
    ("client", "passes"),
    [
        ({}, True),
        ({"region": "eu-west-1", "actor": "break-glass"}, True),
        ({"region": "us-east-1", "actor": "break-glass"}, False),
        ({"region": "eu-west-1", "actor": ""}, False),
        ({"region": "eu-west-1", "actor": "operator"}, False),
    ],
)
def test_the_guard_lets_the_change_through_as_the_identity_and_in_the_region_that_were_reviewed(client, passes):
    """A client of another identity or region sends no change that names neither."""
    guard, change = Guard(AWS_REQUESTS), given_a_change(region="eu-west-1", actor="break-glass")
    with guard.opened(change, change.parameters), nullcontext() if passes else pytest.raises(GateClosed):
        guard.check(change.account, change.service, change.call, change.parameters, **client)


def test_what_a_gate_has_sealed_is_its_own_to_say():
    """Nobody hands in how much of the record is stored outside: it would be believed."""
    given = [one.name for one in fields(Gate) if one.init]
    assert given == [
        "approve",
        "estate",
        "sender",
        "record",
        "clock",
        "guard",
        "texts",
        "say",
        "progress",
        "sent",
        "anchor",
        "terms",
        "witness",
    ]
