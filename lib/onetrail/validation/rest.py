"""What is in a region's folders and was not read by way of a digest: unsigned logs, second copies, what is not
CloudTrail's."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from heapq import merge
from itertools import groupby
from typing import Final

from onetrail.cloudtrail.digests.orphan import WHY_YOUNG, is_young, unsigned_logs
from onetrail.cloudtrail.digests.verdict import Chain, FileState, FileVerdict, LogRead, ReadStatus
from onetrail.cloudtrail.object_key import DIGEST_KINDS, LOG_KINDS, KeyKind, ParsedKey, is_beside, parse
from onetrail.cloudtrail.object_key import below_prefix as below
from onetrail.validation.folders import LogFolder, within
from onetrail.validation.named import NamedLog
from onetrail.validation.outside import ForeignJudge
from onetrail.validation.place import LogPlace, Stored
from onetrail.validation.reading import PlaceReader
from onetrail.validation.result import CheckScope, ValidationResult

SECOND_COPIES_AT_ONCE: Final = 256
_WHY_HASHED: Final = (
    "its name is a hash of its old key, and no digest names it: the run's ledger says which old object it is of"
)


class RemainingFiles:
    """The rest of one region, once its `chains` were checked.

    `early` are digests from right before the time that is asked for. `alone`: no digests of a trail that is not asked
    for are there.
    """

    def __init__(
        self,
        place: LogPlace,
        wanted: CheckScope,
        result: ValidationResult,
        folders: list[LogFolder],
        reader: PlaceReader,
        chains: list[Chain],
        early: list[Stored],
        alone: bool,
    ) -> None:
        self._place, self._wanted, self._result = place, wanted, result
        self._folders, self._reader, self._chains = folders, reader, chains
        self._early, self._alone = early, alone
        self._outside = ForeignJudge(place, wanted, result)

    def verdicts(self, named: Iterator[NamedLog]) -> Iterator[FileVerdict]:
        """All of it; of one trail, what has a name that its digests give, and what may hide a log. `named` come in key
        order."""
        copies: list[tuple[Stored, NamedLog]] = []
        every = not self._wanted.trail
        for row, name, apart in _beside(self._listed(), named):
            parsed = parse(row.key, size=row.size)
            if parsed.kind is KeyKind.MARKER:
                self._result.markers += every
            elif row.fault and (name is None or row.key != name.key):
                hides = every or bool(name or apart) or parsed.kind not in LOG_KINDS
                if hides and self._asked_for(row.key, parsed, name):
                    yield self._result.take(FileVerdict(row.key, "", "", parsed.kind, FileState.UNREADABLE, row.fault))
            elif parsed.kind is KeyKind.CONFLICT:
                if name is None and every:
                    yield self._result.take(FileVerdict(row.key, "", "", parsed.kind, FileState.UNSIGNED, _WHY_HASHED))
            elif parsed.kind not in LOG_KINDS:
                if every or _unpacked_kind(row.key) in LOG_KINDS:
                    yield from self._no_log(row)
            elif apart:
                if self._wanted.named_log(parsed):
                    yield from self._plain(row, apart, parsed, every or self._alone)
            elif name is None:
                if every and (self._wanted.log(parsed) or self._is_of_none(row, parsed)):
                    yield from self._unsigned(row.key, parsed)
            elif name.key not in ("", row.key):
                copies.append((row, name))
                if len(copies) >= SECOND_COPIES_AT_ONCE:
                    yield from self._second(copies)
                    copies = []
        yield from self._second(copies)

    def _is_of_none(self, row: Stored, parsed: ParsedKey) -> bool:
        """Whether a log of the first minutes that are asked for is named by no digest from right before them either.

        What those digests say is believed here: they are judged with the time before.
        """
        if not self._wanted.begins_with(parsed):
            return False
        return self._early_names is not None and below(row.key) not in self._early_names

    @cached_property
    def _early_names(self) -> frozenset[str] | None:
        """The logs that digests from right before the time name; None where one of those cannot be read."""
        return self._reader.names(self._early)

    def _plain(self, row: Stored, apart: Sequence[NamedLog], parsed: ParsedKey, judged: bool) -> Iterator[FileVerdict]:
        """A log under a plain key, of which digests name copies beside alone: one of those once more, or another old
        object."""
        for read in self._reader.hashed([row]):
            same = next((name for name in apart if name.hash and name.hash == read.hash), None)
            if same or read.status is not ReadStatus.FOUND:
                yield self._result.take(_second_verdict(read, same or apart[0]))
            elif judged:
                yield from self._unsigned(row.key, parsed)

    def _no_log(self, row: Stored) -> Iterator[FileVerdict]:
        """What has not the name of a log: a second copy, unpacked, of one of the time that is asked for, or something
        else."""
        whole = parse(f"{row.key}.gz")
        if _unpacked_kind(row.key) in LOG_KINDS and not self._wanted.named_log(whole):
            return
        if _unpacked_kind(row.key) in DIGEST_KINDS and not self._wanted.digest(whole):
            return
        yield self._unpacked_copy(row) or self._outside.verdict(row)

    def _asked_for(self, key: str, parsed: ParsedKey, name: NamedLog | None) -> bool:
        """Whether something that cannot be read is of the time that is asked for."""
        if parsed.kind not in LOG_KINDS:
            return self._wanted.day_of(key)
        return self._wanted.named_log(parsed) if name else self._wanted.log(parsed)

    def _unsigned(self, key: str, parsed: ParsedKey) -> Iterator[FileVerdict]:
        """A log that no digest names, or none yet."""
        if self._wanted.now and is_young(parsed, self._chains, self._wanted.now):
            self._result.young += 1
            yield self._result.take(FileVerdict(key, "", "", parsed.kind, FileState.UNSIGNED, WHY_YOUNG))
        else:
            if parsed.stamp and not self._wanted.now and is_young(parsed, self._chains, parsed.stamp):
                self._result.after_newest += 1
            yield from map(self._result.take, unsigned_logs([key], (), self._chains, now=self._wanted.now))

    def _second(self, copies: list[tuple[Stored, NamedLog]]) -> Iterator[FileVerdict]:
        """Copies of a log that was read elsewhere in the place."""
        first = {row.key: name for row, name in copies}
        for read in self._reader.hashed([row for row, _ in copies]):
            verdict = _second_verdict(read, first[read.key])
            if verdict.state is FileState.DUPLICATE or self._wanted.named_log(parse(read.key)):
                yield self._result.take(verdict)

    def _unpacked_copy(self, row: Stored) -> FileVerdict | None:
        """A second copy of a log or digest, unpacked beside it; None for anything else."""
        whole = f"{row.key}.gz"
        kind = _unpacked_kind(row.key)
        if kind not in LOG_KINDS | DIGEST_KINDS:
            return None
        beside = next(iter(self._place.rows(whole)), None)
        if beside is None or beside.key != whole:
            return None
        found = list(self._reader.hashed([row, beside]))
        if len({one.hash for one in found}) != 1 or not found[0].hash:
            return None
        return self._result.take(
            FileVerdict(row.key, "", "", kind, FileState.DUPLICATE, f"the content of {whole}, unpacked")
        )

    def _listed(self) -> Iterator[tuple[str, Stored]]:
        """Everything in the folders of logs, and what is no digest among the digests, in the order of the keys below
        each folder's root.

        With that key: another `AWSLogs/` in it changes nothing.
        """
        for path in sorted({folder.below for folder in self._folders}):
            same = [folder for folder in self._folders if folder.below == path]
            digests = same[0].kind is KeyKind.DIGEST
            for here, row in merge(*map(self._below_root, same), key=lambda one: one[0]):
                if not digests or parse(row.key).kind not in DIGEST_KINDS:
                    yield here, row

    def _below_root(self, folder: LogFolder) -> Iterator[tuple[str, Stored]]:
        return (
            (row.key[len(folder.root) :], row)
            for row in within(self._place, folder, self._wanted.since, self._wanted.until)
        )


def _beside(
    rows: Iterable[tuple[str, Stored]], named: Iterator[NamedLog]
) -> Iterator[tuple[Stored, NamedLog | None, Sequence[NamedLog]]]:
    """Each row with the name that a digest gives it, None where none does; both come in the order of the keys from
    `AWSLogs/` on.

    Third: the names of copies beside it, where it is a plain key that has no other.
    """
    names = ((key, list(same)) for key, same in groupby(named, key=lambda name: name.below))
    key, same = next(names, ("", []))
    for here, row in rows:
        while same and key < here:
            key, same = next(names, ("", []))
        of = same if key == here else []
        name = _name_of(row, of)
        yield row, name, () if name or is_beside(row.key) else of


def _unpacked_kind(key: str) -> KeyKind:
    """The kind of the log or digest that is there without its gzip; `FOREIGN` where it has no such name."""
    return parse(f"{key}.gz").kind if key.endswith(".json") else KeyKind.FOREIGN


def _name_of(row: Stored, same: Sequence[NamedLog]) -> NamedLog | None:
    """The name that speaks of a row: its own; else, of copies that are one, another's. A copy beside a plain key is of
    another old object."""
    own = next((name for name in same if name.key == row.key), None)
    if own or is_beside(row.key):
        return own
    return max((n for n in same if not is_beside(n.key)), key=lambda name: name.key, default=None)


def _second_verdict(read: LogRead, first: NamedLog) -> FileVerdict:
    kind = parse(read.key).kind
    if read.status is not ReadStatus.FOUND:
        state = FileState.ARCHIVED if read.status is ReadStatus.ARCHIVED else FileState.UNREADABLE
        return FileVerdict(read.key, "", "", kind, state, read.why or "no content came back")
    if read.hash == first.hash:
        return FileVerdict(read.key, "", "", kind, FileState.DUPLICATE, f"the same log as {first.key}")
    why = read.fault or f"its content is not what a signed digest has for it; {first.key} is another copy"
    return FileVerdict(read.key, "", "", kind, FileState.INVALID, why)
