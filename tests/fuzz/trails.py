"""Trails as plans, drawn from a seed, and what CloudTrail delivers for one. Nothing of onetrail is imported here."""

import json
import random
import string
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from tests.fuzz.signing import SIGNERS, PublicKey
from tests.fuzz.world import (
    FIRST,
    HOUR,
    Digest,
    Log,
    LogPlace,
    Place,
    World,
    delivered,
    later,
    log_key,
)

ACCOUNTS: Final = ("111122223333", "044455556666", "000000000012")
ORGANIZATIONS: Final = ("o-aa11bb22cc", "o-exampleorg0123456789abcdefghijkl")
REGIONS: Final = (
    ("us-east-1", "eu-west-1", "ap-southeast-4"),
    ("us-east-1", "us-east-2", "me-south-1"),
    ("us-gov-west-1", "us-gov-east-1"),
    ("cn-north-1", "cn-northwest-1"),
    ("us-iso-east-1", "us-iso-west-1"),
    ("us-isob-east-1",),
    ("eu-isoe-west-1",),
    ("eusc-de-east-1",),
)
"""By partition; the first two are of the same one."""
NAMES: Final = (
    "audit",
    "audit-2",
    "audit_us-east-1",
    "a.b",
    "aws-controltower-BaselineCloudTrail",
    "t" * 128,
    "management-events",
)
PREFIXES: Final = ("", "", "", "", "logs", "a/b", "p" * 200, "AWSLogs-old", "onetrail")
FOLDERS: Final = ("CloudTrail",) * 8 + (
    "CloudTrail-Insight",
    "CloudTrail-NetworkActivity",
    "CloudTrail-Aggregated",
)
DATES: Final = (
    *[datetime(2023, 5, 1, 9)] * 5,
    datetime(2013, 11, 13, 22),
    datetime(2015, 10, 1),
    datetime(2016, 2, 28, 22),
    datetime(2020, 2, 29, 20),
    datetime(2021, 2, 28, 21),
    datetime(2019, 12, 31, 21),
    datetime(2024, 12, 30, 23),
    datetime(2099, 12, 31, 21),
    datetime(2000, 1, 1),
)
"""Around which instant a layout lies: plain days, leap days, the ends of months and years, before validation began, and
far ahead."""
EXTREME: Final = (
    datetime(9999, 12, 31, 18),
    datetime(1, 1, 1, 1),
    datetime(9998, 12, 31, 22),
    datetime(1969, 12, 31, 21),
)
STEP: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Trail:
    """One strand to come. At hour `turn` the second of `orgs`, `prefixes` and `buckets` takes over, in mid-chain.

    `restarts` are hours at which the chain begins anew; at hours of `leaves_out` CloudTrail's own digests leave an hour
    out. `short`: the last digest has minutes of its hour. `borrows`: a log may have the key that another bucket's log
    has. Not `validated`: no digests.
    """

    label: str
    seed: int
    account: str
    region: str
    home: str
    name: str
    begin: datetime
    hours: int
    orgs: tuple[str, str] = ("", "")
    prefixes: tuple[str, str] = ("", "")
    buckets: tuple[str, str] = ("acme-logs", "acme-logs")
    turn: int = 99
    restarts: frozenset[int] = frozenset()
    leaves_out: frozenset[int] = frozenset()
    short: bool = False
    borrows: bool = False
    validated: bool = True
    backfill: bool = False

    @property
    def group(self) -> tuple[str, str, str, str, bool]:
        """What a verifier groups by."""
        return self.account, self.region, self.name, self.home, self.backfill

    def said(self) -> str:
        """In a line."""
        return (
            f"{self.label}: {self.account} {self.region} {self.name[:20]!r} of {self.home}, {self.hours} hours from"
            f" {self.begin}"
            f"{', organization ' + ' -> '.join(o or '-' for o in self.orgs) if any(self.orgs) else ''}"
            f"{', prefix ' + ' -> '.join(p[:12] or '-' for p in self.prefixes) if any(self.prefixes) else ''}"
            f", bucket {' -> '.join(dict.fromkeys(self.buckets))}, turn at {self.turn}"
            f"{f', restarts at {sorted(self.restarts)}' if self.restarts else ''}"
            f"{f', leaves out {sorted(self.leaves_out)}' if self.leaves_out else ''}"
            f"{', short end' if self.short else ''}{', borrows keys' if self.borrows else ''}"
            f"{'' if self.validated else ', without validation'}{', backfill' if self.backfill else ''}"
        )


def drawn(dice: random.Random) -> tuple[Trail, ...]:
    """One to five trails around one instant; two of them may have one name."""
    base = _base(dice)
    regions = dice.choice(REGIONS)
    accounts = dice.sample(ACCOUNTS, dice.choice((1, 1, 1, 2, 2, 3)))
    trails: list[Trail] = []
    for number in range(dice.choice((1, 1, 1, 2, 2, 3))):
        made = _one(dice, number, base, regions, accounts)
        if made.group not in {one.group for one in trails}:
            trails.append(made)
    if dice.random() < 0.25:
        trails.append(_beside(dice, trails[0]))
    if dice.random() < 0.12:
        trails.append(_backfilling(dice, trails[0]))
    return tuple(trails)


def _base(dice: random.Random) -> datetime:
    return dice.choice(EXTREME if dice.random() < 0.12 else DATES)


def _one(dice: random.Random, number: int, base: datetime, regions: Sequence[str], accounts: Sequence[str]) -> Trail:
    region = dice.choice(regions)
    hours = dice.randint(2, 6)
    org, prefix, bucket = dice.choice(("", "", "", *ORGANIZATIONS)), dice.choice(PREFIXES), _bucket(dice)
    turns = dice.random() < 0.3
    return Trail(
        f"trail {number}",
        dice.getrandbits(32),
        dice.choice(accounts),
        region,
        dice.choice((region, region, regions[0])),
        dice.choice(NAMES),
        _begin(dice, base),
        hours,
        (org, dice.choice((org, "", *ORGANIZATIONS)) if turns else org),
        (prefix, dice.choice((prefix, *PREFIXES)) if turns else prefix),
        (bucket, dice.choice((bucket, _bucket(dice))) if turns else bucket),
        dice.randint(1, hours - 1) if turns else 99,
        frozenset(h for h in range(2, hours) if dice.random() < 0.07),
        frozenset(h for h in range(2, hours) if dice.random() < 0.015),
        dice.random() < 0.15,
        dice.random() < 0.15,
        dice.random() > 0.05,
    )


def _bucket(dice: random.Random) -> str:
    return f"acme-{dice.choice(('logs', 'audit.old', 'trail'))}-{dice.randint(1, 2)}"


def _begin(dice: random.Random, base: datetime) -> datetime:
    """Some minutes and seconds after it, now and then at the full hour."""
    if dice.random() < 0.1:
        return base
    return later(base, timedelta(hours=dice.randint(0, 2), seconds=dice.randint(0, 3599)))


def _beside(dice: random.Random, one: Trail) -> Trail:
    """A trail of the same name in an organization (or out of it), at the same time; now and then at the same second."""
    org = dice.choice([o for o in ("", *ORGANIZATIONS) if o not in one.orgs])
    shift = dice.choice((timedelta(0), timedelta(seconds=dice.randint(1, 3 * 3600))))
    return replace(
        one,
        label=f"{one.label} beside",
        seed=dice.getrandbits(32),
        begin=later(one.begin, shift),
        hours=dice.randint(2, 5),
        orgs=(org, org),
        prefixes=(one.prefixes[0],) * 2,
        buckets=dice.choice((one.buckets, (_bucket(dice),) * 2)),
        turn=99,
        restarts=frozenset(),
        validated=True,
        borrows=False,
    )


def _backfilling(dice: random.Random, one: Trail) -> Trail:
    """The chain of digests that name what the hourly ones missed."""
    return replace(
        one,
        label=f"{one.label} backfill",
        seed=dice.getrandbits(32),
        hours=dice.randint(1, 3),
        turn=99,
        restarts=frozenset(),
        short=False,
        backfill=True,
        validated=True,
        orgs=(one.orgs[0],) * 2,
        prefixes=(one.prefixes[0],) * 2,
        buckets=(one.buckets[0],) * 2,
    )


def world_of(trails: Sequence[Trail], seed: int) -> World:
    """Everything that these trails deliver, and the public keys of their regions; a key may change in the middle."""
    world = World()
    turns = _keys(world, trails, seed)
    for trail in trails:
        _Delivery(trail, world, turns[trail.region]).run()
    world.buckets = sorted({log.bucket for log in world.logs} | {one.bucket for one in world.digests})
    return world


Turn = tuple[int, datetime, int]
"""The signer until an instant, and the one after it."""


def _keys(world: World, trails: Sequence[Trail], seed: int) -> dict[str, Turn]:
    """Two public keys a region: the second takes over at some hour, or later than all."""
    turns: dict[str, Turn] = {}
    for at, region in enumerate(sorted({trail.region for trail in trails})):
        dice = random.Random(f"{seed} keys {region}")
        mine = [trail for trail in trails if trail.region == region]
        begin = min(trail.begin for trail in mine)
        end = max(later(trail.begin, 40 * HOUR) for trail in mine)
        turn = later(begin, dice.choice((90, 90, 1, 2, 3)) * HOUR)
        one, other = (2 * at) % SIGNERS, (2 * at + 1) % SIGNERS
        overlap = dice.choice((timedelta(0), timedelta(hours=6)))
        world.keys += [
            PublicKey(region, one, later(begin, -timedelta(days=10)), max(later(turn, overlap), begin)),
            PublicKey(region, other, later(turn, -overlap), max(later(end, timedelta(days=10)), turn)),
        ]
        turns[region] = one, turn, other
    return turns


@dataclass
class _Delivery:
    """One trail at work."""

    trail: Trail
    world: World
    turn: Turn
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(f"deliver {self.trail.seed}")

    def run(self) -> None:
        trail, previous, end = self.trail, None, self.trail.begin
        for hour in range(trail.hours):
            start, ends = self._span(hour, end)
            if hour and (start >= ends or ends == end):
                return
            if hour in trail.restarts:
                previous = None
            logs = () if previous is None and not trail.backfill else self._logs(hour, start, ends)
            self.world.logs += logs
            if trail.validated:
                previous = self._digest(hour, start, ends, previous, logs)
                self.world.digests.append(previous)
            else:
                previous = previous or _NOBODY
            end = ends

    def _span(self, hour: int, before: datetime) -> tuple[datetime, datetime]:
        trail = self.trail
        if hour == 0:
            return later(before, -HOUR), before
        if hour in trail.restarts:
            at = later(before, timedelta(hours=self.dice.randint(1, 3), seconds=self.dice.randint(1, 3000)))
            return max(later(at, -HOUR), before), at
        start = later(before, HOUR) if hour in trail.leaves_out else before
        if trail.short and hour == trail.hours - 1:
            return start, later(start, timedelta(seconds=self.dice.randint(1, 3000)))
        return start, later(start, HOUR)

    def _side(self, hour: int) -> tuple[str, str, str]:
        at = hour >= self.trail.turn
        return self.trail.orgs[at], self.trail.prefixes[at], self.trail.buckets[at]

    def _digest(
        self, hour: int, start: datetime, end: datetime, previous: Digest | None, logs: tuple[Log, ...]
    ) -> Digest:
        trail, (one, turn, other) = self.trail, self.turn
        org, prefix, bucket = self._side(hour)
        place = Place(org, trail.account, trail.region, trail.name, trail.home, trail.backfill, end)
        signer = one if end < turn else other
        return delivered(trail.label, prefix, bucket, place, start, signer, previous, logs)

    def _logs(self, hour: int, start: datetime, end: datetime) -> tuple[Log, ...]:
        # What was delivered before the turn went to where the trail delivered then.
        side = self._side(hour - 1 if self.dice.random() < 0.5 else hour)
        return tuple(self._log(side, start, end) for _ in range(self.dice.choice((0, 0, 1, 1, 1, 2, 3))))

    def _log(self, side: tuple[str, str, str], start: datetime, end: datetime) -> Log:
        org, prefix, bucket = side
        at = start + (end - start) * self.dice.random()
        mark = marked(later(at, timedelta(seconds=self.dice.randint(-180, 180))))
        place = LogPlace(self.trail.account, self.trail.region, mark)
        unique = "".join(self.dice.choices(string.ascii_letters + string.digits, k=16))
        content = records(self.dice)
        key = log_key(prefix, org, place, unique, self.dice.choice(FOLDERS))
        if self.trail.borrows:
            theirs = [
                log
                for log in self.world.logs
                if log.bucket != bucket
                and log.place[:2] == place[:2]
                and start <= log.place.mark <= end
                and not any(one.bucket == bucket and one.key == log.key for one in self.world.logs)
            ]
            if theirs:
                place, key = theirs[0].place, theirs[0].key
        return Log(bucket, key, place, content)


_NOBODY: Final = Digest("", Place("", "", "", "", "", False, FIRST), "", "", FIRST, b"", "", 0, None, ())
"""Stands before the first hour of a trail without validation."""


def marked(at: datetime) -> datetime:
    """The five-minute mark before an instant."""
    return at.replace(minute=at.minute - at.minute % 5, second=0, microsecond=0)


def records(dice: random.Random) -> bytes:
    """What a log says."""
    count = dice.choice((0, 1, 1, 2, 3))
    said = {"Records": [{"eventVersion": "1.08", "eventID": f"{dice.getrandbits(64):016x}"} for _ in range(count)]}
    return json.dumps({**said, **({"pad": f"{dice.getrandbits(64):x}"} if not count else {})}).encode()
