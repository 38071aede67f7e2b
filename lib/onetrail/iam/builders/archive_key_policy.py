"""The policy of the archive's KMS key."""

from collections.abc import Sequence
from typing import Any, Final

from onetrail.iam.builders.archive_bucket_policy import CLOUDTRAIL
from onetrail.iam.builders.archive_facts import Archive, account_of, document, one_or_many
from onetrail.iam.condition import instant
from onetrail.iam.document import PolicyError

KEY_USES: Final = ("kms:Decrypt", "kms:Describe*", "kms:GenerateDataKey*", "kms:Get*", "kms:List*")
"""What is done with the archive's key without changing it: S3 encrypts and decrypts with it, and who may looks at
it."""


def kms_key(archive: Archive, copiers: Sequence[str] = (), expires: str = "") -> dict[str, Any]:
    """CloudTrail encrypts for the named trails, the log account's policies say who reads, and log readers of other
    accounts decrypt.

    Break-glass alone changes it. With `copiers` of other accounts (push) they may encrypt until `expires`.
    Source: CloudTrail User Guide, "Configure AWS KMS key policies for CloudTrail".
    """
    found: list[dict[str, Any]] = [
        {
            "Sid": "AccountDecides",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{archive.partition}:iam::{archive.log_account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        *(_delivers(archive) if archive.trail_arns else ()),
        *(
            [
                {
                    "Sid": "LogReadersDecrypt",
                    "Effect": "Allow",
                    "Principal": {"AWS": one_or_many(sorted(arn for arn, _ in archive.log_readers))},
                    "Action": "kms:Decrypt",
                    "Resource": "*",
                }
            ]
            if archive.log_readers
            else []
        ),
        {
            "Sid": "OnlyBreakGlassChanges",
            "Effect": "Deny",
            "Principal": "*",
            "NotAction": list(KEY_USES),
            "Resource": "*",
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": archive.break_glass_arn}},
        },
    ]
    foreign = [arn for arn in copiers if account_of(arn) != archive.log_account]
    if foreign:
        if instant(expires) is None:
            raise PolicyError(f"a key opened without an instant of expiry ({expires!r}): give the grant's")
        found.append(
            {
                "Sid": "CopierEncrypts",
                "Effect": "Allow",
                "Principal": {"AWS": one_or_many(foreign)},
                "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                "Resource": "*",
                "Condition": {"DateLessThan": {"aws:CurrentTime": expires}},
            }
        )
    return document(*found)


def _delivers(archive: Archive) -> tuple[dict[str, Any], ...]:
    """What CloudTrail needs to deliver into a bucket with this key, for the exact trails."""
    trails = {"aws:SourceArn": one_or_many(archive.trail_arns)}
    owners = sorted({account_of(arn) for arn in archive.trail_arns})
    any_trail = [f"arn:{archive.partition}:cloudtrail:*:{owner}:trail/*" for owner in owners]
    service = {"Effect": "Allow", "Principal": {"Service": CLOUDTRAIL}, "Resource": "*"}
    return (
        {
            **service,
            "Sid": "CloudTrailEncrypts",
            "Action": "kms:GenerateDataKey*",
            "Condition": {
                "StringEquals": trails,
                "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": one_or_many(any_trail)},
            },
        },
        {
            **service,
            "Sid": "CloudTrailUsesBucketKey",
            "Action": ["kms:Decrypt", "kms:DescribeKey"],
            "Condition": {"StringEquals": trails},
        },
    )
