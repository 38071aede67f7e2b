"""The values that digest verification takes and gives.

Two rules hold for every word here: what could not be read is never called missing, and nothing is called valid
that CloudTrail's own signature does not cover.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from onetrail.cloudtrail.object_key import KeyKind


class FileState(StrEnum):
    """What became of one file.

    `unsigned`: nothing signed speaks of it, so it may be genuine and cannot be proven. `archived`: must be restored
    before it can be read. `unreadable`: it could not be read. `foreign`: of a bucket, trail or account that is
    not on the allow list; not followed. `duplicate`: a second copy of a digest, which changes nothing.
    """

    VALID = "valid"
    INVALID = "invalid"
    MISSING = "missing"
    UNSIGNED = "unsigned"
    ARCHIVED = "archived"
    FOREIGN = "foreign"
    DUPLICATE = "duplicate"
    UNREADABLE = "unreadable"


class FileProof(StrEnum):
    """Where a valid file's proof comes from."""

    NONE = ""
    METADATA = "signature in the object's metadata"
    SUCCESSOR = "signature in the next digest"
    DIGEST = "hash in a signed digest"


class ReadStatus(StrEnum):
    """What reading one log came to."""

    FOUND = "found"
    MISSING = "missing"
    ARCHIVED = "archived"
    FOREIGN = "foreign"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class LogRead:
    """The answer to "give me this log". `body` is the gzip file as stored, None unless found.

    A reader that looked at the content itself gives no body, but `hash` (SHA-256 of the unpacked content) or `fault`
    (why it is not exactly one gzip file). `key` is where it lies now (empty: under its original key); `why` explains
    any status but found.
    """

    status: ReadStatus
    body: bytes | None = None
    key: str = ""
    why: str = ""
    hash: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class DigestObject:
    """A digest as it is in a bucket today. `raw_gz` is None where it could not be read.

    `metadata` is the user metadata without `x-amz-meta-`; `size` in bytes as listed, None if not known; `why` is the
    reason where `raw_gz` is None (a refusal, a time-out).
    """

    bucket: str
    key: str
    raw_gz: bytes | None
    metadata: Mapping[str, str] = field(default_factory=dict)
    size: int | None = None
    storage_class: str = "STANDARD"
    why: str = ""


@dataclass(frozen=True, slots=True)
class TrailIdentity:
    """A trail as digest keys name it. `account` is the account in the key: of an organization trail, each member."""

    account: str
    trail: str
    home_region: str


@dataclass(frozen=True, slots=True)
class AllowList:
    """What may be believed and read. `buckets` are original bucket names (None: whichever the signed digests name, for
    a person to look at); `prefix` is the key prefix below which the objects lie today (None: any). A genuine digest of
    somebody else's trail verifies too, hence this list."""

    buckets: frozenset[str] | None
    trails: frozenset[TrailIdentity]
    prefix: str | None = None

    def believes(self, bucket: str) -> bool:
        """Whether files that were delivered to this bucket may be believed."""
        return self.buckets is None or bucket in self.buckets


@dataclass(frozen=True, slots=True, order=True)
class DigestGroup:
    """Digests of an account's events of one region (`region`) through trails of one name and home. Backfill is its own.

    Trails of an account and of organizations may share it: which digest goes on from which is what each one names.
    """

    account: str
    region: str
    trail: str
    home_region: str
    backfill: bool = False

    @property
    def identity(self) -> TrailIdentity:
        """The trail of this chain."""
        return TrailIdentity(self.account, self.trail, self.home_region)


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """One file and what can be reported of it. `key` is its place now, empty if it is not there.

    `original_bucket` and `original_key` are empty where no signed digest tells them. `why` is empty for a plain
    valid file. `hash` is the SHA-256 of its content that a signed digest gives a log, `""` where none does; `digest` is
    where that digest lies, itself valid or not: its signature may be in the next one alone.
    """

    key: str
    original_bucket: str
    original_key: str
    kind: KeyKind
    state: FileState
    why: str = ""
    proof: FileProof = FileProof.NONE
    hash: str = ""
    digest: str = ""


class IntervalState(StrEnum):
    """`proven`: a run of linked digests covers the time: each is here, signed, and named by the next one. `gap`:
    digests of one run are missing or cannot be believed. `restart`: CloudTrail began a new chain; what was delivered
    before it is not proven, and nothing shows whether that was an owner's StopLogging or the removal of an older
    chain's end."""

    PROVEN = "proven"
    GAP = "gap"
    RESTART = "restart"


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of delivery time (UTC). `start` None: not known. `missing` is the least number of absent digests,
    by the hourly rhythm. A gap or a restart of one run may lie inside what another run proves.

    `oldest`: the gap stands before the oldest digest of its run, of which nothing older is here, or of the time that is
    asked for. Nothing shows whether that was expired, removed or left elsewhere.
    """

    start: datetime | None
    end: datetime
    state: IntervalState
    why: str = ""
    missing: int = 0
    oldest: bool = False


class DigestPlace(NamedTuple):
    """Where a digest was delivered, as another one names it."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Chain:
    """A whole group of digests, after every one was seen: one run of linked digests, or several that overlap.

    `intervals` are identified by their start. A time is proven where any run covers it; each gap and each restart is
    that of one run. `proven` intervals speak of digests; whether each log that they name is intact is in the file
    verdicts. `digests` and `logs` count files by state. `older` is what the oldest digest of each run names before it,
    where that may be elsewhere and was not searched.
    """

    account: str
    region: str
    trail: str
    home_region: str
    backfill: bool
    intervals: tuple[Interval, ...]
    digests: Mapping[FileState, int]
    logs: Mapping[FileState, int]
    older: tuple[DigestPlace, ...] = ()

    @property
    def sound(self) -> bool:
        """No gap, and every file valid (or a harmless duplicate). Restarts are facts about the past and allowed."""
        good = {FileState.VALID, FileState.DUPLICATE}
        gaps = any(interval.state is IntervalState.GAP for interval in self.intervals)
        return not gaps and set(self.digests) | set(self.logs) <= good
