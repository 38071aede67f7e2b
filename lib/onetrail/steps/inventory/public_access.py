"""Whether everybody may get at an old bucket, by its policy or its ACL, unless its public access is blocked.

Source: S3 User Guide, blocking public access to your Amazon S3 storage.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from onetrail import iam
from onetrail.aws import Clients, look_for
from onetrail.change import Finding, FindingState
from onetrail.estate.old_estate import OldBucket
from onetrail.iam.document import values
from onetrail.looked import Absent, Look, There, Unread, known, unread

_EVERYBODY: Final = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
"""Groups of an ACL that hold everybody, or everybody with an AWS account."""
_UNSET: Final = ("NoSuchPublicAccessBlockConfiguration",)
_CURE: Final = "block public access on the bucket, all four settings, once nobody needs it from outside"


@dataclass(frozen=True)
class PublicAccess:
    """What is public of one bucket. `statements` are the Sids that let everybody in, as far as they have one;
    `refuses_policies` says that S3 refuses a new policy while that is so."""

    by_policy: bool = False
    statements: tuple[str, ...] = ()
    by_acl: bool = False
    refuses_policies: bool = False

    def finding(self, bucket: OldBucket) -> Finding | None:
        """What a person should know; None where nothing is public."""
        where = ("01.public", FindingState.FINDING, bucket.account, bucket.region, bucket.name)
        named = f", by its statement {', '.join(self.statements)}" if self.statements else ""
        if self.refuses_policies:
            reach = "everybody may get at it" if self.by_policy else "nobody gets in, since public access is blocked"
            text = (
                f"its policy is public{named}; {reach}. S3 refuses any new policy that keeps that (BlockPublicPolicy),"
                " so 02 would be refused: narrow that statement first"
            )
            return Finding(*where, text)
        if self.by_policy:
            return Finding(*where, f"everybody may get at it{named}: {_CURE}")
        return Finding(*where, f"its ACL lets everybody list it or write into it: {_CURE}") if self.by_acl else None


NOT_PUBLIC: Final = PublicAccess()


def read_public_access(
    clients: Clients, client: Any, bucket: OldBucket, acl: Look[Any]
) -> tuple[PublicAccess, list[str]]:
    """What is public of this bucket, and what could not be read. Blocks are read only where something is public."""
    owner = {"Bucket": bucket.name, "ExpectedBucketOwner": bucket.account}
    status: Look[Any] = Absent()
    if bucket.policy is not None:
        status = look_for(client.get_bucket_policy_status, ("NoSuchBucketPolicy",), **owner)
    by_policy = isinstance(status, There) and bool(status.value["PolicyStatus"].get("IsPublic"))
    by_acl = isinstance(acl, There) and any(_of_everybody(grant) for grant in acl.value.get("Grants", ()))
    failed = unread({"GetBucketPolicyStatus": status})
    if not by_policy and not by_acl:
        return NOT_PUBLIC, failed
    blocks = (
        look_for(client.get_public_access_block, _UNSET, **owner),
        look_for(
            clients.client("s3control", bucket.account, bucket.region).get_public_access_block,
            _UNSET,
            AccountId=bucket.account,
        ),
    )
    failed += unread({"GetPublicAccessBlock": blocks[0], "GetPublicAccessBlock of the account": blocks[1]})
    return (
        PublicAccess(
            by_policy and not _on(blocks, "RestrictPublicBuckets"),
            _public_statements(known(bucket.policy)) if by_policy else (),
            by_acl and not _on(blocks, "IgnorePublicAcls"),
            by_policy and _on(blocks, "BlockPublicPolicy"),
        ),
        failed,
    )


def _settings(answer: Look[Any]) -> Mapping[str, bool]:
    """The four settings of one level; none is on where the level has none."""
    if isinstance(answer, There):
        said: Mapping[str, bool] = answer.value["PublicAccessBlockConfiguration"]
        return said
    return {}


def _on(levels: tuple[Look[Any], ...], setting: str) -> bool:
    return any(_settings(level).get(setting, False) for level in levels if not isinstance(level, Unread))


def _of_everybody(grant: Mapping[str, Any]) -> bool:
    return grant.get("Grantee", {}).get("URI") in _EVERYBODY


def _public_statements(policy: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Sids of statements that allow everybody, whatever the circumstances."""
    found = []
    for statement in iam.statements(policy or {}):
        principal = statement.get("Principal")
        who = principal.get("AWS", ()) if isinstance(principal, Mapping) else principal or ()
        if statement.get("Effect") == "Allow" and "*" in values(who) and not statement.get("Condition"):
            found.append(str(statement.get("Sid", "")))
    return tuple(filter(None, found))
