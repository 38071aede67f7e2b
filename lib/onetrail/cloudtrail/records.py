"""The records inside a log file: read tolerantly, known by their identity, and never with the secrets they may hold.

Field names follow the CloudTrail User Guide, "CloudTrail record contents"; old eventVersions lack several, Insights
records have no userIdentity, aggregated events have `eventId` and `accountId` and neither eventTime nor eventName.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from onetrail.cloudtrail.gzipped import GzipError, gunzip_single
from onetrail.cloudtrail.unread import UnreadBytes
from onetrail.errors import OnetrailError
from onetrail.instants import utc

MAX_RECORDS_BYTES: Final = 512 * 2**20
"""Largest unpacked log that is parsed as a whole."""
NEVER_KEPT: Final = frozenset(
    {"responseElements", "sessionToken", "secretAccessKey", "X-Amz-Security-Token", "x-amz-security-token"}
)
"""Fields that are dropped at any depth while reading: answers of AssumeRole and presigned URLs hold live session
tokens."""


class LogFormatError(OnetrailError):
    """The bytes are not a CloudTrail log file; the message says in what, `unread` in a word."""

    def __init__(self, why: str, unread: UnreadBytes) -> None:
        super().__init__(why)
        self.unread = unread


class EventIdentity(NamedTuple):
    """What makes an event that event. The same identity in several files is one event, delivered more than once.

    `account` is the account that received it, empty in records before eventVersion 1.02 that name none.
    """

    event_id: str
    account: str


def iter_records(gz: bytes, limit: int = MAX_RECORDS_BYTES) -> Iterator[dict[str, Any]]:
    """Each record of a log file, in file order, without the fields of `NEVER_KEPT`. `LogFormatError` if it is none."""
    try:
        unpacked = gunzip_single(gz, limit)
    except GzipError as err:
        raise LogFormatError(f"not a log file: {err.why}", err.unread) from err
    yield from records_in(unpacked)


def records_in(unpacked: bytes) -> Iterator[dict[str, Any]]:
    """The same of a file that is unpacked already."""
    try:
        document = json.loads(unpacked.decode("utf-8"), object_hook=_without_secrets)
    except (ValueError, RecursionError) as err:
        raise LogFormatError(f"not a log file: {type(err).__name__} in its JSON", UnreadBytes.NOT_JSON) from None
    records = document.get("Records") if isinstance(document, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise LogFormatError("not a log file: no list of Records", UnreadBytes.NO_RECORDS)
    yield from records


def event_identity(record: Mapping[str, Any]) -> EventIdentity | None:
    """The identity of a record, whatever its version; None where it has no event id."""
    user = record.get("userIdentity")
    return identity_of(
        text_of(record, "eventID") or text_of(record, "eventId"),
        text_of(record, "recipientAccountId") or text_of(record, "accountId"),
        text_of(user, "accountId") if isinstance(user, dict) else "",
    )


def identity_of(event_id: str | None, receiver: str | None, caller: str | None) -> EventIdentity | None:
    """The identity of the three fields it may come from: the caller's account counts where the record names no
    receiver."""
    return EventIdentity(event_id, receiver or caller or "") if event_id else None


def text_of(record: Mapping[str, Any], field: str) -> str:
    """A field of a record, `""` where it is none or no text."""
    value = record.get(field)
    return value if isinstance(value, str) else ""


def instant(text: str) -> datetime | None:
    """A time as CloudTrail writes it (ISO, with its zone); None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return utc(found) if found.tzinfo else None


def _without_secrets(found: dict[str, Any]) -> dict[str, Any]:
    for name in NEVER_KEPT.intersection(found):
        del found[name]
    return found
