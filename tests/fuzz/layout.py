"""How the delivered objects lie today: after a copy, a sync, a merge of buckets. Nothing of onetrail is imported
here."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple

from tests.fuzz.signing import packed
from tests.fuzz.world import LogPlace, Place, World

BESIDE: Final = "onetrail-conflicts/"
"""Below it lies a copy whose plain key was taken by other bytes: BUCKET/FULL-OLD-KEY (docs/verification.md,
"Conflicting copies")."""


class Junk(NamedTuple):
    """A key that is not one of CloudTrail's, and where it lies: outside of every region's folder, in one, or in a day
    of one.

    `stray`: it lies where whoever reads the logs takes it for one (docs/verification.md, "Objects among the logs").
    `unpacked`: it has the name of a log that lies there, without `.gz`.
    """

    account: str = ""
    region: str = ""
    day: date | None = None
    stray: bool = False
    unpacked: bool = False


class Marker(NamedTuple):
    """An empty object whose key ends in a slash."""


About = Place | LogPlace | Junk | Marker


@dataclass(slots=True)
class Thing:
    """One object. `unpacked` is what it holds if it is exactly one gzip member, None if it is not.

    `archived`: it must be restored first. `refused`: nobody may read it. `unfit`: the file with its metadata says
    nothing that can be used. `origin`: the bucket and key that a copy beside stands for; `("", "")` for a plain one.
    `loose`: what it holds where gzip was taken off or put on twice, which a download may show and a bucket not.
    `lies_as`: the name of its file where that is another one.
    """

    key: str
    body: bytes
    unpacked: bytes | None
    metadata: dict[str, str] = field(default_factory=dict)
    archived: bool = False
    refused: bool = False
    unfit: bool = False
    origin: tuple[str, str] = "", ""
    loose: bytes | None = None
    lies_as: str = ""

    def fill(self, body: bytes, unpacked: bytes | None, loose: bytes | None = None) -> None:
        """Other bytes in the same object."""
        self.body, self.unpacked, self.loose = body, unpacked, loose

    @property
    def readable(self) -> bool:
        """Whether its bytes can be had."""
        return not (self.archived or self.refused)


@dataclass(slots=True)
class Layout:
    """Objects by key. `about` says what each key stands for, by the key from `AWSLogs/` on (whole where that is not in
    it).

    `root` stands before every key. `directory`: objects are files, and metadata lie in files beside them. `forgotten`
    are the signers whose public keys the verifier is not given. `now` is the instant of the look, None where nobody
    says it.
    """

    world: World
    root: str = ""
    directory: bool = False
    things: dict[str, Thing] = field(default_factory=dict)
    about: dict[str, About] = field(default_factory=dict)
    forgotten: set[int] = field(default_factory=set)
    now: datetime | None = None

    @property
    def newest(self) -> datetime:
        """The end of the newest digest that was delivered."""
        return max((one.end for one in self.world.digests), default=datetime(2023, 5, 1))

    def what(self, key: str) -> About:
        """What a key stands for."""
        return self.about[below(key)]

    def put(self, key: str, about: About, thing: Thing) -> bool:
        """A new object under a key that is free; False where it is taken."""
        if key in self.things:
            return False
        self.about.setdefault(below(key), about)
        self.things[key] = thing
        return True

    def at(self, bucket: str, key: str) -> Thing | None:
        """Where the object that was delivered to this bucket and key lies: beside, or under its plain key."""
        beside = self.things.get(f"{self.root}{BESIDE}{bucket}/{key}")
        return beside or self.things.get(self.root + key)


def below(key: str) -> str:
    """The key from `AWSLogs/` on; the whole where there is none."""
    at = key.rfind("AWSLogs/")
    return key[at:] if at >= 0 else key


def laid(world: World, root: str, directory: bool, metadata: str, seed: int) -> Layout:
    """Everything copied to below `root`. `metadata`: `kept`, `lost` (as after `aws s3 sync`) or `some`."""
    dice = random.Random(f"{seed} copied")
    layout = Layout(world, root, directory)
    for digest in world.digests:
        kept = metadata == "kept" or (metadata == "some" and dice.random() < 0.5)
        _copy(layout, digest.bucket, digest.key, digest.place, digest.raw, digest.metadata if kept else {})
    for log in world.logs:
        _copy(layout, log.bucket, log.key, log.place, log.content, {})
    return layout


def _copy(layout: Layout, bucket: str, key: str, about: About, content: bytes, metadata: dict[str, str]) -> None:
    thing = Thing(layout.root + key, packed(content), content, dict(metadata))
    there = layout.things.get(thing.key)
    if there is not None and there.unpacked != content:
        thing.key = f"{layout.root}{BESIDE}{bucket}/{key}"
        thing.origin = bucket, key
    layout.put(thing.key, about, thing)
