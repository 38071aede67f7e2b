"""Bucket settings behind the door: defaults, policies, locks, lifecycle, ownership, logging."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from botocore.handlers import validate_bucket_name

from onetrail.practice import accounts
from tests.unit.practice.knocking import Estate

Refused = Callable[..., str]
ADMIN, LOG_ADMIN = f"{accounts.SOURCE}/TrailConsolidation", f"{accounts.LOG}/OrganizationAccountAccessRole"
FLAGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@pytest.fixture
def s3(estate: Estate) -> Any:
    """A client of the source account's administrator, and its bucket `box`."""
    client = estate.client("s3", ADMIN)
    client.create_bucket(Bucket="box")
    return client


def test_a_new_bucket_is_closed(s3: Any) -> None:
    """Owner enforced, four blocks, AES256: the defaults since April 2023."""
    rules = s3.get_bucket_ownership_controls(Bucket="box")["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    blocks = s3.get_public_access_block(Bucket="box")["PublicAccessBlockConfiguration"]
    assert blocks == dict.fromkeys(FLAGS, True)
    rule = s3.get_bucket_encryption(Bucket="box")["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


@pytest.mark.parametrize(
    ("asked", "region", "code"),
    [
        ({"Bucket": "fresh"}, "us-east-1", ""),
        ({"Bucket": "AB_bad"}, "us-east-1", "InvalidBucketName"),
        ({"Bucket": "taken"}, "us-east-1", "BucketAlreadyExists"),
        ({"Bucket": "fresh"}, "eu-west-1", "IllegalLocationConstraintException"),
        (
            {"Bucket": "fresh", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
            "eu-west-1",
            "",
        ),
        (
            {"Bucket": "fresh", "CreateBucketConfiguration": {"LocationConstraint": "me-south-1"}},
            "us-east-1",
            "InvalidLocationConstraint",
        ),
    ],
)
def test_creating_buckets(estate: Estate, refused: Refused, asked: dict[str, Any], region: str, code: str) -> None:
    """Names are global, regions must be enabled and agree."""
    estate.client("s3", LOG_ADMIN).create_bucket(Bucket="taken")
    client = estate.client("s3", ADMIN, region)
    client.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)
    assert refused(client.create_bucket, **asked) == code


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ({"Principal": {"AWS": f"arn:aws:iam::{accounts.LOG}:root"}}, ""),
        ({"Principal": {"AWS": accounts.LOG}}, ""),
        ({"Principal": {"AWS": accounts.ENGINEER_ROLE}}, ""),
        ({"Principal": {"AWS": f"arn:aws:iam::{accounts.LOG}:role/none"}}, "MalformedPolicy"),
        ({"Principal": {"AWS": "arn:aws:iam::210987654321:root"}}, "MalformedPolicy"),  # no such account
        ({"Principal": {"AWS": "AIDAOTPRACTICEGONE001"}}, "MalformedPolicy"),  # deleted user
        ({"Principal": {"AWS": accounts.LOG}, "Resource": "arn:aws:s3:::other/*"}, "MalformedPolicy"),
        ({"Principal": {"AWS": accounts.LOG}, "Action": "iam:PassRole"}, "MalformedPolicy"),
        ({"Principal": {"AWS": accounts.LOG}, "Effect": "Perhaps"}, "MalformedPolicy"),
        ({}, "MalformedPolicy"),  # no principal
        ({"Principal": "*"}, "AccessDenied"),  # public, and public policies are blocked
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-practice01"}}}, ""),
        ({"Principal": {"AWS": accounts.LOG}, "Sid": "x" * 21_000}, "PolicyTooLarge"),
    ],
)
def test_a_policy_is_checked_before_it_is_stored(
    s3: Any, refused: Refused, statement: dict[str, Any], code: str
) -> None:
    """What AWS refuses leaves the old policy in place."""
    whole = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::box/*", **statement}
    text = json.dumps({"Version": "2012-10-17", "Statement": [whole]})
    assert refused(s3.put_bucket_policy, Bucket="box", Policy=text) == code
    stored = refused(s3.get_bucket_policy, Bucket="box")
    assert stored == ("NoSuchBucketPolicy" if code else "")
    if not code:
        assert s3.get_bucket_policy(Bucket="box")["Policy"] == text


def test_what_is_no_json_is_no_policy(s3: Any, refused: Refused) -> None:
    """moto would store it and break on the next call."""
    assert refused(s3.put_bucket_policy, Bucket="box", Policy="{not json") == "MalformedPolicy"


RULE = {
    "ID": "size-band",
    "Status": "Enabled",
    "Filter": {"And": {"Prefix": "AWSLogs/", "ObjectSizeGreaterThan": 1000, "ObjectSizeLessThan": 200_000}},
    "Transitions": [{"Days": 0, "StorageClass": "GLACIER_IR"}],
    "Expiration": {"Days": 2555},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 2},
}


def test_lifecycle_comes_back_in_full(s3: Any) -> None:
    """Size filters, newer versions to keep, and the minimum size survive the round trip."""
    s3.put_bucket_lifecycle_configuration(
        Bucket="box",
        LifecycleConfiguration={"Rules": [RULE]},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )
    found = s3.get_bucket_lifecycle_configuration(Bucket="box")
    assert found["Rules"] == [RULE]
    assert found["TransitionDefaultMinimumObjectSize"] == "varies_by_storage_class"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, ""),
        (
            {"Expiration": {"Days": 5}, "Transitions": [{"Days": 10, "StorageClass": "GLACIER"}]},
            "InvalidArgument",
        ),
        ({"Transitions": [{"Days": 1, "StorageClass": "STANDARD_IA"}]}, "InvalidArgument"),
        ({"Transitions": [{"Days": 1, "StorageClass": "COLD"}]}, "MalformedXML"),
        ({"Expiration": {"Date": datetime(2030, 1, 1, 5)}}, "InvalidArgument"),  # not midnight
    ],
)
def test_lifecycle_rules_are_checked(s3: Any, refused: Refused, change: dict[str, Any], code: str) -> None:
    """Impossible rules are refused."""
    rules = {"Rules": [{**RULE, **change}]}
    assert refused(s3.put_bucket_lifecycle_configuration, Bucket="box", LifecycleConfiguration=rules) == code


@pytest.mark.parametrize(
    ("size", "filters", "stored"),
    [
        (200 * 1024, {"Prefix": ""}, "GLACIER"),
        (2 * 1024, {"Prefix": ""}, "STANDARD"),  # under 128 KB nothing moves by default
        (2 * 1024, {"ObjectSizeGreaterThan": 1}, "GLACIER"),  # a size filter overrides that
    ],
)
def test_lifecycle_runs_as_the_clock_passes_midnight(
    estate: Estate, s3: Any, size: int, filters: dict[str, Any], stored: str
) -> None:
    """Transitions first, the end later."""
    s3.put_object(Bucket="box", Key="k", Body=b"x" * size)
    rule = {
        "ID": "r",
        "Status": "Enabled",
        "Filter": filters,
        "Expiration": {"Days": 10},
        "Transitions": [{"Days": 2, "StorageClass": "GLACIER"}],
    }
    s3.put_bucket_lifecycle_configuration(Bucket="box", LifecycleConfiguration={"Rules": [rule]})
    estate.do(lambda: estate.world.clock.advance(3 * 86400))
    assert s3.head_object(Bucket="box", Key="k").get("StorageClass", "STANDARD") == stored
    estate.do(lambda: estate.world.clock.advance(8 * 86400))
    assert s3.list_objects_v2(Bucket="box")["KeyCount"] == 0


def given_a_locked_object(s3: Any, mode: str) -> str:
    """A version under a lock until 2027; returns its id."""
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    s3.put_object(
        Bucket="locked",
        Key="k",
        Body=b"x",
        ObjectLockMode=mode,
        ObjectLockRetainUntilDate="2027-01-01T00:00:00Z",
    )
    return str(s3.head_object(Bucket="locked", Key="k")["VersionId"])


@pytest.mark.parametrize(
    ("mode", "bypass", "days", "code"),
    [
        ("GOVERNANCE", False, 0, "AccessDenied"),
        ("GOVERNANCE", True, 0, ""),
        ("COMPLIANCE", True, 0, "AccessDenied"),
        ("COMPLIANCE", False, 400, ""),  # the lock is over by the estate's clock
    ],
)
def test_locked_versions_stay(
    estate: Estate, s3: Any, refused: Refused, mode: str, bypass: bool, days: int, code: str
) -> None:
    """Until their date, by the estate's clock; governance gives way to those who may bypass it."""
    version = given_a_locked_object(s3, mode)
    estate.do(lambda: estate.world.clock.advance(days * 86400))
    asked = {"BypassGovernanceRetention": True} if bypass else {}
    assert refused(s3.delete_object, Bucket="locked", Key="k", VersionId=version, **asked) == code


def test_bypassing_needs_its_own_permission(estate: Estate, s3: Any, refused: Refused) -> None:
    """The header alone does not open a governance lock."""
    version = given_a_locked_object(s3, "GOVERNANCE")
    who = estate.role(
        accounts.SOURCE, "deleter", {"Effect": "Allow", "Action": "s3:DeleteObjectVersion", "Resource": "*"}
    )
    asked = {"Bucket": "locked", "Key": "k", "VersionId": version, "BypassGovernanceRetention": True}
    assert refused(estate.client("s3", who).delete_object, **asked) == "AccessDenied"


@pytest.mark.parametrize(
    ("before", "after", "until", "code"),
    [
        ("GOVERNANCE", "GOVERNANCE", "2028-01-01T00:00:00Z", ""),  # longer, without bypass
        ("GOVERNANCE", "COMPLIANCE", "2028-01-01T00:00:00Z", "AccessDenied"),  # raised, without bypass
        ("COMPLIANCE", "COMPLIANCE", "2028-01-01T00:00:00Z", ""),  # longer
        ("COMPLIANCE", "COMPLIANCE", "2026-06-01T00:00:00Z", "AccessDenied"),  # shorter
        ("COMPLIANCE", "GOVERNANCE", "2028-01-01T00:00:00Z", "AccessDenied"),  # weaker
        ("GOVERNANCE", "GOVERNANCE", "2026-06-01T00:00:00Z", "AccessDenied"),  # shorter, without bypass
        ("GOVERNANCE", "GOVERNANCE", "2025-01-01T00:00:00Z", "InvalidArgument"),  # in the past
    ],
)
def test_retention_only_grows(s3: Any, refused: Refused, before: str, after: str, until: str, code: str) -> None:
    """A compliance lock is never shortened nor weakened, and a governance lock changes its mode for nobody without the
    bypass."""
    given_a_locked_object(s3, before)
    asked = {"Mode": after, "RetainUntilDate": until}
    assert refused(s3.put_object_retention, Bucket="locked", Key="k", Retention=asked) == code
    found = s3.get_object_retention(Bucket="locked", Key="k")["Retention"]
    assert (found["Mode"] == after and found["RetainUntilDate"].isoformat().startswith(until[:10])) == (code == "")


RAISES = {"Effect": "Allow", "Action": "s3:PutObjectRetention", "Resource": "*"}
BYPASSES = {"Effect": "Allow", "Action": "s3:BypassGovernanceRetention", "Resource": "*"}
NO_BYPASS = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:BypassGovernanceRetention",
    "Resource": "arn:aws:s3:::locked/*",
}


@pytest.mark.parametrize(
    ("statements", "bucket", "bypass", "code"),
    [
        ([RAISES, BYPASSES], [], True, ""),
        ([RAISES, BYPASSES], [], False, "AccessDenied"),  # the permission without the header
        ([RAISES], [], True, "AccessDenied"),  # the header without the permission
        ([BYPASSES], [], True, "AccessDenied"),  # bypassing alone sets no lock
        ([RAISES, BYPASSES], [NO_BYPASS], True, "AccessDenied"),  # the bucket denies it to everybody
    ],
)
def test_governance_is_raised_to_compliance_by_header_and_permission_together(
    estate: Estate,
    s3: Any,
    refused: Refused,
    statements: list[dict[str, Any]],
    bucket: list[dict[str, Any]],
    bypass: bool,
    code: str,
) -> None:
    """Identity and bucket policy both have their say; twin: each of the four that lacks one thing, and leaves the lock
    as it was."""
    version = given_a_locked_object(s3, "GOVERNANCE")
    if bucket:
        s3.put_bucket_policy(Bucket="locked", Policy=json.dumps({"Version": "2012-10-17", "Statement": bucket}))
    keeper = estate.client("s3", estate.role(accounts.SOURCE, "keeper", *statements))
    asked = {"Mode": "COMPLIANCE", "RetainUntilDate": "2027-01-01T00:00:00Z"}
    more = {"BypassGovernanceRetention": True} if bypass else {}
    put = {"Bucket": "locked", "Key": "k", "VersionId": version, "Retention": asked, **more}
    assert refused(keeper.put_object_retention, **put) == code
    found = s3.get_object_retention(Bucket="locked", Key="k")["Retention"]["Mode"]
    assert found == ("GOVERNANCE" if code else "COMPLIANCE")


def test_a_default_retention_reaches_copies(s3: Any) -> None:
    """Set on a bucket that already has objects; counted from the copy, unless the copy states its own lock."""
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket="locked", Key="earlier", Body=b"x")
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 10}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    s3.put_object_lock_configuration(Bucket="locked", ObjectLockConfiguration=configuration)
    assert s3.get_object_lock_configuration(Bucket="locked")["ObjectLockConfiguration"] == configuration
    s3.copy_object(Bucket="locked", Key="default", CopySource="locked/earlier")
    until = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2029-01-01T00:00:00Z"}
    s3.copy_object(Bucket="locked", Key="stated", CopySource="locked/earlier", **until)
    dates = [s3.head_object(Bucket="locked", Key=k)["ObjectLockRetainUntilDate"].date() for k in ("default", "stated")]
    assert [day.isoformat() for day in dates] == ["2026-01-22", "2029-01-01"]


def test_a_locked_bucket_stays_versioned(s3: Any, refused: Refused) -> None:
    """Versioning of a bucket with Object Lock cannot be suspended; of another it can."""
    given_a_locked_object(s3, "GOVERNANCE")
    suspended = {"Status": "Suspended"}
    assert refused(s3.put_bucket_versioning, Bucket="locked", VersioningConfiguration=suspended) == "InvalidBucketState"
    assert refused(s3.put_bucket_versioning, Bucket="box", VersioningConfiguration=suspended) == ""


@pytest.mark.parametrize(
    ("put", "get", "asked", "member"),
    [
        (
            "put_bucket_logging",
            "get_bucket_logging",
            {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "box", "TargetPrefix": "p/"}}},
            "LoggingEnabled",
        ),
        (
            "put_bucket_tagging",
            "get_bucket_tagging",
            {"Tagging": {"TagSet": [{"Key": "k", "Value": "v"}]}},
            "TagSet",
        ),
        (
            "put_bucket_cors",
            "get_bucket_cors",
            {"CORSConfiguration": {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}},
            "CORSRules",
        ),
    ],
)
def test_other_settings_come_back(s3: Any, put: str, get: str, asked: dict[str, Any], member: str) -> None:
    """What was put is what is got."""
    getattr(s3, put)(Bucket="box", **asked)
    (inner,) = asked.values()
    assert getattr(s3, get)(Bucket="box")[member] == inner[member]


def test_unset_settings_say_so(s3: Any, refused: Refused) -> None:
    """Each in its own words, or with an empty document."""
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="box")
    assert set(s3.get_bucket_notification_configuration(Bucket="box")) == {"ResponseMetadata"}
    assert refused(s3.get_bucket_lifecycle_configuration, Bucket="box") == "NoSuchLifecycleConfiguration"
    assert refused(s3.get_bucket_replication, Bucket="box") == "ReplicationConfigurationNotFoundError"
    assert refused(s3.get_object_lock_configuration, Bucket="box") == "ObjectLockConfigurationNotFoundError"


def test_buckets_are_listed_page_by_page_with_regions(estate: Estate, s3: Any) -> None:
    """Only the caller's own, in order."""
    estate.client("s3", LOG_ADMIN).create_bucket(Bucket="a-foreign-one")
    now = estate.world.clock.now()
    estate.world.create_bucket(accounts.SOURCE, "c-bucket", "eu-west-1", created=now)
    pages = s3.get_paginator("list_buckets").paginate(PaginationConfig={"PageSize": 1})
    found = [(one["Name"], one["BucketRegion"]) for page in pages for one in page["Buckets"]]
    assert found == [("box", "us-east-1"), ("c-bucket", "eu-west-1")]


def test_a_bucket_with_anything_in_it_cannot_be_deleted(s3: Any, refused: Refused) -> None:
    """A delete marker alone is enough."""
    s3.put_bucket_versioning(Bucket="box", VersioningConfiguration={"Status": "Enabled"})
    marker = s3.delete_object(Bucket="box", Key="k")["VersionId"]
    assert refused(s3.delete_bucket, Bucket="box") == "BucketNotEmpty"
    s3.delete_object(Bucket="box", Key="k", VersionId=marker)
    assert refused(s3.delete_bucket, Bucket="box") == ""


def test_enforcing_ownership_takes_the_objects(estate: Estate, s3: Any) -> None:
    """Objects of others belong to the bucket's owner as soon as ACLs are off."""
    now = estate.world.clock.now()
    estate.world.create_bucket(accounts.SOURCE, "mixed", "us-east-1", ownership="ObjectWriter", created=now)
    estate.world.store_object("mixed", "k", b"", owner="cloudtrail-delivery", last_modified=now)

    def owner() -> str:
        return str(s3.list_objects_v2(Bucket="mixed", FetchOwner=True)["Contents"][0]["Owner"]["ID"])

    before = owner()
    s3.put_bucket_ownership_controls(
        Bucket="mixed", OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    assert before != owner() == s3.list_buckets()["Owner"]["ID"]
