"""06: what lies among the logs and is none, and logs of the archive that nothing names, are findings; only what a
digest is still to name is not."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from onetrail.change import Finding, FindingState
from onetrail.cloudtrail.digests.publickeys import KeyStore
from onetrail.cloudtrail.digests.verdict import Chain, Interval, IntervalState
from onetrail.cloudtrail.digests.verdict import FileState as File
from onetrail.s3.rows import ObjectRow
from onetrail.steps.verification import ArchiveChain, BucketVerdict, check
from onetrail.steps.verification.region import chains as module
from onetrail.steps.verification.region.chains import RegionCheck, RegionSeen
from onetrail.steps.verification.region.reading import LogOrigin
from onetrail.steps.verification.troubles import MOST_NAMED, TroubleGroup, Troubles, stray
from tests.unit.steps.test_again import second_look
from tests.unit.steps.test_verification import GOOD, SETTINGS, given

ACCOUNT, REGION = "111122223333", "eu-west-1"
DAY = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/01/12/"
NOW = datetime(2026, 1, 12, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ARCHIVE = SETTINGS.bucket_name
OWN = BucketVerdict(ARCHIVE, "044455556666", "us-east-1", full=True)


def log(stamp: datetime, unique: str = "x") -> str:
    at = f"{stamp:%Y%m%dT%H%MZ}"
    return f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/{stamp:%Y/%m/%d}/{ACCOUNT}_CloudTrail_{REGION}_{at}_{unique}.json.gz"


def reported(found: Iterable[Finding], name: str) -> list[tuple[str, FindingState]]:
    return [(one.resource, one.state) for one in found if one.id == name]


@pytest.mark.parametrize(
    ("key", "size", "odd"),
    [
        (f"{DAY}evil.json.gz", 5, True),
        (f"old/{DAY}evil.json.gz", 5, True),
        (f"{DAY}{ACCOUNT}_CloudTrail_{REGION}_20260112T0900Z_x-2.json.gz", 5, True),
        (log(NOW), 5, False),
        (DAY, 0, False),
        (DAY, 5, True),
        ("README.md", 5, False),
        (f"{DAY}.DS_Store", 5, False),
    ],
)
def test_what_lies_among_the_logs_and_is_none_is_reported(key: str, size: int, odd: bool) -> None:
    """By its place, whatever its name. Twins: the rows beside each other."""
    found = stray("acme-eu", ACCOUNT, REGION, key, size)
    assert (found is not None) is odd
    if found:
        assert (found.key, found.state, "is among the logs" in found.why) == (key, "stray", True)


@pytest.mark.parametrize("files", [1, MOST_NAMED, MOST_NAMED + 3])
def test_each_is_a_finding_by_its_key_and_all_are_counted(files: int) -> None:
    """In an old bucket as in the archive, which stay as good as they were, since it is neither copied nor deleted; too
    many to name are one finding."""
    for bucket in ("acme-eu", ARCHIVE):
        troubles = Troubles()
        for number in range(files):
            odd = stray(bucket, ACCOUNT, REGION, f"{DAY}evil{number:03}", 5)
            assert odd is not None
            troubles.add(odd)
        found = check(SETTINGS, given(GOOD, archive=OWN, troubles=tuple(troubles.groups())))
        names = [f"{DAY}evil{number:03}" for number in range(min(files, MOST_NAMED))]
        named = [(name, FindingState.FINDING) for name in names]
        assert reported(found, "06.stray") == (named if files <= MOST_NAMED else [(bucket, FindingState.FINDING)])
        if files > MOST_NAMED:
            assert [one.evidence for one in found if one.id == "06.stray" and f"{files} " in one.evidence]
    assert reported(check(SETTINGS, given(GOOD, archive=OWN)), "06.stray") == []


def strays(seen: RegionSeen) -> list[str]:
    return [key for group in seen.troubles.groups() if group.state == "stray" for key in group.keys]


def a_check() -> RegionCheck:
    """One account and region of the archive, with a chain whose newest digest ended two hours ago."""
    clients: Any = SimpleNamespace(clock=SimpleNamespace(now=lambda: NOW))
    origin = LogOrigin("acme-eu", ACCOUNT, REGION, "", True)
    places: Any = [(origin, None, frozenset())]
    tally: Any = None
    made = RegionCheck(SETTINGS, clients, KeyStore(), frozenset(), {}, ACCOUNT, REGION, places, tally)
    proven = (Interval(NOW - 30 * HOUR, NOW - 2 * HOUR, IntervalState.PROVEN),)
    made.seen.chains.append(ArchiveChain(Chain(ACCOUNT, REGION, "new", REGION, False, proven, {}, {}), "trail"))
    return made


@pytest.mark.parametrize(
    ("stamp", "moved", "state"),
    [
        # of the new trail's logs those that the next digest names
        (NOW - HOUR, False, "pending"),
        (NOW - 3 * HOUR, False, "unsigned"),
        (NOW - 20 * HOUR, False, "unsigned"),
        (datetime(2021, 3, 4, tzinfo=UTC), False, "unsigned"),
        (NOW + timedelta(minutes=10), False, "pending"),
        (NOW + timedelta(minutes=11), False, "future"),
        (datetime(2099, 1, 1, tzinfo=UTC), False, "future"),
        # a moved one is named by no digest for good
        (NOW - HOUR, True, "unsigned"),
        (datetime(2021, 3, 4, tzinfo=UTC), True, "unsigned"),
        (datetime(2099, 1, 1, tzinfo=UTC), True, "future"),
    ],
)
def test_a_log_that_no_digest_names_is_excused_while_one_may_still_come(
    stamp: datetime, moved: bool, state: str
) -> None:
    """Between both bounds, and only what nobody moved. Twins: the rows beside each other."""
    made, key = a_check(), log(stamp)
    reader: Any = SimpleNamespace(others=lambda present: iter(()))
    made._rest({key: 5}, {key: 1} if moved else {}, set(), reader)
    (one,) = made.seen.troubles.groups()
    assert (one.state, one.bucket) == (state, "acme-eu" if moved else ARCHIVE)
    assert made.seen.logs[1 if moved else 0] == {File.UNSIGNED: 1}


@pytest.mark.parametrize(
    ("bucket", "state", "wanted"),
    [
        (ARCHIVE, "pending", (ARCHIVE, FindingState.NOTE)),
        (ARCHIVE, "unsigned", ("k", FindingState.FINDING)),
        ("acme-eu", "unsigned", ("acme-eu", FindingState.NOTE)),
        (ARCHIVE, "future", ("k", FindingState.FINDING)),
        ("acme-eu", "future", ("k", FindingState.FINDING)),
    ],
)
def test_what_is_reported_of_a_log_that_no_digest_names(
    bucket: str, state: str, wanted: tuple[str, FindingState]
) -> None:
    """A note for what is moved and for what is young; a finding by name for the rest."""
    group = TroubleGroup(bucket, ACCOUNT, REGION, "log", state, "why", 1, ("k",))
    found = check(SETTINGS, given(GOOD, archive=OWN, troubles=(group,)))
    name = "06.log-future" if state == "future" else "06.log-unsigned"
    assert reported(found, name) == [wanted]


def test_the_archives_own_listing_is_looked_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twin: the log beside it."""
    rows = [ObjectRow(key, 5, "e", NOW, "STANDARD") for key in (log(NOW), f"{DAY}evil.json.gz")]
    monkeypatch.setattr(module, "region_rows", lambda *_: iter(rows))
    made = a_check()
    made._listed()
    assert strays(made.seen) == [f"{DAY}evil.json.gz"]


def test_what_comes_among_the_logs_between_two_looks_is_found_by_the_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though no file is read again. Twin: a log that is delivered meanwhile."""
    late = ObjectRow(f"{DAY}evil.json.gz", 5, "e", NOW, "STANDARD")
    _, found = second_look(monkeypatch, lambda world: world.rows.append(late))
    assert found is not None and strays(found) == [late.key]
    _, found = second_look(monkeypatch, lambda world: world.rows.append(late._replace(key=log(NOW))))
    assert found is not None and strays(found) == []
