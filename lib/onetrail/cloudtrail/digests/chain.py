"""The verification engine: a group of digests, from the newest to the oldest, and every log that a proven one names.

What it adds to `aws cloudtrail validate-logs`: it works after the files were moved; it compares each
digest's quote of its predecessor (place, hash, signature) with the real one; it counts consecutive missing
digests; it notices that the newest are gone; it never says that nothing was delivered in a gap.
Source of the rules: CloudTrail User Guide, "CloudTrail log file integrity validation: digest file structure".
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from onetrail.cloudtrail.digests.digest import LoggedFile
from onetrail.cloudtrail.digests.publickeys import KeyStore
from onetrail.cloudtrail.digests.settling import Settled
from onetrail.cloudtrail.digests.signature import Candidate, Name, group_of, name_of, opened
from onetrail.cloudtrail.digests.timeline import Bounds, Timeline
from onetrail.cloudtrail.digests.verdict import (
    AllowList,
    Chain,
    DigestGroup,
    DigestObject,
    FileProof,
    FileState,
    FileVerdict,
    LogRead,
    ReadStatus,
)
from onetrail.cloudtrail.digests.walk import Walk
from onetrail.cloudtrail.gzipped import GzipError, gunzip_sha256
from onetrail.cloudtrail.object_key import DIGEST_KINDS, ParsedKey, parse

ReadLog = Callable[[str, str], LogRead]
"""Reads a log by its original bucket and key, wherever it lies today; must answer every failure with a
status."""

_STATE_OF_STATUS: Final = {
    ReadStatus.MISSING: (FileState.MISSING, "a signed digest names it, and it is not there"),
    ReadStatus.ARCHIVED: (FileState.ARCHIVED, "restore it first"),
    ReadStatus.FOREIGN: (FileState.FOREIGN, "not of a bucket on the allow list"),
    ReadStatus.UNREADABLE: (FileState.UNREADABLE, "could not be read"),
}


def groups(keys: Iterable[str], key_prefix: str | None = None) -> dict[DigestGroup, tuple[str, ...]]:
    """The digest keys among these, by group, each from the oldest to the newest. Other keys are left out."""
    found: dict[DigestGroup, list[tuple[datetime, str]]] = {}
    for key in keys:
        parsed = parse(key, key_prefix)
        group = group_of(parsed)
        if group and parsed.stamp:
            found.setdefault(group, []).append((parsed.stamp, key))
    return {group: tuple(key for _, key in sorted(found[group])) for group in sorted(found)}


class Listed:
    """Every digest that was listed, as `groups` gives them: whether one of a name is among them, wherever it lies."""

    def __init__(self, found: Mapping[DigestGroup, Sequence[str]]) -> None:
        self._found = found

    def __call__(self, key: str) -> bool:
        """Whether a digest of this original key is there, below whichever key prefix."""
        wanted = parse(key)
        group = group_of(wanted)
        if group is None or wanted.stamp is None:
            return False
        keys = self._found.get(group, ())
        at = bisect_left(keys, wanted.stamp, key=_stamp)
        while at < len(keys) and _stamp(keys[at]) == wanted.stamp:
            if name_of(parse(keys[at])) == name_of(wanted):
                return True
            at += 1
        return False


class ChainCheck:
    """One group under examination: iterate `verdicts(digests)` to its end, then ask for `chain()`.

    `listed` says of an original key whether a digest of its name was listed anywhere; None: those given are all, and
    their names are kept. `partly`: not all that are listed are given, so nothing is reported of what lies between.
    `expected_start` and `expected_end` (UTC) are the bounds that digests must cover, for instance the time of
    StopLogging as the end: without an end, the removal of the newest digests cannot be seen. Digests that
    begin after `expected_start` with a predecessor that is absent are a gap; one at or before it may have
    its past elsewhere. `elsewhere`: so may every run that nothing comes before, and `Chain.older` says where.
    Backfill digests come when something was missed, so no end is demanded of their chain.
    `until` is the time in the key of the newest digest that is looked at: newer ones are read for what they say of the
    one before them. `judged` says of a log's key whether it is looked at: one that is not is left out where anything is
    the matter with it.
    """

    def __init__(
        self,
        group: DigestGroup,
        read_log: ReadLog,
        keys: KeyStore,
        allowed: AllowList,
        *,
        listed: Callable[[str], bool] | None = None,
        partly: bool = False,
        elsewhere: bool = False,
        expected_start: datetime | None = None,
        expected_end: datetime | None = None,
        until: datetime | None = None,
        judged: Callable[[ParsedKey], bool] = lambda key: True,
    ) -> None:
        self._group = group
        self._read_log = read_log
        self._keys = keys
        self._allowed = allowed
        self._given: set[Name] | None = set() if listed is None else None
        self._listed = listed or (lambda key: name_of(parse(key)) in (self._given or ()))
        self._bounds = Bounds(expected_start, expected_end, group.backfill, elsewhere, partly)
        self._until, self._judged = until, judged
        self._walk = Walk(allowed)
        self._timeline: Timeline | None = None
        self._digests: Counter[FileState] = Counter()
        self._logs: Counter[FileState] = Counter()

    def verdicts(self, digests: Iterable[DigestObject | Candidate]) -> Iterator[FileVerdict]:
        """A verdict for every digest given, every digest found missing, every log that a proven digest names.

        A candidate is a digest that `opened` has looked into already, for this group and with these keys.
        `digests` must come newest first, by the time in their key (the order of `groups` reversed), else `ValueError`.
        The logs that a digest names come right after it and its copies.
        """
        for verdict in self._verdicts(digests):
            (self._digests if verdict.kind in DIGEST_KINDS else self._logs)[verdict.state] += 1
            yield verdict

    def chain(self) -> Chain:
        """The result; only after `verdicts` came to its end (`ValueError` before)."""
        if self._timeline is None:
            raise ValueError("iterate verdicts() to its end before asking for the chain")
        g, said = self._group, self._timeline
        digests, logs = dict(self._digests), dict(self._logs)
        return Chain(
            g.account,
            g.region,
            g.trail,
            g.home_region,
            g.backfill,
            said.intervals,
            digests,
            logs,
            said.older,
        )

    def _verdicts(self, digests: Iterable[DigestObject | Candidate]) -> Iterator[FileVerdict]:
        for source in digests:
            found = source if isinstance(source, Candidate) else opened(source, self._group, self._keys, self._allowed)
            if self._until and found.parsed.stamp and found.parsed.stamp > self._until:
                self._walk.hear(found)
                continue
            if self._given is not None:
                self._given.add(found.name)
            for place in self._walk.take(found):
                yield from self._of(place)
        for place in self._walk.flush():
            yield from self._of(place)
        self._timeline = Timeline(self._walk.runs, self._walk.bad, self._bounds, self._listed, self._allowed)
        yield from self._timeline.missing

    def _of(self, place: Settled) -> Iterator[FileVerdict]:
        """The objects of one name, and the logs that the chosen one names."""
        yield from place.verdicts()
        chosen = place.chosen
        if chosen is None or chosen.digest is None:
            return
        seen: set[LoggedFile] = set()
        for entry in chosen.digest.logs:
            verdict = self._log_verdict(entry, chosen, repeated=entry in seen)
            seen.add(entry)
            if verdict.state in (FileState.VALID, FileState.DUPLICATE) or self._judged(parse(entry.key)):
                yield verdict

    def _log_verdict(self, entry: LoggedFile, by: Candidate, *, repeated: bool) -> FileVerdict:
        kind = parse(entry.key).kind

        def judged(state: FileState, why: str = "", key: str = "", proof: FileProof = FileProof.NONE) -> FileVerdict:
            return FileVerdict(key, entry.bucket, entry.key, kind, state, why, proof, entry.hash, by.source.key)

        if repeated:
            return judged(FileState.DUPLICATE, "named twice by one digest")
        if not self._allowed.believes(entry.bucket):
            return judged(FileState.FOREIGN, f"the bucket {entry.bucket} is not on the allow list")
        read = self._read_log(entry.bucket, entry.key)
        key = read.key or entry.key
        looked = looked_at(read)
        if looked.status is not ReadStatus.FOUND or not (looked.hash or looked.fault):
            state, why = _STATE_OF_STATUS.get(read.status, (FileState.UNREADABLE, "no content came back"))
            return judged(state, read.why or why, "" if state is FileState.MISSING else key)
        if looked.fault:
            return judged(FileState.INVALID, looked.fault, key)
        if looked.hash != entry.hash:
            return judged(FileState.INVALID, f"its content is not what {by.source.key.rsplit('/', 1)[-1]} has", key)
        return judged(FileState.VALID, key=key, proof=FileProof.DIGEST)


def looked_at(read: LogRead) -> LogRead:
    """The same answer with the content's hash or fault in place of its bytes; as it is where there are none."""
    if read.body is None or read.status is not ReadStatus.FOUND:
        return read
    try:
        return LogRead(read.status, None, read.key, read.why, hash=gunzip_sha256(read.body))
    except GzipError as err:
        return LogRead(read.status, None, read.key, read.why, fault=err.why)


def _stamp(key: str) -> datetime:
    stamp = parse(key).stamp
    assert stamp is not None
    return stamp
