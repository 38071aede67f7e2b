"""What is enforced between accounts: both sides must allow, a Deny wins, owners are checked, foreign objects stay
foreign."""

from collections.abc import Callable
from typing import Any

import pytest

from onetrail.practice import accounts
from onetrail.practice.s3.service_access import CallingService
from tests.unit.practice.knocking import Estate

Refused = Callable[..., str]
SOURCE, LOG = accounts.SOURCE, accounts.LOG
ADMIN, LOG_ADMIN = f"{SOURCE}/TrailConsolidation", f"{LOG}/OrganizationAccountAccessRole"
COPIER = f"arn:aws:iam::{LOG}:role/copier"
OLD, NEW = "arn:aws:s3:::old-logs", "arn:aws:s3:::new-logs"


def given_two_buckets(estate: Estate, ownership: str = "BucketOwnerEnforced", owner: str = SOURCE) -> None:
    """One bucket in each account, and one log `k` in the old one."""
    world = estate.world
    now = world.clock.now()
    world.create_bucket(SOURCE, "old-logs", "us-east-1", ownership=ownership, created=now)
    world.create_bucket(LOG, "new-logs", "us-east-1", created=now)
    world.store_object("old-logs", "k", b"log", owner=owner, last_modified=now)


def allow(action: str | list[str], resource: str | list[str], who: str = "", **condition: Any) -> dict[str, Any]:
    """An Allow statement."""
    found: dict[str, Any] = {"Effect": "Allow", "Action": action, "Resource": resource}
    return found | ({"Principal": {"AWS": who}} if who else {}) | ({"Condition": condition} if condition else {})


def deny(action: str, resource: str, who: str = "", **condition: Any) -> dict[str, Any]:
    """A Deny statement."""
    return {**allow(action, resource, who, **condition), "Effect": "Deny"}


READ = allow("s3:GetObject", OLD + "/*")
WRITE = allow("s3:PutObject", NEW + "/*")
LET_READ = allow("s3:GetObject", OLD + "/*", COPIER)


@pytest.mark.parametrize(
    ("identity", "bucket", "code"),
    [
        ([READ], [LET_READ], ""),  # both sides allow
        ([READ], [], "AccessDenied"),  # the bucket says nothing
        ([], [LET_READ], "AccessDenied"),  # the role says nothing
        (
            [READ],
            [allow("s3:GetObject", OLD + "/*", f"arn:aws:iam::{LOG}:root")],
            "",
        ),  # its account is let in
        ([READ], [allow("s3:GetObject", OLD + "/*", f"arn:aws:iam::{SOURCE}:root")], "AccessDenied"),
        (
            [READ],
            [LET_READ, deny("s3:GetObject", OLD + "/*", COPIER)],
            "AccessDenied",
        ),  # the bucket's Deny wins
        ([READ, deny("s3:GetObject", OLD + "/k")], [LET_READ], "AccessDenied"),  # the role's Deny wins
        ([READ], [allow("s3:GetObject", OLD + "/other/*", COPIER)], "AccessDenied"),  # another key
        ([READ], [allow("s3:GetObjectVersion", OLD + "/*", COPIER)], "AccessDenied"),  # another action
    ],
)
def test_reading_across_accounts_needs_both_sides(
    estate: Estate, refused: Refused, identity: list[dict[str, Any]], bucket: list[dict[str, Any]], code: str
) -> None:
    """Identity policy and bucket policy must both allow, and neither may deny."""
    given_two_buckets(estate)
    who = estate.role(LOG, "copier", *(identity or [allow("sts:GetCallerIdentity", "*")]))
    if bucket:
        estate.policy("old-logs", *bucket)
    assert refused(estate.client("s3", who).get_object, Bucket="old-logs", Key="k") == code


def test_inside_one_account_either_side_is_enough(estate: Estate, refused: Refused) -> None:
    """The administrator needs no bucket policy; a role without permissions needs to be named in one."""
    given_two_buckets(estate)
    assert refused(estate.client("s3", ADMIN).get_object, Bucket="old-logs", Key="k") == ""
    who = estate.role(SOURCE, "plain", allow("sts:GetCallerIdentity", "*"))
    assert refused(estate.client("s3", who).get_object, Bucket="old-logs", Key="k") == "AccessDenied"
    estate.policy("old-logs", allow("s3:GetObject", OLD + "/*", f"arn:aws:iam::{SOURCE}:role/plain"))
    assert refused(estate.client("s3", who).get_object, Bucket="old-logs", Key="k") == ""


@pytest.mark.parametrize(
    ("identity", "bucket", "code"),
    [
        ([READ, WRITE], [LET_READ], ""),
        ([READ], [LET_READ], "AccessDenied"),  # may not write the destination
        ([WRITE], [LET_READ], "AccessDenied"),  # may not read the source
        ([READ, WRITE], [], "AccessDenied"),  # the source does not let it in
    ],
)
def test_a_copy_checks_both_ends(
    estate: Estate, refused: Refused, identity: list[dict[str, Any]], bucket: list[dict[str, Any]], code: str
) -> None:
    """CopyObject is a read there and a write here."""
    given_two_buckets(estate)
    who = estate.role(LOG, "copier", *identity)
    if bucket:
        estate.policy("old-logs", *bucket)
    copy = estate.client("s3", who).copy_object
    assert refused(copy, Bucket="new-logs", Key="k", CopySource="old-logs/k") == code
    assert ("k" in estate.world.store.buckets["new-logs"].versions) == (code == "")


@pytest.mark.parametrize(
    ("sent", "action"),
    [
        ({"ACL": "bucket-owner-full-control"}, "s3:PutObjectAcl"),
        ({"Tagging": "a=b", "TaggingDirective": "REPLACE"}, "s3:PutObjectTagging"),
        (
            {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": "2030-01-01T00:00:00Z"},
            "s3:PutObjectRetention",
        ),
        ({"ObjectLockLegalHoldStatus": "ON"}, "s3:PutObjectLegalHold"),
    ],
)
def test_headers_need_their_own_permission(estate: Estate, refused: Refused, sent: dict[str, str], action: str) -> None:
    """ACL, tags, retention and legal hold on a copy are refused without their action and pass with it."""
    given_two_buckets(estate)
    bucket = estate.world.store.buckets["new-logs"]
    bucket.versioning, bucket.lock_enabled = "Enabled", True
    short = estate.role(LOG, "copier", READ, WRITE)
    estate.policy("old-logs", LET_READ)
    asked = {"Bucket": "new-logs", "Key": "k", "CopySource": "old-logs/k", **sent}
    assert refused(estate.client("s3", short).copy_object, **asked) == "AccessDenied"
    estate.client("iam", LOG_ADMIN).put_role_policy(
        RoleName="copier",
        PolicyName="more",
        PolicyDocument=f'{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}',
    )
    assert refused(estate.client("s3", short).copy_object, **asked) == ""


@pytest.mark.parametrize(
    ("condition", "sent", "code"),
    [
        (
            {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}},
            {"ACL": "bucket-owner-full-control"},
            "",
        ),
        ({"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}, {}, "AccessDenied"),
        ({"StringLike": {"s3:x-amz-copy-source": "old-logs/*"}}, {"CopySource": "old-logs/k"}, ""),
        ({"StringLike": {"s3:x-amz-copy-source": "other/*"}}, {"CopySource": "old-logs/k"}, "AccessDenied"),
        ({"DateLessThan": {"aws:CurrentTime": "2026-01-12T10:00:00Z"}}, {}, ""),
        ({"DateLessThan": {"aws:CurrentTime": "2026-01-12T08:00:00Z"}}, {}, "AccessDenied"),
        (
            {"NumericLessThan": {"aws:EpochTime": "1768208400"}},
            {},
            "AccessDenied",
        ),  # the estate's instant itself
        ({"StringEquals": {"aws:PrincipalOrgID": "o-practice01"}}, {}, ""),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-elsewhere1"}}, {}, "AccessDenied"),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, {}, ""),
        ({"NumericGreaterThanEquals": {"s3:TlsVersion": "1.2"}}, {}, ""),
    ],
)
def test_conditions_see_the_request(
    estate: Estate, refused: Refused, condition: dict[str, Any], sent: dict[str, str], code: str
) -> None:
    """A foreign writer passes only while its condition holds; time is the estate's."""
    given_two_buckets(estate)
    pusher = f"arn:aws:iam::{SOURCE}:role/TrailConsolidation"
    estate.policy(
        "new-logs",
        allow("s3:PutObject", NEW + "/*", pusher, **condition),
        allow("s3:PutObjectAcl", NEW + "/*", pusher),
    )
    s3 = estate.client("s3", ADMIN)
    deed = s3.copy_object if "CopySource" in sent else s3.put_object
    assert refused(deed, Bucket="new-logs", Key="k", **sent) == code


@pytest.mark.parametrize(
    ("ownership", "owner", "who", "code"),
    [
        (
            "ObjectWriter",
            "cloudtrail-delivery",
            "copier",
            "AccessDenied",
        ),  # the bucket policy does not reach it
        ("ObjectWriter", "cloudtrail-delivery", "admin", ""),  # the ACL gives the bucket's owner full control
        ("ObjectWriter", SOURCE, "copier", ""),  # the bucket owner's own object
        (
            "BucketOwnerEnforced",
            "cloudtrail-delivery",
            "copier",
            "",
        ),  # enforced: all belongs to the bucket's owner
    ],
)
def test_foreign_objects_are_out_of_the_policy_s_reach(
    estate: Estate, refused: Refused, ownership: str, owner: str, who: str, code: str
) -> None:
    """In an ObjectWriter bucket only the object's owner and those its ACL names may read it."""
    given_two_buckets(estate, ownership, owner)
    copier = estate.role(LOG, "copier", READ)
    estate.policy("old-logs", LET_READ)
    client = estate.client("s3", copier if who == "copier" else ADMIN)
    assert refused(client.get_object, Bucket="old-logs", Key="k") == code


@pytest.mark.parametrize(
    ("call", "sent"),
    [
        ("head_bucket", {}),
        ("get_bucket_policy_status", {}),
        ("list_objects_v2", {}),
        ("get_object", {"Key": "k"}),
        ("put_object", {"Key": "new"}),
        ("delete_object", {"Key": "k"}),
    ],
)
def test_the_expected_owner_is_enforced(estate: Estate, refused: Refused, call: str, sent: dict[str, str]) -> None:
    """A call that names another owner is refused; with the right one it goes through."""
    given_two_buckets(estate)
    estate.role(LOG, "copier", READ)
    estate.policy("old-logs", LET_READ)
    deed = getattr(estate.client("s3", ADMIN), call)
    assert refused(deed, Bucket="old-logs", ExpectedBucketOwner=LOG, **sent) in ("AccessDenied", "403")
    assert refused(deed, Bucket="old-logs", ExpectedBucketOwner=SOURCE, **sent) == ""


def test_the_expected_source_owner_is_enforced(estate: Estate, refused: Refused) -> None:
    """A copy that names another owner of the source is refused."""
    given_two_buckets(estate)
    estate.role(LOG, "copier", READ, WRITE)
    estate.policy("old-logs", LET_READ)
    copy = estate.client("s3", f"{LOG}/copier").copy_object
    asked = {"Bucket": "new-logs", "Key": "k", "CopySource": "old-logs/k", "ExpectedBucketOwner": LOG}
    assert refused(copy, ExpectedSourceBucketOwner=LOG, **asked) == "AccessDenied"
    assert refused(copy, ExpectedSourceBucketOwner=SOURCE, **asked) == ""


def test_changes_of_iam_count_at_once(estate: Estate, refused: Refused) -> None:
    """A policy taken away through the API is gone for the next call."""
    given_two_buckets(estate)
    who = estate.role(SOURCE, "reader", READ)
    s3 = estate.client("s3", who)
    assert refused(s3.get_object, Bucket="old-logs", Key="k") == ""
    estate.client("iam", ADMIN).delete_role_policy(RoleName="reader", PolicyName="only")
    assert refused(s3.get_object, Bucket="old-logs", Key="k") == "AccessDenied"


def test_a_missing_key_shows_only_to_those_who_may_list(estate: Estate, refused: Refused) -> None:
    """NoSuchKey for whoever may list the bucket, AccessDenied for others."""
    given_two_buckets(estate)
    blind = estate.role(SOURCE, "blind", READ)
    seeing = estate.role(SOURCE, "seeing", READ, allow("s3:ListBucket", OLD))
    assert refused(estate.client("s3", blind).get_object, Bucket="old-logs", Key="none") == "AccessDenied"
    assert refused(estate.client("s3", seeing).get_object, Bucket="old-logs", Key="none") == "NoSuchKey"


@pytest.mark.parametrize(("let_in", "code"), [(True, ""), (False, "AccessDenied")])
def test_a_key_of_another_account_needs_its_policy(estate: Estate, refused: Refused, let_in: bool, code: str) -> None:
    """Reading an object under a customer key across accounts needs kms:Decrypt on both sides."""
    given_two_buckets(estate)
    key = estate.client("kms", ADMIN).create_key()["KeyMetadata"]["Arn"]
    version = estate.world.store.buckets["old-logs"].current("k")
    assert version
    version.sse, version.kms_key = "aws:kms", key
    who = estate.role(LOG, "copier", READ, allow("kms:Decrypt", key))
    estate.policy("old-logs", LET_READ)
    if let_in:
        own = f'{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{SOURCE}:root"}},"Action":"kms:*","Resource":"*"}}'
        more = f'{{"Effect":"Allow","Principal":{{"AWS":"{COPIER}"}},"Action":"kms:Decrypt","Resource":"*"}}'
        document = f'{{"Version":"2012-10-17","Statement":[{own},{more}]}}'
        estate.client("kms", ADMIN).put_key_policy(KeyId=key, PolicyName="default", Policy=document)
    assert refused(estate.client("s3", who).get_object, Bucket="old-logs", Key="k") == code


@pytest.mark.parametrize(
    ("source_arn", "acl", "code"),
    [
        ("arn:aws:cloudtrail:us-east-1:111122223333:trail/t", "bucket-owner-full-control", None),
        (
            "arn:aws:cloudtrail:us-east-1:111122223333:trail/other",
            "bucket-owner-full-control",
            "AccessDenied",
        ),
        ("arn:aws:cloudtrail:us-east-1:111122223333:trail/t", "", "AccessDenied"),
    ],
)
def test_a_service_is_bound_to_its_trail(estate: Estate, source_arn: str, acl: str, code: str | None) -> None:
    """aws:SourceArn and the ACL condition hold for CloudTrail's delivery."""
    given_two_buckets(estate)
    trail = "arn:aws:cloudtrail:us-east-1:111122223333:trail/t"
    condition = {"StringEquals": {"aws:SourceArn": trail, "s3:x-amz-acl": "bucket-owner-full-control"}}
    statement = allow("s3:PutObject", NEW + "/*", **condition) | {"Principal": {"Service": "cloudtrail.amazonaws.com"}}
    estate.policy("new-logs", statement)
    access, context = estate.practice.service_access, {"s3:x-amz-acl": acl} if acl else {}
    service = CallingService("cloudtrail.amazonaws.com", source_arn, SOURCE)
    assert access.refusal(service, "s3:PutObject", "new-logs", "k", context) == code
    service = CallingService("cloudtrail.amazonaws.com", trail, SOURCE)
    assert access.refusal(service, "s3:PutObject", "none", "k") == "NoSuchBucket"
