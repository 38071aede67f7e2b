"""A place checked from one end to the other: region by region, chain by chain, a verdict for every file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import merge
from itertools import groupby, takewhile
from typing import TYPE_CHECKING, Any

from onetrail.cloudtrail.authentic import group_of
from onetrail.cloudtrail.chain import ChainCheck, Listed, groups
from onetrail.cloudtrail.key import (
    DIGEST_KINDS,
    LOG_KINDS,
    Kind,
    ParsedKey,
    among_logs,
    is_litter,
    lies_beside,
    parse,
)
from onetrail.cloudtrail.key import below_prefix as below
from onetrail.cloudtrail.orphan import WHY_YOUNG, is_young, unsigned_logs
from onetrail.cloudtrail.publickeys import KeyStore
from onetrail.cloudtrail.verdict import AllowList, Chain, FileVerdict, Group, LogRead, ReadStatus, State
from onetrail.errors import WrongUse
from onetrail.instants import day_path, moved
from onetrail.validation.folders import Folder, Found, survey
from onetrail.validation.named import Named, NamedLogs
from onetrail.validation.packing import begins_as_log
from onetrail.validation.place import Content, Place, Stored, Unread
from onetrail.validation.publickeys import PublicKeys
from onetrail.validation.reading import Reader
from onetrail.validation.result import LATE, ChainSeen, Result, Wanted

if TYPE_CHECKING:
    from onetrail.validation.kept import KeptChains

SECOND_COPIES_AT_ONCE = 256
DAY = timedelta(days=1)
WHY_AMONG = "it lies among the logs, where Athena and others read it as one"
_WHY_HASHED = "its name is a hash of its old key, and no digest names it: the run's ledger says which old object it is of"
Progress = Callable[[Result, int, int], None]
"""Told of the result so far, of how many regions are done, and of how many there are."""


class Check:
    """One check: iterate `verdicts()` to its end, then `result` is whole.

    `moved_from` names the buckets that are believed beside the place itself; None: whichever signed digests name.
    `kept` gives back the proven chains of a run that was cut short, and keeps those of this one.
    Memory: one region's digest keys and a few days' listings; logs and what names them are streamed.
    """

    def __init__(
        self,
        place: Place,
        keys: PublicKeys,
        wanted: Wanted,
        moved_from: Iterable[str] | None = None,
        owner: str = "",
        progress: Progress = lambda result, done, of: None,
        kept: "KeptChains | None" = None,
    ) -> None:
        self._place, self._keys, self._wanted, self._progress = place, keys, wanted, progress
        self._kept = kept
        believed = None if moved_from is None else frozenset({*moved_from, place.bucket} - {""})
        self.result = Result(
            place.name,
            owner,
            believed,
            keys=keys.used,
            is_bucket=bool(place.bucket),
            narrowed=bool(wanted.trail),
        )
        self._done = self._of = 0
        self._early: list[Stored] = []
        self._early_names: frozenset[str] | None = frozenset()

    def verdicts(self) -> Iterator[FileVerdict]:
        """Every file's verdict. Raises WrongUse where nothing of what is wanted lies in the place, and what a listing raises."""
        outside: list[Stored] = []
        found = survey(self._place, outside.append)
        places = [place for place in sorted(found.folders) if self._wanted.place(*place)]
        if self._wanted.everything:
            self.result.markers += found.markers
        for row in outside:
            if self._wanted.everything or self._hides_something(row):
                yield self._outside(row)
        if not places:
            raise WrongUse(_nothing(self._place.name, found))
        self._of = len(places)
        for account, region in places:
            yield from self._region(found.folders[account, region], self._keys.store(region))
            self._done += 1
            self._tell(0)
        if not self.result.chains and self._wanted.trail:
            raise WrongUse(
                f"no digest of a trail {self._wanted.trail} lies in what was asked for of {self._place.name}"
            )

    def _region(self, folders: list[Folder], store: KeyStore) -> Iterator[FileVerdict]:
        digests = self._digests(folders)
        reader = Reader(self._place, folders, self._tell)
        chains: list[Chain] = []
        with NamedLogs() as named:
            found = groups(digests)
            self._digests_listed = Listed(found)
            for group, keys in found.items():
                if self._wanted.chain(group) and any(self._wanted.digest(parse(key)) for key in keys):
                    yield from self._kept_or_checked(
                        group, [digests[key] for key in reversed(keys)], store, reader, named
                    )
                    chains.append(self.result.chains[-1].chain)
            alone = all(map(self._wanted.chain, found))
            yield from self._rest(folders, named, chains, reader, alone)

    def _digests(self, folders: list[Folder]) -> dict[str, Stored]:
        """The digests of the time that is wanted, by key, and those right after it, which prove the last ones."""
        found: dict[str, Stored] = {}
        self._early, self._early_names = [], frozenset()
        after: dict[Group, list[tuple[datetime, Stored]]] = {}
        for folder in folders:
            for row in self._within(folder) if folder.kind is Kind.DIGEST else ():
                key = parse(row.key)
                if self._wanted.digest(key):
                    found[row.key] = row
                elif self._wanted.early(key):
                    self._early.append(row)
                elif (group := group_of(key)) and key.stamp and self._is_after(key.stamp):
                    after.setdefault(group, []).append((key.stamp, row))
        for rows in after.values():
            first = min(stamp for stamp, _ in rows)
            found |= {row.key: row for stamp, row in rows if stamp <= moved(first, LATE)}
        return found

    def _is_after(self, stamp: datetime) -> bool:
        last = self._wanted.last_digest
        return last is not None and stamp > last

    def _kept_or_checked(
        self, group: Group, rows: Sequence[Stored], store: KeyStore, reader: Reader, named: NamedLogs
    ) -> Iterator[FileVerdict]:
        """A chain's verdicts, from an earlier run where the same was asked then and the chain was proven."""
        if self._kept is None:
            yield from self._chain(group, rows, store, reader, named)
            return
        name = self._kept.name(self._question(group, rows, store))
        if kept := self._kept.found(name):
            for verdict in kept.verdicts():
                yield self._of_chain(verdict, named)
            self.result.chains.append(kept.seen)
            self.result.kept.append(kept.checked)
            return
        with self._kept.keeping(name) as keeping:
            for verdict in self._chain(group, rows, store, reader, named):
                keeping.add(verdict)
                yield verdict
            if self.result.chains[-1].chain.sound:
                keeping.finish(self.result.chains[-1])

    def _question(self, group: Group, rows: Sequence[Stored], store: KeyStore) -> list[Any]:
        """Everything that a chain's verdicts depend on but the logs themselves."""
        wanted, believed = self._wanted, self.result.believed
        return [
            self._place.root,
            group,
            [(row.key, row.size, row.storage_class, row.fault, row.mark) for row in rows],
            (wanted.since, wanted.until, wanted.end),
            None if believed is None else sorted(believed),
            [(key.region, key.fingerprint) for key in store.held()],
        ]

    def _chain(
        self, group: Group, rows: Sequence[Stored], store: KeyStore, reader: Reader, named: NamedLogs
    ) -> Iterator[FileVerdict]:
        allowed = AllowList(self.result.believed, frozenset({group.identity}))
        check = ChainCheck(
            group,
            reader.log,
            store,
            allowed,
            listed=self._digests_listed,
            expected_start=self._wanted.since,
            expected_end=self._wanted.end,
            until=self._wanted.last_digest,
            judged=self._wanted.named_log,
        )
        buckets: set[str] = set()
        opened = reader.digests(group, rows, store, allowed, lambda row: self._wanted.digest(parse(row.key)))
        for verdict in check.verdicts(opened):
            if verdict.kind not in LOG_KINDS and verdict.key and verdict.original_bucket:
                buckets.add(verdict.original_bucket)
            yield self._of_chain(self._sought(self._noted(verdict, reader), reader), named)
        self.result.chains.append(ChainSeen(check.chain(), tuple(sorted(buckets))))

    def _sought(self, verdict: FileVerdict, reader: Reader) -> FileVerdict:
        """The verdict; of a missing file with the key that it would have here, where that is another one."""
        if verdict.state is not State.MISSING:
            return verdict
        here = reader.here(verdict.original_key)
        return (
            verdict
            if here == verdict.original_key
            else replace(verdict, why=f"{verdict.why}; here it would be {here}")
        )

    def _noted(self, verdict: FileVerdict, reader: Reader) -> FileVerdict:
        """The verdict, with what reading the file showed besides."""
        if not (note := reader.note(verdict)):
            return verdict
        return replace(verdict, why=f"{verdict.why}; {note}" if verdict.why else note)

    def _of_chain(self, verdict: FileVerdict, named: NamedLogs) -> FileVerdict:
        if verdict.kind in LOG_KINDS and verdict.original_key:
            named.add(Named(below(verdict.key or verdict.original_key), verdict.key, verdict.hash))
        return self._taken(verdict)

    def _rest(
        self, folders: list[Folder], named: NamedLogs, chains: list[Chain], reader: Reader, alone: bool
    ) -> Iterator[FileVerdict]:
        """What lies there and was not read by way of a digest: unsigned logs, second copies, what is not CloudTrail's.

        Of one trail, what has a name that its digests give, and what may hide a log. `alone`: no other trail's digests lie there.
        """
        copies: list[tuple[Stored, Named]] = []
        every = not self._wanted.trail
        for row, name, apart in _beside(self._listed(folders), named.sorted()):
            parsed = parse(row.key, size=row.size)
            if parsed.kind is Kind.MARKER:
                self.result.markers += every
            elif row.fault and (name is None or row.key != name.key):
                hides = every or bool(name or apart) or parsed.kind not in LOG_KINDS
                if hides and self._asked_for(row.key, parsed, name):
                    yield self._taken(FileVerdict(row.key, "", "", parsed.kind, State.UNREADABLE, row.fault))
            elif parsed.kind is Kind.CONFLICT:
                if name is None and every:
                    yield self._taken(FileVerdict(row.key, "", "", parsed.kind, State.UNSIGNED, _WHY_HASHED))
            elif parsed.kind not in LOG_KINDS:
                if every or _unpacked_kind(row.key) in LOG_KINDS:
                    yield from self._no_log(row, reader)
            elif apart:
                if self._wanted.named_log(parsed):
                    yield from self._plain(row, apart, parsed, chains, reader, every or alone)
            elif name is None:
                if every and (self._wanted.log(parsed) or self._is_of_none(row, parsed, reader)):
                    yield from self._unsigned(row.key, parsed, chains)
            elif name.key not in ("", row.key):
                copies.append((row, name))
                if len(copies) >= SECOND_COPIES_AT_ONCE:
                    yield from self._second(copies, reader)
                    copies = []
        yield from self._second(copies, reader)

    def _is_of_none(self, row: Stored, parsed: ParsedKey, reader: Reader) -> bool:
        """Whether a log of the first minutes that are asked for is named by no digest from right before them either.

        What those digests say is believed here: they are judged with the time before.
        """
        if not self._wanted.begins_with(parsed):
            return False
        if self._early:
            self._early_names, self._early = reader.names(self._early), []
        return self._early_names is not None and below(row.key) not in self._early_names

    def _plain(
        self,
        row: Stored,
        apart: Sequence[Named],
        parsed: ParsedKey,
        chains: list[Chain],
        reader: Reader,
        judged: bool,
    ) -> Iterator[FileVerdict]:
        """A log under a plain key, of which digests name copies beside alone: one of those once more, or another old object."""
        for read in reader.hashed([row]):
            same = next((name for name in apart if name.hash and name.hash == read.hash), None)
            if same or read.status is not ReadStatus.FOUND:
                yield self._taken(_second_verdict(read, same or apart[0]))
            elif judged:
                yield from self._unsigned(row.key, parsed, chains)

    def _no_log(self, row: Stored, reader: Reader) -> Iterator[FileVerdict]:
        """What has not the name of a log: a second copy, unpacked, of one of the time that is asked for, or something else."""
        whole = parse(f"{row.key}.gz")
        if _unpacked_kind(row.key) in LOG_KINDS and not self._wanted.named_log(whole):
            return
        if _unpacked_kind(row.key) in DIGEST_KINDS and not self._wanted.digest(whole):
            return
        yield self._unpacked_copy(row, reader) or self._outside(row)

    def _asked_for(self, key: str, parsed: ParsedKey, name: Named | None) -> bool:
        """Whether something that cannot be read is of the time that is asked for."""
        if parsed.kind not in LOG_KINDS:
            return self._wanted.day_of(key)
        return self._wanted.named_log(parsed) if name else self._wanted.log(parsed)

    def _unsigned(self, key: str, parsed: ParsedKey, chains: list[Chain]) -> Iterator[FileVerdict]:
        """A log that no digest names, or none yet."""
        if self._wanted.now and is_young(parsed, chains, self._wanted.now):
            self.result.young += 1
            yield self._taken(FileVerdict(key, "", "", parsed.kind, State.UNSIGNED, WHY_YOUNG))
        else:
            if parsed.stamp and not self._wanted.now and is_young(parsed, chains, parsed.stamp):
                self.result.after_newest += 1
            yield from map(self._taken, unsigned_logs([key], (), chains, now=self._wanted.now))

    def _second(self, copies: list[tuple[Stored, Named]], reader: Reader) -> Iterator[FileVerdict]:
        """Copies of a log that was read elsewhere in the place."""
        first = {row.key: name for row, name in copies}
        for read in reader.hashed([row for row, _ in copies]):
            verdict = _second_verdict(read, first[read.key])
            if verdict.state is State.DUPLICATE or self._wanted.named_log(parse(read.key)):
                yield self._taken(verdict)

    def _listed(self, folders: list[Folder]) -> Iterator[tuple[str, Stored]]:
        """Everything in the folders of logs, and what is no digest among the digests, in the order of the keys below each folder's root.

        With that key: another `AWSLogs/` in it changes nothing.
        """
        for path in sorted({folder.below for folder in folders}):
            same = [folder for folder in folders if folder.below == path]
            digests = same[0].kind is Kind.DIGEST
            for here, row in merge(*map(self._below_root, same), key=lambda one: one[0]):
                if not digests or parse(row.key).kind not in DIGEST_KINDS:
                    yield here, row

    def _below_root(self, folder: Folder) -> Iterator[tuple[str, Stored]]:
        return ((row.key[len(folder.root) :], row) for row in self._within(folder))

    def _within(self, folder: Folder) -> Iterator[Stored]:
        """The rows of a folder's days that can matter, a day more on either side; and what lies beside its years."""
        since, until = self._wanted.since, self._wanted.until
        after = f"{folder.path}{day_path(moved(since, -DAY))}" if since else ""
        last = f"{folder.path}{day_path(moved(until, DAY))}0" if until else ""
        years, beyond = f"{folder.path}0", f"{folder.path}:"
        if after:
            yield from takewhile(lambda row: row.key < years, self._place.rows(folder.path))
        for row in self._place.rows(folder.path, after):
            if last and row.key > last:
                break
            yield row
        if last:
            yield from self._place.rows(folder.path, beyond)

    def _outside(self, row: Stored) -> FileVerdict:
        """What is not CloudTrail's: held against the place where it lies among the logs."""
        kind, stray = parse(row.key, size=row.size), self._is_stray(row)
        why = f"{WHY_AMONG}: {kind.why}" if stray else kind.why
        verdict = (
            FileVerdict(row.key, "", "", kind.kind, State.UNREADABLE, row.fault)
            if row.fault
            else FileVerdict(row.key, "", "", Kind.FOREIGN, State.FOREIGN, why)
        )
        self.result.outside(verdict, stray)
        return verdict

    def _hides_something(self, row: Stored) -> bool:
        """Whether something outside of every folder speaks of what is asked for: it cannot be looked into, or lies among the logs."""
        if not (self._wanted.about(row.key) and self._wanted.day_of(row.key)):
            return False
        return bool(row.fault) or (not self._wanted.trail and self._is_stray(row))

    def _unpacked_copy(self, row: Stored, reader: Reader) -> FileVerdict | None:
        """A second copy of a log or digest, unpacked beside it; None for anything else."""
        whole = f"{row.key}.gz"
        kind = _unpacked_kind(row.key)
        if kind not in LOG_KINDS | DIGEST_KINDS:
            return None
        beside = next(iter(self._place.rows(whole)), None)
        if beside is None or beside.key != whole:
            return None
        found = list(reader.hashed([row, beside]))
        if len({one.hash for one in found}) != 1 or not found[0].hash:
            return None
        return self._taken(
            FileVerdict(row.key, "", "", kind, State.DUPLICATE, f"the content of {whole}, unpacked")
        )

    def _is_stray(self, row: Stored) -> bool:
        """Whether it lies among the logs; what desktops and downloads leave there does not count, unless it holds what a log would."""
        if row.fault or not self._wanted.day_of(row.key):
            return False
        return among_logs(row.key, row.size) or (
            is_litter(row.key)
            and among_logs(f"{row.key}_")
            and not all(_is_litter(found) for _, found in self._place.read([row]))
        )

    def _taken(self, verdict: FileVerdict) -> FileVerdict:
        self.result.take(verdict)
        return verdict

    def _tell(self, size: int) -> None:
        self.result.read += 1 if size else 0
        self.result.size += size
        self._progress(self.result, self._done, self._of)


def _beside(
    rows: Iterable[tuple[str, Stored]], named: Iterator[Named]
) -> Iterator[tuple[Stored, Named | None, Sequence[Named]]]:
    """Each row with the name that a digest gives it, None where none does; both come in the order of the keys from `AWSLogs/` on.

    Third: the names of copies beside it, where it is a plain key that has no other.
    """
    names = ((key, list(same)) for key, same in groupby(named, key=lambda name: name.below))
    key, same = next(names, ("", []))
    for here, row in rows:
        while same and key < here:
            key, same = next(names, ("", []))
        of = same if key == here else []
        name = _name_of(row, of)
        yield row, name, () if name or lies_beside(row.key) else of


def _unpacked_kind(key: str) -> Kind:
    """The kind of the log or digest that lies there without its gzip; `FOREIGN` where it has no such name."""
    return parse(f"{key}.gz").kind if key.endswith(".json") else Kind.FOREIGN


def _name_of(row: Stored, same: Sequence[Named]) -> Named | None:
    """The name that speaks of a row: its own; else, of copies that are one, another's. A copy beside a plain key is of another old object."""
    own = next((name for name in same if name.key == row.key), None)
    if own or lies_beside(row.key):
        return own
    return max((n for n in same if not lies_beside(n.key)), key=lambda name: name.key, default=None)


def _is_litter(found: Content | Unread) -> bool:
    return isinstance(found, Content) and not begins_as_log(found.body)


def _second_verdict(read: LogRead, first: Named) -> FileVerdict:
    kind = parse(read.key).kind
    if read.status is not ReadStatus.FOUND:
        state = State.ARCHIVED if read.status is ReadStatus.ARCHIVED else State.UNREADABLE
        return FileVerdict(read.key, "", "", kind, state, read.why or "no content came back")
    if read.hash == first.hash:
        return FileVerdict(read.key, "", "", kind, State.DUPLICATE, f"the same log as {first.key}")
    why = read.fault or f"its content is not what a signed digest has for it; {first.key} is another copy"
    return FileVerdict(read.key, "", "", kind, State.INVALID, why)


def _nothing(place: str, found: Found) -> str:
    """Why there is nothing to prove."""
    if not found.folders:
        return f"no log or digest of CloudTrail lies in {place}: name what holds AWSLogs/ACCOUNT/"
    some = ", ".join(f"{account} {region}" for account, region in sorted(found.folders)[:5])
    return f"nothing of that account and region lies in {place}: it has {some}{' and more' if len(found.folders) > 5 else ''}"
