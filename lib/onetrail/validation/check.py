"""A place checked from one end to the other: region by region, chain by chain, a verdict for every file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from onetrail.cloudtrail.digests.chain import ChainCheck, Listed, groups
from onetrail.cloudtrail.digests.publickeys import KeyStore
from onetrail.cloudtrail.digests.signature import group_of
from onetrail.cloudtrail.digests.verdict import AllowList, Chain, DigestGroup, FileState, FileVerdict
from onetrail.cloudtrail.object_key import LOG_KINDS, KeyKind, parse
from onetrail.cloudtrail.object_key import below_prefix as below
from onetrail.errors import WrongUse
from onetrail.instants import moved
from onetrail.validation.folders import LogFolder, PlaceFolders, survey, within
from onetrail.validation.named import NamedLog, NamedLogs
from onetrail.validation.outside import ForeignJudge
from onetrail.validation.place import LogPlace, Stored
from onetrail.validation.publickeys import PublicKeys
from onetrail.validation.reading import PlaceReader
from onetrail.validation.rest import RemainingFiles
from onetrail.validation.result import LATE, CheckedChain, CheckScope, ValidationResult

if TYPE_CHECKING:
    from onetrail.validation.kept import KeptChains

Progress = Callable[[ValidationResult, int, int], None]
"""Gets the result so far, how many regions are done, and how many there are."""


class PlaceCheck:
    """One check: iterate `verdicts()` to its end, then `result` is whole.

    `moved_from` names the buckets that are believed beside the place itself; None: whichever signed digests name.
    `kept` gives back the proven chains of a run that was cut short, and keeps those of this one.
    Memory: one region's digest keys and a few days' listings; logs and what names them are streamed.
    """

    def __init__(
        self,
        place: LogPlace,
        keys: PublicKeys,
        wanted: CheckScope,
        moved_from: Iterable[str] | None = None,
        owner: str = "",
        progress: Progress = lambda result, done, of: None,
        kept: "KeptChains | None" = None,
    ) -> None:
        self._place, self._keys, self._wanted, self._progress = place, keys, wanted, progress
        self._kept = kept
        believed = None if moved_from is None else frozenset({*moved_from, place.bucket} - {""})
        self.result = ValidationResult(
            place.name,
            owner,
            believed,
            keys=keys.used,
            is_bucket=bool(place.bucket),
            narrowed=bool(wanted.trail),
        )
        self._done = self._of = 0

    def verdicts(self) -> Iterator[FileVerdict]:
        """Every file's verdict. Raises WrongUse where the place contains nothing that was selected, and what a listing
        raises."""
        beyond: list[Stored] = []
        found = survey(self._place, beyond.append)
        places = [place for place in sorted(found.folders) if self._wanted.place(*place)]
        if self._wanted.everything:
            self.result.markers += found.markers
        outside = ForeignJudge(self._place, self._wanted, self.result)
        for row in beyond:
            if self._wanted.everything or outside.hides_something(row):
                yield outside.verdict(row)
        if not places:
            raise WrongUse(_nothing(self._place.name, found))
        self._of = len(places)
        for account, region in places:
            yield from self._region(found.folders[account, region], self._keys.store(region))
            self._done += 1
            self._tell(0)
        if not self.result.chains and self._wanted.trail:
            raise WrongUse(f"no digest of a trail {self._wanted.trail} is in the selected part of {self._place.name}")

    def _region(self, folders: list[LogFolder], store: KeyStore) -> Iterator[FileVerdict]:
        digests, early = self._digests(folders)
        reader = PlaceReader(self._place, folders, self._tell)
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
            rest = RemainingFiles(self._place, self._wanted, self.result, folders, reader, chains, early, alone)
            yield from rest.verdicts(named.sorted())

    def _digests(self, folders: list[LogFolder]) -> tuple[dict[str, Stored], list[Stored]]:
        """The digests of the time that is wanted, by key, with those right after it, which prove the last ones; and
        those right before."""
        found: dict[str, Stored] = {}
        early: list[Stored] = []
        after: dict[DigestGroup, list[tuple[datetime, Stored]]] = {}
        for folder in (one for one in folders if one.kind is KeyKind.DIGEST):
            for row in within(self._place, folder, self._wanted.since, self._wanted.until):
                key = parse(row.key)
                if self._wanted.digest(key):
                    found[row.key] = row
                elif self._wanted.early(key):
                    early.append(row)
                elif (group := group_of(key)) and key.stamp and self._is_after(key.stamp):
                    after.setdefault(group, []).append((key.stamp, row))
        for rows in after.values():
            first = min(stamp for stamp, _ in rows)
            found |= {row.key: row for stamp, row in rows if stamp <= moved(first, LATE)}
        return found, early

    def _is_after(self, stamp: datetime) -> bool:
        last = self._wanted.last_digest
        return last is not None and stamp > last

    def _kept_or_checked(
        self,
        group: DigestGroup,
        rows: Sequence[Stored],
        store: KeyStore,
        reader: PlaceReader,
        named: NamedLogs,
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

    def _question(self, group: DigestGroup, rows: Sequence[Stored], store: KeyStore) -> list[Any]:
        """Everything that a chain's verdicts depend on but the logs themselves."""
        wanted, believed = self._wanted, self.result.believed
        return [
            self._place.root,
            group,
            [(row.key, row.size, row.storage_class, row.fault, row.mark) for row in rows],
            (wanted.since, wanted.until, wanted.end),
            None if believed is None else sorted(believed),
            [(key.region, key.fingerprint, key.valid_from, key.valid_to) for key in store.held()],
        ]

    def _chain(
        self,
        group: DigestGroup,
        rows: Sequence[Stored],
        store: KeyStore,
        reader: PlaceReader,
        named: NamedLogs,
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
        self.result.chains.append(CheckedChain(check.chain(), tuple(sorted(buckets))))

    def _sought(self, verdict: FileVerdict, reader: PlaceReader) -> FileVerdict:
        """The verdict; of a missing file with the key that it would have here, where that is another one."""
        if verdict.state is not FileState.MISSING:
            return verdict
        here = reader.here(verdict.original_key)
        return (
            verdict if here == verdict.original_key else replace(verdict, why=f"{verdict.why}; here it would be {here}")
        )

    def _noted(self, verdict: FileVerdict, reader: PlaceReader) -> FileVerdict:
        """The verdict, with what reading the file showed also."""
        if not (note := reader.note(verdict)):
            return verdict
        return replace(verdict, why=f"{verdict.why}; {note}" if verdict.why else note)

    def _of_chain(self, verdict: FileVerdict, named: NamedLogs) -> FileVerdict:
        if verdict.kind in LOG_KINDS and verdict.original_key:
            named.add(NamedLog(below(verdict.key or verdict.original_key), verdict.key, verdict.hash))
        return self.result.take(verdict)

    def _tell(self, size: int) -> None:
        self.result.read += 1 if size else 0
        self.result.size += size
        self._progress(self.result, self._done, self._of)


def _nothing(place: str, found: PlaceFolders) -> str:
    """Why there is nothing to prove."""
    if not found.folders:
        return f"{place} contains no CloudTrail log or digest: name the prefix that contains AWSLogs/ACCOUNT/"
    some = ", ".join(f"{account} {region}" for account, region in sorted(found.folders)[:5])
    return (
        f"{place} contains nothing of that account and region: it has"
        f" {some}{' and more' if len(found.folders) > 5 else ''}"
    )
