"""The records inside a log file: read tolerantly, counted by identity, and never with the secrets they may hold.

Field names follow the CloudTrail User Guide, "CloudTrail record contents"; old eventVersions lack several, Insights
records have no userIdentity, aggregated events have `eventId` and `accountId` and neither eventTime nor eventName.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from onetrail.cloudtrail.digest import GzipError, gunzip_single
from onetrail.errors import OnetrailError

MAX_RECORDS_BYTES: Final = 512 * 2**20
"""Largest unpacked log that is parsed as a whole."""
NEVER_KEPT: Final = frozenset(
    {"responseElements", "sessionToken", "secretAccessKey", "X-Amz-Security-Token", "x-amz-security-token"}
)
"""Fields that are dropped at any depth while reading: answers of AssumeRole and presigned URLs hold live tokens."""


class LogFormatError(OnetrailError):
    """The bytes are not a CloudTrail log file; the message says in what."""


class EventIdentity(NamedTuple):
    """What makes an event that event. The same identity in several files is one event, delivered more than once.

    `account` is the account that received it, empty in records before eventVersion 1.02 that name none.
    """

    event_id: str
    account: str


class Cell(NamedTuple):
    """One cell of coverage: the region in the record and the UTC day of the event; None: the record has no time."""

    region: str
    day: date | None


@dataclass(frozen=True, slots=True)
class RecordCount:
    """What a set of records comes to. `records` counts all, `events` distinct identities, `nameless` those without.

    `cells` counts records by region and day; a record counts as often as it was delivered.
    """

    records: int
    events: int
    nameless: int
    cells: Mapping[Cell, int]


def iter_records(gz: bytes, limit: int = MAX_RECORDS_BYTES) -> Iterator[dict[str, Any]]:
    """Each record of a log file, in file order, without the fields of `NEVER_KEPT`. `LogFormatError` if it is none."""
    try:
        text = gunzip_single(gz, limit).decode("utf-8")
        document = json.loads(text, object_hook=_without_secrets)
    except GzipError as err:
        raise LogFormatError(f"not a log file: {err.why}") from err
    except (ValueError, RecursionError) as err:
        raise LogFormatError(f"not a log file: {type(err).__name__} in its JSON") from None
    records = document.get("Records") if isinstance(document, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise LogFormatError("not a log file: no list of Records")
    yield from records


def event_identity(record: Mapping[str, Any]) -> EventIdentity | None:
    """The identity of a record, whatever its version; None where it has no event id."""
    event_id = _text(record, "eventID") or _text(record, "eventId")
    if not event_id:
        return None
    account = _text(record, "recipientAccountId") or _text(record, "accountId")
    user = record.get("userIdentity")
    if not account and isinstance(user, dict):
        account = _text(user, "accountId")
    return EventIdentity(event_id, account)


def cell_of(record: Mapping[str, Any]) -> Cell:
    """Where a record counts: its awsRegion (not the key's, which may differ) and the day of its eventTime."""
    return Cell(_text(record, "awsRegion"), _day(_text(record, "eventTime")[:10]))


def count_records(records: Iterable[Mapping[str, Any]]) -> RecordCount:
    """Counts over records of one or many files. Memory: one identity for each distinct event."""
    cells: Counter[Cell] = Counter()
    identities: set[EventIdentity] = set()
    total = nameless = 0
    for record in records:
        total += 1
        cells[cell_of(record)] += 1
        identity = event_identity(record)
        if identity:
            identities.add(identity)
        else:
            nameless += 1
    return RecordCount(total, len(identities), nameless, dict(sorted(cells.items(), key=_cell_order)))


def _cell_order(item: tuple[Cell, int]) -> tuple[str, date]:
    return item[0].region, item[0].day or date.min


def _without_secrets(found: dict[str, Any]) -> dict[str, Any]:
    for name in NEVER_KEPT.intersection(found):
        del found[name]
    return found


def _text(record: Mapping[str, Any], field: str) -> str:
    value = record.get(field)
    return value if isinstance(value, str) else ""


@lru_cache(maxsize=8192)
def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
