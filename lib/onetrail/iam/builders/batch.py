"""What S3 Batch Operations needs while a grant is open: the role that its tasks run as, the role that makes jobs, and
what lets them in.

Source: S3 User Guide, "Granting permissions for Batch Operations", and "Copying objects across AWS accounts" with a
manifest of CSV; Service Authorization Reference, Amazon S3. Each task is a CopyObject of its own, so what binds a
copier in the archive binds this role.
"""

from collections.abc import Sequence
from typing import Any, Final

from onetrail.iam.builders.actions import COPY_WRITES, SOURCE_LIST
from onetrail.iam.builders.archive_bucket_policy import checked_opening
from onetrail.iam.builders.archive_facts import Archive, allow, document, one_or_many
from onetrail.iam.builders.side_bucket_policies import work_statements
from onetrail.iam.document import PolicyError
from onetrail.names import SID_BATCH_EXPIRES, SID_BATCH_LIST, SID_BATCH_READ, bucket_arn

SERVICE: Final = "batchoperations.s3.amazonaws.com"
OPERATION: Final = "S3PutObjectCopy"
READS: Final = ("s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectTagging")
"""Of current objects alone: a manifest of ours names no versions."""
Statement = dict[str, Any]


def batch_trust() -> dict[str, Any]:
    """Batch Operations alone may become the role, and no person."""
    return document(
        {
            "Sid": "BatchOperations",
            "Effect": "Allow",
            "Principal": {"Service": SERVICE},
            "Action": "sts:AssumeRole",
        }
    )


def batch_policy(archive: Archive, old_buckets: Sequence[str], folder: str) -> dict[str, Any]:
    """Reads these old buckets, writes copies, reads manifests and writes reports in its own folder of the work bucket.

    `folder` has a slash at its end. Raises `PolicyError` without exact old buckets or without a folder.
    """
    if not old_buckets or any("*" in name for name in old_buckets) or not folder.strip("/"):
        raise PolicyError(
            f"a role for jobs needs exact old buckets and a folder of its own, not {list(old_buckets)!r} and {folder!r}"
        )
    old = [bucket_arn(archive.partition, name) for name in sorted(old_buckets)]
    work = f"{bucket_arn(archive.partition, archive.work_bucket)}/{folder}"
    key = (
        [allow("UseKey", ("kms:Decrypt", "kms:GenerateDataKey"), [archive.kms_key_arn])] if archive.kms_key_arn else []
    )
    return document(
        allow("ListOld", SOURCE_LIST, old),
        allow("ReadOld", READS, [f"{arn}/*" for arn in old]),
        allow("WriteCopies", COPY_WRITES, archive.copied_arns),
        allow("ReadManifests", ("s3:GetObject", "s3:GetObjectVersion"), [f"{work}manifests/*"]),
        allow("WriteReports", ("s3:PutObject",), [f"{work}reports/*"]),
        *key,
    )


def jobs_policy(archive: Archive, region: str, batch_arn: str, expires: str) -> dict[str, Any]:
    """Makes copy jobs with exactly that role until `expires`, confirms them, looks at them, and cancels them on any
    day."""
    until = {"DateLessThan": {"aws:CurrentTime": expires}}
    jobs = f"arn:{archive.partition}:s3:{region}:{archive.log_account}:job/*"
    return document(
        {
            **allow("MakeCopyJobs", ("s3:CreateJob",), ["*"]),
            "Condition": {**until, "StringEquals": {"s3:RequestJobOperation": OPERATION}},
        },
        {
            **allow("PassTheirRole", ("iam:PassRole",), [batch_arn]),
            "Condition": {**until, "StringEquals": {"iam:PassedToService": SERVICE}},
        },
        allow("SeeAndSteerJobs", ("s3:DescribeJob", "s3:UpdateJobStatus"), [jobs]),
        allow("ListJobs", ("s3:ListJobs",), ["*"]),
    )


def old_bucket_batch(
    partition: str, bucket: str, batch_arn: str, prefixes: Sequence[str], expires: str
) -> list[Statement]:
    """The role of the jobs lists and reads below the prefixes until `expires`; an empty prefix means all. A Deny ends
    it."""
    checked_opening((batch_arn,), (bucket,), expires)
    if not prefixes:
        raise PolicyError(f"no prefix to read in bucket {bucket}: name them, or an empty one for all")
    arn = bucket_arn(partition, bucket)
    patterns = ["*"] if any(not prefix for prefix in prefixes) else [f"{prefix}*" for prefix in sorted(prefixes)]
    until = {"DateLessThan": {"aws:CurrentTime": expires}}
    common = {"Effect": "Allow", "Principal": {"AWS": batch_arn}, "Condition": until}
    return [
        {"Sid": SID_BATCH_LIST, **common, "Action": list(SOURCE_LIST), "Resource": arn},
        {
            "Sid": SID_BATCH_READ,
            **common,
            "Action": list(READS),
            "Resource": one_or_many([f"{arn}/{pattern}" for pattern in patterns]),
        },
        _expires(SID_BATCH_EXPIRES, ["s3:*"], [arn, f"{arn}/*"], batch_arn, expires),
    ]


def work_bucket_open(archive: Archive, batch_arn: str, folder: str, expires: str) -> dict[str, Any]:
    """The work bucket's policy, and the role of the jobs may put reports into its own folder until `expires`; nothing
    else, nowhere else."""
    checked_opening((batch_arn,), (archive.work_bucket,), expires)
    if not folder.strip("/"):
        raise PolicyError("no folder for reports in the work bucket: name one")
    arn = bucket_arn(archive.partition, archive.work_bucket)
    writes = ["s3:PutObject"]
    return document(
        *work_statements(archive, [batch_arn]),
        {
            "Sid": "BatchOnlyReports",
            "Effect": "Deny",
            "Principal": "*",
            "Action": one_or_many(writes),
            "NotResource": f"{arn}/{folder}reports/*",
            "Condition": {"ArnEquals": {"aws:PrincipalArn": batch_arn}},
        },
        _expires("BatchExpires", writes, [f"{arn}/*"], batch_arn, expires),
    )


def _expires(sid: str, actions: Sequence[str], resources: Sequence[str], arn: str, expires: str) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": one_or_many(list(actions)),
        "Resource": one_or_many(list(resources)),
        "Condition": {
            "ArnEquals": {"aws:PrincipalArn": arn},
            "DateGreaterThanEquals": {"aws:CurrentTime": expires},
        },
    }
