"""The second look of a run reads no file twice, and only while everything that the first one read is listed as it
was."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from onetrail.change import FindingState
from onetrail.cloudtrail.digests.publickeys import PublicKey
from onetrail.cloudtrail.digests.verdict import Chain, TrailIdentity
from onetrail.s3.rows import ObjectHead, ObjectRow
from onetrail.steps.verification import again as module
from onetrail.steps.verification import check
from onetrail.steps.verification.again import Basis, FullLook, again, places_of
from onetrail.steps.verification.left import OriginalSide
from onetrail.steps.verification.region.chains import RegionSeen
from onetrail.steps.verification.region.files import RegionMark
from onetrail.steps.verification.region.reading import LogOrigin, Notes
from onetrail.steps.verification.region.tally import EventTotals
from onetrail.steps.verification.verdict import ArchiveChain
from tests.unit.steps.test_verification import GOOD, SETTINGS, given

ACCOUNT, REGION = "111122223333", "eu-west-1"
NOW = datetime(2026, 1, 12, 12, tzinfo=UTC)
COPIED = NOW - timedelta(hours=2)
FOLDER = f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/01/12/{ACCOUNT}_CloudTrail_{REGION}_20260112T"
OLD, OWN, NEW = (f"{FOLDER}{hour}00Z_x.json.gz" for hour in ("08", "10", "12"))
TRAIL, GONE, STRANGE = (TrailIdentity(ACCOUNT, name, REGION) for name in ("audit", "gone", "strange"))
ENDS = NOW - timedelta(hours=5)
KEY = PublicKey("f" * 32, b"der", COPIED, COPIED, REGION)
PLACES = {
    (ACCOUNT, REGION): [
        (
            LogOrigin("acme-eu", ACCOUNT, REGION, "", True),
            OriginalSide("acme-eu", ACCOUNT, REGION),
            frozenset({"AWSLogs/"}),
        )
    ]
}
EVENTS = EventTotals(files=2, records=2, events=2)
BASIS = Basis({"acme-eu": ("a" * 64, COPIED)}, places_of(PLACES), (KEY,), {TRAIL: ("trail", ENDS)})


def row(key: str, *, size: int = 10, etag: str = "e", at: datetime = COPIED) -> ObjectRow:
    return ObjectRow(key, size, etag, at, "STANDARD")


def chain(trail: TrailIdentity, known: str) -> ArchiveChain:
    return ArchiveChain(Chain(ACCOUNT, REGION, trail.trail, REGION, False, (), {}, {}), known)


@dataclass
class World:
    """What the second look meets: the archive's listing, what the verdicts rest on, the clock, the mode of each
    lock."""

    rows: list[ObjectRow] = field(default_factory=lambda: [row(OLD), row(OWN)])
    basis: Basis = BASIS
    now: datetime = NOW
    mode: str = "COMPLIANCE"
    refused: bool = False
    asked: list[str] = field(default_factory=list)

    def run(self, asked: Iterable[tuple[Any, str]]) -> Iterator[Any]:
        """HEAD of each of these."""
        for _, below in asked:
            self.asked.append(below)
            head = ObjectHead(10, "e", "", "", "v", "", self.mode, "2033-01-01T00:00:00Z", "", "", {}, {})
            error = ClientError({"Error": {"Code": "AccessDenied"}}, "HeadObject") if self.refused else None
            yield SimpleNamespace(context=below, result=head, error=error)


def first_look(world: World) -> FullLook:
    mark = RegionMark()
    for one in world.rows:
        mark.add(one)
    seen = RegionSeen(
        ACCOUNT,
        REGION,
        [chain(TRAIL, "trail"), chain(GONE, "digests")],
        unknown={GONE},
        notes=Notes(Counter({0: 1, 1: 1}), Counter({2: 4})),
        mark=mark,
    )
    return FullLook(NOW, BASIS, (seen,))


def second_look(monkeypatch: pytest.MonkeyPatch, change: Callable[[World], object]) -> tuple[World, RegionSeen | None]:
    world = World()
    kept = first_look(world)
    change(world)
    monkeypatch.setattr(module, "region_rows", lambda *_: iter(world.rows))
    monkeypatch.setattr(module, "codes_of", lambda *_: {OLD: 1})
    monkeypatch.setattr(module, "hot", lambda *_: world)
    clients: Any = SimpleNamespace(
        clock=SimpleNamespace(now=lambda: world.now), each=lambda work, items, at_once: list(map(work, items))
    )
    found = again(SETTINGS, clients, kept, world.basis, PLACES)
    return world, found[0] if found else None


def with_basis(**changes: Any) -> Callable[[World], object]:
    return lambda world: setattr(world, "basis", BASIS._replace(**changes))


def with_rows(*rows: ObjectRow) -> Callable[[World], object]:
    return lambda world: setattr(world, "rows", list(rows))


OTHER_PLACE = [
    (LogOrigin("acme-us", ACCOUNT, REGION, "logs/", True), OriginalSide("", "", ""), frozenset({"AWSLogs/"}))
]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(with_rows(row(OLD, etag="f"), row(OWN)), id="a copy has another ETag"),
        pytest.param(with_rows(row(OLD, size=11), row(OWN)), id="a copy has another size"),
        pytest.param(with_rows(row(OLD, at=NOW), row(OWN)), id="a copy was written over with the same bytes"),
        pytest.param(with_rows(row(OWN)), id="a copy is gone or hidden"),
        pytest.param(with_rows(row(OLD), row(OWN), row(NEW)), id="a file is there with a date of before"),
        pytest.param(with_rows(), id="all is gone"),
        pytest.param(with_basis(listings={"acme-eu": ("b" * 64, COPIED)}), id="an old bucket holds something else"),
        pytest.param(
            with_basis(listings={"acme-eu": ("a" * 64, NOW)}), id="an old object was written over with the same bytes"
        ),
        pytest.param(
            with_basis(places=places_of({(ACCOUNT, REGION): OTHER_PLACE})), id="the logs come from another place"
        ),
        pytest.param(with_basis(keys=()), id="a public key is gone"),
        pytest.param(with_basis(keys=(KEY, replace(KEY, region="us-east-1"))), id="there is another public key"),
        pytest.param(with_basis(trails={}), id="nobody speaks of the trail any more"),
        pytest.param(with_basis(trails={TRAIL: ("receipt", ENDS)}), id="somebody else speaks of the trail"),
        pytest.param(with_basis(trails={TRAIL: ("trail", ENDS - timedelta(hours=1))}), id="the trail ended earlier"),
        pytest.param(with_basis(trails={TRAIL: ("trail", None)}), id="nothing says when the trail ends"),
        pytest.param(with_basis(trails={**BASIS.trails, STRANGE: ("trail", None)}), id="there is another trail"),
        pytest.param(
            with_basis(trails={**BASIS.trails, GONE: ("receipt", ENDS)}),
            id="a trail that only digests spoke of has an end now",
        ),
        pytest.param(
            lambda world: setattr(world, "now", NOW + timedelta(days=1, seconds=1)), id="it is more than a day later"
        ),
        pytest.param(lambda world: setattr(world, "refused", True), id="a lock cannot be read"),
    ],
)
def test_whatever_changed_since_the_first_look_everything_is_read_again(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[World], object]
) -> None:
    """Twin: the tests below."""
    assert second_look(monkeypatch, change)[1] is None


@pytest.mark.parametrize(("mode", "left"), [("COMPLIANCE", {}), ("GOVERNANCE", {0: 1, 1: 1})])
def test_locks_that_were_to_be_raised_are_looked_at_again_and_no_others(
    monkeypatch: pytest.MonkeyPatch, mode: str, left: dict[int, int]
) -> None:
    """As AWS shows them now; of all other places what the first look said holds."""
    world, seen = second_look(monkeypatch, lambda world: setattr(world, "mode", mode))
    assert seen is not None
    assert world.asked == [OLD, OWN]
    assert (seen.notes.unsealed, seen.notes.unlocked, seen.notes.reads) == (left, {2: 4}, {})


def test_what_the_new_trail_delivered_meanwhile_is_counted_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a note of the step, and its lock is looked at. Twin: nothing came, and there is no such note."""
    world, seen = second_look(monkeypatch, with_rows(row(OLD), row(OWN), row(NEW, at=NOW)))
    assert seen is not None
    assert (seen.since, seen.new) == (1, {(ACCOUNT, REGION, date(2026, 1, 12)): 1})
    assert world.asked == [OLD, OWN, NEW]
    reported = {f.id: f for f in check(SETTINGS, given(GOOD, since=1, events=EVENTS))}
    assert reported["06.since"].state is FindingState.NOTE
    assert "1 file was delivered" in reported["06.since"].evidence
    assert "06.since" not in {f.id for f in check(SETTINGS, given(GOOD, events=EVENTS))}


def test_a_trail_may_reach_further_and_one_known_by_digests_alone_may_be_remembered_by_a_receipt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As after the plan, which writes the receipts. Its chain then says who speaks of it."""
    trails = {TRAIL: ("trail", ENDS + timedelta(hours=1)), GONE: ("receipt", None)}
    _, seen = second_look(monkeypatch, with_basis(trails=trails))
    assert seen is not None
    assert [one.known for one in seen.chains] == ["trail", "receipt"]
    assert seen.unknown == set()
