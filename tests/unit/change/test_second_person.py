"""An approval of a second person counts only as what another principal wrote about exactly this plan."""

import subprocess
from dataclasses import replace
from datetime import timedelta

import pytest

from onetrail.change import PlanRefused, iso, run_plan, verify_record
from onetrail.change.approval import ApprovalTerms
from onetrail.change.approval.policy_since import stands_since
from onetrail.change.approval.second import (
    Approver,
    SecondApproval,
    Times,
    WrittenApproval,
    body_of,
    command,
    folder_of,
    judged,
)
from tests.unit.change.given import NOON, Seen, given_a_change, given_a_gate, given_a_plan, given_a_showing, lines
from tests.unit.change.test_approval import given_a_deletion

PLAN = given_a_deletion()
ANN = Approver("arn:aws:iam::111122223333:role/Approver", "AROAAPPROVER")
STOOD = NOON - timedelta(days=9)
"""When the policy that keeps approvals to the approvers was put."""
EXECUTOR = frozenset({"AROAEXECUTOR"})


def written(user_id="AROAAPPROVER:ann", body=None, **said):
    whole = WrittenApproval(
        f"{folder_of(PLAN)}{user_id}", "v1", user_id, NOON - timedelta(hours=1), body_of(PLAN) + "\n"
    )
    return whole._replace(**({"body": body} if body is not None else {}), **said)


def judge(*found, approvers=(ANN,), hours=24):
    return judged(PLAN, found, approvers, EXECUTOR, Times(NOON, hours, STOOD))


def refusal(*found, **said):
    with pytest.raises(PlanRefused) as refused:
        judge(*found, **said)
    start = f"step 03: second_person is required, and no approval of plan {PLAN.id} counts: "
    assert str(refused.value).startswith(start)
    return str(refused.value).removeprefix(start)


def test_what_another_person_wrote_about_this_plan_counts():
    """Its writer is one of the approvers, by unique id."""
    assert judge(written()) == (written(), ANN)


KEY = f"{folder_of(PLAN)}AROAAPPROVER:ann"
FEWER = body_of(given_a_deletion(7))


@pytest.mark.parametrize(
    ("one", "approver", "why"),
    [
        # Of another plan, or of this one with other numbers.
        ({"body": "p-000000000000 aa"}, ANN, f"{KEY} is of p-000000000000"),
        (
            {"body": f"{PLAN.id} {FEWER.split()[1]}"},
            ANN,
            f"{KEY} is of another consequence: the plan's numbers changed",
        ),
        # The latest version counts: something else was written over the approval, or it was deleted.
        ({"body": "no", "version": "v2"}, ANN, f"{KEY} is of no"),
        ({"withdrawn": True}, ANN, f"{KEY} was withdrawn: its latest version is a delete marker"),
        # Too old.
        (
            {"at": NOON - timedelta(hours=25)},
            ANN,
            f"{KEY} was written at 2026-01-11T11:00:00Z, more than approval_hours (24) ago",
        ),
        # Written when anybody could write it.
        (
            {"at": STOOD - timedelta(seconds=1)},
            ANN,
            "and only since 2026-01-03T12:00:00Z is it known that nobody but an approver can write one: its writer",
        ),
        # Written by somebody else.
        (
            {"user_id": "AROASTRANGER:ann"},
            ANN,
            "was written by AROASTRANGER, which is none of approver_principals",
        ),
        (
            {"user_id": "AROASTRANGER:ann"},
            Approver(ANN.arn, why="AccessDenied"),
            f"which is none of approver_principals ({ANN.arn} cannot be read: AccessDenied)",
        ),
        # Nothing in it.
        ({"body": ""}, ANN, "is empty"),
        ({"body": " \n"}, ANN, "is empty"),
        # What is in it acts on no terminal.
        ({"body": "\x1b[31mred"}, ANN, "is of \\x1b[31mred"),
        # The same principal under another session name.
        (
            {"user_id": "AROAEXECUTOR:somebody-else"},
            ANN._replace(unique_id="AROAEXECUTOR"),
            "was written by the principal that applies the plan (AROAEXECUTOR), whatever its session is called",
        ),
        # One may become the other.
        ({}, ANN._replace(becomes_executor=True), f"{ANN.arn}, which may assume the role that applies the plan"),
        ({}, ANN._replace(executor_becomes=True), f"{ANN.arn}, a role that the one who applies the plan may assume"),
        (
            {},
            ANN._replace(why="arn:aws:sts::1:assumed-role/E/e: AccessDenied"),
            "and whether that is another person is not known: arn:aws:sts::1:assumed-role/E/e: AccessDenied",
        ),
    ],
)
def test_nothing_else_counts_and_the_line_says_why(one, approver, why):
    """Twin: the approval above, which differs in this alone."""
    said = dict(one)
    gone = said.pop("withdrawn", False)
    found = written(**said)
    assert why in refusal(found._replace(body=None) if gone else found, approvers=(approver,))


def test_one_that_counts_is_enough_beside_others_that_do_not():
    """Another approver's is of another plan."""
    other = written("AROAAPPROVER:bob", "p-000000000000 aa")
    assert judge(other, written())[0] == written()


def test_each_one_that_does_not_count_is_named():
    """With its own reason."""
    line = refusal(written("AROASTRANGER:x"), written(body="p-1 a"))
    assert "AROASTRANGER" in line
    assert f"{KEY} is of p-1" in line


def test_the_hash_is_over_numbers_and_no_words():
    """Another number of objects is another consequence; a plan that copies keeps its approval while logs arrive."""
    assert body_of(PLAN).split()[0] == PLAN.id
    assert body_of(PLAN) != body_of(given_a_deletion(7))
    assert body_of(PLAN) == body_of(replace(PLAN, notes=("a note",)))


def test_the_command_that_is_printed_writes_exactly_that(tmp_path):
    """A shell runs it; the file that it puts holds the approval, below the writer's own unique id."""
    line = command(PLAN, "acme-work", "044455556666")
    fake = tmp_path / "aws"
    fake.write_text('#!/bin/sh\nif [ "$1" = sts ]; then echo AROAAPPROVER:ann; exit; fi\nprintf "%s\\n" "$@" > asked\n')
    fake.chmod(0o755)
    subprocess.run(["/bin/sh", "-c", line], cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True)
    asked = (tmp_path / "asked").read_text().split("\n")
    assert asked[:-1] == [
        "s3api",
        "put-object",
        "--bucket",
        "acme-work",
        "--expected-bucket-owner",
        "044455556666",
        "--key",
        KEY,
        "--body",
        f"{PLAN.id}.txt",
    ]
    assert judge(written(body=(tmp_path / f"{PLAN.id}.txt").read_text()))[1] == ANN


# --- since when nobody else can write one


def put(hash_, at, bucket="acme-work", call="PutBucketPolicy"):
    return {"kind": "intent", "hash": hash_, "at": at, "call": call, "parameters": {"Bucket": bucket}}


def done(intent, at):
    return {"kind": "done", "intent": intent, "at": at}


def ended(state, at, step="03"):
    return {"kind": "step", "step": step, "state": state, "at": at}


@pytest.mark.parametrize(
    ("record", "since"),
    [
        # Put by this run; the last time counts, for nobody knows what stood in between.
        ([put("a", "2026-01-01T00:00:00Z"), done("a", "2026-01-01T00:00:09Z")], "2026-01-01T00:00:09Z"),
        (
            [
                *(put("a", "2026-01-01T00:00:00Z"), done("a", "2026-01-01T00:00:09Z")),
                *(put("b", "2026-01-02T00:00:00Z"), done("b", "2026-01-02T00:00:09Z")),
                ended("applied", "2026-01-02T00:01:00Z"),
            ],
            "2026-01-02T00:00:09Z",
        ),
        # Put by an earlier run: when 03 first found that nothing is to be changed.
        ([ended("nothing", "2026-01-03T00:00:00Z"), ended("nothing", "2026-01-04T00:00:00Z")], "2026-01-03T00:00:00Z"),
        # Not known: another bucket, another call, one that was not answered, another step, a plan that was only shown.
        ([put("a", "2026-01-01T00:00:00Z", "acme-logs"), done("a", "2026-01-01T00:00:09Z")], None),
        ([put("a", "2026-01-01T00:00:00Z", call="PutBucketTagging"), done("a", "2026-01-01T00:00:09Z")], None),
        ([put("a", "2026-01-01T00:00:00Z")], None),
        ([ended("nothing", "2026-01-03T00:00:00Z", "02"), ended("planned", "2026-01-03T00:00:00Z")], None),
    ],
)
def test_the_record_says_since_when_nobody_else_can_write_an_approval(record, since):
    """S3 does not say when a policy was put. Twin: where the record does not either, it is not known."""
    found = stands_since(record, "acme-work")
    assert (found and iso(found)) == since


# --- at the gate


class Approved(Seen):
    """An estate in which a second person has approved, or not."""

    def __init__(self, found):
        super().__init__()
        self.found = found

    def second(self, plan):
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


FOUND = SecondApproval(f"acme-work/{KEY}", "v1", ANN.arn, "AROAAPPROVER:ann", "2026-01-12T11:00:00Z")


def apply(folder, witness, approve=None, **terms):
    plan = given_a_showing(folder, given_a_plan(given_a_change()))
    said = ApprovalTerms(**{"second_person": True, **terms})
    gate, estate = given_a_gate(folder, approve=approve or plan.id, terms=said, witness=witness)
    return run_plan(plan, gate), estate


def test_with_a_second_person_the_record_keeps_version_and_writer(tmp_path):
    """And its chain stays whole."""
    assert apply(tmp_path, Approved(FOUND))[0].state == "applied"
    assert lines(tmp_path, "plan")[0]["second"] == {
        "resource": f"acme-work/{KEY}",
        "version": "v1",
        "writer": ANN.arn,
        "user_id": "AROAAPPROVER:ann",
        "at": "2026-01-12T11:00:00Z",
    }
    assert verify_record(tmp_path).whole


def test_without_the_second_person_nothing_is_sent(tmp_path):
    """Twin: where it is off, nobody is asked."""
    missing = Approved(PlanRefused("nobody has approved"))
    with pytest.raises(PlanRefused, match="nobody has approved"):
        apply(tmp_path / "required", missing)
    assert lines(tmp_path / "required", "intent") == []
    assert apply(tmp_path / "off", missing, second_person=False)[0].state == "applied"
    assert "second" not in lines(tmp_path / "off", "plan")[0]


def test_any_is_refused_where_a_second_person_is_required(tmp_path):
    """On the practice estate too. Twin: the plan's own id, above."""
    with pytest.raises(PlanRefused, match="second_person is required, and approve is 'any'"):
        apply(tmp_path, Approved(FOUND), approve="any")
    assert lines(tmp_path, "plan") == []


def test_without_anybody_who_looks_at_the_estate_it_is_refused(tmp_path):
    """Nobody is taken for a second person."""
    with pytest.raises(PlanRefused, match="could not be read from here"):
        apply(tmp_path, None)
