"""A chain is a value that can be cut anywhere: the parts joined are what one walk over the whole gives, whatever was
done to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onetrail.cloudtrail.digests.chain import ChainCheck
from onetrail.cloudtrail.digests.publickeys import KeyStore
from onetrail.cloudtrail.digests.signature import opened
from onetrail.cloudtrail.digests.timeline import Bounds, Timeline
from onetrail.cloudtrail.digests.verdict import AllowList, DigestObject, FileVerdict, LogRead, ReadStatus
from onetrail.cloudtrail.digests.walk import Stretch, Walk, join, walk
from tests.unit.cloudtrail.signing import (
    BEGIN,
    GROUP,
    HOUR,
    OLD,
    Signed,
    digest_key,
    packed,
    public_key,
    signed_digest,
)

ORGANIZATIONS = ("", "o-aaaaaaaaaa/", "o-bbbbbbbbbb/")
ALLOWED = AllowList(frozenset({OLD}), frozenset({GROUP.identity}))
KEYS = KeyStore([public_key()])


@dataclass(frozen=True)
class Hour:
    """What becomes of one hour of one trail. `names` is how many digests back it names, 0: none, so the chain starts
    anew."""

    trail: int = 0
    names: int = 1
    done: str = "kept"


DONE = (
    "kept",
    "kept",
    "kept",
    "stripped",
    "stripped",
    "gone",
    "damaged",
    "signature changed",
    "twice",
    "stripped twice",
    "unreadable",
    "forged beside",
)
HOURS = st.lists(
    st.builds(
        Hour,
        st.integers(0, 2),
        st.sampled_from((1, 1, 1, 1, 1, 0, 2, 3)),
        st.sampled_from(DONE),
    ),
    max_size=9,
)


@cache
def _signed(at: int, trail: int, before: Signed | None) -> Signed:
    key = digest_key(BEGIN + at * HOUR).replace("AWSLogs/", f"AWSLogs/{ORGANIZATIONS[trail]}")
    return signed_digest(BEGIN + at * HOUR, before, digestS3Object=key)


Signed.__hash__ = lambda self: hash(self.raw)  # type: ignore[method-assign]


def given_objects(hours: Sequence[Hour], together: bool) -> list[DigestObject]:
    """The digests that lie there, the newest first. Trails deliver in turn, or two hours of different trails at one
    time."""
    made: list[Signed] = []
    lying: list[DigestObject] = []
    for number, hour in enumerate(hours):
        before = made[-hour.names] if 0 < hour.names <= len(made) else None
        one = _signed(number // 2 if together else number, hour.trail, before)
        made.append(one)
        lying += [replace(found, bucket=f"place-{number}") for found in _lying(one, hour.done)]
    return sorted(lying, key=lambda found: (found.key.rsplit("_", 1)[-1], found.key, found.bucket), reverse=True)


def _lying(one: Signed, done: str) -> list[DigestObject]:
    plain, stripped = one.object(), one.object(metadata={})
    changed = one.object(metadata={"signature": "00" * 256})
    return {
        "kept": [plain],
        "stripped": [stripped],
        "gone": [],
        "damaged": [one.object(raw_gz=packed(one.raw + b" "), metadata={})],
        "signature changed": [changed],
        "twice": [plain, one.object(key=f"x/{one.key}")],
        "stripped twice": [stripped, one.object(key=f"x/{one.key}", metadata={})],
        "unreadable": [one.object(raw_gz=None)],
        "other algorithm": [one.object(metadata=one.metadata | {"signature-algorithm": "SHA1withRSA"})],
        "unreadable beside": [one.object(raw_gz=None), one.object(key=f"x/{one.key}")],
        "forged beside": [
            stripped,
            one.object(key=f"x/{one.key}", raw_gz=packed(one.raw + b" "), metadata={}),
        ],
    }[done]


def walked(objects: Sequence[DigestObject]) -> Stretch:
    """These objects, walked alone."""
    return walk((opened(one, GROUP, KEYS, ALLOWED) for one in objects), ALLOWED)


def ended(stretch: Stretch) -> tuple[list[FileVerdict], Any]:
    """All verdicts and intervals, where nothing newer comes."""
    one = Walk(ALLOWED)
    settled = [*stretch.settled, *one.absorb(stretch), *one.flush()]
    verdicts = [verdict for place in settled for verdict in place.verdicts()]
    timeline = Timeline(one.runs, one.bad, Bounds(), lambda key: False, ALLOWED)
    return sorted(verdicts, key=repr), (timeline.intervals, sorted(timeline.missing, key=repr))


@given(HOURS, st.integers(0, 9), st.integers(0, 9), st.booleans())
@settings(max_examples=150, deadline=None)
@example(
    [Hour(done="stripped"), Hour(), Hour(1, 2)], 1, 2, False
)  # two digests name one, and a newer part has the other
@example([Hour(), Hour(done="signature changed"), Hour()], 1, 2, False)
@example([Hour(done="twice"), Hour(1, 0, "twice")], 1, 2, True)  # cut among objects of one time
def test_the_parts_joined_are_the_whole(hours: list[Hour], one: int, other: int, together: bool) -> None:
    """Cut at any two places, joined from either side. Twin: the parts that are not joined say less."""
    objects = given_objects(hours, together)
    low, high = sorted((one, other))
    newest, middle, oldest = (walked(part) for part in (objects[:low], objects[low:high], objects[high:]))
    whole = walked(objects)
    assert join(join(oldest, middle, ALLOWED), newest, ALLOWED) == whole
    assert join(oldest, join(middle, newest, ALLOWED), ALLOWED) == whole
    check = ChainCheck(GROUP, lambda *_: LogRead(ReadStatus.MISSING), KEYS, ALLOWED, listed=lambda key: False)
    verdicts = sorted(check.verdicts(objects), key=repr)
    said, (intervals, missing) = ended(whole)
    assert (verdicts, check.chain().intervals) == (sorted([*said, *missing], key=repr), intervals)


CUTS: list[tuple[str, list[Hour]]] = [
    # what happens at a cut behind the newest object, and the hours, the oldest first
    ("what the edge says is not said twice", [Hour(done="gone"), Hour(), Hour()]),
    ("the older part has one that cannot be believed", [Hour(), Hour(done="unreadable"), Hour(), Hour()]),
    (
        "two objects of one digest, of which the older part has the unreadable one",
        [Hour(), Hour(done="unreadable beside")],
    ),
    ("a copy of the newest one is in the older part", [Hour(), Hour(done="twice")]),
    (
        "the newer part proves one in the midst of the older one",
        [Hour(), Hour(done="stripped"), Hour(names=0), Hour(names=2)],
    ),
    (
        "and what that one says comes after a nearer word",
        [Hour(done="gone"), Hour(done="other algorithm"), Hour(names=2, done="stripped"), Hour(names=0), Hour(names=2)],
    ),
    (
        "and that one proves the next",
        [Hour(names=0), Hour(names=0, done="stripped"), Hour(done="stripped"), Hour(names=0), Hour(names=2)],
    ),
    ("which is another trail's", [Hour(2, 0), Hour(1, 0, "stripped"), Hour(0, 1, "stripped"), Hour(2, 0), Hour(0, 2)]),
]


@pytest.mark.parametrize(("what", "hours"), CUTS, ids=[row[0] for row in CUTS])
def test_what_a_newer_part_changes_is_as_in_the_whole(what: str, hours: list[Hour]) -> None:
    """Cut behind the newest object. Twin: the older part alone says something else."""
    objects = given_objects(hours, together=False)
    whole, older = walked(objects), walked(objects[1:])
    assert join(older, walked(objects[:1]), ALLOWED) == whole
    assert older != whole


def test_a_part_alone_leaves_open_what_depends_on_a_newer_one() -> None:
    """The twin of a join: the newest of a part is not settled before its successor is there."""
    objects = given_objects([Hour(done="stripped"), Hour(done="stripped"), Hour()], together=False)
    alone = walked(objects[1:])
    assert [len(alone.open), len(alone.edge), alone.settled] == [1, 1, ()]
    both = join(alone, walked(objects[:1]), ALLOWED)
    assert {found.state for place in both.settled for found in place.objects} == {None}


def test_parts_in_the_wrong_order_are_refused() -> None:
    """The older part comes first. Twin: the two in their order."""
    objects = given_objects([Hour(), Hour()], together=False)
    newer, older = walked(objects[:1]), walked(objects[1:])
    join(older, newer, ALLOWED)
    with pytest.raises(ValueError, match="older part"):
        join(newer, older, ALLOWED)
