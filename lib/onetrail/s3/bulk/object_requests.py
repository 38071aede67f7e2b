"""Requests that are about one object each: sent as they come, each with its row of the ledger."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Protocol, TypeVar

from onetrail.s3.bulk.tally import Counts, ObjectOutcome, Tally
from onetrail.s3.http.calls import S3Call
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.drive import Finished
from onetrail.s3.http.pace import Pace
from onetrail.s3.http.sign import CredentialsEnded
from onetrail.s3.ledger.parts import LedgerRow


class ObjectTask(Protocol):
    """What every task on an object names. `size` in bytes, `version_id` `""` for the current version."""

    @property
    def bucket(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def version_id(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def etag(self) -> str: ...


_T = TypeVar("_T", bound=ObjectTask)


def each(
    tasks: Iterable[_T],
    client: S3Client,
    tally: Tally,
    call: Callable[[_T], S3Call[Any]],
    row: Callable[[Finished[_T]], LedgerRow],
    pace: Pace | None,
) -> Counts:
    """Send each task's `call` until the tally says stop; `row` makes what goes to the ledger of each that ended."""

    def requests() -> Iterator[tuple[S3Call[Any], _T]]:
        for task in tasks:
            if tally.stopping():
                return
            yield call(task), task

    for ended in client.run(requests(), pace):
        if isinstance(ended.error, CredentialsEnded):
            tally.halt(f"{ended.error}")
        tally.add(row(ended), ended.retries)
    return tally.counts()


def object_row(
    action: str,
    task: ObjectTask,
    when: datetime,
    attempt: int,
    request_id: str,
    outcome: ObjectOutcome,
    why: str,
    **more: Any,
) -> LedgerRow:
    """The ledger's row of what was done to the object of a task; `more` are further fields of LedgerRow."""
    return LedgerRow(
        action=action,
        source_bucket=task.bucket,
        key=task.key,
        source_version_id=task.version_id,
        size=task.size,
        source_etag=task.etag,
        when=when,
        attempt=attempt,
        request_id=request_id,
        outcome=outcome,
        why=why,
        **more,
    )
