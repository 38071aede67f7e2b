"""What is asked for one object, step by step, and what its answers mean: CopyObject, never over an object that is
there.

If-None-Match where the server knows it, a look first where it does not (some S3 endpoints answer 501 to that header on
CopyObject). Each copy is conditional on the listed ETag, and where its own ETag is another one, the source is looked
at: some servers leave the condition unread.
"""

from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from onetrail.s3.bulk.tally import ObjectOutcome
from onetrail.s3.decisions.decide import is_md5, same_bytes
from onetrail.s3.http import calls
from onetrail.s3.http.calls import S3Call
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.drive import Finished
from onetrail.s3.http.markup import EPOCH
from onetrail.s3.http.pace import Pace
from onetrail.s3.http.retries import code_of, request_id_of
from onetrail.s3.ledger.parts import LedgerRow
from onetrail.s3.rows import Copied, ObjectHead

_REFUSED = {
    "AccessDenied",
    "AllAccessDisabled",
    "Forbidden",
    "KMS.DisabledException",
    "InvalidAccessKeyId",
    "ExpiredToken",
    "CredentialsEnded",
}
OTHER_BYTES: Final = (
    "The copy has other bytes than the object that was listed: the server did not keep to x-amz-copy-source-if-match, "
    "or changed bytes; do not use this copy."
)
_ARCHIVED = {"InvalidObjectState", "ObjectNotInActiveTierError"}


class CopyTask(NamedTuple):
    """One object to copy. `size` in bytes, `etag` as listed; `""` and None leave a thing out.

    `target_key` is `""` where the archive uses the source's key. `acl` is `bucket-owner-full-control` where the policy
    asks for it.
    """

    source_bucket: str
    source_owner: str
    key: str
    etag: str
    size: int
    last_modified: datetime
    destination_bucket: str
    destination_owner: str
    storage_class: str
    lock_mode: str = ""
    retain_until: datetime | None = None
    acl: str = ""
    source_version_id: str = ""
    target_key: str = ""
    source_class: str = "STANDARD"
    kms_key_id: str = ""


class CopyStage(Enum):
    """How far one object is."""

    COPY = auto()
    """Copy on condition that nothing is there."""
    LOOK = auto()
    """Something may be there: look."""
    LOOK_FIRST = auto()
    """The server knows no such condition: look before copying."""
    BARE = auto()
    """Looked, and nothing is there: copy without the condition."""
    SOURCE = auto()
    """The copy has not the ETag that was listed: look at its source."""


class CopyStep(NamedTuple):
    """One call for one object. `batch` is whatever the object belongs to, `lane` the pace of its prefix; `unsure` says
    that an earlier

    call may have taken effect without an answer. `copied` is what S3 answered to the copy, once its source is looked
    at.
    """

    task: CopyTask
    stage: CopyStage
    batch: Any = None
    lane: Pace | None = None
    unsure: bool = False
    copied: Copied | None = None


def call_of(step: CopyStep) -> S3Call[Any]:
    """The call of this step."""
    task = step.task
    if step.stage in (CopyStage.LOOK, CopyStage.LOOK_FIRST):
        return calls.head_object(task.destination_bucket, task.destination_owner, task.target_key or task.key)
    if step.stage is CopyStage.SOURCE:
        return calls.head_object(
            task.source_bucket,
            task.source_owner,
            task.key,
            version_id=task.source_version_id,
            checksums=False,
        )
    return calls.copy_object(
        source_bucket=task.source_bucket,
        source_owner=task.source_owner,
        key=task.key,
        bucket=task.destination_bucket,
        owner=task.destination_owner,
        source_etag=task.etag,
        source_version_id=task.source_version_id,
        target_key=task.target_key,
        storage_class=task.storage_class,
        acl=task.acl,
        lock_mode=task.lock_mode,
        retain_until=task.retain_until,
        only_if_absent=step.stage is CopyStage.COPY,
        kms_key_id=task.kms_key_id,
    )


def settled(ended: Finished[CopyStep], now: Callable[[], datetime]) -> LedgerRow | CopyStep:
    """The row of an object whose outcome is known, or the step that finds it out. LOOK_FIRST after COPY: the server
    knows no condition.

    SOURCE is a call of the source's region.
    """
    error, step = ended.error, ended.context
    if step.copied is not None:
        return _judged(ended, step.copied, now)
    if error is None:
        result = ended.result
        if type(result) is not Copied:
            return _found(ended, result, now)
        if result.etag != step.task.etag and _odd(step.task, result):
            return step._replace(stage=CopyStage.SOURCE, copied=result)
        return _copied(ended, result, now)
    # An error is not yet an outcome. 412 says only that something is there: it may be our own copy whose answer was
    # lost, so it is looked at. 501 comes from servers that do not know the condition; there the look comes first, and
    # what is then copied without it (BARE) may race with another writer, which such servers give no way to prevent. A
    # 404 of a look is no proof of a missing object where the bucket itself is missing: that is no reason to write.
    stage, code, status = step.stage, code_of(error), _status(error)
    if stage is CopyStage.COPY and status == 412:
        return _then(ended, CopyStage.LOOK)
    if stage is CopyStage.COPY and status == 501:
        return step._replace(stage=CopyStage.LOOK_FIRST)
    if stage is CopyStage.LOOK_FIRST and status == 404 and code != "NoSuchBucket":
        return _then(ended, CopyStage.BARE)
    if (stage is CopyStage.LOOK and status == 404) or (stage is CopyStage.BARE and status == 412):
        why = "The source is no longer the object that was listed."
        return _row(ended, ObjectOutcome.SOURCE_CHANGED, why, now(), request_id=request_id_of(error))
    return _row(ended, _outcome_of(code), f"{error}", now(), request_id=request_id_of(error))


def copied_alone(
    client: S3Client, task: CopyTask, now: Callable[[], datetime]
) -> tuple[LedgerRow, int, Exception | None]:
    """One object brought to its end before anything else is begun: its row, how often a call of it was sent again, and
    its error.

    No ETag is judged: the caller reads the copy back.
    """
    step, retries = CopyStep(task, CopyStage.COPY), 0
    while True:
        for ended in client.run(iter([(call_of(step), step)])):
            retries += ended.retries
            what, error = settled(ended, now), ended.error
        if isinstance(what, CopyStep) and what.copied is not None:
            what = _copied(ended, what.copied, now)
        if isinstance(what, LedgerRow):
            return what, retries, error
        step = what


def _then(ended: Finished[CopyStep], stage: CopyStage) -> CopyStep:
    step = ended.context
    return step._replace(stage=stage, unsure=step.unsure or ended.unsure)


def _copied(
    ended: Finished[CopyStep],
    copied: Copied,
    now: Callable[[], datetime],
    outcome: ObjectOutcome = ObjectOutcome.COPIED,
    why: str = "",
) -> LedgerRow:
    # S3's answer to a copy names neither class nor lock, so the row has none: what was asked for is no evidence.
    return _row(
        ended,
        outcome,
        why,
        copied.last_modified if copied.last_modified != EPOCH else now(),
        copied.version_id,
        copied.etag,
        copied.sha256,
        request_id=copied.request_id,
    )


def _odd(task: CopyTask, copied: Copied) -> bool:
    """Two ETags that differ and look like MD5s, of a copy that is not under KMS: only the source's encryption can
    explain that."""
    return is_md5(task.etag) and is_md5(copied.etag) and not copied.encryption.startswith("aws:kms")


def _judged(ended: Finished[CopyStep], copied: Copied, now: Callable[[], datetime]) -> LedgerRow | CopyStep:
    """A copy whose ETag is another than the listed one: KMS on either side explains that, and nothing else does."""
    step, head = ended.context, ended.result
    kms = ended.error is None and head.encryption.startswith("aws:kms")
    outcome, why = ObjectOutcome.UNPROVEN, "The copy has another ETag than the one listed, "
    if ended.error is not None:
        which = "source" if step.stage is CopyStage.SOURCE else "copy"
        why += f"and the {which} could not be read: {ended.error}"
    elif kms and (step.stage is CopyStage.LOOK or head.etag == step.task.etag):
        return _copied(ended, copied, now)
    # The source is still what was listed, or is what the copy says: then the copy's own encryption may explain its
    # ETag, so it is looked at as well before anything is called wrong.
    elif step.stage is CopyStage.SOURCE and head.etag in (step.task.etag, copied.etag):
        return step._replace(stage=CopyStage.LOOK)
    elif step.stage is CopyStage.SOURCE:
        why += "and the source is no longer the object that was listed."
    else:
        outcome, why = ObjectOutcome.FAILED, OTHER_BYTES
    return _copied(ended, copied, now, outcome, why)


def _found(ended: Finished[CopyStep], head: ObjectHead, now: Callable[[], datetime]) -> LedgerRow:
    step = ended.context
    task = step.task
    equal = same_bytes(task.size, task.etag, head.size, head.etag, not head.encryption.startswith("aws:kms"))
    if equal is None:
        outcome = ObjectOutcome.UNPROVEN
        why = "An object of this size is there, and the ETags cannot be compared."
    elif equal and step.unsure:
        outcome, why = ObjectOutcome.COPIED, "An earlier try had copied it, though its answer was lost."
    elif equal:
        outcome, why = ObjectOutcome.PRESENT, "It was there already."
    else:
        outcome, why = ObjectOutcome.CONFLICT, "Other bytes are there under this key; both are kept."
    request_id = head.headers.get("x-amz-request-id", "")
    return _row(
        ended,
        outcome,
        why,
        now(),
        head.version_id,
        head.etag,
        head.sha256,
        head.storage_class,
        head.locked_until,
        request_id,
    )


def _row(
    ended: Finished[CopyStep],
    outcome: ObjectOutcome,
    why: str,
    when: datetime,
    version_id: str = "",
    etag: str = "",
    sha256: str = "",
    storage_class: str = "",
    locked_until: datetime | None = None,
    request_id: str = "",
) -> LedgerRow:
    task = ended.context.task
    # By position, in the order of the schema: this is done for each object.
    return LedgerRow(
        "copy",
        task.source_bucket,
        task.key,
        task.source_version_id,
        task.size,
        task.etag,
        task.last_modified,
        task.source_class,
        task.destination_bucket,
        task.target_key or task.key,
        version_id,
        etag,
        sha256,
        storage_class,
        locked_until,
        when,
        ended.retries + 1,
        request_id,
        outcome,
        why,
    )


def _status(error: Exception) -> int:
    return error.response["ResponseMetadata"]["HTTPStatusCode"] if isinstance(error, ClientError) else 0


def _outcome_of(code: str) -> ObjectOutcome:
    if code in _REFUSED:
        return ObjectOutcome.REFUSED
    if code in _ARCHIVED:
        return ObjectOutcome.ARCHIVED
    return ObjectOutcome.GONE if code in ("NoSuchKey", "NoSuchVersion", "NotFound") else ObjectOutcome.FAILED
