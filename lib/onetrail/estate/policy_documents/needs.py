"""What each identity that is handed to the move sends, step by step: the table behind the printed identities, and
behind the look at the permissions in step 00.

A full run's request log is held against it. What later steps send as roles that step 02 makes is not here: those roles
have printed policies of their own. Sources: Service Authorization Reference; S3 User Guide, conditional deletes (they
need GetObject); Organizations API Reference, CreatePolicy (tags need TagResource).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from onetrail.settings import Settings

LOG, SOURCE, MANAGEMENT = "log account", "source account", "management account"
LOG_FIRST: Final = "log account, before 02"
"""The first identity there; from 02 on it is the operator, whom 02 makes."""
EVERY: Final = "every step"


@dataclass(frozen=True)
class Need:
    """Actions that one step sends as the named identity in one kind of account.

    `on` is `bucket` or `object` for old ones, `archive` for our buckets, `copier` and `break-glass` for those
    roles, or `*` for any resource. `only` names a parameter and the values with which it is sent at all.
    """

    step: str
    where: str
    on: str
    actions: tuple[str, ...]
    only: tuple[str, tuple[str, ...]] = ("", ())

    def asked_for(self, settings: Settings) -> bool:
        """Whether these parameters lead to it."""
        name, values = self.only
        return not name or getattr(settings, name) in values


_PUSH: Final = ("copy_direction", ("auto", "push"))
_PULL: Final = ("copy_direction", ("auto", "pull"))
_OWN_POLICIES: Final = (
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
)
_RECORDED: Final = ("cloudtrail:DescribeTrails", "cloudtrail:GetTrailStatus")
"""Whether a trail records that account."""
NEEDS: Final = (
    Need(
        EVERY,
        SOURCE,
        "*",
        (
            "cloudtrail:DescribeTrails",
            "cloudtrail:GetEventSelectors",
            "cloudtrail:GetInsightSelectors",
            "cloudtrail:GetTrail",
            "cloudtrail:GetTrailStatus",
            "cloudtrail:ListTrails",
            "ec2:DescribeRegions",
            "iam:GetRole",
            "s3:GetBucketPolicy",
            "s3:ListAllMyBuckets",
            "s3:ListBucket",
        ),
    ),
    Need(
        EVERY,
        SOURCE,
        "bucket",
        (
            "s3:GetBucketLogging",
            "s3:GetBucketNotification",
            "s3:GetBucketObjectLockConfiguration",
            "s3:GetBucketOwnershipControls",
            "s3:GetBucketRequestPayment",
            "s3:GetBucketTagging",
            "s3:GetBucketVersioning",
            "s3:GetEncryptionConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:GetReplicationConfiguration",
            "s3:ListBucketVersions",
        ),
    ),
    Need("00", SOURCE, "*", _OWN_POLICIES),
    Need("01", SOURCE, "*", ("cloudtrail:ListPublicKeys",)),
    Need("01", SOURCE, "bucket", ("s3:GetBucketAcl", "s3:GetBucketPolicyStatus", "s3:ListBucketMultipartUploads")),
    Need("01", SOURCE, "object", ("s3:GetObject", "s3:GetObjectVersion")),
    Need("02", SOURCE, "bucket", ("s3:PutBucketPolicy", "s3:PutLifecycleConfiguration")),
    Need(
        "04",
        SOURCE,
        "*",
        (
            "cloudtrail:AddTags",
            "cloudtrail:CreateTrail",
            "cloudtrail:PutEventSelectors",
            "cloudtrail:PutInsightSelectors",
            "cloudtrail:StartLogging",
            "cloudtrail:UpdateTrail",
        ),
        ("trail_mode", ("create",)),
    ),
    Need("04", SOURCE, "*", ("cloudtrail:StopLogging",)),
    Need("05", SOURCE, "bucket", ("s3:GetBucketAcl",)),
    Need("05", SOURCE, "bucket", ("s3:DeleteBucketPolicy", "s3:PutBucketPolicy"), _PULL),
    Need("05", SOURCE, "object", ("s3:GetObject", "s3:GetObjectVersion", "s3:RestoreObject")),
    Need("05", SOURCE, "*", ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy"), _PULL),
    Need("05", SOURCE, "copier", ("iam:GetRolePolicy",)),
    Need(
        "05",
        SOURCE,
        "copier",
        (
            "iam:CreateRole",
            "iam:DeleteRole",
            "iam:DeleteRolePolicy",
            "iam:PutRolePolicy",
            "iam:TagRole",
            "iam:UpdateAssumeRolePolicy",
        ),
        _PUSH,
    ),
    Need("06", SOURCE, "*", ("cloudtrail:ListPublicKeys",)),
    Need("06", SOURCE, "bucket", ("s3:GetBucketAcl",)),
    Need("06", SOURCE, "object", ("s3:GetObject", "s3:GetObjectVersion")),
    Need("07", SOURCE, "*", ("cloudtrail:DeleteTrail",)),
    Need(
        "07",
        SOURCE,
        "bucket",
        ("s3:ListBucketMultipartUploads", "s3:PutBucketPolicy", "s3:PutLifecycleConfiguration"),
    ),
    Need("07", SOURCE, "bucket", ("s3:DeleteBucket", "s3:DeleteBucketPolicy"), ("old_buckets", ("delete",))),
    Need("07", SOURCE, "object", ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject")),
    Need("08", SOURCE, "*", ("cloudtrail:ListPublicKeys",)),
    Need("08", SOURCE, "bucket", ("s3:ListBucketMultipartUploads",)),
    Need(
        "00",
        LOG_FIRST,
        "*",
        (*_RECORDED, "ec2:DescribeRegions", *_OWN_POLICIES, "s3:ListAllMyBuckets"),
    ),
    Need("00", LOG_FIRST, "archive", ("s3:ListBucket",)),
    Need(
        "02",
        LOG_FIRST,
        "*",
        (
            "account:GetAlternateContact",
            "iam:GetAccountSummary",
            "iam:GetRole",
            "iam:ListAccessKeys",
            "iam:ListRoles",
            "iam:ListUsers",
            "kms:ListAliases",
            "s3:GetAccountPublicAccessBlock",
        ),
    ),
    Need("02", LOG_FIRST, "break-glass", ("iam:AttachRolePolicy", "iam:CreateRole", "iam:TagRole")),
    Need(
        "03",
        LOG,
        "archive",
        (
            "s3:CreateBucket",
            "s3:PutBucketLogging",
            "s3:PutBucketObjectLockConfiguration",
            "s3:PutBucketOwnershipControls",
            "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock",
            "s3:PutBucketTagging",
            "s3:PutBucketVersioning",
            "s3:PutEncryptionConfiguration",
            "s3:PutLifecycleConfiguration",
        ),
    ),
    Need(
        "00",
        MANAGEMENT,
        "*",
        (
            *_RECORDED,
            "organizations:DescribeOrganization",
            "organizations:DescribePolicy",
            "organizations:ListParents",
            "organizations:ListPoliciesForTarget",
            "organizations:ListRoots",
        ),
    ),
    Need(
        "04",
        MANAGEMENT,
        "*",
        (
            "organizations:AttachPolicy",
            "organizations:CreatePolicy",
            "organizations:DescribePolicy",
            "organizations:ListPolicies",
            "organizations:ListRoots",
            "organizations:ListTargetsForPolicy",
            "organizations:TagResource",
            "organizations:UpdatePolicy",
        ),
    ),
)
"""By account and step, in order."""


def needs(settings: Settings, where: str) -> Iterator[Need]:
    """What these parameters lead to as the identity there."""
    return (need for need in NEEDS if need.where == where and need.asked_for(settings))
