"""A chain is a linked list: trails of one name side by side, each digest joined to the one that it names, and nothing
missing that is there."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from onetrail.cloudtrail.digests.verdict import Chain, DigestPlace, FileState, FileVerdict
from tests.unit.cloudtrail.archive import Archive
from tests.unit.cloudtrail.signing import (
    BEGIN,
    HOUR,
    OLD,
    OLDER,
    Scene,
    Signed,
    digest_key,
    log_key,
    signed_digest,
)

ORGANIZATION, OTHER = "o-abcdefghij", "o-zyxwvutsrq"


def below(organization: str, prefix: str = "") -> Callable[[str], str]:
    """The key that a trail gives what an account's own would have under this key."""
    level = f"AWSLogs/{organization}/" if organization else "AWSLogs/"
    return lambda key: prefix + key.replace("AWSLogs/", level, 1)


class Trails:
    """Trails of one name that deliver into one place, each with a chain of its own."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.made: dict[str, list[Signed]] = {}

    def hours(
        self,
        trail: str,
        *hours: float,
        organization: str = "",
        prefix: str = "",
        anew: bool = False,
        bucket: str = OLD,
        **changes: Any,
    ) -> "Trails":
        """Digests of one trail that end at these hours, the first one linked to its last one unless the chain starts
        `anew`."""
        made = self.made.setdefault(trail, [])
        for number, hour in enumerate(hours):
            end = BEGIN + hour * HOUR
            key = below(organization, prefix)(digest_key(end))
            before = None if not made or (anew and not number) else made[-1]
            made.append(signed_digest(end, before, (), bucket, digestS3Object=key, **changes))
        return self

    def look(self, *gone: tuple[str, float], stripped: bool = False, **options: Any) -> tuple[list[FileVerdict], Chain]:
        """The verdicts, without these digests (trail and hour), or without any metadata but the newest of each
        trail."""
        ends = {(trail, BEGIN + hour * HOUR) for trail, hour in gone}
        newest = {made[-1].key for made in self.made.values()}
        lying = [
            one.object(metadata={} if stripped and one.key not in newest else one.metadata)
            for trail, made in self.made.items()
            for one in made
            if (trail, _end(one)) not in ends
        ]
        self.scene.objects = sorted(lying, key=lambda found: found.key.rsplit("_", 1)[-1])
        for name, value in options.items():
            setattr(self.scene, name, value)
        return self.scene.look()


def _end(one: Signed) -> datetime:
    return datetime.fromisoformat(one.body["digestEndTime"])


def told(chain: Chain) -> list[tuple[str, float | None, float, int]]:
    """Each interval by its state, its hours, and how many digests are missing."""
    return [
        (
            one.state.value,
            None if one.start is None else (one.start - BEGIN) / HOUR,
            (one.end - BEGIN) / HOUR,
            one.missing,
        )
        for one in chain.intervals
    ]


def side_by_side(hours: int = 6) -> Trails:
    """An account's trail and, half an hour later each time, an organization's of one name."""
    both = Trails().hours("account", *range(hours))
    return both.hours("organization", *(hour + 0.5 for hour in range(hours)), organization=ORGANIZATION)


@pytest.mark.parametrize("stripped", [False, True], ids=["with metadata", "after aws s3 sync"])
def test_two_trails_of_one_name_side_by_side_are_proven(stripped: bool) -> None:
    """Each digest is joined to the one that it names, and proven by it. Twins: one of either trail is gone."""
    both = side_by_side()
    verdicts, chain = both.look(stripped=stripped)
    assert [one.state for one in verdicts] == [FileState.VALID] * 12
    assert told(chain) == [("proven", -1, 5.5, 0)]
    assert chain.sound
    for gone in (("account", 2.0), ("organization", 2.5)):
        verdicts, chain = both.look(gone, stripped=stripped)
        missing = [one.original_key for one in verdicts if one.state is FileState.MISSING]
        assert missing == [one.key for one in both.made[gone[0]] if _end(one) == BEGIN + gone[1] * HOUR]
        unproven = 1 if stripped else 0  # the one before it, which nothing quotes now
        assert [one.state for one in verdicts].count(FileState.UNSIGNED) == unproven
        assert ("gap", gone[1] - 1 - unproven, gone[1], 1) in told(chain)
        assert not chain.sound


def changed_in_mid_chain(**changed: Any) -> Trails:
    return Trails().hours("one", 0, 1, 2).hours("one", 3, 4, 5, **changed)


ONE_CHAIN: list[tuple[str, Callable[[], Trails]]] = [
    # what was changed in mid-chain, which stays one chain
    ("a trail converted to an organization's", lambda: changed_in_mid_chain(organization=ORGANIZATION)),
    ("and back", lambda: changed_in_mid_chain(organization=ORGANIZATION).hours("one", 6, 7)),
    (
        "an account that moved to another organization",
        lambda: Trails().hours("one", 0, 1, 2, organization=OTHER).hours("one", 3, 4, 5, organization=ORGANIZATION),
    ),
    ("another key prefix", lambda: changed_in_mid_chain(prefix="more/")),
    ("another bucket", lambda: changed_in_mid_chain(bucket=OLDER)),
    ("all of it at once", lambda: changed_in_mid_chain(prefix="more/", bucket=OLDER, organization=ORGANIZATION)),
    (
        "a trail that begins when the other one ends",
        lambda: Trails().hours("one", 0, 1, 2).hours("two", 3, 4, organization=ORGANIZATION),
    ),
    (
        "a trail that begins while the other one goes on",
        lambda: Trails().hours("one", *range(6)).hours("two", 2, 3, 4, organization=ORGANIZATION),
    ),
    ("three trails at once", lambda: side_by_side().hours("third", *range(6), organization=OTHER)),
    (
        "two trails at the very same times",
        lambda: Trails().hours("one", *range(6)).hours("two", *range(6), organization=ORGANIZATION),
    ),
]


@pytest.mark.parametrize("stripped", [False, True], ids=["with metadata", "after aws s3 sync"])
@pytest.mark.parametrize(("what", "trails"), ONE_CHAIN, ids=[row[0] for row in ONE_CHAIN])
def test_what_goes_on_is_one_proven_time(what: str, trails: Callable[[], Trails], stripped: bool) -> None:
    """No restart and no gap of no length. Twin: the rows of the next table."""
    verdicts, chain = trails().look(stripped=stripped)
    assert {one.state for one in verdicts} == {FileState.VALID}
    assert [one.state.value for one in chain.intervals] == ["proven"]
    assert chain.sound


Intervals = list[tuple[str, float | None, float, int]]
OF_EACH_RUN: list[tuple[str, Trails, tuple[tuple[str, float], ...], Intervals, int]] = [
    # what happened, the trails, the digests that are gone, the intervals, how many are named and not there
    (
        "a digest of one is gone while the other goes on",
        side_by_side(),
        (("account", 2),),
        [("proven", -1, 5.5, 0), ("gap", 1, 2, 1)],
        1,
    ),
    ("two in a row", side_by_side(), (("account", 2), ("account", 3)), [("proven", -1, 5.5, 0), ("gap", 1, 3, 2)], 1),
    (
        "of both at once",
        side_by_side(),
        (("account", 2), ("organization", 2.5)),
        [("proven", -1, 1.5, 0), ("gap", 1, 2, 1), ("gap", 1.5, 2.5, 1), ("proven", 2, 5.5, 0)],
        2,
    ),
    (
        "the oldest of one, which begins in the other's time",
        side_by_side(),
        (("organization", 0.5), ("organization", 1.5)),
        [("gap", None, 1.5, 1), ("proven", -1, 5.5, 0)],
        1,
    ),
    (
        "the newest of one, which nothing shows",
        side_by_side(),
        (("account", 5), ("account", 4)),
        [("proven", -1, 5.5, 0)],
        0,
    ),
    (
        "a restart of one while the other goes on",
        side_by_side()
        .hours("account", 8, 9, anew=True)
        .hours("organization", *(h + 0.5 for h in range(6, 10)), organization=ORGANIZATION),
        (),
        [("proven", -1, 9.5, 0), ("restart", 5, 7, 0)],
        0,
    ),
    (
        "a restart after both had ended",
        side_by_side().hours("account", 9, 10, anew=True),
        (),
        [("proven", -1, 5.5, 0), ("restart", 5, 8, 0), ("proven", 8, 10, 0)],
        0,
    ),
    (
        "another trail after one had ended",
        Trails().hours("one", 0, 1).hours("two", 5, 6, organization=ORGANIZATION),
        (),
        [("proven", -1, 1, 0), ("restart", 1, 4, 0), ("proven", 4, 6, 0)],
        0,
    ),
    (
        "a conversion whose last digest is gone",
        changed_in_mid_chain(organization=ORGANIZATION),
        (("one", 2),),
        [("proven", -1, 1, 0), ("gap", 1, 2, 1), ("proven", 2, 5, 0)],
        1,
    ),
    (
        "and the first one after it too",
        changed_in_mid_chain(organization=ORGANIZATION),
        (("one", 2), ("one", 3)),
        [("proven", -1, 1, 0), ("gap", 1, 3, 2), ("proven", 3, 5, 0)],
        1,
    ),
    (
        "a time that one leaves out",
        side_by_side()
        .hours("account", 9)
        .hours("organization", *(h + 0.5 for h in range(6, 10)), organization=ORGANIZATION),
        (),
        [("proven", -1, 9.5, 0), ("gap", 5, 8, 0)],
        0,
    ),
]


@pytest.mark.parametrize(
    ("what", "trails", "gone", "intervals", "missing"), OF_EACH_RUN, ids=[row[0] for row in OF_EACH_RUN]
)
def test_gaps_and_restarts_are_of_each_run(
    what: str, trails: Trails, gone: tuple[tuple[str, float], ...], intervals: Intervals, missing: int
) -> None:
    """Beside what the other run proves. Twin: the rows of the table above."""
    verdicts, chain = trails.look(*gone)
    assert told(chain) == intervals
    assert [one.state for one in verdicts].count(FileState.MISSING) == missing
    assert chain.sound == (not any(state == "gap" for state, *_ in intervals))


def test_the_end_must_be_reached_by_one_run() -> None:
    """By whichever goes on. Twin: by none."""
    both = side_by_side()
    assert both.look(("account", 5), ("account", 4), expected_end=BEGIN + 5.5 * HOUR)[1].sound
    assert told(both.look(expected_end=BEGIN + 7.5 * HOUR)[1])[-1] == ("gap", 5.5, 7.5, 2)


def test_what_each_run_names_before_it_is_given_out() -> None:
    """Where it may lie elsewhere: of the older trail and of the one that begins in its time. Twin: of a listing that is
    all there is."""
    both = side_by_side()
    gone = [("account", 0), ("organization", 0.5), ("organization", 1.5)]
    scene = both.scene
    scene.elsewhere = True
    verdicts, chain = both.look(*gone)
    assert {one.state for one in verdicts} == {FileState.VALID}
    assert (chain.sound, told(chain)) == (True, [("proven", 0, 5.5, 0)])
    named = [both.made["account"][0].key, both.made["organization"][1].key]
    assert chain.older == tuple(DigestPlace(OLD, key) for key in named)
    scene.elsewhere = False
    verdicts, chain = both.look(*gone)
    assert ([one.state for one in verdicts].count(FileState.MISSING), chain.older) == (2, ())


def test_nothing_is_missing_that_a_listing_has() -> None:
    """A part of the digests was read, of which one names another that was not. Twin: it is in no listing."""
    trails = Trails().hours("one", *range(6))
    left_out = trails.made["one"][2].key
    trails.scene.listed = lambda key: key == left_out
    trails.scene.partly = True
    verdicts, chain = trails.look(("one", 2))
    assert ({one.state for one in verdicts}, chain.sound) == ({FileState.VALID}, True)
    assert told(chain) == [("proven", -1, 1, 0), ("proven", 2, 5, 0)]
    trails.scene.listed = lambda key: False
    assert [one.state for one in trails.look(("one", 2))[0]].count(FileState.MISSING) == 1


def _sync(archive: Archive) -> None:
    """As `aws s3 sync` leaves it, with what head-object says beside the newest digest of each trail."""
    newest = {archive.digests[-2].key, archive.digests[-1].key}
    for made in archive.digests:
        if made.key not in newest:
            archive.with_metadata(made.key, {})


@pytest.mark.parametrize("sync", [False, True], ids=["with metadata", "after aws s3 sync"])
def test_a_place_with_two_trails_of_one_name_is_proven(tmp_path: Path, sync: bool) -> None:
    """By the very check that `onetrail validate` makes, logs and all. Twin: a digest is taken out, and it alone is
    missing."""
    archive = Archive(end=None)
    kept: dict[str, list[Signed]] = {"": [], ORGANIZATION: []}
    for hour in range(6):
        for organization, later in (("", 0.0), (ORGANIZATION, 0.5)):
            archive.digests = kept[organization]
            logs = [(log_key(BEGIN + hour * HOUR, f"log{n}of{len(organization)}"), b"{}") for n in (1, 2)]
            archive.deliver(hour + later, logs, below(organization))
    archive.digests = [one for pair in zip(kept[""], kept[ORGANIZATION], strict=True) for one in pair]
    if sync:
        _sync(archive)
    verdicts, result = archive.look(tmp_path)
    assert ({one.state for one in verdicts}, len(verdicts), result.proven) == ({FileState.VALID}, 36, True)
    archive.drop(kept[""][3].key)
    verdicts, result = archive.look(tmp_path)
    found = [(one.kind.value, one.state.value) for one in verdicts if one.state is not FileState.VALID]
    before = [("digest", "unsigned"), *[("log", "unsigned")] * 2] if sync else []  # nothing quotes it now
    assert sorted(found) == sorted([("digest", "missing"), *[("log", "unsigned")] * 2, *before])
    assert not result.proven
