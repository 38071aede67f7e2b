"""What 07 sees of one old bucket: each object, version, upload and writer is counted as what it is, and a refused look
is said."""

import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from onetrail.aws.panel import LinesPanel
from onetrail.aws.remembered import Remembered
from onetrail.cloudtrail.trail import Trail, TrailStatus
from onetrail.errors import OnetrailError
from onetrail.estate.copier_role import RolePart
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.proof.receipts import Receipts
from onetrail.estate.status import Status, StepStage
from onetrail.iam.build import old_bucket_emptied
from onetrail.looked import There, Unread
from onetrail.progress import unheard
from onetrail.s3.rows import ObjectRow
from onetrail.settings import Settings
from onetrail.steps.retirement.counterparts import CopyProblem, HeldCounts
from onetrail.steps.retirement.observe import RetirementObservation, _covered, observe, retiring
from onetrail.steps.retirement.retiring import Retiring

module = sys.modules[retiring.__module__]
NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
SOURCE = "111122223333"
SETTINGS = Settings.from_file(Path(__file__).parents[3] / "parameters" / "practice.yaml")
BUCKET = OldBucket("acme-eu", SOURCE, "eu-west-1")
LOG = f"AWSLogs/{SOURCE}/CloudTrail/eu-west-1/2026/01/05/{SOURCE}_CloudTrail_eu-west-1_20260105T0005Z_AbCdEfGhIjKlMnOp.json.gz"  # noqa: E501
TRAIL = Trail(
    "audit",
    f"arn:aws:cloudtrail:eu-west-1:{SOURCE}:trail/audit",
    SOURCE,
    "eu-west-1",
    "acme-eu",
    validation=False,
    status=TrailStatus(is_logging=True),
)


def a_row(key: str, at: datetime = NOW) -> ObjectRow:
    return ObjectRow(key, 9, "etag", at, "STANDARD", "")


def a_version(*, marker: bool = False, latest: bool = True, id: str = "v1") -> Any:
    return SimpleNamespace(
        key=LOG, size=9, etag="etag", last_modified=NOW, is_marker=marker, is_latest=latest, version_id=id
    )


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`seen(bucket, rows=..., versions=..., uploads=..., trails=..., receipts=...)`: the bucket as 07 sees it."""

    def of(
        bucket: OldBucket = BUCKET,
        rows: Iterable[ObjectRow] | Exception = (),
        versions: Iterable[Any] = (),
        uploads: Any = None,
        trails: tuple[Trail, ...] = (),
        receipts: Receipts | None = None,
    ) -> Retiring:
        asked: dict[str, Any] = {}

        def listed(*_: Any) -> Any:
            if isinstance(rows, Exception):
                raise rows
            return iter(rows)

        def beside_its_receipt(*_: Any) -> tuple[str, HeldCounts]:
            return "the bucket changed after it was proven", HeldCounts(CopyProblem(LOG, "a delete marker hides it"))

        def multipart(*_: Any, **said: Any) -> Any:
            asked.update(said)
            return There([]) if uploads is None else uploads

        monkeypatch.setattr(module, "hot", lambda *_: None)
        monkeypatch.setattr(module, "list_objects", listed)
        monkeypatch.setattr(module, "list_versions", lambda *_: iter(versions))
        monkeypatch.setattr(module, "pages", multipart)
        monkeypatch.setattr(module, "_covered_by", beside_its_receipt)
        clients = cast(
            Any, SimpleNamespace(client=lambda *_: None, tell=unheard, clock=SimpleNamespace(now=lambda: NOW))
        )
        found = retiring(SETTINGS, clients, OldEstate((), trails, (bucket,)), bucket, receipts or Receipts())
        if not isinstance(rows, Exception):
            assert asked == {"Bucket": "acme-eu", "ExpectedBucketOwner": SOURCE}
        return found

    return of


def test_a_bucket_is_what_its_listing_counts(seen: Any) -> None:
    """Objects, bytes, the newest, and what is not CloudTrail's, of which five are named; twin: an empty one."""
    odd = [a_row(f"mine-{number}") for number in range(6)]
    found = seen(rows=[a_row(LOG, NOW.replace(day=2)), *odd])
    assert (found.objects, found.size, found.newest, found.foreign) == (7, 63, NOW.replace(day=2), 6)
    assert found.foreign_named == tuple(f"mine-{number}" for number in range(5))
    empty = seen()
    assert (
        empty.objects,
        empty.size,
        empty.newest,
        empty.foreign,
        empty.foreign_named,
        empty.past.objects,
    ) == (0, 0, None, 0, (), 0)
    assert (
        empty.old_versions,
        empty.delete_markers,
        empty.replaceable,
        empty.uploads,
        empty.could_not_look,
    ) == (0, 0, 0, 0, "")


@pytest.mark.parametrize("versioning", ["Enabled", "Suspended", Unread("AccessDenied: no"), ""])
def test_versions_and_markers_are_counted_each_as_what_it_is(seen: Any, versioning: Any) -> None:
    """Looked for unless it is known that there are none."""
    versions = [
        a_version(),
        a_version(latest=False),
        a_version(latest=False),
        a_version(marker=True),
        a_version(marker=True, latest=False, id="null"),
        a_version(id="null"),
        a_version(latest=False, id="null"),
    ]
    found = seen(replace(BUCKET, versioning=versioning), versions=versions)
    counts = (found.old_versions, found.delete_markers, found.replaceable)
    assert counts == ((0, 0, 0) if versioning == "" else (3, 2, 2))


def test_uploads_are_counted_and_refused_ones_are_not_none(seen: Any) -> None:
    """Two, and nobody knows."""
    assert seen(uploads=There([{}, {}])).uploads == 2
    no = Unread("AccessDenied: no")
    refused = seen(uploads=no)
    assert (refused.could_not_look, refused.uploads) == ("ListMultipartUploads: AccessDenied: no", no)
    assert "could not be read" in replace(refused, how="delete").kept[0]


def test_a_listing_that_fails_is_no_empty_bucket(seen: Any) -> None:
    """It says why, and is not proven."""
    found = seen(rows=OnetrailError("ListObjectsV2: AccessDenied"))
    assert (found.objects, found.size, found.uploads, found.past) == (0, 0, 0, (0, 0, ""))
    assert (found.could_not_look, found.listing, found.proven) == ("ListObjectsV2: AccessDenied", "", False)
    assert _covered(found) == (False, "ListObjectsV2: AccessDenied")
    assert _covered(replace(found, could_not_look="", listing="a", receipt_why="changed")) == (
        True,
        "changed",
    )


def test_a_bucket_is_held_beside_its_receipt_until_it_is_retired(seen: Any) -> None:
    """What its receipt and the archive say of it. Twins: an emptied bucket that is closed for good, and one without a
    receipt."""
    held = Receipts(held={"acme-eu": cast(Any, SimpleNamespace(objects=7))})
    found = seen(rows=[a_row(LOG)], receipts=held)
    assert (found.receipt_why, found.lack.partition(";")[0]) == (
        "the bucket changed after it was proven",
        f"{LOG}: a delete marker hides it",
    )
    owner = f"arn:aws:iam::{SOURCE}:role/owner"
    emptied = seen(replace(BUCKET, policy=old_bucket_emptied("aws", "acme-eu", [owner])), receipts=held)
    assert (emptied.receipt_why, emptied.lack) == ("", "")
    bare = seen(rows=[a_row(LOG)])
    assert (bare.receipt_why, bare.lack) == ("no receipt: it is not proven", "")


def test_objects_whose_newest_has_no_date_are_reported(seen: Any) -> None:
    """Twin: an empty listing has no newest one, and nothing is missing."""
    undated = a_row(LOG)._replace(last_modified=cast(Any, None))
    assert seen(rows=[undated]).could_not_look == "its listing does not say when its newest object came"
    assert seen().could_not_look == ""


def test_what_could_not_be_read_of_the_bucket_stays_with_it(seen: Any) -> None:
    """Beside what its own look lacks."""
    blind = replace(BUCKET, could_not_look=("get_bucket_policy: no",))
    assert seen(blind, uploads=Unread("no")).could_not_look == "get_bucket_policy: no; ListMultipartUploads: no"


def test_a_trail_that_still_delivers_is_named(seen: Any) -> None:
    """Twins: one that has delivered everything, and one that feeds another bucket."""
    assert seen(trails=(TRAIL,)).undrained == ("audit",)
    done = replace(TRAIL, status=TrailStatus(is_logging=False, stopped=NOW.replace(day=1, hour=1)))
    assert seen(trails=(done,)).undrained == ()
    assert seen(trails=(replace(TRAIL, bucket="other"),)).undrained == ()


@pytest.mark.parametrize(
    ("statement", "writers"),
    [
        ({"Action": "s3:PutObject"}, ("logs.amazonaws.com",)),
        ({"Action": ["s3:GetObject", "s3:Put*"]}, ("logs.amazonaws.com",)),
        ({"Action": "s3:*"}, ("logs.amazonaws.com",)),
        ({"Action": "*"}, ("logs.amazonaws.com",)),
        ({"Action": "s3:GetObject"}, ()),
        ({"Action": "s3:PutObject", "Effect": "Deny"}, ()),
        ({"Action": "s3:PutObject", "Principal": {"Service": "cloudtrail.amazonaws.com"}}, ()),
        (
            {
                "Action": "s3:PutObject",
                "Principal": {"Service": ["cloudtrail.amazonaws.com", "a.amazonaws.com"]},
            },
            ("a.amazonaws.com",),
        ),
        ({"Action": "s3:PutObject", "Principal": "*"}, ()),
    ],
)
def test_services_that_the_policy_lets_write_are_named(seen: Any, statement: Any, writers: tuple[str, ...]) -> None:
    """Whichever action lets them, and CloudTrail is none of them."""
    whole = {"Effect": "Allow", "Principal": {"Service": "logs.amazonaws.com"}, **statement}
    assert seen(replace(BUCKET, policy={"Statement": [whole]})).other_writers == writers


OWNER, NO_PARTS = There("arn:owner"), There(())


@pytest.fixture
def observed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`observed(owner=..., parts=..., held=...)`: the old estate of one bucket as 07 sees it, and the buckets it
    looked into."""

    def of(owner: Any = OWNER, parts: Any = NO_PARTS, *, held: bool = True) -> tuple[RetirementObservation, list[str]]:
        looked: list[str] = []

        def look(_s: Any, _c: Any, _e: Any, bucket: OldBucket, _r: Any) -> Retiring:
            looked.append(bucket.name)
            return Retiring(bucket, "retain_empty", objects=7)

        receipts = Receipts(
            held={"acme-eu": cast(Any, SimpleNamespace(objects=7)), "gone": cast(Any, SimpleNamespace(objects=7))}
            if held
            else {}
        )
        monkeypatch.setattr(module, "retiring", look)
        monkeypatch.setattr(module, "sealed_receipts", lambda *_: receipts)
        monkeypatch.setattr(module, "owner_of", lambda *_: owner)
        monkeypatch.setattr(module, "standing_parts", lambda *_: parts)
        clients = SimpleNamespace(
            remembered=Remembered(),
            panel=lambda look: LinesPanel(look),
            tell=unheard,
            clock=SimpleNamespace(now=lambda: NOW),
            each=lambda work, items, **_: [work(one) for one in items],
        )
        before = {"06": Status("06", StepStage.OPEN, "not proven yet")}
        return observe(SETTINGS, cast(Any, clients), OldEstate((), (), (BUCKET,)), before), looked

    return of


def test_each_bucket_is_looked_into_once_anything_is_proven(observed: Any) -> None:
    """And what a receipt remembers and is not there is deleted. Twin: with no receipt and 06 open there is nothing to
    look for."""
    found, looked = observed()
    assert ([one.objects for one in found.buckets], looked, found.deleted) == ([7], ["acme-eu"], ("gone",))
    found, looked = observed(held=False)
    assert (found.buckets, looked, found.deleted) == ((), [], ())


def test_who_may_change_an_emptied_bucket_and_what_is_left_of_the_copiers_role_are_named_by_account(
    observed: Any,
) -> None:
    """An account in which nothing of the role stands is not named."""
    found, _ = observed(parts=There((RolePart.ROLE,)))
    assert (found.owners, found.source_copiers) == ({SOURCE: "arn:owner"}, {SOURCE: (RolePart.ROLE,)})
    assert (observed()[0].source_copiers, found.could_not_look) == ({}, ())


def test_an_account_that_could_not_be_looked_at_is_reported_and_is_not_one_without_a_role(observed: Any) -> None:
    """Each of the two looks by itself."""
    found, _ = observed(owner=Unread("AccessDenied"))
    assert found.could_not_look == (f"{SOURCE}: who retires its buckets: GetRole: AccessDenied",)
    assert (found.owners, found.source_copiers) == ({}, {})
    found, _ = observed(parts=Unread("AccessDenied"))
    assert (found.could_not_look, found.source_copiers) == ((f"{SOURCE}: AccessDenied",), {})
