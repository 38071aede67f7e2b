"""01: a bucket that everybody may get at is a finding, and one whose policy S3 would no longer take."""

from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from onetrail import iam
from onetrail.aws import Clients
from onetrail.change import FindingState
from onetrail.estate.old_estate import OldBucket
from onetrail.looked import Look, There, Unread
from onetrail.steps.inventory.public_access import read_public_access

SOURCE = "111122223333"
OPEN = {
    "Sid": "Anyone",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::old/*",
}
BY_ADDRESS = {**OPEN, "Sid": "Office", "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}
EVERYBODY = {"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}
CURE = "block public access on the bucket, all four settings, once nobody needs it from outside"
REFUSED = (
    "S3 refuses any new policy that keeps that (BlockPublicPolicy), so 02 would be refused: narrow that statement first"
)
FOUR = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


class World:
    """S3 of one bucket; `bucket` and `account` are the public-access blocks of the two levels, `refused` what is not
    answered."""

    def __init__(self, public: bool, bucket: tuple[str, ...] = (), account: tuple[str, ...] = (), refused: str = ""):
        self.public, self.blocks, self.refused = public, {"s3": bucket, "s3control": account}, refused
        self.asked: list[str] = []

    def client(self, service: str, account: str = "", region: str = "") -> Any:
        return _Client(self, service)


class _Client:
    def __init__(self, world: World, service: str) -> None:
        self.world, self.service = world, service

    def get_bucket_policy_status(self, **_: Any) -> Any:
        self.world.asked.append("status")
        if self.world.refused:
            raise ClientError({"Error": {"Code": self.world.refused, "Message": "no"}}, "GetBucketPolicyStatus")
        return {"PolicyStatus": {"IsPublic": self.world.public}}

    def get_public_access_block(self, **_: Any) -> Any:
        self.world.asked.append(f"{self.service} block")
        on = self.world.blocks[self.service]
        if not on:
            raise ClientError({"Error": {"Code": "NoSuchPublicAccessBlockConfiguration"}}, "GetPublicAccessBlock")
        return {"PublicAccessBlockConfiguration": {one: one in on for one in FOUR}}


def said(world: World, *statements: Any, grants: tuple[Any, ...] = ()) -> tuple[str, list[str]]:
    """The text of the finding, empty where there is none, and what could not be read."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    policy = iam.parse(document) if statements else None
    bucket = OldBucket("old", SOURCE, "us-east-1", policy=policy)
    acl: Look[Any] = There({"Grants": list(grants)})
    seen, failed = read_public_access(cast(Clients, world), world.client("s3"), bucket, acl)
    found = seen.finding(bucket)
    if found:
        assert (found.id, found.state, found.resource) == ("01.public", FindingState.FINDING, "old")
    return found.evidence if found else "", failed


@pytest.mark.parametrize(
    ("world", "statements", "grants", "text"),
    [
        # Nothing blocks it: everybody reads the audit logs.
        (World(True), (OPEN,), (), f"everybody may get at it, by its statement Anyone: {CURE}"),
        # Only half blocked: new policies are refused, and what is public stays so.
        (
            World(True, ("BlockPublicPolicy",)),
            (OPEN,),
            (),
            f"its policy is public, by its statement Anyone; everybody may get at it. {REFUSED}",
        ),
        # The account blocks it: nobody gets in, and 02 cannot put a policy.
        (
            World(True, (), FOUR),
            (BY_ADDRESS, OPEN),
            (),
            f"its policy is public, by its statement Anyone; nobody gets in, since public access is blocked. {REFUSED}",
        ),
        # Blocked by RestrictPublicBuckets alone: nobody gets in, and policies are taken.
        (World(True, ("RestrictPublicBuckets",)), (OPEN,), (), ""),
        # By its ACL.
        (World(False), (), (EVERYBODY,), f"its ACL lets everybody list it or write into it: {CURE}"),
        (World(False, ("IgnorePublicAcls",)), (), (EVERYBODY,), ""),
        # S3 does not call it public.
        (World(False), (BY_ADDRESS,), (), ""),
        (World(False), (), ({"Grantee": {"ID": "owner"}, "Permission": "FULL_CONTROL"},), ""),
    ],
)
def test_what_everybody_may_get_at_is_a_finding_with_what_to_do(
    world: World, statements: tuple[Any, ...], grants: tuple[Any, ...], text: str
) -> None:
    """Blocked on the bucket or on its account it is none, but for a policy that S3 would not take again."""
    assert said(world, *statements, grants=grants) == (text, [])


def test_blocks_are_read_only_where_something_is_public() -> None:
    """A bucket without a policy costs no request, an ordinary one costs one. Twin: a public one costs three."""
    bare, ordinary, public = World(False), World(False), World(True)
    said(bare)
    said(ordinary, BY_ADDRESS)
    said(public, OPEN)
    assert (bare.asked, ordinary.asked, public.asked) == ([], ["status"], ["status", "s3 block", "s3control block"])


def test_what_could_not_be_read_is_reported() -> None:
    """Never "not public"."""
    assert said(World(True, refused="AccessDenied"), OPEN) == ("", ["GetBucketPolicyStatus: AccessDenied: no"])
    bucket = OldBucket("old", SOURCE, "us-east-1", policy=Unread("AccessDenied: no"))
    _, failed = read_public_access(cast(Clients, World(False)), World(False).client("s3"), bucket, Unread("no"))
    assert failed == []
