"""The roles of the move: who may become one, and what it may do; each only what its work needs."""

from collections.abc import Sequence
from typing import Any

from onetrail.iam.builders.actions import (
    BUCKET_READS,
    CONFIGURES,
    COPY_WRITES,
    OBJECT_READS,
    PULL_WRITES,
    SOURCE_LIST,
    SOURCE_READ,
)
from onetrail.iam.builders.archive_bucket_policy import checked_opening
from onetrail.iam.builders.archive_facts import Archive, allow, document, one_or_many
from onetrail.iam.builders.reads_only import RESTORE
from onetrail.iam.builders.side_bucket_policies import RECORDS, SEALED
from onetrail.iam.document import PolicyError
from onetrail.names import bucket_arn

Statement = dict[str, Any]


def trust(
    principals: Sequence[str],
    *,
    mfa: bool = False,
    external_id: str = "",
) -> dict[str, Any]:
    """A trust policy: these ARNs may assume the role, and no service.

    AWS stores the unique id of a named principal, so each must exist when this is put. Raises `PolicyError`
    when nobody is named, or when everybody is.
    """
    if not principals:
        raise PolicyError("a role that nobody may assume: name at least one principal")
    if any("*" in principal for principal in principals):
        raise PolicyError(f"a role that anybody may assume: {list(principals)!r}, name exact ARNs")
    condition: dict[str, Any] = {}
    if mfa:
        condition["Bool"] = {"aws:MultiFactorAuthPresent": "true"}
    if external_id:
        condition["StringEquals"] = {"sts:ExternalId": external_id}
    return document(
        {
            "Sid": "NamedPrincipals",
            "Effect": "Allow",
            "Principal": {"AWS": one_or_many(list(principals))},
            "Action": "sts:AssumeRole",
            **({"Condition": condition} if condition else {}),
        }
    )


def operator_policy(archive: Archive) -> dict[str, Any]:
    """The everyday role: builds the archive, reads it, becomes the copier; changes no lock in it."""
    buckets, objects = _all_buckets(archive)
    return document(
        allow("BuildBuckets", CONFIGURES, buckets),
        allow("ReadBuckets", BUCKET_READS, buckets),
        allow("ReadObjects", OBJECT_READS, objects),
        allow("RestoreArchived", (RESTORE,), [archive.objects_arn]),
        allow(
            "WriteWork",
            ("s3:PutObject",),
            [f"{archive.work_arn}/*"],
        ),
        allow("BecomeCopier", ("sts:AssumeRole",), [archive.copier_arn, archive.grant_keeper_arn]),
        allow("ReadAccount", _ACCOUNT_READS, ["*"]),
        *_key(archive, "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:GetKeyPolicy"),
        {
            "Sid": "NeverUndo",
            "Effect": "Deny",
            "Action": ["s3:BypassGovernanceRetention", "s3:DeleteObject", "s3:DeleteObjectVersion"],
            "Resource": objects,
        },
    )


_ACCOUNT_READS = (
    "access-analyzer:ListAnalyzers",
    "account:GetAlternateContact",
    "account:ListRegions",
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrailStatus",
    "ec2:DescribeRegions",
    "iam:GetAccountPasswordPolicy",
    "iam:GetAccountSummary",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAccessKeys",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:ListRoles",
    "iam:ListUsers",
    "iam:SimulateCustomPolicy",
    "iam:SimulatePrincipalPolicy",
    "kms:ListAliases",
    "s3:GetAccountPublicAccessBlock",
    "s3:ListAllMyBuckets",
    "servicequotas:GetServiceQuota",
)


def reader_policy(archive: Archive) -> dict[str, Any]:
    """Reads logs, records and settings, and restores archived logs; changes nothing."""
    buckets, objects = _all_buckets(archive)
    return document(
        allow("ReadBuckets", BUCKET_READS, buckets),
        allow("ReadObjects", OBJECT_READS, objects),
        allow("RestoreArchived", (RESTORE,), [archive.objects_arn]),
        allow("ReadAccount", _ACCOUNT_READS, ["*"]),
        *_key(archive, "kms:Decrypt", "kms:DescribeKey", "kms:GetKeyPolicy"),
    )


def sealer_policy(archive: Archive) -> dict[str, Any]:
    """Puts what seals a run record, below `records/*/sealed/` of the work bucket, and reads the records; nothing else
    anywhere."""
    return document(
        allow("Seal", ("s3:PutObject",), [f"{archive.work_arn}/{SEALED}"]),
        allow("ListRecords", ("s3:ListBucket", "s3:ListBucketVersions"), [archive.work_arn]),
        allow(
            "ReadRecords",
            ("s3:GetObject", "s3:GetObjectRetention", "s3:GetObjectVersion"),
            [f"{archive.work_arn}/{RECORDS}"],
        ),
    )


def grant_keeper_policy(archive: Archive) -> dict[str, Any]:
    """Sets the central bucket's policy, nothing else; the policy itself says when it may."""
    return document(
        allow("SetPolicy", ("s3:GetBucketPolicy", "s3:PutBucketPolicy"), [archive.bucket_arn]),
    )


def copier_policy(archive: Archive, old_buckets: Sequence[str], old_keys: Sequence[str] = ()) -> dict[str, Any]:
    """Pull: a role of the log account reads the old buckets and writes copies below `AWSLogs/` and the conflicts
    folder.

    `old_keys` are the ARNs of KMS keys that old buckets are encrypted with.
    """
    return document(
        *_reads_old(archive, old_buckets, old_keys),
        allow("WriteCopies", PULL_WRITES, archive.copied_arns),
        allow("SeeCopies", ("s3:ListBucket", "s3:ListBucketVersions"), [archive.bucket_arn]),
        allow("ReadCopiesBack", OBJECT_READS, archive.copied_arns),
        *_key(archive, "kms:Decrypt", "kms:GenerateDataKey"),
    )


def source_copier_policy(
    archive: Archive, old_buckets: Sequence[str], expires: str, old_keys: Sequence[str] = ()
) -> dict[str, Any]:
    """Push: a role of the source account reads what only its account can, and writes copies, until `expires` (ISO 8601,
    UTC).

    The old bucket is of the role's own account, so nothing there ends what this policy allows: the role itself refuses
    all from then on. Raises `PolicyError` when there is no instant of expiry, or no old bucket.
    """
    checked_opening((archive.copier_arn,), old_buckets, expires)
    return document(
        *_reads_old(archive, old_buckets, old_keys),
        allow("WriteCopies", COPY_WRITES, archive.copied_arns),
        *_key(archive, "kms:Decrypt", "kms:GenerateDataKey"),
        {
            "Sid": "CopierExpires",
            "Effect": "Deny",
            "Action": "*",
            "Resource": "*",
            "Condition": {"DateGreaterThanEquals": {"aws:CurrentTime": expires}},
        },
    )


def _reads_old(archive: Archive, old_buckets: Sequence[str], old_keys: Sequence[str]) -> list[Statement]:
    if not old_buckets or any("*" in name for name in old_buckets):
        raise PolicyError(f"a copier needs exact old buckets, not {list(old_buckets)!r}: name each one")
    arns = [bucket_arn(archive.partition, name) for name in sorted(old_buckets)]
    found = [
        allow("ListOld", SOURCE_LIST, arns),
        allow("ReadOld", SOURCE_READ, [f"{arn}/*" for arn in arns]),
    ]
    return [*found, allow("DecryptOld", ("kms:Decrypt",), list(old_keys))] if old_keys else found


def _all_buckets(archive: Archive) -> tuple[list[str], list[str]]:
    names = (archive.bucket, archive.access_log_bucket, archive.work_bucket)
    buckets = [bucket_arn(archive.partition, name) for name in names if name]
    return buckets, [f"{arn}/*" for arn in buckets]


def _key(archive: Archive, *actions: str) -> list[Statement]:
    return [allow("UseKey", actions, [archive.kms_key_arn])] if archive.kms_key_arn else []
