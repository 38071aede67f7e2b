"""Reading a region's digests and logs: many at once, in bounded memory, in the order that the chain wants.

Logs are fetched ahead only for digests whose signature verifies, so that nobody can make this read more than CloudTrail signed.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from onetrail.cloudtrail.authentic import authenticate, opened
from onetrail.cloudtrail.chain import looked_at
from onetrail.cloudtrail.digest import LoggedFile
from onetrail.cloudtrail.key import LOG_KINDS, below_prefix, parse
from onetrail.cloudtrail.publickeys import KeyStore
from onetrail.cloudtrail.verdict import AllowList, DigestObject, Group, LogRead, ReadStatus
from onetrail.validation.days import Days
from onetrail.validation.folders import Folder, days
from onetrail.validation.place import Place, Stored, digest_object, log_read

DIGESTS_AT_ONCE: Final = 256
BYTES_AT_ONCE: Final = 48 * 2**20
"""Stored bytes that are asked for at once, and always one object's."""
LOGS_AT_ONCE: Final = 4096


class Reader:
    """Reads one account and region. `digests` are its digest rows by key; `seen` is told of every log that was read, in stored bytes."""

    def __init__(
        self,
        place: Place,
        folders: Sequence[Folder],
        digests: Mapping[str, Stored],
        seen: Callable[[int], None] = lambda size: None,
    ) -> None:
        self._place, self._folders, self._digests, self._seen = place, list(folders), digests, seen
        self._days = Days(place)
        self._held: dict[str, LogRead] = {}

    def digests(
        self, group: Group, keys: Sequence[str], store: KeyStore, allowed: AllowList
    ) -> Iterator[DigestObject]:
        """A chain's digests in the order given; the logs that they name are read before."""
        self._held.clear()
        rest = list(keys)
        while rest:
            chunk = self._chunk(rest)
            del rest[: len(chunk)]
            read = dict(self._place.read(chunk))
            found = [digest_object(self._place.name, row, read[row]) for row in chunk]
            del read
            yield from self._with_logs(found, group, store, allowed)

    def log(self, bucket: str, key: str) -> LogRead:
        """One log by its original place; normally it was read ahead. A key that is none of a log's is not looked for."""
        below = below_prefix(key)
        if below in self._held:
            return self._held.pop(below)
        if parse(below).kind not in LOG_KINDS:
            return LogRead(ReadStatus.FOREIGN, why="its key is not one that CloudTrail gives a log: not read")
        row = self._row(below)
        if row is None:
            return self._absent(below)
        for read in self._read([row]):
            return read
        return LogRead(ReadStatus.UNREADABLE, None, row.key, "no answer came")

    def hashed(self, rows: Sequence[Stored]) -> Iterator[LogRead]:
        """What these rows hold, as hashes."""
        return self._read(rows)

    def _chunk(self, keys: Sequence[str]) -> list[Stored]:
        chosen, room = list[Stored](), BYTES_AT_ONCE
        for key in keys[:DIGESTS_AT_ONCE]:
            row = self._digests[key]
            if chosen and row.size > room:
                break
            chosen.append(row)
            room -= row.size
        return chosen

    def _with_logs(
        self, found: list[DigestObject], group: Group, store: KeyStore, allowed: AllowList
    ) -> Iterator[DigestObject]:
        """The digests in parts whose logs fit within the bounds."""
        names = self._trusted(found, group, store, allowed)
        part, wanted, room = list[DigestObject](), dict[str, Stored](), BYTES_AT_ONCE
        for digest, entries in zip(found, names, strict=True):
            rows = self._rows(entries, allowed)
            weight = sum(row.size for row in rows.values())
            if part and (weight > room or len(wanted) + len(rows) > LOGS_AT_ONCE):
                yield from self._fetched(part, wanted)
                part, wanted, room = [], {}, BYTES_AT_ONCE
            part.append(digest)
            wanted |= rows
            room -= weight
        yield from self._fetched(part, wanted)

    def _fetched(self, part: list[DigestObject], wanted: dict[str, Stored]) -> Iterator[DigestObject]:
        for read in self._read(list(wanted.values())):
            self._held[below_prefix(read.key)] = read
        yield from part

    def _trusted(
        self, found: list[DigestObject], group: Group, store: KeyStore, allowed: AllowList
    ) -> Iterator[tuple[LoggedFile, ...]]:
        """The logs that each digest names, none where its signature does not verify; from metadata, or as the next digest quotes it."""
        ahead = [opened(source, group, store, allowed) for source in found[:1]]
        for at in range(len(found)):
            ahead += [opened(source, group, store, allowed) for source in found[at + 1 : at + 2]]
            quoted = [one.digest.previous for one in ahead[1:] if one.digest and one.digest.previous]
            one = ahead.pop(0)
            authenticate(one, quoted, allowed)
            yield one.digest.logs if one.trusted and one.digest else ()

    def _read(self, rows: Sequence[Stored]) -> Iterator[LogRead]:
        for row, found in self._place.read(rows):
            self._seen(row.size)
            yield looked_at(log_read(row, found))

    def _rows(self, entries: Sequence[LoggedFile], allowed: AllowList) -> dict[str, Stored]:
        """The logs that may be read, where they lie."""
        keys = (below_prefix(entry.key) for entry in entries if allowed.believes(entry.bucket))
        return {
            below: row
            for below in keys
            if parse(below).kind in LOG_KINDS and (row := self._row(below)) is not None
        }

    def _row(self, below: str) -> Stored | None:
        """Where a log lies today, by the listing of its day; of several places the first."""
        for day in days(self._folders, below):
            if row := self._days.of(day).get(below):
                return row
        return None

    def _absent(self, below: str) -> LogRead:
        answers = [self._place.absent(day + below.rsplit("/", 1)[-1]) for day in days(self._folders, below)]
        unreadable = [one for one in answers if one.status is not ReadStatus.MISSING]
        return (unreadable or answers)[0]
