"""What makes one job: a source bucket, a storage class, and one lock date, since a job has one of each. Pure.

Source: S3 Control API Reference, S3CopyObjectOperation; S3 User Guide, "Copy objects" with S3 Batch Operations.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple

from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.decisions.decide import ARCHIVED, MOST_BYTES
from onetrail.s3.decisions.retention import quarter_end

_MARK: Final = "onetrail"


class JobGroup(NamedTuple):
    """One job. `retain_until` is one instant for all its objects, never earlier than any of them is to be kept."""

    bucket: str
    storage_class: str
    retain_until: datetime

    @property
    def name(self) -> str:
        """`GLACIER_IR-2033-01-01`: what tells the jobs of one bucket apart."""
        return f"{self.storage_class}-{self.retain_until:%Y-%m-%d}"


class Label(NamedTuple):
    """Whose job it is: the run, whether it is the pilot's or the copy's, and its group. Written as the job's
    description."""

    run: str
    scope: str
    """`pilot` or `copy`."""
    group: JobGroup

    def __str__(self) -> str:
        bucket, storage_class, until = self.group
        return f"{opening(self.run, self.scope)}{bucket} {storage_class} {until:%Y-%m-%d}"


def opening(run: str, scope: str) -> str:
    """How the description of every job of that run and scope begins."""
    return f"{_MARK} {run} {scope} "


def label_of(description: str) -> Label | None:
    """The label that a description is; None for a job that is not ours."""
    words = description.split(" ")
    if len(words) != 6 or words[0] != _MARK or words[2] not in ("pilot", "copy"):
        return None
    try:
        until = datetime.strptime(words[5], "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    found = Label(words[1], words[2], JobGroup(words[3], words[4], until))
    return found if str(found) == description else None


def group_of(task: CopyTask, now: datetime, hours: int) -> JobGroup:
    """The job for one object. ValueError for a task without a lock date.

    The date is the end of the quarter in which its retention ends. What is past its retention, or nearly, has a lock of
    its own: the first midnight that no task of a grant of so many hours can come too late for.
    """
    if task.retain_until is None:
        raise ValueError(f"{task.key} has no date until which it is kept")
    return JobGroup(task.source_bucket, task.storage_class, lock_date(task.retain_until, now, hours))


def lock_date(until: datetime, now: datetime, hours: int) -> datetime:
    """The date of the job that an object goes into which is to be kept until then."""
    earliest = datetime.combine((now + timedelta(hours=hours)).date() + timedelta(days=2), time(), UTC)
    return earliest if until <= earliest else quarter_end(until)


def unfit(task: CopyTask, key_prefix: str) -> str:
    """Why no job can make this copy as it is planned, `""` where one can. `key_prefix` is the archive's, without a
    slash at its end.

    A job can put a prefix before a key and do no more to it, takes one ACL for all, and copies at most 5 GiB.
    """
    wanted = f"{key_prefix}/{task.key}" if key_prefix else task.key
    if (task.target_key or task.key) != wanted:
        return "its key in the archive is not its old key with the archive's prefix before it"
    if task.source_version_id:
        return "it is an older version"
    if task.acl:
        return "it is written from its own account"
    if task.size > MOST_BYTES:
        return "it is larger than 5 GiB"
    return "it is archived" if task.source_class in ARCHIVED else ""
