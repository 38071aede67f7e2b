"""What the guard asks of each call, one part at a time, and when the gate puts a head."""

import os
import signal
from contextlib import suppress

import pytest

from onetrail.aws.requests import AWS_REQUESTS
from onetrail.change import CheckKind, GateClosed, Guard, RequiredCheck
from onetrail.change.bulk import Bulk, BulkAction
from onetrail.change.interrupt import Stopped, ended_by_signals
from tests.unit.change.given import given_a_change, given_a_gate, given_a_plan


@pytest.mark.parametrize(
    "operation",
    [
        "GetObject",
        "ListBuckets",
        "DescribeTrails",
        "HeadObject",
        "LookupEvents",
        "BatchGetX",
        "SimulatePrincipalPolicy",
        "SearchX",
    ],
)
def test_calls_that_read_by_their_name_need_no_plan(operation):
    """Of any service. Twin: the same word later in the name is no reading call."""
    Guard(AWS_REQUESTS).check("111122223333", "any", operation, {})
    assert not AWS_REQUESTS.only_reads("any", "Put" + operation)


@pytest.mark.parametrize(
    ("service", "operation"), [("sts", "AssumeRole"), ("iam", "GenerateCredentialReport"), ("kms", "Verify")]
)
def test_three_calls_read_though_their_names_do_not_say_so(service, operation):
    """Of their own service alone."""
    assert AWS_REQUESTS.only_reads(service, operation)
    assert not AWS_REQUESTS.only_reads("other", operation)


OPEN = given_a_change()
PASSES = {
    "account": OPEN.account,
    "service": "s3",
    "operation": "PutBucketPolicy",
    "parameters": OPEN.parameters,
    "region": "us-east-1",
    "actor": OPEN.actor,
}


def passes(guard: Guard, **other) -> bool:
    said = {**PASSES, **other}
    call = [said.pop(name) for name in ("account", "service", "operation", "parameters")]
    try:
        guard.check(*call, **said)
    except GateClosed:
        return False
    return True


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({}, True),
        ({"region": ""}, True),  # a client without a region of its own
        ({"actor": None}, True),  # a client that is nobody in particular
        ({"account": "444455556666"}, False),
        ({"service": "s3control"}, False),
        ({"operation": "PutBucketAcl"}, False),
        ({"parameters": {"Bucket": "old", "Policy": "{ }"}}, False),
        ({"parameters": {"Bucket": "old"}}, False),
        ({"region": "eu-west-1"}, False),
        ({"actor": "somebody"}, False),
    ],
)
def test_each_part_of_a_call_must_be_as_it_was_reviewed(other, expected):
    """One part differs at a time."""
    guard = Guard(AWS_REQUESTS)
    with guard.opened(OPEN, OPEN.parameters):
        assert passes(guard, **other) is expected
    assert not passes(guard)


def test_a_change_of_no_region_is_sent_from_any():
    """A global service has clients of one region or another."""
    guard, change = Guard(AWS_REQUESTS), given_a_change(region="")
    with guard.opened(change, change.parameters):
        assert passes(guard, region="eu-west-1")


def test_of_two_open_changes_each_passes_and_one_that_ended_does_not():
    """Threads open and close them in any order."""
    guard, other = Guard(AWS_REQUESTS), given_a_change("other", account="444455556666")
    with guard.opened(OPEN, OPEN.parameters):
        with guard.opened(other, other.parameters):
            assert passes(guard)
            assert passes(guard, account="444455556666")
        assert passes(guard)
        assert not passes(guard, account="444455556666")


LISTED = Bulk(BulkAction.DELETE, calls=("DeleteObjects",), fixed={"Bucket": "old"}, rule={}, listing="a" * 64)
ROWS = [("a", "e1", ""), ("b", "e2", ""), ("c", "e3", "")]


def deleting(*rows) -> dict:
    objects = [{"Key": key, "ETag": etag} for key, etag, *_ in rows]
    return {"operation": "DeleteObjects", "parameters": {"Bucket": "old", "Delete": {"Objects": objects}}}


def test_a_listing_opens_its_rule_while_it_is_given_and_no_longer():
    """Twins: before, after, another rule's listing, and a rule that binds none."""
    guard, change = Guard(AWS_REQUESTS), given_a_change(bulk=LISTED)
    with guard.opened(change, {}):
        assert not passes(guard, **deleting(ROWS[0]))
        with guard.listed(change, ROWS):
            assert passes(guard, **deleting(ROWS[0]))
            assert not passes(guard, **deleting())
            assert not passes(guard, **{**deleting(ROWS[1]), "operation": "DeleteObject"})
            assert passes(guard, **deleting(*ROWS[1:]))
        assert not passes(guard, **deleting(ROWS[0]))
        with guard.listed(given_a_change(bulk=LISTED), ROWS):
            assert not passes(guard, **deleting(ROWS[0]))
        with guard.listed(change, ROWS):
            assert not passes(guard, **deleting(ROWS[0], ("b", "other"))), "one that is not of it is enough"


def test_a_stop_that_was_asked_for_stops_the_next_change_and_no_reading():
    """Though the change is open."""
    guard = Guard(AWS_REQUESTS)
    with pytest.raises(Stopped), ended_by_signals(print), guard.opened(OPEN, OPEN.parameters):
        with suppress(Stopped):
            os.kill(os.getpid(), signal.SIGINT)
        guard.check(OPEN.account, "s3", "GetObject", {})
        passes(guard)
        raise AssertionError("it was let through")


def test_a_head_is_put_where_lines_were_written_since_the_last_one(tmp_path):
    """Once for them. Twins: no approval, nothing new; what was wrong is said until a head could be put."""
    gate, _ = given_a_gate(tmp_path)
    said, put = ["", "refused", ""], []
    gate.anchor = lambda record: put.append(record.lines) or said[len(put) - 1]
    assert (gate.seal(), put) == ("", [])
    gate.record.append("note", text="x")
    assert (gate.seal(), gate.seal(), put) == ("", "", [1])
    gate.record.append("note", text="y")
    assert (gate.seal(), gate.seal(), put) == ("refused", "refused", [1, 2])
    gate.record.append("note", text="z")
    gate.approve = ""
    assert (gate.seal(), put) == ("refused", [1, 2])
    gate.approve = "any"
    assert (gate.seal(), put) == ("", [1, 2, 3])


def test_a_plan_without_changes_is_open_only_for_what_it_ends_with(tmp_path):
    """Whatever was approved; without any approval it is not."""
    ends = given_a_plan(ends_with=RequiredCheck(CheckKind.EXPIRED))
    gate, _ = given_a_gate(tmp_path, approve="p-000000000000", estate="aws")
    assert not gate.opens_for(given_a_plan())
    assert gate.opens_for(ends)
    gate.approve = ""
    assert not gate.opens_for(ends)
