"""The verification engine: a chain of digests in time order, one digest in memory at a time.

What it adds to `aws cloudtrail validate-logs`: it works after the files were moved; it compares each
digest's quote of its predecessor (place, hash, signature) with the real one; it counts consecutive missing
digests; it notices that the newest are gone; it never says that nothing was delivered in a gap.
Source of the rules: CloudTrail User Guide, "CloudTrail log file integrity validation: digest file structure".
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from onetrail.cloudtrail.authentic import (
    Candidate,
    Name,
    authenticate,
    content_hash,
    group_of,
    name_of,
    opened,
)
from onetrail.cloudtrail.digest import GzipError, LoggedFile, Previous, gunzip_sha256
from onetrail.cloudtrail.key import DIGEST_KINDS, Kind, parse
from onetrail.cloudtrail.publickeys import KeyStore
from onetrail.cloudtrail.verdict import (
    AllowList,
    Chain,
    DigestObject,
    FileVerdict,
    Group,
    Interval,
    IntervalState,
    LogRead,
    Proof,
    ReadStatus,
    State,
)

HOUR: Final = timedelta(hours=1)
ReadLog = Callable[[str, str], LogRead]
"""Reads a log by its original bucket and key, wherever it lies today; must answer every failure with a
status."""

_STATE_OF_STATUS: Final = {
    ReadStatus.MISSING: (State.MISSING, "a signed digest names it, and it is not there"),
    ReadStatus.ARCHIVED: (State.ARCHIVED, "restore it first"),
    ReadStatus.FOREIGN: (State.FOREIGN, "not of a bucket on the allow list"),
    ReadStatus.UNREADABLE: (State.UNREADABLE, "could not be read"),
}


def groups(keys: Iterable[str], key_prefix: str | None = None) -> dict[Group, tuple[str, ...]]:
    """The digest keys among these, by chain, each in the order that `ChainCheck` wants. Other keys are left
    out."""
    found: dict[Group, list[tuple[datetime, str]]] = {}
    for key in keys:
        parsed = parse(key, key_prefix)
        group = group_of(parsed)
        if group and parsed.stamp:
            found.setdefault(group, []).append((parsed.stamp, key))
    return {group: tuple(key for _, key in sorted(found[group])) for group in sorted(found)}


class ChainCheck:
    """One chain under examination: iterate `verdicts(digests)` to its end, then ask for `chain()`.

    `expected_start` and `expected_end` (UTC) are the bounds that digests must cover, for instance the time of
    StopLogging as the end: without an end, the removal of the newest digests cannot be seen. Digests that
    begin after `expected_start` with a predecessor that is absent are a gap; one at or before it may have
    its past elsewhere. Backfill digests come when something was missed, so no end is demanded of their chain.
    """

    def __init__(
        self,
        group: Group,
        read_log: ReadLog,
        keys: KeyStore,
        allowed: AllowList,
        *,
        expected_start: datetime | None = None,
        expected_end: datetime | None = None,
    ) -> None:
        self._group = group
        self._read_log = read_log
        self._keys = keys
        self._allowed = allowed
        self._expected_start = expected_start
        self._expected_end = None if group.backfill else expected_end
        self._last: Candidate | None = None
        self._cursor: datetime | None = None
        self._bad: dict[Name, str] = {}
        self._intervals: list[Interval] = []
        self._digests: Counter[State] = Counter()
        self._logs: Counter[State] = Counter()
        self._finished = False

    def verdicts(self, digests: Iterable[DigestObject | Candidate]) -> Iterator[FileVerdict]:
        """A verdict for every digest given, every digest found missing, every log that a proven digest names.

        A candidate is a digest that `opened` has looked into already, for this group and with these keys.
        `digests` must come in the order of the time in their key (`groups` gives it), else `ValueError`.
        """
        for verdict in self._walk(digests):
            (self._digests if verdict.kind in DIGEST_KINDS else self._logs)[verdict.state] += 1
            yield verdict
        self._close()

    def chain(self) -> Chain:
        """The result; only after `verdicts` came to its end (`ValueError` before)."""
        if not self._finished:
            raise ValueError("iterate verdicts() to its end before asking for the chain")
        g = self._group
        intervals, digests, logs = tuple(self._intervals), dict(self._digests), dict(self._logs)
        return Chain(g.account, g.region, g.trail, g.home_region, g.backfill, intervals, digests, logs)

    def _walk(self, digests: Iterable[DigestObject | Candidate]) -> Iterator[FileVerdict]:
        """Three places are held: one is judged, its successor has been authenticated, by the one after it."""
        held: list[list[Candidate]] = []
        for source in digests:
            found = (
                source
                if isinstance(source, Candidate)
                else opened(source, self._group, self._keys, self._allowed)
            )
            if found.state is State.FOREIGN:
                yield found.verdict()
            elif held and held[-1][0].name == found.name:
                held[-1].append(found)
            else:
                self._demand_order(held, found)
                if held:
                    self._authenticate(held[-1], [found])
                held.append([found])
                if len(held) == 3:
                    yield from self._judge(held.pop(0), held[0])
        if held:
            self._authenticate(held[-1], [])
        while held:
            place = held.pop(0)
            yield from self._judge(place, held[0] if held else [])

    def _demand_order(self, held: list[list[Candidate]], found: Candidate) -> None:
        before = held[-1][0].parsed.stamp if held else None
        if before and found.parsed.stamp and found.parsed.stamp < before:
            raise ValueError(f"digests must come in order of the time in their key: {found.source.key}")

    def _authenticate(self, place: list[Candidate], successors: list[Candidate]) -> None:
        quoted = _quotes(place[0].name, successors)
        for found in place:
            authenticate(found, quoted, self._allowed)

    def _judge(self, place: list[Candidate], successors: list[Candidate]) -> Iterator[FileVerdict]:
        quoted = _quotes(place[0].name, [found for found in successors if found.trusted])
        chosen = _chosen(place, quoted)
        for found in place:
            if found is not chosen:
                _settle_other(found, chosen, place)
        yield from (found.verdict() for found in place)
        if not chosen.trusted or chosen.digest is None:
            self._bad[chosen.name] = f"{chosen.source.key.rsplit('/', 1)[-1]} is {chosen.state}: {chosen.why}"
            return
        yield from self._link(chosen, chosen.digest.previous)
        seen: set[LoggedFile] = set()
        for entry in chosen.digest.logs:
            yield self._log_verdict(entry, chosen, repeated=entry in seen)
            seen.add(entry)

    def _link(self, found: Candidate, previous: Previous | None) -> Iterator[FileVerdict]:
        """Join a trusted digest to the last one, or say what lies between."""
        digest = found.digest
        assert digest is not None
        if previous is None:
            self._restart(digest.start)
        elif self._last and _is(previous, self._last):
            if self._cursor and digest.start > self._cursor and not self._group.backfill:
                self._gap(digest.start, "CloudTrail's own digests leave this time out", 0)
        else:
            yield from self._broken(digest.start, previous)
        self._prove(digest.start, digest.end)
        self._last = found
        self._bad.clear()

    def _restart(self, start: datetime) -> None:
        since = self._cursor or self._expected_start
        if self._bad:
            self._gap(start, f"{self._reasons()}; then a new chain starts", 0)
        elif since and (since < start or self._last) and not self._group.backfill:
            why = "a new chain starts here: what was delivered before it is not proven"
            self._intervals.append(Interval(min(since, start), start, IntervalState.RESTART, why))

    def _broken(self, start: datetime, previous: Previous) -> Iterator[FileVerdict]:
        beyond = self._expected_start and not self._last and start <= self._expected_start
        if beyond and not self._bad:
            return
        if _name(previous) in self._bad:
            self._gap(start, self._reasons(), self._hours(start) - len(self._bad))
            return
        why = "the next digest names it as its predecessor, and it is not there"
        if not self._allowed.believes(previous.bucket):
            why += f"; its bucket {previous.bucket} is not on the allow list"
        kind = Kind.BACKFILL_DIGEST if self._group.backfill else Kind.DIGEST
        yield FileVerdict("", previous.bucket, previous.key, kind, State.MISSING, why)
        missing = max(1, self._hours(start) - len(self._bad))
        last = previous.key.rsplit("/", 1)[-1]
        reasons = f"{self._reasons()}; " if self._bad else ""
        self._gap(start, f"{reasons}at least {missing} missing, the last of them {last}", missing)

    def _gap(self, end: datetime, why: str, missing: int) -> None:
        start = self._cursor or self._expected_start
        start = None if start is None else min(start, end)
        self._intervals.append(Interval(start, end, IntervalState.GAP, why, max(0, missing)))

    def _prove(self, start: datetime, end: datetime) -> None:
        last = self._intervals[-1] if self._intervals else None
        if last and last.state is IntervalState.PROVEN and last.start and start <= last.end:
            self._intervals[-1] = Interval(last.start, max(end, last.end), IntervalState.PROVEN)
        else:
            self._intervals.append(Interval(start, end, IntervalState.PROVEN))
        self._cursor = max(end, self._cursor) if self._cursor else end

    def _close(self) -> None:
        """The end of the chain: what follows the last proven digest.

        Where the end is known and nothing stands in its place, a digest was to come however few minutes of its hour were left to cover.
        """
        end = self._expected_end or max((name[-1] for name in self._bad if name[-1]), default=None)
        if end and (self._cursor is None or end > self._cursor):
            at_least = 0 if self._bad else 1
            missing = max(at_least, self._hours(end) - len(self._bad)) if self._expected_end else 0
            why = self._reasons() if self._bad else "no digest covers the end of the time asked for"
            self._gap(end, why, missing)
        self._finished = True

    def _reasons(self) -> str:
        first = next(iter(self._bad.values()))
        more = len(self._bad) - 1
        return f"{first} (and {more} more)" if more else first

    def _hours(self, end: datetime) -> int:
        """Digests that the hourly rhythm has between the last proven one and `end`."""
        start = self._cursor or self._expected_start
        return max(0, round((end - start) / HOUR)) if start else 1

    def _log_verdict(self, entry: LoggedFile, by: Candidate, *, repeated: bool) -> FileVerdict:
        kind = parse(entry.key).kind

        def told(state: State, why: str = "", key: str = "", proof: Proof = Proof.NONE) -> FileVerdict:
            return FileVerdict(key, entry.bucket, entry.key, kind, state, why, proof, entry.hash)

        if repeated:
            return told(State.DUPLICATE, "named twice by one digest")
        if not self._allowed.believes(entry.bucket):
            return told(State.FOREIGN, f"the bucket {entry.bucket} is not on the allow list")
        read = self._read_log(entry.bucket, entry.key)
        key = read.key or entry.key
        looked = looked_at(read)
        if looked.status is not ReadStatus.FOUND or not (looked.hash or looked.fault):
            state, why = _STATE_OF_STATUS.get(read.status, (State.UNREADABLE, "no content came back"))
            return told(state, read.why or why, "" if state is State.MISSING else key)
        if looked.fault:
            return told(State.INVALID, looked.fault, key)
        if looked.hash != entry.hash:
            return told(State.INVALID, f"its content is not what {by.source.key.rsplit('/', 1)[-1]} has", key)
        return told(State.VALID, key=key, proof=Proof.DIGEST)


def looked_at(read: LogRead) -> LogRead:
    """The same answer with the content's hash or fault in place of its bytes; as it is where there are none."""
    if read.body is None or read.status is not ReadStatus.FOUND:
        return read
    try:
        return LogRead(read.status, None, read.key, read.why, hash=gunzip_sha256(read.body))
    except GzipError as err:
        return LogRead(read.status, None, read.key, read.why, fault=err.why)


def _name(previous: Previous) -> Name:
    return name_of(parse(previous.key))


def _is(previous: Previous, found: Candidate) -> bool:
    """Whether a digest's quote of its predecessor is this very digest, at the place it was delivered to."""
    digest = found.digest
    return digest is not None and (previous.bucket, previous.key) == (digest.bucket, digest.key)


def _quotes(name: Name, successors: Iterable[Candidate]) -> list[Previous]:
    claims = (found.digest.previous for found in successors if found.digest)
    return [previous for previous in claims if previous and _name(previous) == name]


def _fits(quote: Previous, found: Candidate) -> bool:
    """Whether the next digest quotes this very content and, where the object brought its own, this
    signature."""
    own = found.signature if found.proof is Proof.METADATA else quote.signature
    return (quote.hash, quote.signature) == (content_hash(found), own)


def _chosen(place: list[Candidate], quoted: list[Previous]) -> Candidate:
    """The object that fills a place: signed, and the one the next trusted digest means."""
    trusted = sorted((found for found in place if found.trusted), key=lambda found: found.state is not None)
    meant = [found for found in trusted if any(_fits(quote, found) for quote in quoted)]
    if not quoted or meant:
        return (meant or trusted or place)[0]
    for found in trusted:
        found.settle(State.INVALID, "the next digest names another version of it (hash or signature differ)")
    for found in place:
        if found.state is State.UNSIGNED and content_hash(found) not in {quote.hash for quote in quoted}:
            found.settle(State.INVALID, "its content is not what the next digest names (its hash differs)")
    return (trusted or place)[0]


def _settle_other(found: Candidate, chosen: Candidate, place: list[Candidate]) -> None:
    """Another object in a place that is filled: the same again, another signed version, or an impostor."""
    if found.state not in (None, State.UNSIGNED):
        return
    if content_hash(found) == content_hash(chosen):
        found.settle(State.DUPLICATE, f"the same digest as {chosen.source.bucket}/{chosen.source.key}")
    elif found.trusted:
        found.settle(
            State.DUPLICATE, "another version that CloudTrail signed; the chain goes on from its twin"
        )
    else:
        found.settle(State.INVALID, f"one of {len(place)} objects for one digest, and not the signed one")
