"""Reading a region's digests and logs: many at once, in bounded memory, in the order that the chain wants."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from onetrail.cloudtrail.digests.chain import looked_at
from onetrail.cloudtrail.digests.conflict import conflict_key
from onetrail.cloudtrail.digests.digest import DigestFormatError, LoggedFile, digest_of
from onetrail.cloudtrail.digests.publickeys import KeyStore
from onetrail.cloudtrail.digests.signature import Candidate, opened
from onetrail.cloudtrail.digests.verdict import (
    AllowList,
    DigestGroup,
    DigestObject,
    FileState,
    FileVerdict,
    LogRead,
    ReadStatus,
)
from onetrail.cloudtrail.gzipped import GzipError, gunzip_single
from onetrail.cloudtrail.object_key import LOG_KINDS, KeyKind, below_prefix, is_beside, parse
from onetrail.validation.ahead import ReadAhead
from onetrail.validation.days import Days
from onetrail.validation.folders import LogFolder
from onetrail.validation.packing import looked_into, packed_once
from onetrail.validation.place import (
    MAX_STORED_DIGEST,
    MAX_STORED_LOG,
    LogPlace,
    ObjectContent,
    Stored,
    UnreadObject,
    digest_object,
    log_read,
)


class PlaceReader:
    """Reads one account and region. `seen` gets every log that was read, in stored bytes."""

    def __init__(
        self,
        place: LogPlace,
        folders: Sequence[LogFolder],
        seen: Callable[[int], None] = lambda size: None,
    ) -> None:
        self._place, self._seen = place, seen
        self._apart = sorted({one.root for one in folders if is_beside(one.root)})
        # A place that holds nothing but copies beside is looked through like any other.
        plain = [one.root for one in folders if not is_beside(one.root)] or [one.root for one in folders]
        self._root, self._roots = plain[0], sorted(set(plain))
        self._days = Days(place)
        self._held: dict[str, LogRead] = {}
        self._notes: dict[str, str] = {}
        self._packing: dict[str, tuple[str, str]] = {}

    def digests(
        self,
        group: DigestGroup,
        rows: Sequence[Stored],
        store: KeyStore,
        allowed: AllowList,
        judged: Callable[[Stored], bool] = lambda row: True,
    ) -> Iterator[Candidate]:
        """A chain's digests in the order given, opened; the logs that those name which are judged are read before."""
        self._held.clear()
        ahead = ReadAhead(
            rows,
            allowed,
            self._digest,
            lambda source: opened(source, group, store, allowed),
            lambda entries: self._rows(entries, allowed),
            self._hold,
            judged,
        )
        while ahead:
            for row, found in self._place.read(ahead.wanted()):
                ahead.take(row, found)
                yield from ahead.ready()
            yield from ahead.ready()

    def log(self, bucket: str, key: str) -> LogRead:
        """One log by its original place; normally it was read ahead. A key that is not a log's is not searched."""
        below = below_prefix(key)
        beside = self._beside(bucket, key)
        name = beside.key if beside else below
        if name in self._held:
            return self._held.pop(name)
        if parse(below).kind not in LOG_KINDS:
            return LogRead(ReadStatus.FOREIGN, why="its key is not one that CloudTrail gives a log: not read")
        row = beside or self._row(below)
        if row is None:
            return self._absent(below)
        for read in self._read([row]):
            return read
        return LogRead(ReadStatus.UNREADABLE, None, row.key, "no answer came")

    def note(self, verdict: FileVerdict) -> str:
        """What is to be reported of an object that was read, beside its verdict; asked once."""
        (packing, content), note = self._packing.pop(verdict.key, ("", "")), self._notes.pop(verdict.key, "")
        if packing and (verdict.state is FileState.VALID or (content and content == verdict.hash)):
            packing = f"{packing}; its content is what was signed"
        return "; ".join(filter(None, (packing, note)))

    def here(self, key: str) -> str:
        """The key that an original one would have in this place."""
        return f"{self._root}{below_prefix(key)}"

    def hashed(self, rows: Sequence[Stored]) -> Iterator[LogRead]:
        """What these rows hold, as hashes."""
        return self._read(rows)

    def names(self, digests: Sequence[Stored]) -> frozenset[str] | None:
        """The logs that these digests name, from `AWSLogs/` on, signed or not; None where one of them cannot be
        read."""
        found: set[str] = set()
        for row, content in self._place.read(digests):
            try:
                digest = digest_of(gunzip_single(self._digest(row, content).raw_gz or b""))
            except (GzipError, DigestFormatError):
                return None
            found.update(below_prefix(entry.key) for entry in digest.logs)
        return frozenset(found)

    def _digest(self, row: Stored, found: ObjectContent | UnreadObject) -> DigestObject:
        if not isinstance(found, ObjectContent):
            return digest_object(self._place.name, row, found)
        if found.note:
            self._notes[row.key] = found.note
        if found.downloaded and len(found.body) == row.size:
            body, packing = packed_once(found.body, MAX_STORED_DIGEST)
            if packing:
                self._packing[row.key] = packing, ""
                row, found = row._replace(size=len(body)), found._replace(body=body)
        return digest_object(self._place.name, row, found)

    def _hold(self, row: Stored, found: ObjectContent | UnreadObject) -> None:
        self._held[_name(row)] = self._looked(row, found)

    def _read(self, rows: Sequence[Stored]) -> Iterator[LogRead]:
        for row, found in self._place.read(rows):
            yield self._looked(row, found)

    def _looked(self, row: Stored, found: ObjectContent | UnreadObject) -> LogRead:
        self._seen(row.size)
        read = log_read(row, found)
        looked, packing = looked_into(read, MAX_STORED_LOG)
        if not packing:
            return looked
        self._packing[row.key] = packing, looked.hash
        return looked if isinstance(found, ObjectContent) and found.downloaded else looked_at(read)

    def _rows(self, entries: Iterable[LoggedFile], allowed: AllowList) -> Iterator[Stored]:
        """The logs that may be read and were not yet, where they lie."""
        for entry in entries:
            below = below_prefix(entry.key)
            if (
                allowed.believes(entry.bucket)
                and parse(below).kind in LOG_KINDS
                and (row := self._beside(entry.bucket, entry.key) or self._row(below)) is not None
                and _name(row) not in self._held
            ):
                yield row

    def _beside(self, bucket: str, key: str) -> Stored | None:
        """The copy of this very old object beside a plain key, which other bytes took; None where there is none."""
        if not self._apart:
            return None
        wanted = conflict_key(bucket, key)
        if parse(wanted).kind not in LOG_KINDS | {KeyKind.CONFLICT}:
            return None
        below = below_prefix(wanted)
        root = wanted[: len(wanted) - len(below)]
        found = (self._days.row(one + below) for one in self._apart if one.endswith(root))
        return next((row for row in found if row), None)

    def _row(self, below: str) -> Stored | None:
        """Where a log lies today, by the listing of its day; of several places the first that is not another old
        object's alone."""
        found = (self._days.row(root + below) for root in self._roots)
        return next((row for row in found if row), None)

    def _absent(self, below: str) -> LogRead:
        answers = [self._place.absent(root + below) for root in self._roots]
        unreadable = [one for one in answers if one.status is not ReadStatus.MISSING]
        return (unreadable or answers)[0]


def _name(row: Stored) -> str:
    """What tells logs apart: the key from `AWSLogs/` on; of a copy beside a plain key the whole."""
    return row.key if is_beside(row.key) else below_prefix(row.key)
