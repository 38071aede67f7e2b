"""The local copy engine: CopyObject for each task, never over an object that is there, each outcome into the ledger."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import Enum, auto
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from onetrail.s3 import calls
from onetrail.s3.calls import Call
from onetrail.s3.client import Finished, HotS3
from onetrail.s3.decide import same_bytes
from onetrail.s3.failure import code_of, request_id_of
from onetrail.s3.ledger import LedgerRow
from onetrail.s3.pace import Pace
from onetrail.s3.rows import Copied, Head
from onetrail.s3.tally import Counts, Ledger, ObjectOutcome, Progress, Tally

GIVE_UP_AFTER = 1000
"""So many failures in a row say that nothing works, and that going on only costs."""

_REFUSED = {
    "AccessDenied",
    "AllAccessDisabled",
    "Forbidden",
    "KMS.DisabledException",
    "InvalidAccessKeyId",
    "ExpiredToken",
}
_ARCHIVED = {"InvalidObjectState", "ObjectNotInActiveTierError"}


class CopyTask(NamedTuple):
    """One object to copy. `size` in bytes, `etag` as listed; `""` and None leave a thing out.

    `target_key` is `""` where the archive uses the source's key. `acl` is `bucket-owner-full-control` where the policy asks for it.
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


class _Stage(Enum):
    COPY = auto()
    """Copy on condition that nothing is there."""
    LOOK = auto()
    """Something may be there: look."""
    LOOK_FIRST = auto()
    """The server knows no such condition: look before copying."""
    BARE = auto()
    """Looked, and nothing is there: copy without the condition."""


class _Step(NamedTuple):
    task: CopyTask
    stage: _Stage
    unsure: bool = False


def copy_partition(
    tasks: Iterable[CopyTask],
    client: HotS3,
    ledger: Ledger,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    *,
    now: Callable[[], datetime],
    pace: Pace | None = None,
    only_if_absent: bool = True,
    give_up_after: int = GIVE_UP_AFTER,
) -> Counts:
    """Copy the tasks, which may be any number: they are pulled as they are sent.

    Never overwrites: If-None-Match where the server knows it, a look first where it does not (some S3 endpoints answer 501 to that
    header on CopyObject). `only_if_absent=False` always looks first. Each copy is conditional on the listed ETag. A failure of one
    object is its outcome in the ledger; what `tasks` or the client's permit raises is raised after all under way is in the ledger.
    """
    return _Copying(
        client, Tally(ledger, progress, stop, give_up_after=give_up_after), now, pace, only_if_absent
    ).run(tasks)


class _Copying:
    def __init__(
        self, client: HotS3, tally: Tally, now: Callable[[], datetime], pace: Pace | None, conditional: bool
    ) -> None:
        self._client = client
        self._tally = tally
        self._now = now
        self._pace = pace
        self._conditional = conditional
        self._next: deque[_Step] = deque()

    def run(self, tasks: Iterable[CopyTask]) -> Counts:
        pending = iter(tasks)
        while True:
            for ended in self._client.run(self._calls(pending), self._pace):
                self._settle(ended)
            if not self._next:
                return self._tally.counts()

    def _calls(self, tasks: Iterator[CopyTask]) -> Iterator[tuple[Call[Any], _Step]]:
        while True:
            # What is begun is brought to its end even after a stop: its outcome must not stay open.
            if self._next:
                step = self._next.popleft()
            elif self._tally.stopping() or (task := next(tasks, None)) is None:
                return
            else:
                step = _Step(task, _Stage.COPY if self._conditional else _Stage.LOOK_FIRST)
            yield self._call(step), step

    @staticmethod
    def _call(step: _Step) -> Call[Any]:
        task = step.task
        if step.stage in (_Stage.LOOK, _Stage.LOOK_FIRST):
            return calls.head_object(
                task.destination_bucket, task.destination_owner, task.target_key or task.key
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
            only_if_absent=step.stage is _Stage.COPY,
            kms_key_id=task.kms_key_id,
        )

    def _settle(self, ended: Finished[_Step]) -> None:
        if ended.error is None:
            result = ended.result
            self._copied(ended, result) if isinstance(result, Copied) else self._found(ended, result)
            return
        stage, code = ended.context.stage, code_of(ended.error)
        status = _status(ended.error)
        if stage is _Stage.COPY and status == 412:
            self._follow(ended, _Stage.LOOK)
        elif stage is _Stage.COPY and status == 501:
            self._conditional = False
            self._next.append(_Step(ended.context.task, _Stage.LOOK_FIRST))
        elif stage is _Stage.LOOK_FIRST and status == 404 and code != "NoSuchBucket":
            self._follow(ended, _Stage.BARE)
        elif (stage is _Stage.LOOK and status == 404) or (stage is _Stage.BARE and status == 412):
            self._note(
                ended, ObjectOutcome.SOURCE_CHANGED, "The source is no longer the object that was listed."
            )
        else:
            self._note(ended, _outcome_of(code), f"{ended.error}")

    def _follow(self, ended: Finished[_Step], stage: _Stage) -> None:
        step = ended.context
        self._next.append(_Step(step.task, stage, step.unsure or ended.unsure))

    def _copied(self, ended: Finished[_Step], copied: Copied) -> None:
        self._note(
            ended,
            ObjectOutcome.COPIED,
            "",
            destination_version_id=copied.version_id,
            destination_etag=copied.etag,
            sha256=copied.sha256,
            when=copied.last_modified,
            request_id=copied.request_id,
        )

    def _found(self, ended: Finished[_Step], head: Head) -> None:
        task = ended.context.task
        equal = same_bytes(
            task.size, task.etag, head.size, head.etag, not head.encryption.startswith("aws:kms")
        )
        if equal is None:
            outcome, why = (
                ObjectOutcome.UNPROVEN,
                "An object of this size is there, and the ETags cannot be compared.",
            )
        elif equal:
            outcome = ObjectOutcome.COPIED if ended.context.unsure else ObjectOutcome.PRESENT
            why = (
                "An earlier try had copied it, though its answer was lost."
                if ended.context.unsure
                else "It was there already."
            )
        else:
            outcome, why = ObjectOutcome.CONFLICT, "Other bytes are there under this key; both are kept."
        self._note(
            ended,
            outcome,
            why,
            destination_version_id=head.version_id,
            destination_etag=head.etag,
            sha256=head.sha256,
            destination_class=head.storage_class,
            request_id=head.headers.get("x-amz-request-id", ""),
        )

    def _note(self, ended: Finished[_Step], outcome: ObjectOutcome, why: str, **more: Any) -> None:
        task = ended.context.task
        fields = {
            "destination_class": task.storage_class if outcome is ObjectOutcome.COPIED else "",
            "when": None,
            "request_id": request_id_of(ended.error) if ended.error else "",
            **more,
        }
        fields["when"] = fields["when"] or self._now()
        row = LedgerRow(
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
            retain_until=task.retain_until,
            attempt=ended.retries + 1,
            outcome=outcome,
            why=why,
            **fields,
        )
        self._tally.add(row, ended.retries)


def _status(error: Exception) -> int:
    return error.response["ResponseMetadata"]["HTTPStatusCode"] if isinstance(error, ClientError) else 0


def _outcome_of(code: str) -> ObjectOutcome:
    if code in _REFUSED:
        return ObjectOutcome.REFUSED
    if code in _ARCHIVED:
        return ObjectOutcome.ARCHIVED
    return ObjectOutcome.GONE if code in ("NoSuchKey", "NoSuchVersion", "NotFound") else ObjectOutcome.FAILED
