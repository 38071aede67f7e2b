"""Statements onetrail adds to an old bucket's policy, and the policy of the emptied bucket that stays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from onetrail.iam.builders.actions import SOURCE_LIST, SOURCE_READ
from onetrail.iam.builders.archive_bucket_policy import checked_opening
from onetrail.iam.builders.archive_facts import document, one_or_many
from onetrail.iam.builders.reads_only import READS, RESTORE, refused
from onetrail.iam.document import PolicyError
from onetrail.names import (
    SID_CLOSED,
    SID_COPY_EXPIRES,
    SID_COPY_LIST,
    SID_COPY_READ,
    SID_HOLD_STILL,
    SID_HOLD_WRITERS,
    SID_SHELL,
    bucket_arn,
)

Statement = dict[str, Any]


DELIVERIES: Final = (
    "s3:AbortMultipartUpload",
    "s3:ObjectOwnerOverrideToBucketOwner",
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:ReplicateObject",
    "s3:ReplicateTags",
)
"""What a service or a replication does to put an object."""


@dataclass(frozen=True)
class Writers:
    """Whom an old bucket's own policy lets put objects, apart from services: exact ARNs of principals, and whole
    accounts.

    `unnamed` is True where it lets in somebody who cannot be named here, such as everybody of an organization.
    """

    arns: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    unnamed: bool = False


def old_bucket_frozen(
    partition: str, bucket: str, exempt_arns: Sequence[str], writers: Writers | None = None
) -> list[Statement]:
    """Everybody but the named only reads, while the move is under way; what is delivered goes on being delivered.

    Services put what the bucket's policy lets them put, and so do its `writers`. Where those cannot all be named,
    putting stays as the policy has it. Raises `PolicyError` when nobody is exempt.
    """
    _somebody(bucket, exempt_arns)
    arn, found = bucket_arn(partition, bucket), writers or Writers()
    frozen = {
        "Sid": SID_HOLD_STILL,
        "Effect": "Deny",
        "Principal": "*",
        "NotAction": [*READS, RESTORE, *DELIVERIES],
        "Resource": [arn, f"{arn}/*"],
        "Condition": _nobody_of(exempt_arns),
    }
    if found.unnamed:
        return [frozen]
    spared: dict[str, Any] = {
        **_nobody_of([*exempt_arns, *found.arns]),
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    }
    if found.accounts:
        spared["StringNotEquals"] = {"aws:PrincipalAccount": one_or_many(found.accounts)}
    return [frozen, refused(SID_HOLD_WRITERS, DELIVERIES, {"Resource": f"{arn}/*"}, spared)]


def old_bucket_open(
    partition: str, bucket: str, copier_arn: str, prefixes: Sequence[str], expires: str
) -> list[Statement]:
    """The copier lists and reads below the prefixes until `expires`; an empty prefix means all.

    A Deny ends it: the bucket's own policy may let the log account in, and an Allow that expires would end none of
    that.
    """
    checked_opening((copier_arn,), (bucket,), expires)
    if not prefixes:
        raise PolicyError(f"no prefix to read in bucket {bucket}: name them, or an empty one for all")
    arn = bucket_arn(partition, bucket)
    until = {"DateLessThan": {"aws:CurrentTime": expires}}
    everything = any(not prefix for prefix in prefixes)
    patterns = ["*"] if everything else [f"{prefix}*" for prefix in sorted(prefixes)]
    listing = until if everything else {**until, "StringLike": {"s3:prefix": one_or_many(patterns)}}
    common = {"Effect": "Allow", "Principal": {"AWS": copier_arn}}
    return [
        {
            "Sid": SID_COPY_LIST,
            **common,
            "Action": list(SOURCE_LIST),
            "Resource": arn,
            "Condition": listing,
        },
        {
            "Sid": SID_COPY_READ,
            **common,
            "Action": list(SOURCE_READ),
            "Resource": one_or_many([f"{arn}/{pattern}" for pattern in patterns]),
            "Condition": until,
        },
        {
            "Sid": SID_COPY_EXPIRES,
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [arn, f"{arn}/*"],
            "Condition": {
                "ArnEquals": {"aws:PrincipalArn": copier_arn},
                "DateGreaterThanEquals": {"aws:CurrentTime": expires},
            },
        },
    ]


def old_bucket_closed(partition: str, bucket: str) -> list[Statement]:
    """Nobody writes, changes or deletes an object, no service either; reading goes on, and S3's lifecycle asks no
    policy."""
    return [
        {
            "Sid": SID_CLOSED,
            "Effect": "Deny",
            "Principal": "*",
            "NotAction": [*READS, RESTORE],
            "Resource": f"{bucket_arn(partition, bucket)}/*",
        }
    ]


def old_bucket_emptied(partition: str, bucket: str, owner_arns: Sequence[str]) -> dict[str, Any]:
    """The whole policy of a retired, empty bucket: the name stays ours and nothing can be put behind it.

    Object calls are refused to everybody, services too. On the bucket itself the owners may read settings
    and change the policy; who must do more changes the policy first. Raises `PolicyError` when there is no
    owner.
    """
    _somebody(bucket, owner_arns)
    arn = bucket_arn(partition, bucket)
    refused = {"Effect": "Deny", "Principal": "*"}
    return document(
        {"Sid": SID_SHELL, **refused, "Action": "s3:*", "Resource": f"{arn}/*"},
        {
            "Sid": f"{SID_SHELL}Settings",
            **refused,
            "NotAction": ["s3:DeleteBucketPolicy", "s3:Get*", "s3:List*", "s3:PutBucketPolicy"],
            "Resource": arn,
        },
        {
            "Sid": f"{SID_SHELL}Keeper",
            **refused,
            "Action": ["s3:DeleteBucketPolicy", "s3:Get*", "s3:List*", "s3:PutBucketPolicy"],
            "Resource": arn,
            "Condition": _nobody_of(owner_arns),
        },
    )


def _nobody_of(arns: Sequence[str]) -> dict[str, Any]:
    """Holds for whom none of these names; an ARN with a star names every role that it fits."""
    kind = "ArnNotLike" if any("*" in arn for arn in arns) else "ArnNotEquals"
    return {kind: {"aws:PrincipalArn": one_or_many(list(arns))}}


def _somebody(bucket: str, arns: Sequence[str]) -> None:
    if not arns or not all(arns):
        raise PolicyError(f"a Deny for everybody on bucket {bucket}: name a role that can undo it")
