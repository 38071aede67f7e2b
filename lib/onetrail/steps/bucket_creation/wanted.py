"""The three buckets of the log account as they are wanted. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from onetrail.iam import Archive
from onetrail.iam.build import access_log_bucket, central_bucket, work_bucket
from onetrail.settings import Settings
from onetrail.steps.bucket_creation.lifecycle import (
    DAYS_OF_ACCESS_LOGS,
    archive_rules,
    kept,
    lock_days,
)

__all__ = ["KEY_TO_COME", "WantedBucket", "lock_days", "wanted_buckets"]

KEY_TO_COME: Final = "arn:aws:kms:us-east-1:000000000000:key/to-be-made"
"""Stands for the archive's key while a plan is about to make it; never sent."""


@dataclass(frozen=True)
class WantedBucket:
    """One bucket. `lock_days` is 0 where no Object Lock is wanted; `kms_key` empty for S3's own keys; `logs_to` empty
    for none."""

    name: str
    what_for: str
    lock_days: int
    kms_key: str
    rules: tuple[Mapping[str, Any], ...]
    logs_to: str
    policy: Mapping[str, Any]


def wanted_buckets(settings: Settings, archive: Archive, folders: Sequence[str] = ()) -> tuple[WantedBucket, ...]:
    """Access logs first, since the others log into that bucket; the archive last. The work bucket is always locked."""
    days = lock_days(settings.retention_years)
    locked = days if settings.object_lock != "none" else 0
    access = WantedBucket(
        settings.access_log_bucket,
        "who read or tried to change the archive",
        0,
        "",
        tuple(kept(DAYS_OF_ACCESS_LOGS)),
        "",
        access_log_bucket(archive),
    )
    work = WantedBucket(
        settings.work_bucket,
        "the record's head hashes",
        days,
        "",
        tuple(kept(days)),
        settings.access_log_bucket,
        work_bucket(archive),
    )
    central = replace(
        work,
        name=settings.bucket_name,
        what_for="the archive: every log, old and new",
        lock_days=locked,
        kms_key=archive.kms_key_arn,
        rules=tuple(archive_rules(settings, archive.prefix, folders, archive.source_accounts)),
        policy=central_bucket(archive),
    )
    return access, work, central
