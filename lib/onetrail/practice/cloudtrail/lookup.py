"""LookupEvents and ListPublicKeys: what CloudTrail answers from its own memory."""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from onetrail.practice.calls import ServiceError
from onetrail.practice.cloudtrail.delivery import HISTORY
from onetrail.practice.cloudtrail.keys import signing_keys
from onetrail.practice.state.trail_files import Recorded

SHOWN_AFTER: Final = timedelta(minutes=5)
"""An event is in the event history some minutes after the call."""
_PAGE: Final = 50
_READERS: Final[Mapping[str, Callable[[Recorded], str]]] = {
    "EventId": lambda event: event.event_id,
    "EventName": lambda event: event.name,
    "ReadOnly": lambda event: _word(event.read_only),
    "Username": lambda event: event.username,
    "EventSource": lambda event: event.source,
    "AccessKeyId": lambda event: event.access_key_id,
}


def instant(value: Any) -> datetime | None:
    """A timestamp parameter as aware UTC: epoch seconds, ISO 8601 text or a datetime; None if it was not given."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    found = datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def public_keys(region: str, parameters: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The region's keys that overlap StartTime to EndTime, both the current instant if not given.

    Raises `InvalidTimeRangeException` when the start is after the end.
    """
    end = instant(parameters.get("EndTime")) or now
    start = instant(parameters.get("StartTime")) or end
    if start > end:
        raise ServiceError("InvalidTimeRangeException", "StartTime must not be later than EndTime.")
    return {
        "PublicKeyList": [
            {
                "Value": base64.b64encode(key.der).decode(),
                "ValidityStartTime": key.valid_from.timestamp(),
                "ValidityEndTime": key.valid_to.timestamp(),
                "Fingerprint": key.fingerprint,
            }
            for key in signing_keys(region, start, min(end, now))
        ]
    }


def events(history: list[Recorded], parameters: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """One page of the last 90 days' management events of an account and region, newest first."""
    start, end = instant(parameters.get("StartTime")), instant(parameters.get("EndTime"))
    if start and end and start > end:
        raise ServiceError("InvalidTimeRangeException", "StartTime must not be later than EndTime.")
    if parameters.get("EventCategory"):
        return {"Events": []}
    first = max(start or now - HISTORY, now - HISTORY)
    last = min(end or now, now - SHOWN_AFTER)
    wanted = [
        event
        for event in reversed(history)
        if first <= event.moment <= last
        and all(_matches(event, attribute) for attribute in parameters.get("LookupAttributes") or ())
    ]
    size = min(int(parameters.get("MaxResults") or _PAGE), _PAGE)
    begin = _page(parameters.get("NextToken"))
    answer: dict[str, Any] = {"Events": [_shown(event) for event in wanted[begin : begin + size]]}
    if begin + size < len(wanted):
        answer["NextToken"] = base64.b64encode(f"from {begin + size}".encode()).decode()
    return answer


def _page(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token).decode().removeprefix("from "))
    except ValueError as err:
        raise ServiceError("InvalidNextTokenException", "The token is not valid.") from err


def _matches(event: Recorded, attribute: Mapping[str, str]) -> bool:
    name, value = attribute.get("AttributeKey", ""), attribute.get("AttributeValue", "")
    if name in ("ResourceName", "ResourceType"):
        return any(value == resource[name == "ResourceName"] for resource in event.resources)
    if name not in _READERS:
        raise ServiceError("InvalidLookupAttributesException", f"{name} is not a lookup attribute.")
    return bool(_READERS[name](event) == value)


def _word(value: bool) -> str:
    return "true" if value else "false"


def _shown(event: Recorded) -> dict[str, Any]:
    return {
        "EventId": event.event_id,
        "EventName": event.name,
        "ReadOnly": _word(event.read_only),
        "AccessKeyId": event.access_key_id,
        "EventTime": event.moment.timestamp(),
        "EventSource": event.source,
        "Username": event.username,
        "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in event.resources],
        "CloudTrailEvent": event.text,
    }
