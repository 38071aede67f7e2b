"""The two buckets beside the archive: server access logs, and the work bucket with records and reports."""

from typing import Any, Final

from onetrail.iam.builders.actions import CHANGES, SET_POLICY, WRITES
from onetrail.iam.builders.archive import Archive, document
from onetrail.iam.builders.central_bucket import only_tls
from onetrail.names import bucket_arn

LOGGING: Final = "logging.s3.amazonaws.com"
"""The service principal of S3 server access logging (S3 User Guide, enable server access logging)."""


def access_log_bucket(archive: Archive) -> dict[str, Any]:
    """S3 alone writes its access logs here; without Object Lock, since S3 logs into no locked bucket."""
    arn = bucket_arn(archive.partition, archive.access_log_bucket)
    logged = [archive.bucket_arn, bucket_arn(archive.partition, archive.work_bucket)]
    return document(
        {
            "Sid": "AccessLogsDelivered",
            "Effect": "Allow",
            "Principal": {"Service": LOGGING},
            "Action": "s3:PutObject",
            "Resource": f"{arn}/*",
            "Condition": {
                "ArnEquals": {"aws:SourceArn": logged},
                "StringEquals": {"aws:SourceAccount": archive.log_account},
            },
        },
        only_tls(arn),
        {
            "Sid": "OnlyLoggingWrites",
            "Effect": "Deny",
            "Principal": "*",
            "Action": list(WRITES),
            "Resource": f"{arn}/*",
            "Condition": {"StringNotEquals": {"aws:PrincipalServiceName": LOGGING}},
        },
        _only_break_glass_changes(arn, archive),
    )


def work_bucket(archive: Archive) -> dict[str, Any]:
    """Our roles write the record's heads; nobody but break-glass takes any away."""
    arn = bucket_arn(archive.partition, archive.work_bucket)
    writers = [archive.break_glass_arn, archive.grant_keeper_arn, archive.operator_arn]
    return document(
        only_tls(arn),
        {
            "Sid": "OnlyOurRolesWrite",
            "Effect": "Deny",
            "Principal": "*",
            "Action": sorted((*WRITES, "s3:PutObjectRetention")),
            "Resource": f"{arn}/*",
            "Condition": {"ArnNotEquals": {"aws:PrincipalArn": sorted(writers)}},
        },
        _only_break_glass_changes(arn, archive),
    )


def _only_break_glass_changes(arn: str, archive: Archive) -> dict[str, Any]:
    return {
        "Sid": "OnlyBreakGlassChanges",
        "Effect": "Deny",
        "Principal": "*",
        "Action": sorted((SET_POLICY, *CHANGES)),
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": archive.break_glass_arn}},
    }
