"""Asking S3 to make archived objects readable for some days: one request per object, each into the ledger.

Source: S3 User Guide, restoring an archived object; API Reference, RestoreObject.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from onetrail.s3.bulk.object_requests import each, object_row
from onetrail.s3.bulk.tally import Counts, Ledger, ObjectOutcome, Progress, Tally
from onetrail.s3.decisions import prices
from onetrail.s3.decisions.decide import ARCHIVED
from onetrail.s3.decisions.retention import DAYS_A_MONTH
from onetrail.s3.http import calls
from onetrail.s3.http.calls import S3Call
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.drive import Finished
from onetrail.s3.http.pace import Pace
from onetrail.s3.http.retries import code_of, request_id_of
from onetrail.s3.ledger.parts import LedgerRow

TIER: Final = "Bulk"
"""The cheapest; nothing here is in such a hurry that hours matter."""
MOST_A_SECOND: Final = 1000
"""Restore requests S3 takes from one account in a region (S3 User Guide, archive retrieval options)."""
_GIVE_UP_AFTER: Final = 1000
_REFUSED: Final = {"AccessDenied", "InvalidAccessKeyId", "ExpiredToken"}
_ABSENT: Final = {"NoSuchKey", "NoSuchVersion"}


class RestoreTask(NamedTuple):
    """One archived object. `away` is the class or tier it is in, `size` in bytes, `version_id` `""` for the current
    version."""

    bucket: str
    owner: str
    key: str
    away: str
    size: int
    etag: str = ""
    last_modified: datetime | None = None
    version_id: str = ""


@dataclass(frozen=True, slots=True)
class RestoreCost:
    """A bulk restore in numbers: hours until the last object can be read at most, and US dollars with the restored
    copies' days."""

    hours: int
    dollars: float


def restore_cost(objects: Mapping[str, int], sizes: Mapping[str, int], days: int) -> RestoreCost:
    """The cost of restoring so many objects and bytes by class or tier, readable for `days`."""
    dollars, hours = 0.0, 0
    for away, number in objects.items():
        price, gb = prices.BULK_RESTORES[away], sizes.get(away, 0) / prices.GB
        stay = gb * prices.PRICES["STANDARD"].storage * days / DAYS_A_MONTH if away in ARCHIVED else 0.0
        dollars += number / 1000 * price.per_1000 + gb * price.per_gb + stay
        hours = max(hours, price.hours)
    return RestoreCost(hours, dollars)


def restore_archived(
    tasks: Iterable[RestoreTask],
    client: S3Client,
    ledger: Ledger,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
    *,
    days: int,
    now: Callable[[], datetime],
    pace: Pace | None = None,
) -> Counts:
    """Ask for each task's bulk restore. One that is under way already is no error, and is not asked for twice by S3
    itself."""
    tally = Tally(ledger, progress, stop, give_up_after=_GIVE_UP_AFTER)

    return each(
        tasks,
        client,
        tally,
        lambda task: _call(task, days),
        lambda ended: _row(ended, now()),
        pace or Pace(MOST_A_SECOND),
    )


def _call(task: RestoreTask, days: int) -> S3Call[Any]:
    stay = days if task.away in ARCHIVED else 0
    return calls.restore_object(task.bucket, task.owner, task.key, days=stay, tier=TIER, version_id=task.version_id)


def _row(ended: Finished[RestoreTask], when: datetime) -> LedgerRow:
    task = ended.context
    outcome, why = _verdict(ended)
    request = request_id_of(ended.error) if ended.error else ended.result.request_id
    return object_row(
        "restore",
        task,
        when,
        ended.retries + 1,
        request,
        outcome,
        why,
        source_last_modified=task.last_modified,
        source_class=task.away,
    )


def _verdict(ended: Finished[RestoreTask]) -> tuple[ObjectOutcome, str]:
    if ended.error is None:
        return ObjectOutcome.REQUESTED, "" if ended.result.begun else "A readable copy was there already."
    code = code_of(ended.error)
    if code == "RestoreAlreadyInProgress":
        return ObjectOutcome.REQUESTED, "A restore was under way already."
    if code in _ABSENT:
        return ObjectOutcome.GONE, "It was not there any more."
    return ObjectOutcome.REFUSED if code in _REFUSED else ObjectOutcome.FAILED, f"{ended.error}"
