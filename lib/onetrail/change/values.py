"""Values inside a change's parameters that are written out only when the change is sent.

A plan is reviewed as it will be meant, not as bytes: a policy is shown as a document and an expiry as a duration.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from onetrail.instants import written

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")


@dataclass(frozen=True)
class Document:
    """A JSON document, such as a bucket policy, that the API takes as text."""

    value: Mapping[str, Any]


@dataclass(frozen=True)
class After:
    """The instant that lies `duration` (ISO 8601, such as `PT6H`) after the change is applied; sent as ISO text."""

    duration: str

    def __post_init__(self) -> None:
        seconds(self.duration)


@dataclass(frozen=True)
class EarlierResult:
    """A value that an earlier change of the same plan brings back, such as the id of a policy it created; `path` is
    dotted."""

    key: str
    path: str


def seconds(duration: str) -> int:
    """Seconds in an ISO 8601 duration of days, hours, minutes and seconds; raises ValueError for anything else."""
    match = _DURATION.fullmatch(duration)
    if match is None or not any(match.groups()):
        raise ValueError(f"{duration!r} is not a duration such as PT6H or P30D")
    days, hours, minutes, secs = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + secs


def iso(moment: datetime) -> str:
    """UTC instant as AWS policies and our record write it: `2026-01-12T09:00:00Z`."""
    return written(moment)


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no spaces, durations as such, instants as ISO text."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def plain(value: Any) -> Any:
    """The value as JSON types, for showing and hashing; nothing is resolved."""
    if isinstance(value, Document):
        return plain(value.value)
    if isinstance(value, After):
        return f"after {value.duration}"
    if isinstance(value, EarlierResult):
        return f"{value.path} of {value.key}"
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, BytesIO):  # what boto3 makes of a body given as bytes
        return value.getvalue().hex()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(item) for item in value)
    return value


def resolve(value: Any, now: datetime, results: Mapping[str, Any] | None = None) -> Any:
    """The value as it is sent: documents as compact JSON text, durations as instants counted from `now`, results filled
    in."""
    if isinstance(value, Document):
        return json.dumps(plain(resolve(value.value, now, results)), separators=(",", ":"), ensure_ascii=False)
    if isinstance(value, After):
        return iso(now + timedelta(seconds=seconds(value.duration)))
    if isinstance(value, EarlierResult):
        found: Any = (results or {})[value.key]
        for part in value.path.split("."):
            found = found[part]
        return found
    if isinstance(value, Mapping):
        return {key: resolve(item, now, results) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(item, now, results) for item in value]
    return value
