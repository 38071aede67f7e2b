"""Deleting what was proven to be elsewhere, and raising the locks on what was proven to be right."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from onetrail.s3.bulk.object_requests import each, object_row
from onetrail.s3.bulk.tally import Counts, Ledger, ObjectOutcome, Progress, Tally
from onetrail.s3.http import calls
from onetrail.s3.http.calls import S3Call
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.drive import Finished
from onetrail.s3.http.pace import Pace
from onetrail.s3.http.retries import code_of, request_id_of
from onetrail.s3.http.sign import CredentialsEnded
from onetrail.s3.ledger.parts import LedgerRow
from onetrail.s3.rows import Deletions

KEYS_A_CALL = 1000
"""DeleteObjects' limit (API Reference, DeleteObjects)."""
GIVE_UP_AFTER = 2000
_REFUSED = {"AccessDenied", "InvalidAccessKeyId", "ExpiredToken", "MethodNotAllowed"}
_ABSENT = {"NoSuchKey", "NoSuchVersion", "NotFound"}


class DeleteTask(NamedTuple):
    """One object, by the ETag or the version id that was proven; a task with neither is refused. `size` in bytes,
    `proof` whatever vouches for it."""

    bucket: str
    owner: str
    key: str
    etag: str
    size: int
    version_id: str = ""
    last_modified: datetime | None = None
    storage_class: str = ""
    proof: Any = None


class LockTask(NamedTuple):
    """One object version and the lock it is to have; `mode` is GOVERNANCE or COMPLIANCE.

    `held_mode` and `held_until` are the lock it has, as HEAD said; empty and None where it has none.
    """

    bucket: str
    owner: str
    key: str
    mode: str
    retain_until: datetime
    version_id: str = ""
    size: int = 0
    etag: str = ""
    held_mode: str = ""
    held_until: datetime | None = None


def delete_proven(
    tasks: Iterable[DeleteTask],
    client: S3Client,
    ledger: Ledger,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    *,
    now: Callable[[], datetime],
    pace: Pace | None = None,
    before: Callable[[list[DeleteTask]], None] = lambda batch: None,
) -> Counts:
    """Delete, 1,000 at a time, each only if it still is what was proven; the outcome of each key goes to the ledger.

    `before` is asked right before a batch is sent, and again before it is sent once more: what it raises ends the
    deletion before that sending, once all that was sent is in the ledger.

    Naming the ETag needs s3:GetObject beside s3:DeleteObject (S3 User Guide, conditional deletes). ValueError for a
    task that names neither an ETag nor a version: such a delete could hit anything.
    """
    tally = Tally(ledger, progress, stop, give_up_after=GIVE_UP_AFTER)

    def batches() -> Iterator[tuple[S3Call[Any], list[DeleteTask]]]:
        for batch in _batches(tasks, tally, now):
            if tally.stopping():
                return
            items = [(task.key, task.version_id, task.etag) for task in batch]
            yield calls.delete_objects(batch[0].bucket, batch[0].owner, items), batch

    unsent: list[list[DeleteTask]] = []

    def ask(batch: list[DeleteTask]) -> None:
        unsent.append(batch)
        before(batch)
        unsent.pop()

    for ended in client.run(batches(), pace, before_each=ask):
        if not ended.retries and any(one is ended.context for one in unsent):
            continue  # nothing was asked of S3
        if isinstance(ended.error, CredentialsEnded):
            tally.halt(f"{ended.error}")
        when = now()
        for task, outcome, why in _verdicts(ended):
            request = request_id_of(ended.error) if ended.error else ended.result.request_id
            tally.add(_delete_row(task, when, outcome, why, ended.retries + 1, request), 0)
    return tally.counts()


def raise_locks(
    tasks: Iterable[LockTask],
    client: S3Client,
    ledger: Ledger,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    *,
    now: Callable[[], datetime],
    pace: Pace | None = None,
) -> Counts:
    """PutObjectRetention for each task, with the bypass of governance where the mode changes, and only there.

    With the bypass S3 no longer refuses an earlier date. So ValueError for a task whose date is before the one held, or
    that names no version: its lock may be another's. S3 takes whole seconds, so a date with a fraction goes as the next
    one.
    """
    tally = Tally(ledger, progress, stop, give_up_after=GIVE_UP_AFTER)

    return each(tasks, client, tally, _lock_call, lambda ended: _lock_row(ended, now()), pace)


def _lock_call(task: LockTask) -> S3Call[str]:
    until = _whole_second(task.retain_until)
    if task.held_until is not None and until < task.held_until:
        raise ValueError(f"{task.bucket}/{task.key}: a lock must not end before the one the version has")
    raised = task.held_mode not in ("", task.mode)
    if raised and (task.held_until is None or not task.version_id):
        raise ValueError(
            f"{task.bucket}/{task.key}: a lock's mode is changed only for a named version and a known date"
        )
    return calls.put_retention(
        task.bucket,
        task.owner,
        task.key,
        mode=task.mode,
        retain_until=until,
        version_id=task.version_id,
        bypass_governance=raised,
    )


def _whole_second(moment: datetime) -> datetime:
    return moment if not moment.microsecond else moment.replace(microsecond=0) + timedelta(seconds=1)


def _batches(tasks: Iterable[DeleteTask], tally: Tally, now: Callable[[], datetime]) -> Iterator[list[DeleteTask]]:
    for _, same in groupby(tasks, key=lambda task: (task.bucket, task.owner)):
        batch: list[DeleteTask] = []
        for task in same:
            if not task.etag and not task.version_id:
                raise ValueError(
                    f"{task.bucket}/{task.key}: a delete must name the ETag or the version that was proven"
                )
            if any(char < " " and char not in "\t\r\n" for char in task.key):
                why = "The key has a character that XML cannot hold, so it stays, and its bucket with it."
                tally.add(_delete_row(task, now(), ObjectOutcome.FAILED, why, 0, ""), 0)
                continue
            batch.append(task)
            if len(batch) == KEYS_A_CALL:
                yield batch
                batch = []
        if batch:
            yield batch


def _verdicts(ended: Finished[list[DeleteTask]]) -> Iterator[tuple[DeleteTask, ObjectOutcome, str]]:
    if ended.error is not None:
        outcome = ObjectOutcome.REFUSED if code_of(ended.error) in _REFUSED else ObjectOutcome.FAILED
        yield from ((task, outcome, f"{ended.error}") for task in ended.context)
        return
    result: Deletions = ended.result
    said = {(one.key, one.version_id): one for one in result.results}
    for task in ended.context:
        one = said.get((task.key, task.version_id)) or said.get((task.key, ""))
        if one is None:
            yield task, ObjectOutcome.FAILED, "S3's answer does not name this key."
        elif not one.code:
            yield task, ObjectOutcome.DELETED, ""
        elif one.code in _ABSENT:
            yield task, *_absent(ended.unsure)
        elif one.code == "PreconditionFailed":
            yield (
                task,
                ObjectOutcome.SOURCE_CHANGED,
                "It is no longer the object that was proven; it was not deleted.",
            )
        else:
            yield (
                task,
                ObjectOutcome.REFUSED if one.code in _REFUSED else ObjectOutcome.FAILED,
                f"{one.code}: {one.message}",
            )


def _absent(unsure: bool) -> tuple[ObjectOutcome, str]:
    if unsure:
        return ObjectOutcome.DELETED, "An earlier try had deleted it, though its answer was lost."
    return ObjectOutcome.GONE, "It was not there any more."


def _delete_row(
    task: DeleteTask, when: datetime, outcome: ObjectOutcome, why: str, attempt: int, request_id: str
) -> LedgerRow:
    return object_row(
        "delete",
        task,
        when,
        attempt,
        request_id,
        outcome,
        why,
        source_last_modified=task.last_modified,
        source_class=task.storage_class,
    )


def _lock_row(ended: Finished[LockTask], when: datetime) -> LedgerRow:
    task = ended.context
    error = ended.error
    outcome = (
        ObjectOutcome.LOCKED
        if error is None
        else ObjectOutcome.REFUSED
        if code_of(error) in _REFUSED
        else ObjectOutcome.FAILED
    )
    request = ended.result if error is None else request_id_of(error)
    why = "" if error is None else f"{error}"
    taken = _whole_second(task.retain_until) if error is None else None
    return object_row(
        f"lock {task.mode.lower()}", task, when, ended.retries + 1, request, outcome, why, retain_until=taken
    )
