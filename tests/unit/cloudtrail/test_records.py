"""Records of every age are counted, and no token is ever handed on."""

import gzip
import json
from typing import Any

import pytest

from onetrail.cloudtrail.records import (
    EventIdentity,
    LogFormatError,
    event_identity,
    iter_records,
)


def packed(document: Any) -> bytes:
    return gzip.compress(json.dumps(document).encode(), mtime=0)


@pytest.mark.parametrize(
    ("record", "identity"),
    [
        ({"eventID": "e", "recipientAccountId": "044455556666"}, EventIdentity("e", "044455556666")),
        (
            {"eventVersion": "1.01", "eventID": "e", "userIdentity": {"accountId": "1"}},
            EventIdentity("e", "1"),
        ),
        ({"eventVersion": "1.01", "eventID": "e"}, EventIdentity("e", "")),
        ({"eventId": "e", "accountId": "2"}, EventIdentity("e", "2")),  # aggregated events
        (
            {"eventID": "e", "recipientAccountId": "3", "insightDetails": {}},
            EventIdentity("e", "3"),
        ),  # no userIdentity
        ({"eventID": "e", "userIdentity": "odd"}, EventIdentity("e", "")),
        ({"eventName": "GetBucketAcl"}, None),
    ],
)
def test_an_event_is_known_by_its_id_and_account(record: dict[str, Any], identity: EventIdentity | None) -> None:
    assert event_identity(record) == identity


def test_no_token_is_handed_on() -> None:
    secret = {"credentials": {"sessionToken": "LIVE", "accessKeyId": "ASIA"}}
    record = {
        "eventID": "e",
        "responseElements": secret,
        "requestParameters": {"X-Amz-Security-Token": "LIVE", "key": "k", "deep": [{"sessionToken": "LIVE"}]},
    }
    (found,) = iter_records(packed({"Records": [record]}))
    assert "LIVE" not in json.dumps(found)
    assert found == {"eventID": "e", "requestParameters": {"key": "k", "deep": [{}]}}


def test_a_file_without_records_is_a_log_file_too() -> None:
    assert list(iter_records(packed({"Records": []}))) == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"plain",
        packed([]),
        packed({}),
        packed({"Records": [1]}),
        gzip.compress(b"{", mtime=0),
        gzip.compress(b"[" * 99999, mtime=0),
        packed({"Records": []}) + b"x",
    ],
)
def test_what_is_no_log_file_is_refused(data: bytes) -> None:
    with pytest.raises(LogFormatError, match="not a log file"):
        list(iter_records(data))
