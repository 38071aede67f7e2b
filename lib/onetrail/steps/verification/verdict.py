"""What verification says of one old bucket. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from onetrail.change.words import counted
from onetrail.cloudtrail.digests.verdict import Chain, FileState, TrailIdentity

BAD_DIGESTS: Final = (
    FileState.INVALID,
    FileState.UNSIGNED,
    FileState.FOREIGN,
    FileState.MISSING,
    FileState.ARCHIVED,
    FileState.UNREADABLE,
)
BAD_LOGS: Final = (
    FileState.INVALID,
    FileState.FOREIGN,
    FileState.MISSING,
    FileState.ARCHIVED,
    FileState.UNREADABLE,
)
"""States of files that keep a bucket from being called good. An unsigned log is present and equal, which is all there
is to know."""
UNREAD: Final = (FileState.ARCHIVED, FileState.UNREADABLE)
"""Those of them in which nobody could read the file."""


@dataclass(frozen=True)
class BucketVerdict:
    """One old bucket beside the archive.

    `proven_before` is True where the left side is the list that a receipt binds, since the bucket is retired, or
    `half_emptied` and in need of a new receipt. `objects` counts all it holds, `size` their bytes; `logs_and_digests`
    those that must be in the archive: each is `equal`, `missing`, `different` or `uncompared`. `changed_metadata`
    counts digests whose user metadata is another in the archive, `unread_metadata` those of which it could not be read
    in the old bucket. `digests` and `logs` count by state. `doubtful` counts unsigned logs of a time whose digests are
    complete. `unsealed` counts its objects in the archive whose lock is not yet in the mode of the parameters,
    `unlocked` those without any lock. `old_versions` and `delete_markers` are not copied. `listing` is the hash of the
    listing. `full` means that every object was looked at.
    """

    name: str
    account: str
    region: str
    proven_before: bool = False
    half_emptied: bool = False
    emptied: bool = False
    objects: int = 0
    size: int = 0
    newest: datetime | None = None
    logs_and_digests: int = 0
    markers: int = 0
    foreign: int = 0
    equal: int = 0
    missing: int = 0
    different: int = 0
    uncompared: int = 0
    changed_metadata: int = 0
    unread_metadata: int = 0
    digests: Mapping[FileState, int] = field(default_factory=dict)
    logs: Mapping[FileState, int] = field(default_factory=dict)
    lost_digests: int = 0
    doubtful: int = 0
    unsealed: int = 0
    unlocked: int = 0
    old_versions: int = 0
    delete_markers: int = 0
    listing: str = ""
    classes: tuple[str, ...] = ()
    full: bool = False
    could_not_look: str = ""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the bucket is not good; empty where it is."""
        return tuple(why for why, _ in _reasons(self))

    @property
    def unread(self) -> tuple[str, ...]:
        """Those of them that say that something could not be read, so that nobody knows whether it is as it should
        be."""
        return tuple(why for why, unread in _reasons(self) if unread)

    @property
    def good(self) -> bool:
        """True when everything that it holds of CloudTrail is in the archive and nothing speaks against it."""
        return not self.reasons

    @property
    def digests_valid(self) -> int:
        """Digests whose signature holds; a second copy of a digest counts too."""
        return self.digests.get(FileState.VALID, 0) + self.digests.get(FileState.DUPLICATE, 0)

    @property
    def logs_valid(self) -> int:
        """Logs that have the hash a signed digest names, each counted once."""
        return self.logs.get(FileState.VALID, 0)

    @property
    def logs_unsigned(self) -> int:
        """Logs that no digest names."""
        return self.logs.get(FileState.UNSIGNED, 0)

    @property
    def counts(self) -> dict[str, int]:
        """The numbers that go into a receipt."""
        return {
            "objects": self.objects,
            "logs_and_digests": self.logs_and_digests,
            "equal": self.equal,
            "digests_valid": self.digests_valid,
            "logs_valid": self.logs_valid,
            "logs_unsigned": self.logs_unsigned,
            "foreign": self.foreign,
            "markers": self.markers,
        }


def _reasons(v: BucketVerdict) -> Iterator[tuple[str, bool]]:
    """Each with whether it says that something could not be read."""
    if v.could_not_look:
        yield v.could_not_look, True
    if not v.full:
        yield "not every object was looked at: digest_check is not full", False
    for count, unread, one, several in (
        (v.missing, False, "object is not in the archive", "objects are not in the archive"),
        (
            v.different,
            False,
            "object is not the same in the archive",
            "objects are not the same in the archive",
        ),
        (v.uncompared, True, "object could not be compared", "objects could not be compared"),
        (
            v.changed_metadata,
            False,
            "digest has other user metadata in the archive",
            "digests have other user metadata in the archive",
        ),
        (
            v.unread_metadata,
            True,
            "digest's user metadata could not be read",
            "digests' user metadata could not be read",
        ),
        (v.lost_digests, False, "digest is missing from the chain", "digests are missing from the chain"),
    ):
        if count:
            yield counted(count, one, several), unread
    for kind, states, seen in (("digest", BAD_DIGESTS, v.digests), ("log", BAD_LOGS, v.logs)):
        for state in states:
            if seen.get(state):
                yield f"{counted(seen[state], f'{kind} is', f'{kind}s are')} {state.value}", state in UNREAD


class DayCoverage(NamedTuple):
    """One region and day: logs in the old buckets (`before`), those of them equal in the archive (`after`), how many of
    the archive's logs of that day a signed digest proves (`proven`), how many of the moved ones no digest names
    (`unsigned`), and how many the new trail put there itself (`new`)."""

    account: str
    region: str
    day: date
    before: int
    after: int
    proven: int
    unsigned: int
    new: int


class Older(StrEnum):
    """What became of a digest that is older than all that was moved."""

    THERE = "there"
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class OlderSeen:
    """One of them, where it was delivered. `why` says why it could not be read; `""` where it could.

    `moved`: its bucket is one of this move.
    """

    bucket: str
    key: str
    state: Older
    why: str = ""
    moved: bool = False

    @property
    def evidence(self) -> str:
        """For a finding of its chain."""
        named = f"its oldest digest names one before it, {self.key} in {self.bucket}"
        if self.state is Older.GONE:
            return f"{named}, which is not there: what is older was expired or removed before the move"
        if self.state is Older.UNKNOWN:
            return f"{named}: it is in no listing of this move, and it could not be checked: {self.why}"
        where = "a bucket of this move, and is not in the archive" if self.moved else "which is not part of this move"
        return f"history older than this move is in {self.bucket}, {where}: {named}"


@dataclass(frozen=True)
class ArchiveChain:
    """One chain of the archive. `known` says where the trail's identity comes from: `trail`, `receipt`, or `digests`
    alone.

    `older` is what became of the digests that the oldest ones of its runs name, which are in no listing. `buckets` are
    where it was delivered. `present` counts its digests in the archive, of which a sampled check reads a part.
    """

    chain: Chain
    known: str
    buckets: tuple[str, ...] = ()
    older: tuple[OlderSeen, ...] = ()
    sampled: bool = False
    present: int = 0

    @property
    def identity(self) -> TrailIdentity:
        """The trail that made the chain."""
        return TrailIdentity(self.chain.account, self.chain.trail, self.chain.home_region)
