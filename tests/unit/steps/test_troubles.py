"""Every file that is not simply valid is counted, whatever number of them is named; no state and no reason hides
another."""

import gzip
import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from onetrail.change import FindingState
from onetrail.cloudtrail.digests.conflict import conflict_key
from onetrail.cloudtrail.digests.verdict import FileState as File
from onetrail.cloudtrail.digests.verdict import FileVerdict
from onetrail.cloudtrail.object_key import KeyKind
from onetrail.estate.history.pairing import ObjectPair
from onetrail.progress import unheard
from onetrail.s3.rows import ObjectRow
from onetrail.show.report import page
from onetrail.show.steps import verification as seen
from onetrail.steps.verification import TroubleGroup, check, equality
from onetrail.steps.verification.equality import BucketComparison
from onetrail.steps.verification.left import OriginalSide
from onetrail.steps.verification.region import chains
from onetrail.steps.verification.region.chains import RegionCheck
from onetrail.steps.verification.region.reading import LogOrigin, Notes
from onetrail.steps.verification.region.tally import EventTally
from onetrail.steps.verification.sums import VerificationSums
from onetrail.steps.verification.troubles import MOST_NAMED, MOST_REASONS, OTHER_REASONS, Trouble, Troubles
from tests.unit.show.test_report import given as given_evidence
from tests.unit.steps.test_verification import GOOD, SETTINGS, given

ACCOUNT, REGION = "111122223333", "eu-west-1"
AT = datetime(2026, 1, 12, tzinfo=UTC)
FOLDER = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/01/12/"
CLIENTS: Any = SimpleNamespace(tell=unheard, clock=SimpleNamespace(now=lambda: datetime(2026, 2, 1, tzinfo=UTC)))
LEFT = OriginalSide("acme-eu", ACCOUNT, REGION, None, None)


def log(number: int) -> str:
    return f"{FOLDER}{ACCOUNT}_CloudTrail_{REGION}_20260112T0900Z_{number:016}.json.gz"


def trouble(number: int, state: str = "missing", why: str = "why") -> Trouble:
    return Trouble("acme-eu", ACCOUNT, REGION, "log", state, log(number), why)


def collected(*found: Trouble) -> Troubles:
    troubles = Troubles()
    for one in found:
        troubles.add(one)
    return troubles


def figures(groups: Any) -> dict[str, tuple[int, int]]:
    """State -> files, and how many of them are named."""
    counts: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for one in groups:
        counts[one.state] += one.files
        named[one.state] += len(one.keys)
    return {state: (counts[state], named[state]) for state in counts}


def test_more_than_can_be_named_are_counted_and_no_state_takes_the_names_of_another() -> None:
    many = [trouble(n, state) for state in ("uncompared", "missing", "different") for n in range(250)]
    assert figures(collected(*many, trouble(1, "invalid")).groups()) == {
        "uncompared": (250, MOST_NAMED),
        "missing": (250, MOST_NAMED),
        "different": (250, MOST_NAMED),
        "invalid": (1, 1),
    }


def test_one_reason_does_not_take_the_names_of_another_and_reasons_without_end_are_one() -> None:
    """Such as errors that hold a request id; the sum stays."""
    two = collected(*(trouble(n, why="no chain") for n in range(250)), trouble(999, why="put there"))
    assert [(one.why, one.files, len(one.keys)) for one in two.groups()] == [
        ("no chain", 250, MOST_NAMED),
        ("put there", 1, 1),
    ]
    endless = list(collected(*(trouble(n, why=f"request {n}") for n in range(500))).groups())
    assert len(endless) == MOST_REASONS + 1
    assert sum(one.files for one in endless) == 500
    assert (endless[-1].why, endless[-1].files) == (OTHER_REASONS, 500 - MOST_REASONS)


def group(state: str, files: int, *, kind: str = "log", why: str = "why", bucket: str = "acme-eu") -> TroubleGroup:
    keys = tuple(log(n) for n in range(min(files, MOST_NAMED)))
    return TroubleGroup(bucket, ACCOUNT, REGION, kind, state, why, files, keys)


STATES = (
    group("different", 201),
    group("missing", 350),
    group("uncompared", 464),
    group("unsigned", 560),
    group("unsigned", 300, why="put there"),
)


def test_findings_say_the_true_number_of_each_state() -> None:
    """Of those that cannot all be named one says how many there are; the unsigned are one note with the sum of all
    reasons."""
    found = check(SETTINGS, given(GOOD, troubles=STATES))
    by_id = {name: [one for one in found if one.id == name] for name in {one.id for one in found}}
    for name, state, files in (
        ("06.log-different", FindingState.FINDING, 201),
        ("06.log-missing", FindingState.FINDING, 350),
        ("06.log-uncompared", FindingState.COULD_NOT_LOOK, 464),
    ):
        (one,) = by_id[name]
        assert (one.state, one.resource) == (state, "acme-eu")
        assert one.evidence.startswith(
            f"{files} logs: {name[7:]}: why (acme-eu); the first {MOST_NAMED} are named in the table"
        )
        assert one.evidence.endswith(f"such as {log(0)}")
    (unsigned,) = by_id["06.log-unsigned"]
    assert unsigned.evidence.startswith("860 logs are in the archive, and no signed digest")


def test_a_group_that_is_named_whole_has_no_line_more() -> None:
    """The twin: exactly as many as can be named."""
    found = check(SETTINGS, given(GOOD, troubles=(group("missing", MOST_NAMED),)))
    assert [one.resource for one in found if one.id == "06.log-missing"] == [log(n) for n in range(MOST_NAMED)]


def test_the_table_and_the_report_have_the_true_numbers(tmp_path: Path) -> None:
    observation = given(GOOD, troubles=STATES, unread=(group("unread", 222, why="truncated"),))
    text = seen.troubles(observation).text
    rows = [line.split() for line in text.splitlines()]
    for state, files in (("different", "201"), ("missing", "350"), ("uncompared", "464"), ("unread", "222")):
        assert any(row[:4] == [REGION, "acme-eu", "log", state] and files in row and "200" in row for row in rows)
    assert "201 different, 350 missing, 464 uncompared, 222 unread, 860 unsigned." in text
    assert any(row[:3] == ["all", "1,875", "1,000"] for row in rows)
    html = page(SETTINGS, given_evidence(tmp_path, verified=observation))
    said = re.sub(r"<[^>]+>", " ", html)
    assert "600 of 1,015 files are listed." in said
    assert "200 of 222 files are listed." in said


def pair(number: int, size: int | None, etag: str = "b" * 32) -> ObjectPair:
    row = ObjectRow(log(number), 10, "a" * 32, AT, "STANDARD")
    target = None if size is None else row._replace(size=size, etag=etag)
    return ObjectPair(row, target, row.key, FOLDER)


def test_the_comparison_of_a_bucket_counts_each_state_and_names_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """250 that cannot be compared come first; the one that is missing and the one that differs are named all the
    same."""
    unclear = "a" * 32 + "-2"
    pairs = [
        *(pair(n, 10, unclear) for n in range(250)),
        pair(250, None),
        pair(251, 10),
        pair(252, 10, "a" * 32),
    ]
    monkeypatch.setattr(equality, "as_copied", lambda *_: iter(()))
    monkeypatch.setattr(equality, "beside", lambda *_: iter(pairs))
    retired = OriginalSide("acme-eu", ACCOUNT, REGION, None, SimpleNamespace(format=2))  # type: ignore[arg-type]
    found: BucketComparison = equality.compared(SETTINGS, SimpleNamespace(tell=unheard), retired)  # type: ignore[arg-type]
    assert found.could_not_look == ""
    assert found.states == {"uncompared": 250, "missing": 1, "different": 1, "equal": 1}
    assert figures(found.troubles.groups()) == {
        "uncompared": (250, MOST_NAMED),
        "missing": (1, 1),
        "different": (1, 1),
    }
    (sums,) = [VerificationSums(SETTINGS, [found], [], {})]
    assert sums.troubles() == tuple(sorted(found.troubles.groups()))


def packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


RECORDS = packed(json.dumps({"Records": [{"eventID": "e-1"}]}).encode())
BODIES = {
    "": RECORDS,
    "0 bytes": b"",
    "truncated": RECORDS[:-9],
    "trailing bytes": RECORDS + b"more",
    "a second gzip member follows the first": RECORDS + RECORDS,
    "damaged gzip data": RECORDS[:-8] + b"\0" * 8,
    "not gzip": b"2026-01-12 no log",
    "not JSON": packed(b"no JSON"),
    "records missing": packed(b'{"records": []}'),
    "could not be read: AccessDenied": PermissionError("AccessDenied"),
}


class FakeReader:
    """Gives each log the body of its number, as `others` does."""

    def __init__(self, *_: Any) -> None:
        self.notes, self.first = Notes(), None

    def digests(self, keys: Any) -> Any:
        return iter(())

    def others(self, belows: Any) -> Any:
        bodies = list(BODIES.values())
        for below in belows:
            body = bodies[int(below[-24:-8]) % len(bodies)]
            yield below, body if isinstance(body, Exception) else SimpleNamespace(content=body)


def region(monkeypatch: pytest.MonkeyPatch, moved: int, own: int = 0) -> RegionCheck:
    """A region of which so many logs came from an old bucket and so many from the new trail, no digest among them."""
    rows = [ObjectRow(log(n), 10, "e", AT, "STANDARD") for n in range(moved + own)]
    monkeypatch.setattr(chains, "region_rows", lambda *_: iter(rows))
    monkeypatch.setattr(chains, "codes_of", lambda *_: {log(n): 1 for n in range(moved)})
    monkeypatch.setattr(chains, "RegionReader", FakeReader)
    monkeypatch.setattr(chains, "hot", lambda *_: SimpleNamespace(run=lambda asked: iter(())))
    places = [(LogOrigin("acme-eu", ACCOUNT, REGION, "old/", True), LEFT, frozenset({FOLDER}))]
    return RegionCheck(
        SETTINGS,
        CLIENTS,
        None,
        frozenset(),
        {},
        ACCOUNT,
        REGION,
        places,
        EventTally(),  # type: ignore[arg-type]
    )


def test_a_log_that_holds_no_records_is_named_by_its_key_in_the_old_bucket_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each kind of damage by its own word, and one that could not be had at all. Twin: the log that can be read is not
    among them."""
    one = region(monkeypatch, moved=len(BODIES))
    groups = list(one.run().unread.groups())
    reasons = [why for why in BODIES if why]
    assert [(g.bucket, g.why, g.files, g.keys) for g in groups] == [
        ("acme-eu", why, 1, (f"old/{log(number)}",)) for number, why in enumerate(reasons, start=1)
    ]
    totals = one._tally.totals()
    assert (totals.files, totals.unread) == (len(BODIES), len(reasons))


def test_more_unreadable_and_unsigned_logs_than_can_be_named_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those of the old bucket apart from the archive's own."""
    found = region(monkeypatch, moved=2500, own=20).run()
    totals = {(g.bucket, g.why): (g.files, len(g.keys)) for g in found.unread.groups()}
    assert totals["acme-eu", "truncated"] == (250, MOST_NAMED)
    assert totals[SETTINGS.bucket_name, "truncated"] == (2, 2)
    unsigned = {g.bucket: (g.files, len(g.keys)) for g in found.troubles.groups()}
    assert unsigned == {"acme-eu": (2500, MOST_NAMED), SETTINGS.bucket_name: (20, 20)}
    assert found.logs == {1: {File.UNSIGNED: 2500}, 0: {File.UNSIGNED: 20}}


def test_the_owner_of_another_copy_learns_which_file_and_what_becomes_of_it() -> None:
    """Where the bucket is proven its copy would be sealed and its original deleted, and the finding says so; twins:
    where it is not."""
    files = (group("unread", 1, why="truncated"), group("unread", 201, why="0 bytes", bucket="acme-us"))

    def reported(*buckets: Any) -> list[Any]:
        return [one for one in check(SETTINGS, given(*buckets, unread=files)) if one.id == "06.unread"]

    bad = replace(GOOD, name="acme-us", missing=1)
    first, many = reported(GOOD, bad)
    assert (first.state, first.resource) == (FindingState.NOTE, log(0))
    assert first.evidence.startswith("no records can be read: truncated (acme-eu); ")
    assert "step 07 may delete the original" in first.evidence
    assert many.resource == "acme-us"
    assert many.evidence.startswith("201 logs: no records can be read: 0 bytes (acme-us); its bucket is not proven")
    retired = replace(GOOD, emptied=True, proven_before=True)
    assert "the original is retired" in reported(retired, bad)[0].evidence
    assert "only the archive has it" in reported(bad)[0].evidence


def test_a_log_that_two_digests_name_is_one_log() -> None:
    """In the bucket's figure and in that of its day; a conflict's copy counts for the day of its own log. Twin: two
    logs are two."""
    own = conflict_key("acme-eu", log(2))
    one = RegionCheck(
        SETTINGS,
        CLIENTS,
        None,
        frozenset(),
        {},
        ACCOUNT,
        REGION,  # type: ignore[arg-type]
        [(LogOrigin("acme-eu", ACCOUNT, REGION, "", True), LEFT, frozenset())],
        EventTally(),
    )
    named: set[str] = set()
    for key in (log(1), log(1), own):
        one._take(FileVerdict(key, "acme-eu", key, KeyKind.LOG, File.VALID, ""), {log(1): 1, own: 1}, named)
    assert one.seen.logs == {1: {File.VALID: 2, File.DUPLICATE: 1}}
    assert one.seen.proven == {(ACCOUNT, REGION, date(2026, 1, 12)): 2}
    assert replace(GOOD, logs=one.seen.logs[1]).logs_valid == 2


def test_a_moved_file_that_is_missing_is_counted_once() -> None:
    """The comparison of its bucket has it; a digest that names it tells no second file. Twin: one that no old bucket
    has is named by it."""
    one = RegionCheck(
        SETTINGS,
        CLIENTS,
        None,
        frozenset(),
        {},
        ACCOUNT,
        REGION,  # type: ignore[arg-type]
        [(LogOrigin("acme-eu", ACCOUNT, REGION, "", True), LEFT, frozenset())],
        EventTally(),
    )
    missing = FileVerdict("", "acme-eu", log(1), KeyKind.LOG, File.MISSING, "not there")
    one._take(missing, {log(1): 1}, set())
    assert list(one.seen.troubles.groups()) == []
    assert one.seen.logs == {1: {File.MISSING: 1}}
    one._take(missing, {}, set())
    (group_,) = one.seen.troubles.groups()
    assert (group_.bucket, group_.files, group_.keys) == ("acme-eu", 1, (log(1),))
