"""What every single copy or restore under a rule of 05 must keep: where it leads from and to, its class, its lock, its
conditions."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from onetrail.change import Below, OneOf, Only, Stated
from onetrail.change.bulk import Bound, part_of
from onetrail.cloudtrail.digests.conflict import conflict_key
from onetrail.cloudtrail.object_key import ROOT, parse
from onetrail.estate.old_estate import OldBucket
from onetrail.s3.batch.group import lock_date
from onetrail.s3.bulk.bounds import Counterpart
from onetrail.s3.decisions.planner import allowed_for
from onetrail.s3.decisions.retention import retain_until
from onetrail.s3.http.calls import stamp
from onetrail.settings import Settings

_SOON: Final = timedelta(days=30)
_COPY: Final = (
    "ACL",
    "Bucket",
    "ChecksumAlgorithm",
    "CopySource",
    "CopySourceIfMatch",
    "ExpectedBucketOwner",
    "ExpectedSourceBucketOwner",
    "IfNoneMatch",
    "Key",
    "ObjectLockMode",
    "ObjectLockRetainUntilDate",
    "StorageClass",
)
"""All that a copy of ours says: metadata and tags are kept and the archive's own key is used, because a copy
says nothing of them."""


@dataclass(frozen=True)
class KeptByDate:
    """The lock ends when the date in the source's key says; of a log whose time is over, soon after its copy, and not
    after `latest`.

    `latest` is counted from when the plan was made, and is no part of its meaning.
    """

    years: int
    latest: str

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        until, key = parameters.get("ObjectLockRetainUntilDate"), part_of(parameters, "CopySource.Key")
        day = parse(key).date if isinstance(key, str) else None
        if day is None or not isinstance(until, str):
            return False
        due = stamp(retain_until(day, self.years))
        return until == due or due < until <= self.latest

    def meaning(self) -> list[Any]:
        return ["kept by the date in the key", self.years]


@dataclass(frozen=True)
class PlainOrBeside:
    """The target key is the source's plain key, or the one beside it that is this old bucket's and this source's
    alone."""

    bucket: str
    plain: Counterpart

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        if self.plain.holds(parameters):
            return True
        source = part_of(parameters, "CopySource.Key")
        ours = any(source.startswith(old) for old, _ in self.plain.prefixes)
        return ours and parameters.get("Key") == conflict_key(self.bucket, source)

    def meaning(self) -> list[Any]:
        return ["plain or beside", self.bucket, self.plain.meaning()]


@dataclass(frozen=True)
class JobLock:
    """A job's lock ends no later than that of a log of tomorrow, at the end of its quarter: `latest`, which is no part
    of the meaning."""

    years: int
    latest: datetime

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        until = part_of(parameters, "Operation.S3PutObjectCopy.ObjectLockRetainUntilDate")
        return isinstance(until, datetime) and until <= self.latest

    def meaning(self) -> list[Any]:
        return ["lock of a job", self.years]


def job_lock(settings: Settings, now: datetime) -> JobLock:
    """For the jobs of a plan that is made now."""
    last = retain_until(now.date() + timedelta(days=1), settings.retention_years)
    return JobLock(settings.retention_years, lock_date(last, now, settings.grant_hours))


def copy_bounds(settings: Settings, bucket: OldBucket, now: datetime, *, push: bool) -> tuple[Bound, ...]:
    """Of every copy out of this bucket: below its log folders, to the plain key or beside it, in a planned class,
    locked by date, only of what was listed."""
    there = f"{settings.key_prefix}/{ROOT}" if settings.key_prefix else ROOT
    classes = dict.fromkeys(("STANDARD", *allowed_for(settings.storage_class_for(bucket.name))))
    return (
        PlainOrBeside(bucket.name, Counterpart(tuple((folder, there) for folder in log_folders(bucket)))),
        OneOf("StorageClass", tuple(classes)),
        OneOf("ACL", ("bucket-owner-full-control" if push else None,)),
        KeptByDate(settings.retention_years, stamp(now + _SOON)),
        Stated(("CopySourceIfMatch", "CopySource.VersionId")),
        Only(_COPY),
    )


def restore_bounds(bucket: OldBucket, days: int) -> tuple[Bound, ...]:
    """Of every restore in this bucket: below its log folders, for these days, and to nowhere else."""
    return (
        Below("Key", log_folders(bucket)),
        OneOf("RestoreRequest.Days", (days, None)),
        *(OneOf(f"RestoreRequest.{name}", (None,)) for name in ("Type", "OutputLocation", "SelectParameters")),
        Only(("Bucket", "ExpectedBucketOwner", "Key", "RestoreRequest", "VersionId")),
    )


def log_folders(bucket: OldBucket) -> tuple[str, ...]:
    """`AWSLogs/` below each key prefix of the bucket."""
    return tuple(f"{prefix}/{ROOT}" if prefix else ROOT for prefix in bucket.key_prefixes or ("",))
