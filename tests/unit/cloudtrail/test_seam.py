"""Events are counted from few fields as they would be from whole records, and at the cutover the new trail must have
what the old one saw."""

import gzip
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from onetrail.cloudtrail.digests.seam import SeamCheck, SeamState
from onetrail.cloudtrail.events import Event, LogContent, content_of
from onetrail.cloudtrail.gzipped import gunzip_single
from onetrail.cloudtrail.records import EventIdentity, LogFormatError, event_identity, iter_records

NINE = datetime(2026, 1, 12, 9, tzinfo=UTC)


def packed(*records: Any) -> bytes:
    return gzip.compress(json.dumps({"Records": list(records)}).encode(), mtime=0)


def content(*records: Any) -> LogContent:
    return content_of(gunzip_single(packed(*records)))


RECORDS: list[dict[str, Any]] = [
    {
        "eventID": "e",
        "recipientAccountId": "044455556666",
        "awsRegion": "eu-west-1",
        "eventTime": "2026-01-12T09:00:00Z",
    },
    {"eventVersion": "1.01", "eventID": "e", "userIdentity": {"accountId": "1"}},
    {"eventVersion": "1.01", "eventID": "e"},
    {"eventId": "e", "accountId": "2"},  # aggregated events
    {"eventID": "e", "recipientAccountId": "3", "insightDetails": {"eventID": "inner"}},
    {"eventID": "e", "userIdentity": "odd"},  # a type that the fast reader refuses
    {"eventID": 5, "eventTime": 7, "awsRegion": None},
    {"eventName": "GetBucketAcl"},
    {"eventID": "e", "eventTime": "yesterday"},
]


def test_what_is_read_fast_is_what_whole_records_say() -> None:
    """One file for each record, and one of all: the tolerant reader is the measure."""
    plain = [RECORDS[0], RECORDS[0] | {"eventID": "f", "eventTime": "2026-01-13T00:00:00Z"}]
    for records in [RECORDS, plain, *([one] for one in RECORDS)]:
        found = content(*records)
        whole = list(iter_records(packed(*records)))
        assert [event.identity for event in found.events] == [event_identity(record) for record in whole]
        assert found.days == Counter((event.region, event.day) for event in found.events)
        marks = [event.mark for event in found.events]
        assert found.nameless == marks.count(0)
        assert sorted(mark for day in found.marks.values() for mark in day) == sorted(filter(None, marks))
    first = content(RECORDS[0]).events[0]
    assert first == Event(EventIdentity("e", "044455556666"), "eu-west-1", "2026-01-12T09:00:00Z")
    assert (first.day, content(RECORDS[8]).events[0].day) == (date(2026, 1, 12), None)


@pytest.mark.parametrize("unpacked", [b"", b"no JSON", b"[]", b'{"Records": 1}', b'{"Records": [1]}', b"{", b"\xff"])
def test_what_is_no_log_file_is_said_to_be_none(unpacked: bytes) -> None:
    with pytest.raises(LogFormatError):
        content_of(unpacked)


UUID = "6f1b2c3d-0a1b-4c2d-8e3f-0123456789ab"


@pytest.mark.parametrize(
    "other",
    [
        (UUID, "2"),  # another account
        ("7f1b2c3d-0a1b-4c2d-8e3f-0123456789ab", "1"),  # the first half differs
        ("6f1b2c3d-0a1b-4c2d-8e3f-0123456789ac", "1"),  # the last half differs
        ("zz1b2c3d-0a1b-4c2d-8e3f-0123456789ab", "1"),  # no UUID, as long as one
        ("e", "1"),
        ("e" * 4000, "1"),
        ("0" * 36, "1"),
        ("\ud800", "1"),  # what no encoding takes
    ],
)
def test_an_event_s_mark_is_that_of_its_id_and_account(other: tuple[str, str]) -> None:
    """Always the same 64 bits, in any process, and never 0, which says that there is no identity. Twin: another id or
    account."""
    first = Event(EventIdentity(UUID, "1"), "", "").mark
    assert first == Event(EventIdentity(UUID, "1"), "eu-west-1", "later").mark == 1718245431689278192
    assert first != Event(EventIdentity(*other), "", "").mark
    assert 0 < Event(EventIdentity(*other), "", "").mark < 2**64
    assert Event(None, "", "").mark == 0


def given_events(*minutes: int, names: str = "", region: str = "eu-west-1") -> list[Event]:
    times = [NINE + timedelta(minutes=minute) for minute in minutes]
    words = names or "".join(chr(ord("a") + minute % 26) for minute in minutes)
    return [
        Event(EventIdentity(name, "1"), region, f"{when:%Y-%m-%dT%H:%M:%SZ}")
        for name, when in zip(words, times, strict=True)
    ]


def crossing(old: list[Event], new: list[Event], **said: Any) -> Any:
    check = SeamCheck("1", "eu-west-1", NINE + timedelta(minutes=5), NINE + timedelta(minutes=65))
    check.add(old, new=False)
    check.add(new, new=True)
    return check.seam(**said)


@pytest.mark.parametrize(
    ("old", "new", "state", "counts"),
    [
        # the new trail has all that the old one saw from the new one's first event on
        (given_events(0, 10, 20, 30), given_events(10, 20, 30, 40), SeamState.MATCHED, (3, 0, 0)),
        # and sees more, such as what global services do
        (given_events(0, 10, 30), given_events(10, 20, 30, 40), SeamState.MATCHED, (2, 0, 1)),
        # it lacks one of the middle
        (given_events(0, 10, 20, 30), given_events(10, 30, 40), SeamState.LACKING, (2, 1, 0)),
        # it lacks the old one's last
        (given_events(0, 10, 30), given_events(10, 40), SeamState.LACKING, (1, 1, 0)),
        # of the first second nobody can say which came first
        (given_events(10, 10, names="xb"), given_events(10, 40, names="bz"), SeamState.MATCHED, (1, 0, 0)),
        # the same id in another region's record is no event of this region
        (given_events(10, 20), given_events(10) + given_events(20, region="us-east-1"), SeamState.LACKING, (1, 1, 0)),
        # the old trail had ended
        (given_events(0, 1), given_events(10, 20), SeamState.APART, (0, 0, 0)),
    ],
)
def test_a_cutover_is_judged_by_the_events_of_the_time_in_which_both_recorded(
    old: list[Event], new: list[Event], state: SeamState, counts: tuple[int, int, int]
) -> None:
    seam = crossing(old, new)
    assert (seam.state, (seam.both, seam.only_old, seam.only_new)) == (state, counts)
    assert len(seam.lacking) == seam.only_old


def test_where_nothing_happened_the_digests_say_how_far_both_reached() -> None:
    """Twin: digests that do not meet."""
    said = {"digests_from": NINE, "digests_until": NINE + timedelta(hours=2)}
    assert crossing([], [], **said).state is SeamState.QUIET
    assert crossing([], [], **said).overlap == timedelta(hours=2)
    assert crossing([], [], digests_from=NINE, digests_until=NINE - timedelta(hours=1)).state is SeamState.APART


def test_only_files_near_the_seam_are_kept() -> None:
    """Half an hour beyond the other side's: events reach a file up to about 15 minutes late."""
    check = SeamCheck("1", "eu-west-1", NINE, NINE + timedelta(hours=1))
    assert check.wants(NINE - timedelta(minutes=29), new=False)
    assert not check.wants(NINE - timedelta(minutes=31), new=False)
    assert check.wants(NINE + timedelta(minutes=89), new=True)
    assert not check.wants(NINE + timedelta(minutes=91), new=True)
