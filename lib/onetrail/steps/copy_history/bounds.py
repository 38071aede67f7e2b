"""What every single copy or restore under a rule of 05 must keep: where it leads from and to, its class, its lock, its conditions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onetrail.change import Below, Counterpart, OneOf, Stated
from onetrail.change.bulk import Bound, part_of
from onetrail.cloudtrail.conflict import conflict_key
from onetrail.cloudtrail.key import ROOT, parse
from onetrail.s3.calls import stamp
from onetrail.s3.planner import allowed_for
from onetrail.s3.retention import retain_until
from onetrail.settings import Settings
from onetrail.steps.old_estate import OldBucket


@dataclass(frozen=True)
class KeptByDate:
    """The lock ends no earlier than the date in the source's key says: a log whose time is over is locked for a day from its copy."""

    years: int

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        until, key = parameters.get("ObjectLockRetainUntilDate"), part_of(parameters, "CopySource.Key")
        day = parse(key).date if isinstance(key, str) else None
        if day is None or not isinstance(until, str):
            return False
        return until >= stamp(retain_until(day, self.years))

    def meaning(self) -> list[Any]:
        return ["kept by the date in the key", self.years]


@dataclass(frozen=True)
class PlainOrBeside:
    """The target key is the source's plain key, or the one beside it that is this old bucket's and this source's alone."""

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


def copy_bounds(settings: Settings, bucket: OldBucket, *, push: bool) -> tuple[Bound, ...]:
    """Of every copy out of this bucket: below its log folders, to the plain key or beside it, in a planned class, locked by date, only of what was listed."""
    there = f"{settings.key_prefix}/{ROOT}" if settings.key_prefix else ROOT
    classes = dict.fromkeys(("STANDARD", *allowed_for(settings.storage_class_for(bucket.name))))
    return (
        PlainOrBeside(bucket.name, Counterpart(tuple((folder, there) for folder in log_folders(bucket)))),
        OneOf("StorageClass", tuple(classes)),
        OneOf("ACL", ("bucket-owner-full-control" if push else None,)),
        KeptByDate(settings.retention_years),
        Stated(("CopySourceIfMatch", "CopySource.VersionId")),
    )


def restore_bounds(bucket: OldBucket) -> tuple[Bound, ...]:
    """Of every restore in this bucket: below its log folders."""
    return (Below("Key", log_folders(bucket)),)


def log_folders(bucket: OldBucket) -> tuple[str, ...]:
    """`AWSLogs/` below each key prefix of the bucket."""
    return tuple(f"{prefix}/{ROOT}" if prefix else ROOT for prefix in bucket.key_prefixes or ("",))
