"""Every fault of the door: what it does, how often, and that nothing happens to what it does not fit."""

import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from onetrail.practice import faults
from tests.unit.practice.knocking import CONFIG, Estate

ADMIN = "111122223333/admin"
EVERYONE = {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}


@pytest.fixture
def s3(estate: Estate) -> Any:
    """A client with a bucket of one object, and a second bucket to copy to."""
    estate.role("111122223333", "admin", {"Effect": "Allow", "Action": "*", "Resource": "*"})
    client = estate.client("s3", ADMIN)
    for bucket in ("old", "new"):
        client.create_bucket(Bucket=bucket)
    client.put_object(Bucket="old", Key="k", Body=b"bytes")
    return client


def copy(s3: Any, **more: Any) -> Any:
    return s3.copy_object(Bucket="new", Key="k", CopySource="old/k", **more)


def code_of(deed: Any, **asked: Any) -> str:
    try:
        deed(**asked)
    except ClientError as err:
        return str(err.response["Error"]["Code"])
    return ""


def test_a_share_of_the_requests_is_hit_and_always_the_same_ones(estate: Estate, s3: Any) -> None:
    """Lasting, and the same again on the same estate; twins: a share of 1, and one that is no share."""
    told = []
    for _ in range(2):
        faults.arm(estate.world, {"kind": "slowdown", "probability": 0.25, "operation": "HeadObject"})
        told.append([bool(code_of(s3.head_object, Bucket="old", Key="k")) for _ in range(80)])
        faults.arm(estate.world, {"kind": "clear"})
    assert told[0] == told[1]
    assert 10 <= sum(told[0]) <= 30
    faults.arm(estate.world, {"kind": "denied", "probability": 1, "count": 2})
    assert [code_of(s3.head_object, Bucket="old", Key="k") for _ in range(3)] == ["403", "403", ""]
    for share in (0, 1.5, -1):
        with pytest.raises(faults.UnknownFault, match="probability"):
            faults.arm(estate.world, {"kind": "slowdown", "probability": share})


def test_a_copy_that_says_200_and_holds_an_error_copied_nothing(estate: Estate, s3: Any) -> None:
    """Only the copy; twin: the next one."""
    faults.arm(estate.world, {"kind": "hidden-error"})
    assert code_of(s3.head_object, Bucket="old", Key="k") == ""
    assert code_of(copy, s3=s3) == "InternalError"
    assert code_of(s3.head_object, Bucket="new", Key="k") == "404"
    assert code_of(copy, s3=s3) == ""


def test_a_request_that_is_never_answered_ends_by_the_callers_patience(estate: Estate, s3: Any) -> None:
    """Twin: the request after it."""
    faults.arm(estate.world, {"kind": "timeout", "operation": "GetObject"})
    short = CONFIG.merge(Config(read_timeout=0.2))
    impatient = boto3.client(
        "s3", endpoint_url=estate.endpoint, region_name="us-east-1", config=short, **estate.session(ADMIN)
    )
    with pytest.raises(ReadTimeoutError):
        impatient.get_object(Bucket="old", Key="k")
    assert s3.get_object(Bucket="old", Key="k")["Body"].read() == b"bytes"


def test_a_truncated_listing_ends_in_the_middle_of_its_xml(estate: Estate, s3: Any) -> None:
    """boto3 takes such an answer for a failure of the server. Twin: the next listing is whole."""
    faults.arm(estate.world, {"kind": "truncated-listing"})
    assert code_of(s3.list_objects_v2, Bucket="old") == "500"
    assert [row["Key"] for row in s3.list_objects_v2(Bucket="old")["Contents"]] == ["k"]


def test_a_slow_answer_of_any_service_is_late_and_true(estate: Estate, s3: Any) -> None:
    """It is what was asked for, sent later. Twin: one that waits less long gets none."""
    iam = estate.client("iam", ADMIN)
    faults.arm(estate.world, {"kind": "delay", "service": "iam", "seconds": 0.5})
    armed = estate.world.faults.copy()
    before = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    assert "admin" in before
    assert (armed != [], estate.world.faults) == (True, [])
    trust = {"Version": "2012-10-17", "Statement": [EVERYONE]}
    faults.arm(estate.world, {"kind": "delay", "service": "iam", "seconds": 30})
    short = CONFIG.merge(Config(read_timeout=0.2))
    impatient = boto3.client(
        "iam", endpoint_url=estate.endpoint, region_name="us-east-1", config=short, **estate.session(ADMIN)
    )
    with pytest.raises(ReadTimeoutError):
        impatient.create_role(RoleName="late", AssumeRolePolicyDocument=json.dumps(trust))
    assert {role["RoleName"] for role in iam.list_roles()["Roles"]} == {*before, "late"}


def test_an_expired_token_is_said_as_s3_says_it(estate: Estate, s3: Any) -> None:
    """Twin: the request before it."""
    faults.arm(estate.world, {"kind": "expired-token", "after": 1})
    assert [code_of(s3.get_object, Bucket="old", Key="k") for _ in range(3)] == ["", "ExpiredToken", ""]


def test_a_header_that_is_not_known_is_said_as_s3_says_it(estate: Estate, s3: Any) -> None:
    """To the copy that has it; twin: one without."""
    faults.arm(
        estate.world,
        {"kind": "not-implemented", "operation": "CopyObject", "header": "if-none-match", "probability": 1},
    )
    assert code_of(copy, s3=s3, IfNoneMatch="*") == "NotImplemented"
    assert code_of(copy, s3=s3) == ""


def test_a_clock_that_is_off_is_borne_for_a_quarter_of_an_hour(estate: Estate, s3: Any) -> None:
    """As AWS bears it; twin: twenty minutes, which are refused until it is right again."""
    before = s3.head_object(Bucket="old", Key="k")["ResponseMetadata"]["HTTPHeaders"]["date"]
    faults.arm(estate.world, {"kind": "skew"})
    after = s3.head_object(Bucket="old", Key="k")["ResponseMetadata"]["HTTPHeaders"]["date"]
    assert (before[17:22], after[17:22]) == ("09:00", "09:10")
    faults.arm(estate.world, {"kind": "clear"})
    faults.arm(estate.world, {"kind": "skew", "seconds": 1200})
    assert code_of(s3.get_object, Bucket="old", Key="k") == "RequestTimeTooSkewed"
    assert code_of(s3.get_object, Bucket="old", Key="k") == "RequestTimeTooSkewed"
    faults.arm(estate.world, {"kind": "clear"})
    assert code_of(s3.get_object, Bucket="old", Key="k") == ""


@pytest.mark.parametrize(("kind", "code"), [("changed", "PreconditionFailed"), ("deleted", "NoSuchKey")])
def test_a_source_is_changed_or_gone_right_before_it_is_copied(estate: Estate, s3: Any, kind: str, code: str) -> None:
    """On the requested copy; twin: the one before it."""
    etag = s3.head_object(Bucket="old", Key="k")["ETag"]
    faults.arm(estate.world, {"kind": kind, "bucket": "new", "after": 1})
    assert code_of(copy, s3=s3, CopySourceIfMatch=etag) == ""
    assert code_of(copy, s3=s3, CopySourceIfMatch=etag) == code


def test_somebody_edits_a_policy_in_the_middle(estate: Estate, s3: Any) -> None:
    """A statement of theirs is there afterwards; twins: before, and a bucket that is not there."""
    faults.arm(estate.world, {"kind": "policy-edited", "target": "old", "after": 1})
    assert (code_of(copy, s3=s3), code_of(s3.get_bucket_policy, Bucket="old")) == ("", "NoSuchBucketPolicy")
    assert code_of(copy, s3=s3) == ""
    policy = json.loads(s3.get_bucket_policy(Bucket="old")["Policy"])
    assert [statement["Sid"] for statement in policy["Statement"]] == [faults.EDITED_SID]
    with pytest.raises(KeyError):
        faults.arm(estate.world, {"kind": "policy-edited", "target": "nowhere"})


def test_policies_are_taken_as_an_earlier_estate_took_them(estate: Estate, s3: Any) -> None:
    """A condition key that the action does not have goes in; twins: before, and once it is cleared."""
    odd = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "s3:PutBucketTagging",
        "Resource": "arn:aws:s3:::old",
        "Condition": {"StringEquals": {"s3:x-amz-storage-class": "STANDARD"}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [odd]})
    told = []
    for kind in ("clear", "unjudged-policies", "clear"):
        faults.arm(estate.world, {"kind": kind})
        told.append(code_of(s3.put_bucket_policy, Bucket="old", Policy=document))
    assert told == ["MalformedPolicy", "", "MalformedPolicy"]


def test_there_is_a_test_for_every_kind() -> None:
    """In this module or in test_s3_objects and the scenario's tests."""
    here = {
        "denied",
        "hidden-error",
        "timeout",
        "truncated-listing",
        "expired-token",
        "not-implemented",
        "changed",
        "deleted",
        "skew",
        "unjudged-policies",
    }
    assert set(faults.REQUEST_KINDS) - here == {
        "slowdown",
        "internal-error",
        "reset",
        "delay",
        "policy-edited",
    }
