"""Each event counts once however often it came, a lost day is a cross, and an event that the new trail lacks is a
finding."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from onetrail.change import FindingState
from onetrail.cloudtrail.digests.chain import looked_at
from onetrail.cloudtrail.digests.seam import Seam, SeamState
from onetrail.cloudtrail.digests.verdict import LogRead, ReadStatus
from onetrail.show import coverage as seen
from onetrail.steps.verification import DayCoverage, check
from onetrail.steps.verification.region import tally
from onetrail.steps.verification.region.events import RegionEvents
from onetrail.steps.verification.region.tally import EventTally, EventTotals
from tests.unit.steps.test_verification import GOOD, SETTINGS, given

NINE = datetime(2026, 1, 12, 9, tzinfo=UTC)


def packed(*numbers: int, day: int = 12) -> bytes:
    records = [
        {"eventID": f"e-{n}", "awsRegion": "eu-west-1", "eventTime": f"2026-01-{day}T09:00:00Z"} for n in numbers
    ]
    return gzip.compress(json.dumps({"Records": records}).encode(), mtime=0)


FOLDER = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/12/"


def looked_into(counting: EventTally, below: str, *bodies: bytes) -> list[LogRead]:
    """What reading each of these bodies of one log said of it, while its events were counted."""
    region = RegionEvents(counting, "archive", "111122223333", "eu-west-1", (), {}, lambda below, why: None)
    return [region.looked_into(below, LogRead(ReadStatus.FOUND, body, below)) for body in bodies]


BODY = packed(1, 2)


@pytest.mark.parametrize("body", [BODY, BODY + BODY, BODY[:-9], b"", gzip.compress(b"no JSON", mtime=0)])
def test_a_log_that_is_unpacked_once_has_the_hash_or_fault_that_the_proof_alone_finds(body):
    """Also at its second reading, which counts for nothing."""
    with EventTally() as counting:
        first, second = looked_into(counting, f"{FOLDER}1.json.gz", body, body)
        assert first == second == looked_at(LogRead(ReadStatus.FOUND, body, f"{FOLDER}1.json.gz"))
        assert counting.totals().files == 1


@pytest.mark.parametrize("held", [10**6, 1], ids=["in memory", "on disk"])
def test_an_event_counts_once_however_often_it_was_delivered(monkeypatch, held):
    """The same counts whether they fit into memory or not, and nothing is left on the disk."""
    monkeypatch.setattr(tally, "_HELD", held)
    with EventTally() as counting:
        for number, body in enumerate(
            (packed(1, 2, 3), packed(3, 4), packed(1, 2, 3), packed(5, day=13), b"no log", packed())
        ):
            looked_into(counting, f"{FOLDER}{number}.json.gz", body)
        folder = counting._folder.name if counting._folder else ""
        totals = counting.totals()
    assert totals == EventTotals(
        files=6,
        unread=1,
        records=9,
        events=5,
        nameless=0,
        same_content=1,
        days=((("eu-west-1", date(2026, 1, 12)), 8), (("eu-west-1", date(2026, 1, 13)), 1)),
    )
    assert totals.repeated == 4
    assert bool(folder) == (held == 1)
    assert not folder or not Path(folder).exists()


def test_records_are_counted_by_their_own_region_and_day():
    one = {"eventID": "a", "awsRegion": "us-east-1", "eventTime": "2023-05-01T23:59:59Z"}
    records = [
        one,
        one,
        {**one, "eventID": "b", "eventTime": "2023-05-02T00:00:00Z"},
        {"awsRegion": "eu-west-1"},
    ]
    with EventTally() as counting:
        looked_into(counting, f"{FOLDER}1.json.gz", gzip.compress(json.dumps({"Records": records}).encode(), mtime=0))
        found = counting.totals()
    assert (found.records, found.events, found.nameless) == (4, 2, 1)
    assert dict(found.days) == {
        ("eu-west-1", None): 1,
        ("us-east-1", date(2023, 5, 1)): 2,
        ("us-east-1", date(2023, 5, 2)): 1,
    }


def given_a_seam(state, **said):
    return Seam("111122223333", "eu-west-1", state, NINE, NINE + timedelta(minutes=95), **said)


@pytest.mark.parametrize(
    ("seam", "state", "words"),
    [
        (given_a_seam(SeamState.MATCHED, both=13), FindingState.OK, "95 minutes; 13 events"),
        (given_a_seam(SeamState.QUIET), FindingState.OK, "no event of the old one falls into that time"),
        (
            given_a_seam(SeamState.LACKING, only_old=1, lacking=("e-7",)),
            FindingState.FINDING,
            "compare their event selectors: e-7",
        ),
        (given_a_seam(SeamState.APART), FindingState.NOTE, "no record covers the time between"),
    ],
)
def test_the_cutover_is_a_finding_only_where_the_new_trail_lacks_events(seam, state, words):
    found = next(f for f in check(SETTINGS, given(GOOD, seams=(seam,))) if f.id == "06.seam")
    assert found.state is state
    assert words in found.evidence
    assert found.region in seen.seams(given(GOOD, seams=(seam,))).text


TOTALS = EventTotals(4, 0, 9, 5, 0, 1, ((("eu-west-1", date(2026, 1, 12)), 8), (("", None), 1)))


def test_repeated_events_are_reported_and_no_fault():
    """Twin: with nothing repeated there is no such line; a check that is not full counts nothing."""
    found = {f.id: f for f in check(SETTINGS, given(GOOD, events=TOTALS))}
    assert found["06.repeated"].state is FindingState.NOTE
    assert found["06.events"].evidence == "9 records in 4 log files, 5 distinct events"
    plain = TOTALS._replace(events=9, same_content=0)
    assert "06.repeated" not in {f.id for f in check(SETTINGS, given(GOOD, events=plain))}
    text = seen.events(given(GOOD, events=TOTALS)).text
    assert "9 records in 4 log files have 5 events; 4 repeat an event of another record" in text
    assert "none named" in text
    assert "Only a full check" in seen.events(given(GOOD)).text


CELLS = tuple(
    DayCoverage("111122223333", region, date(2025, 3, day), 5, 5, 5, unsigned, 0)
    for region, unsigned in (("eu-west-1", 0), ("us-east-1", 5))
    for day in (1, 2, 4)
)


def test_the_calendar_has_its_numbers_and_lists_what_is_lost():
    """Twin: without a loss nothing is listed. The same days are the same picture, a lost day is another."""
    whole, again = (seen.coverage(given(GOOD, coverage=CELLS)) for _ in range(2))
    assert whole.png.startswith(b"\x89PNG")
    assert whole.png == again.png
    rows = [line.split() for line in whole.numbers.text.splitlines()]
    assert ["eu-west-1", "3", "3", "0", "3", "0", "15", "15", "0", "0"] in rows
    assert ["us-east-1", "3", "3", "0", "0", "3", "15", "15", "15", "0"] in rows
    assert ["all", "6", "6", "0", "3", "3", "30", "30", "15", "0"] in rows
    lost = seen.coverage(given(GOOD, coverage=(*CELLS[:-1], CELLS[-1]._replace(after=4))))
    assert lost.png != whole.png
    assert "1 log of the old buckets has no equal copy in the archive." in lost.numbers.text
    assert "2025-03-04  111122223333 us-east-1" in lost.numbers.html
    assert "fewer logs" not in whole.numbers.html


def test_while_the_step_waits_nothing_is_drawn():
    waiting = replace(given(ready=False))
    for shown in (seen.coverage(waiting), seen.events(waiting), seen.seams(waiting)):
        assert "waiting for 05: still copying." in shown.text
