"""One task of a job as a row of the ledger: what the report says, held against the object that really is in the
archive. Pure.

A job copies without a condition on the ETag and its report gives none, so nothing is believed: each copy is looked at.
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

from onetrail.cloudtrail.object_key import DIGEST_KINDS, parse
from onetrail.s3.batch.index import Held
from onetrail.s3.batch.job import BatchJob
from onetrail.s3.batch.report import TaskResult
from onetrail.s3.bulk.tally import ObjectOutcome
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.decisions.decide import same_bytes
from onetrail.s3.decisions.retention import LOCK_MODE
from onetrail.s3.ledger.parts import LedgerRow
from onetrail.s3.rows import ObjectHead

_REFUSED: Final = frozenset({"AccessDenied", "AllAccessDisabled", "Forbidden", "KMS.DisabledException"})
_ARCHIVED: Final = frozenset({"InvalidObjectState", "ObjectNotInActiveTierError"})
_GONE: Final = frozenset({"NoSuchKey", "NoSuchVersion", "NotFound"})


class Looked(NamedTuple):
    """What HeadObject said. `head` is None where there is no such object; `failed` says why it could not be read."""

    head: ObjectHead | None = None
    failed: str = ""


def is_digest(key: str) -> bool:
    """Whether it is a digest file: its user metadata holds the signature and must be the source's."""
    return parse(key).kind in DIGEST_KINDS


def needs_source(task: CopyTask, looked: Looked) -> bool:
    """Whether the source must be looked at too: for the metadata of a digest, or where the ETag of the copy proves
    nothing."""
    return looked.head is not None and (is_digest(task.key) or _same(task, looked.head) is None)


def settled(
    task: CopyTask, job: BatchJob, result: TaskResult | None, copy: Looked, source: Looked, now: datetime
) -> LedgerRow:
    """The row of one object. `result` is None where the report does not list it, `source` is empty where it need not be
    read."""
    if result is not None and not result.succeeded:
        said = f"job {job.id}: {result.status or ''} {result.code}: {result.message}".replace("  ", " ")
        return _row(task, job, of_code(result.code), said, None, now)
    if copy.failed:
        return _row(
            task,
            job,
            ObjectOutcome.UNPROVEN,
            f"job {job.id}: the copy could not be read: {copy.failed}",
            None,
            now,
        )
    if copy.head is None:
        why = "says it is copied, but it is not there" if result else f"ended {job.status} and tells nothing of it"
        return _row(task, job, ObjectOutcome.FAILED, f"job {job.id} {why}", None, now)
    outcome, why = _judged(task, job, copy.head, source)
    return _row(task, job, outcome, why, copy.head, now)


def gone(bucket: str, job: BatchJob, held: Held, archive: str, now: datetime) -> LedgerRow:
    """The row of an object that the job held and the old bucket does not have any more, so its copy cannot be
    judged."""
    said = "" if held.result is None else f"; its report says {held.result.code or 'succeeded'}"
    return LedgerRow(
        action="copy",
        source_bucket=bucket,
        key=held.key,
        destination_bucket=archive,
        destination_key=held.key,
        when=now,
        request_id=f"job/{job.id}",
        outcome=ObjectOutcome.GONE,
        why=f"job {job.id}: the old bucket does not have it any more{said}",
    )


def of_code(code: str) -> ObjectOutcome:
    """The outcome that an error code of a task means."""
    if code in _REFUSED:
        return ObjectOutcome.REFUSED
    if code in _ARCHIVED:
        return ObjectOutcome.ARCHIVED
    return ObjectOutcome.GONE if code in _GONE else ObjectOutcome.FAILED


def _judged(task: CopyTask, job: BatchJob, head: ObjectHead, source: Looked) -> tuple[ObjectOutcome, str]:
    same = _same(task, head)
    if same is None and source.head is not None:
        same = source.head.etag == task.etag and source.head.size == task.size == head.size
    if same is False:
        return ObjectOutcome.SOURCE_CHANGED, "The copy has other bytes than the object that was listed."
    if same is None:
        return (
            ObjectOutcome.UNPROVEN,
            f"ETags prove nothing, and the source could not be read: {source.failed or 'it is gone'}",
        )
    wrong = [
        f"{name} is {seen!r}, planned was {planned!r}"
        for name, planned, seen in _properties(task, job, head, source)
        if planned != seen
    ]
    if wrong:
        return ObjectOutcome.UNPROVEN, f"Copied, but {'; '.join(wrong)}."
    return ObjectOutcome.COPIED, ""


def _properties(task: CopyTask, job: BatchJob, head: ObjectHead, source: Looked) -> list[tuple[str, object, object]]:
    until = f"{job.label.group.retain_until:%Y-%m-%dT%H:%M:%S}"
    rows: list[tuple[str, object, object]] = [
        ("storage class", task.storage_class, head.storage_class or "STANDARD"),
        ("lock", LOCK_MODE, head.lock_mode),
        ("retain until", until, head.retain_until.split(".")[0].rstrip("Z")),
    ]
    if is_digest(task.key):
        rows.append(("metadata", _metadata(source.head), dict(head.metadata)))
    return rows


def _metadata(head: ObjectHead | None) -> Mapping[str, str]:
    return dict(head.metadata) if head else {"": "the source could not be read"}


def _same(task: CopyTask, head: ObjectHead) -> bool | None:
    return same_bytes(task.size, task.etag, head.size, head.etag, not head.encryption.startswith("aws:kms"))


def _row(
    task: CopyTask, job: BatchJob, outcome: ObjectOutcome, why: str, head: ObjectHead | None, now: datetime
) -> LedgerRow:
    return LedgerRow(
        action="copy",
        source_bucket=task.source_bucket,
        key=task.key,
        source_version_id=task.source_version_id,
        size=task.size,
        source_etag=task.etag,
        source_last_modified=task.last_modified,
        source_class=task.source_class,
        destination_bucket=task.destination_bucket,
        destination_key=task.target_key or task.key,
        destination_version_id=head.version_id if head else "",
        destination_etag=head.etag if head else "",
        sha256=head.sha256 if head else "",
        destination_class=(head.storage_class or "STANDARD") if head else "",
        retain_until=head.locked_until if head else None,
        when=parsedate_to_datetime(head.last_modified) if head and head.last_modified else now,
        attempt=1,
        request_id=f"job/{job.id}",
        outcome=outcome,
        why=why,
    )
