"""Each half of what 06 decides by two things at once has a case of its own: a bucket's state, comparability, due
buckets, the step's status."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from onetrail.change import FindingState, Requirement
from onetrail.estate.history.pairing import ObjectPair
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.proof.receipt_rows import ListingHash, ProvenRow
from onetrail.estate.proof.receipts import Receipts
from onetrail.estate.status import StepStage
from onetrail.progress import unheard
from onetrail.s3.rows import ObjectRow, VersionRow
from onetrail.steps.verification import check, equality, status
from onetrail.steps.verification import left as module
from onetrail.steps.verification.left import OriginalSide
from onetrail.steps.verification.propose import due
from onetrail.steps.verification.region.tally import EventTotals
from onetrail.steps.verification.status import Covered, status_of
from tests.unit.steps.test_verification import GOOD, SETTINGS, given

ACCOUNT, REGION = "111122223333", "eu-west-1"
AT = datetime(2026, 1, 12, tzinfo=UTC)
KEY = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/01/12/{ACCOUNT}_CloudTrail_{REGION}_20260112T0900Z_aaaaaaaaaaaaaaaa.json.gz"  # noqa: E501
OLD = OldBucket("old", ACCOUNT, REGION)
EMPTIED: Any = SimpleNamespace(emptied=True, versioned=False, kms=False)
RECEIPT: Any = SimpleNamespace(bucket="old", account=ACCOUNT, region=REGION, format=2)

EARLIER: Any = SimpleNamespace(bucket="old", account=ACCOUNT, region=REGION, format=1)


def compared(monkeypatch: pytest.MonkeyPatch, left: OriginalSide, etag: str, settings: Any = SETTINGS) -> Any:
    """One log beside a copy of the same size whose ETag is of other bytes, or the same."""
    row = ObjectRow(KEY, 10, "a" * 32, AT, "STANDARD")
    versions = [VersionRow(KEY, str(n), n == 0, n == 1, 10, "e", AT, "STANDARD") for n in range(3)]
    monkeypatch.setattr(equality, "as_copied", lambda *_: iter(()))
    monkeypatch.setattr(equality, "beside", lambda *_: iter([ObjectPair(row, row._replace(etag=etag), KEY, "")]))
    monkeypatch.setattr(equality, "list_versions", lambda *_: iter(versions))
    monkeypatch.setattr(equality, "hot", lambda *_: None)
    read = [SimpleNamespace(equal=True, error="")]
    monkeypatch.setattr(equality, "compare_bytes", lambda *_: iter(read))
    return equality.compared(settings, SimpleNamespace(tell=unheard), left)  # type: ignore[arg-type]


def bucket(**said: Any) -> Any:
    return SimpleNamespace(**{"emptied": False, "versioned": False, "kms": False, **said})


@pytest.mark.parametrize(
    ("left", "states"),
    [
        (OriginalSide("old", ACCOUNT, REGION, EMPTIED), {}),  # an emptied bucket of which nothing is known
        (
            OriginalSide("old", ACCOUNT, REGION, EMPTIED, RECEIPT),
            {"equal": 1},
        ),  # one whose receipt says what it held
        (OriginalSide("old", ACCOUNT, REGION, bucket()), {"equal": 1}),  # one that stands
    ],
)
def test_only_an_emptied_bucket_without_a_receipt_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, left: OriginalSide, states: dict[str, int]
) -> None:
    assert compared(monkeypatch, left, "a" * 32).states == states


@pytest.mark.parametrize(
    ("kms", "key", "read_both"),
    [(False, "none", 0), (True, "none", 1), (False, "own", 1)],
)
def test_etags_are_compared_only_where_neither_side_is_under_a_key(
    monkeypatch: pytest.MonkeyPatch, kms: bool, key: str, read_both: int
) -> None:
    """Else both bodies are read; and the other ETag then proves nothing."""
    settings = (
        SETTINGS.with_values(kms_key=key)
        if key == "none"
        else SimpleNamespace(kms_key=key, log_account=SETTINGS.log_account, bucket_name="archive", home_region=REGION)
    )
    found = compared(monkeypatch, OriginalSide("old", ACCOUNT, REGION, bucket(kms=kms)), "b" * 32, settings)
    assert found.read_both == read_both
    assert found.states == ({"equal": 1} if read_both else {"different": 1})


@pytest.mark.parametrize(
    ("left", "there", "state"),
    [
        # retired: the copy is the one that was proven, or it is another one
        (OriginalSide("old", ACCOUNT, REGION, bucket(emptied=True), RECEIPT), "c" * 32, "equal"),
        (OriginalSide("old", ACCOUNT, REGION, bucket(emptied=True), RECEIPT), "d" * 32, "different"),
        (OriginalSide("old", ACCOUNT, REGION, None, RECEIPT), "c" * 32, "equal"),  # deleted
        # an earlier release kept no ETag of the copy: the old object's own counts, which under a key proves nothing
        (OriginalSide("old", ACCOUNT, REGION, bucket(emptied=True, kms=True), EARLIER), "c" * 32, "uncompared"),
    ],
)
def test_a_retired_bucket_is_known_by_the_etags_that_its_copies_had(
    monkeypatch: pytest.MonkeyPatch, left: OriginalSide, there: str, state: str
) -> None:
    """Its trail, which alone said that it was under a key, is gone, and the ETags of its objects were no MD5."""
    proven = [ProvenRow(KEY, 10, "a" * 32, AT, KEY, "v1", "c" * 32)]
    asked: list[bool] = []

    def beside(settings: Any, clients: Any, left: Any, listed: Any, comparable: bool) -> Any:
        asked.append(comparable)
        return iter([ObjectPair(row, row._replace(etag=there), KEY, "") for row in listed])

    monkeypatch.setattr(module, "proven_rows", lambda *_: iter(proven))
    monkeypatch.setattr(equality, "beside", beside)
    found = equality.compared(SETTINGS, SimpleNamespace(tell=unheard), left)  # type: ignore[arg-type]
    assert found.states == {state: 1}
    assert asked == [state != "uncompared"]
    whole = ListingHash()
    whole.add(KEY, 10, "a" * 32, AT)
    assert found.listing.hexdigest() == whole.hexdigest(), "the hash is over what the bucket itself had"


@pytest.mark.parametrize(
    ("left", "versions"),
    [
        (OriginalSide("old", ACCOUNT, REGION, bucket(versioned=True)), (1, 1)),
        (OriginalSide("old", ACCOUNT, REGION, bucket()), (0, 0)),
        (OriginalSide("old", ACCOUNT, REGION, bucket(versioned=True), RECEIPT), (0, 0)),
        (OriginalSide("old", ACCOUNT, REGION), (0, 0)),
    ],
)
def test_older_versions_and_markers_are_counted_where_a_bucket_that_stands_has_versions(
    monkeypatch: pytest.MonkeyPatch, left: OriginalSide, versions: tuple[int, int]
) -> None:
    """The newest version and the delete marker count as no older version."""
    found = compared(monkeypatch, left, "a" * 32)
    assert (found.old_versions, found.delete_markers) == versions


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({}, True),
        ({"missing": 1}, False),
        ({"emptied": True}, False),
        ({"proven_before": True}, False),
        ({"proven_before": True, "half_emptied": True}, True),
    ],
)
def test_a_bucket_is_due_where_it_is_good_stands_and_was_not_proven_whole_before(
    said: dict[str, Any], wanted: bool
) -> None:
    assert due(replace(GOOD, **said)) is wanted


@pytest.mark.parametrize(
    ("totals", "reported"),
    [
        (EventTotals(2, records=4, events=4), False),
        (EventTotals(2, records=4, events=3), True),  # an event that two records tell
        (EventTotals(2, records=4, events=4, same_content=1), True),  # a file that repeats another
        (EventTotals(2, records=4, events=3, nameless=1), False),  # a record without an id repeats nothing
    ],
)
def test_repeated_events_or_repeated_files_are_reported(totals: EventTotals, reported: bool) -> None:
    found = {f.id: f.state for f in check(SETTINGS, given(GOOD, events=totals))}
    assert found.get("06.repeated") is (FindingState.NOTE if reported else None)


RECEIPTS = Receipts(held={"old": RECEIPT})


@pytest.mark.parametrize(
    ("estate", "receipts", "covered", "sealed", "stage", "line"),
    [
        (OldEstate((), (), (OLD,)), RECEIPTS, Covered(True, ""), True, StepStage.DONE, "every old bucket is proven"),
        (OldEstate((), (), (OLD,)), RECEIPTS, Covered(True, "it changed"), True, StepStage.OPEN, "old: it changed"),
        (
            OldEstate((), (), (OLD,)),
            RECEIPTS,
            Covered(False, "AccessDenied"),
            True,
            StepStage.UNKNOWN,
            "old: AccessDenied",
        ),
        (OldEstate((), (), (OLD,)), RECEIPTS, Covered(True, ""), False, StepStage.OPEN, "not sealed"),
        (OldEstate((), (), (OLD,)), Receipts(), Covered(True, ""), True, StepStage.OPEN, "old: not proven yet"),
        (
            OldEstate((), (), (OLD,)),
            Receipts(broken={"old": "cut"}),
            Covered(True, ""),
            True,
            StepStage.OPEN,
            "old: cut",
        ),
        (OldEstate((), (), (OLD,)), Receipts(could_not_look="no"), Covered(True, ""), True, StepStage.UNKNOWN, "no"),
        (
            OldEstate((), (), (OLD,), could_not_look=("blind",)),
            RECEIPTS,
            Covered(True, ""),
            True,
            StepStage.UNKNOWN,
            "blind",
        ),
        (OldEstate((), (), ()), Receipts(), Covered(True, ""), True, StepStage.OPEN, "no old bucket was proven"),
        (
            OldEstate((), (), (OLD, replace(OLD, name="other"))),
            Receipts(),
            Covered(True, ""),
            True,
            StepStage.OPEN,
            "old: not proven yet (and 1 more)",
        ),
    ],
)
def test_the_step_is_done_only_where_every_bucket_is_covered_and_the_archive_is_sealed(
    monkeypatch: pytest.MonkeyPatch,
    estate: OldEstate,
    receipts: Receipts,
    covered: Covered,
    sealed: bool,
    stage: StepStage,
    line: str,
) -> None:
    """What could not be read is not known, whatever else holds."""
    monkeypatch.setattr(status, "sealed", lambda _: Requirement(sealed, "" if sealed else "not sealed"))
    said = status_of(SimpleNamespace(), estate, receipts, lambda _: covered)  # type: ignore[arg-type]
    assert said.stage is stage
    assert said.line.startswith(line)
