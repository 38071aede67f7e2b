"""Jobs: what is asked of S3, and what S3 says of them. Pure.

Source: S3 Control API Reference, CreateJob, DescribeJob, ListJobs; S3 User Guide, "Tracking job status and completion
reports".
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from onetrail.change.bulk import part_of
from onetrail.names import bucket_arn
from onetrail.s3.batch.group import Label, label_of
from onetrail.s3.batch.manifest import FIELDS, FORMAT
from onetrail.s3.decisions.retention import LOCK_MODE

SUSPENDED, COMPLETE, FAILED, CANCELLED = "Suspended", "Complete", "Failed", "Cancelled"
ENDED: Final = frozenset({COMPLETE, FAILED, CANCELLED})
CANCELLABLE: Final = frozenset({"New", "Preparing", "Suspended", "Ready", "Active", "Paused"})
REPORT_FORMAT: Final = "Report_CSV_20180820"
PRIORITY: Final = 10


@dataclass(frozen=True)
class BatchJob:
    """One job of ours as S3 shows it. `total` is 0 until its manifest was read.

    Where its manifest lies and `why` it failed DescribeJob alone tells; both are empty in a job from a listing.
    """

    id: str
    label: Label
    status: str
    total: int = 0
    succeeded: int = 0
    failed: int = 0
    manifest_key: str = ""
    manifest_etag: str = ""
    why: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.status in ENDED

    @property
    def success(self) -> bool:
        """Complete says only that all tasks were tried: a job is a success when none of them failed and there were
        some."""
        return self.status == COMPLETE and self.failed == 0 and self.succeeded == self.total > 0


def job_of(said: Mapping[str, Any]) -> BatchJob | None:
    """A job from a row of ListJobs or from DescribeJob's `BatchJob`; None where it is not one of ours."""
    label = label_of(str(said.get("Description") or ""))
    if label is None:
        return None
    counts = said.get("ProgressSummary") or {}
    where = (said.get("Manifest") or {}).get("Location") or {}
    reasons = said.get("FailureReasons") or []
    return BatchJob(
        str(said["JobId"]),
        label,
        str(said["Status"]),
        int(counts.get("TotalNumberOfTasks") or 0),
        int(counts.get("NumberOfTasksSucceeded") or 0),
        int(counts.get("NumberOfTasksFailed") or 0),
        str(where.get("ObjectArn", "")).split(":::")[-1].partition("/")[2],
        str(where.get("ETag", "")).strip('"'),
        "; ".join(f"{one.get('FailureCode', '')}: {one.get('FailureReason', '')}" for one in reasons),
    )


@dataclass(frozen=True)
class Desk:
    """Where the jobs of one run are made: the log account and its buckets. `folder` is ours alone in the work bucket,
    with a slash at its end."""

    partition: str
    account: str
    archive: str
    key_prefix: str
    work_bucket: str
    folder: str
    role_arn: str

    def manifest_key(self, label: Label, etag: str) -> str:
        """Where the manifest of a job is in the work bucket: by its content, so that a later one leaves it as it is."""
        return f"{self.folder}manifests/{label.scope}/{label.group.bucket}/{label.group.name}-{etag[:12]}.csv"

    @property
    def report_prefix(self) -> str:
        """Where reports lie, without a slash at its end."""
        return f"{self.folder}reports"

    def fixed(self) -> dict[str, Any]:
        """What every CreateJob of ours carries, whatever the job; dotted names lead into its parts."""
        return {
            "AccountId": self.account,
            "ConfirmationRequired": True,
            "Operation.S3PutObjectCopy.TargetResource": bucket_arn(self.partition, self.archive),
            "Operation.S3PutObjectCopy.ObjectLockMode": LOCK_MODE,
            "Report.Bucket": bucket_arn(self.partition, self.work_bucket),
            "Report.Prefix": self.report_prefix,
            "RoleArn": self.role_arn,
        }

    def manifests(self, scope: str) -> str:
        """Where the manifests of one scope lie, as the beginning of an ARN."""
        return f"{bucket_arn(self.partition, self.work_bucket)}/{self.folder}manifests/{scope}/"

    def made(self, said: Mapping[str, Any], scope: str) -> bool:
        """Whether DescribeJob's `BatchJob` is one that this run makes, and not only says so: by its role, archive,
        report and list."""
        listed = part_of(said, "Manifest.Location.ObjectArn")
        return str(listed or "").startswith(self.manifests(scope)) and all(
            part_of(said, name) == value for name, value in self.fixed().items() if name != "AccountId"
        )

    def request(self, label: Label, etag: str, earlier: int) -> dict[str, Any]:
        """CreateJob's parameters. Metadata and tags are copied, and the archive's own key is used, because neither is
        set.

        `earlier` counts the jobs of this label that have ended: with it the token is new where a job is really to be
        made again.
        """
        group = label.group
        copy = {
            "TargetResource": bucket_arn(self.partition, self.archive),
            "StorageClass": group.storage_class,
            "ChecksumAlgorithm": "SHA256",
            "ObjectLockMode": LOCK_MODE,
            "ObjectLockRetainUntilDate": group.retain_until,
            **({"TargetKeyPrefix": self.key_prefix} if self.key_prefix else {}),
        }
        where = f"{bucket_arn(self.partition, self.work_bucket)}/{self.manifest_key(label, etag)}"
        return {
            "AccountId": self.account,
            "ConfirmationRequired": True,
            "Operation": {"S3PutObjectCopy": copy},
            "Manifest": {
                "Spec": {"Format": FORMAT, "Fields": list(FIELDS)},
                "Location": {"ObjectArn": where, "ETag": etag},
            },
            "Report": {
                "Bucket": bucket_arn(self.partition, self.work_bucket),
                "Format": REPORT_FORMAT,
                "Enabled": True,
                "Prefix": self.report_prefix,
                "ReportScope": "AllTasks",
                "ExpectedBucketOwner": self.account,
            },
            "Priority": PRIORITY,
            "RoleArn": self.role_arn,
            "Description": str(label),
            "ClientRequestToken": hashlib.sha256(f"{label}\n{etag}\n{earlier}".encode()).hexdigest(),
        }
