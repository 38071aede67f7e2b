"""One folder of a bucket copied into another, of whatever keys, with proof: what `onetrail copy` does.

Both places are listed side by side in key order, so that is all the state there is: what the target has is left alone, what it lacks is
copied, and a run that was cut off is gone on with by running again. Nothing is ever overwritten.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from botocore.exceptions import ClientError

from onetrail.change import Bulk, Change, Counterpart, Deed, Guard, Stated
from onetrail.copy_command.doubts import settled
from onetrail.copy_command.first_copies import FirstCopies
from onetrail.copy_command.folder import Folder
from onetrail.copy_command.later_copies import LaterCopies
from onetrail.copy_command.reach import End
from onetrail.copy_command.telling import Sums, Telling, Told, Total
from onetrail.errors import OnetrailError
from onetrail.s3.bulk.tally import Counts
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.copying.pipeline import Ended, Partition, copy_partitions
from onetrail.s3.decisions.decide import ARCHIVED, MOST_BYTES, same_bytes
from onetrail.s3.http.failure import NoAnswer
from onetrail.s3.http.listed import HalfAListing
from onetrail.s3.http.pace import Paces
from onetrail.s3.ledger.parts import LedgerPart, LedgerRow, Part, sums_of
from onetrail.s3.listing.ranges import KeyRange, Side, beside, key_ranges
from onetrail.s3.listing.streams import OutOfOrder
from onetrail.s3.rows import ObjectRow


class Kind(StrEnum):
    """What is to be done with one object, by the two listings alone."""

    COPY = "copy"
    PRESENT = "present"
    CONFLICT = "conflict"
    UNPROVEN = "unproven"
    ARCHIVED = "archived"
    TOO_LARGE = "too_large"


FINDINGS: Final = frozenset({"conflict", "unproven", "archived", "too_large", "source_changed", "gone"})
"""Outcomes that a person has to look at; `refused` and `failed` are failures."""
FAILURES: Final = frozenset({"refused", "failed"})
STOPPED: Final = "stopped on request"
ROWS_A_PART: Final = 10_000
"""Copies whose rows lie in one part of the ledger: a killed run loses the rows of the parts it had open."""
ROWS_AT_A_TIME: Final = 1000
"""After so many objects that need nothing, others have their turn."""
AT_ONCE: Final = 500
"""Pairs that the listings leave open are looked at so many together."""


@dataclass(frozen=True)
class Terms:
    """How copies are to be: S3's storage class, canned ACL and lock, `""` and None for none.

    `compare` says that objects which ETags cannot prove equal are read on both sides, `restored` that archived ones may be copied:
    S3 refuses those that are not. `most` bounds the requests a second;
    None leaves each prefix of the target its own bound.
    """

    storage_class: str = "STANDARD"
    acl: str = ""
    lock_mode: str = ""
    retain_until: datetime | None = None
    compare: bool = False
    restored: bool = False
    most: float | None = None


class CutOff(OnetrailError):
    """A listing could not be finished, so that what it did not come to is neither copied nor known."""


def kind_of(source: ObjectRow, target: ObjectRow | None, restored: bool = False) -> Kind:
    """What the two listings say of one object. `restored` says that archived ones were: the listing does not show that."""
    if target is None:
        if source.size > MOST_BYTES:
            return Kind.TOO_LARGE
        return Kind.ARCHIVED if source.storage_class in ARCHIVED and not restored else Kind.COPY
    equal = same_bytes(source.size, source.etag, target.size, target.etag)
    return Kind.UNPROVEN if equal is None else Kind.PRESENT if equal else Kind.CONFLICT


def change(source: End, target: End, terms: Terms) -> Change:
    """The one rule that stands open while copying: CopyObject from that bucket into that bucket, on those terms."""
    fixed = {
        "Bucket": target.folder.bucket,
        "ExpectedBucketOwner": target.owner,
        "ExpectedSourceBucketOwner": source.owner,
        "CopySource.Bucket": source.folder.bucket,
        "StorageClass": terms.storage_class,
        **({"ACL": terms.acl} if terms.acl else {}),
        **({"ObjectLockMode": terms.lock_mode} if terms.lock_mode else {}),
    }
    rule = {"from": str(source.folder), "to": str(target.folder)}
    return Change(
        key="copy",
        account=target.owner,
        region=target.region,
        service="s3",
        call="CopyObject",
        parameters={},
        resource=f"arn:aws:s3:::{target.folder.bucket}",
        before=None,
        reason="the copy that was asked for",
        undo="none: copies are kept, for nobody knows later whether one is the only copy",
        bulk=Bulk(
            Deed.COPY,
            ("CopyObject",),
            fixed,
            rule,
            bounds=(
                Counterpart(((source.folder.prefix, target.folder.prefix),)),
                Stated(("CopySourceIfMatch", "CopySource.VersionId")),
            ),
        ),
    )


def plan(
    source: End,
    target: End,
    terms: Terms,
    told: Told | None = None,
    stop: Callable[[], bool] | None = None,
) -> Sums:
    """What a copy would find and do, by the listings alone; nothing is sent but listings."""
    walk = _Planning(source, target, Telling(told, None), terms)
    return walk.run(Path(), _no_clock, stop)


def copy(
    source: End,
    target: End,
    terms: Terms,
    ledger: Path,
    guard: Guard,
    *,
    now: Callable[[], datetime],
    told: Told | None = None,
    stop: Callable[[], bool] | None = None,
) -> Sums:
    """Copy what the target lacks. Every outcome but `present` is a row of the ledger, whatever ends the run.

    A failure of one object is its outcome. A listing that broke off ends the run, as `stopped` says; what was begun is brought to
    its end first. Raises LedgerNotWritten where the ledger could not be written.
    """
    with (
        _Notes(ledger, f"found-{source.folder.bucket}") as notes,
        Total(source) as total,
        guard.opened(change(source, target, terms), {}),
    ):
        walk = _Copying(source, target, Telling(told, total), terms, notes, now)
        sums = walk.run(ledger, now, stop)
    return replace(sums, parts=(*sums.parts, *notes.finished))


class _Notes:
    """Ledger rows of what is not copied; a part that is full is closed."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._part: LedgerPart | None = None
        self._rows = 0
        self.finished: list[Part] = []

    def add(self, row: LedgerRow) -> None:
        if self._part is None:
            self._part, self._rows = LedgerPart(self._folder, self._name), 0
        self._part.add(row)
        self._rows += 1
        if self._rows >= ROWS_A_PART:
            self._close()

    def _close(self) -> None:
        if self._part is not None:
            self.finished.append(self._part.finish())
            self._part = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()


Pair = tuple[ObjectRow, ObjectRow | None]


class _Planning:
    """Goes through both listings, many ranges of keys at once. What is found is only counted."""

    def __init__(self, source: End, target: End, telling: Telling, terms: Terms) -> None:
        self._source, self._target, self._telling, self._terms = source, target, telling, terms
        self._paces = Paces(terms.most)
        self._going: deque[Iterator[CopyTask | LedgerRow | None]] = deque()
        self._under_way = 0
        self._parts: list[Part] = []
        self._counts = Counts({}, 0, 0)
        self._firsts = FirstCopies(source.client, target.client)
        self._later = LaterCopies(source.client, target.client)

    def run(self, ledger: Path, now: Callable[[], datetime], stop: Callable[[], bool] | None) -> Sums:
        """Everything to its end, or until somebody says stop."""
        stopped = ""

        def stopping() -> bool:
            return self._firsts.halted or bool(self._later.differs) or (stop is not None and stop())

        try:
            moved = copy_partitions(
                self._partitions(), self._target.client, ledger, self._telling.moved, stopping, now=now, paces=self._paces,
                ended=self._ended, source=self._source.client, saw=self._later.saw,
            )  # fmt: skip
            stopped = moved.counts.stopped or (STOPPED if stop is not None and stop() else "")
            self.settle()
        except CutOff as err:
            stopped = err.line
        except BaseException:
            self._later.leave()
            raise
        self._later.end()
        differs = self._firsts.differs or self._later.differs
        found, firsts = self._telling, self._firsts
        counts = self._counts + firsts.counts
        return Sums(
            objects=dict(sorted(found.objects.items())),
            size=dict(sorted(found.size.items())),
            classes=dict(sorted(found.classes.items())),
            retries=counts.retries,
            stopped=differs or firsts.given_up or stopped,
            differs=bool(differs),
            reasons=counts.reasons,
            unhashed=counts.unhashed,
            parts=tuple(self._parts),
        )

    def settle(self) -> None:
        """Find out what the listings left open: nothing, here."""

    def take(self, pair: Pair) -> CopyTask | LedgerRow | None:
        """What is to be done with one object, or its row where it was done at once; None where it needs no copy."""
        row, other = pair
        kind = kind_of(row, other, self._terms.restored)
        self._telling.saw(kind, row.size)
        if kind is Kind.COPY:
            self._telling.classes[row.storage_class] += 1
        return None

    def _partitions(self) -> Iterator[Partition | None]:
        """A partition for each range of keys, and another one where its part of the ledger is full."""
        more, number = self._ranges(), 0
        while True:
            found = self._going.popleft() if self._going else None
            if found is None:
                cut = next(more, False)
                if cut is False and not self._under_way:
                    return
                if not isinstance(cut, KeyRange):
                    yield None
                    continue
                self._under_way += 1
                found = self._tasks(cut)
            number += 1
            yield Partition(f"copy-{self._source.folder.bucket}-{number:04}", self._part_of(found))

    def _part_of(self, tasks: Iterator[CopyTask | LedgerRow | None]) -> Iterator[CopyTask | LedgerRow | None]:
        """As many tasks as one part of the ledger holds; the rest goes on as a partition of its own."""
        rows = 0
        over = True
        try:
            for task in tasks:
                yield task
                rows += task is not None
                if rows == ROWS_A_PART:
                    over = False
                    self._going.append(tasks)
                    return
        finally:
            self._under_way -= over

    def _ranges(self) -> Iterator[KeyRange | None]:
        with _cut_off(self._source.folder):
            yield from key_ranges(_side(self._source), self._paces.overall)

    def _tasks(self, cut: KeyRange) -> Iterator[CopyTask | LedgerRow | None]:
        prefixes = (self._source.folder.prefix, self._target.folder.prefix)
        sides = (_side(self._source), _side(self._target))
        with _cut_off(self._source.folder, self._target.folder):
            for number, pair in enumerate(beside(*sides, cut, lambda _: prefixes, self._paces.overall)):
                if pair is not None:
                    if pair[0].key == prefixes[0]:
                        continue  # the folder's own marker: it is not below the folder, and may have no name in the other
                    task = self.take(pair)
                    if task is not None:
                        yield task
                    elif number % ROWS_AT_A_TIME == 0:
                        yield None
                else:
                    yield None
                    self._telling.tick()

    def _ended(self, ended: Ended) -> None:
        self._counts += ended.counts
        if ended.part is not None:
            self._parts.append(ended.part)
            for outcome, (objects, size) in sums_of(ended.part.path).items():
                self._telling.count(outcome, size, objects)


class _Copying(_Planning):
    """The same, and what the target lacks becomes tasks, the rest is noted, or kept to be looked at."""

    def __init__(
        self,
        source: End,
        target: End,
        telling: Telling,
        terms: Terms,
        notes: _Notes,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(source, target, telling, terms)
        self._notes, self._now = notes, now
        self._open: list[tuple[ObjectRow, ObjectRow]] = []

    def take(self, pair: Pair) -> CopyTask | LedgerRow | None:
        """The task of what is to be copied; the first one of each kind is copied here, alone, and read back."""
        row, other = pair
        kind = kind_of(row, other, self._terms.restored)
        if kind is Kind.COPY:
            if self._firsts.halted:
                return None
            task = self._task(row)
            return self._first(task) if self._firsts.lack(task) else task
        if kind is Kind.PRESENT:
            self._telling.saw(kind, row.size)
        elif other is None:
            self._note(row, kind, _WHY[kind])
        elif row.size != other.size:
            self._note(
                row,
                Kind.CONFLICT,
                f"The target has {other.size} bytes under this key, not {row.size}.",
                other,
            )
        else:
            self._open.append((row, other))
            if len(self._open) >= AT_ONCE:
                self.settle()
        return None

    def settle(self) -> None:
        """Find out what became of pairs of equal size whose ETags differ or prove nothing."""
        found, self._open = self._open, []
        for one in settled(found, self._source, self._target, read=self._terms.compare):
            self._note(one.source, one.outcome, one.why, one.target)

    def _first(self, task: CopyTask) -> LedgerRow:
        row = self._firsts.copy(task, self._now)
        self._telling.alone(row.outcome, row.size)
        return row

    def _task(self, row: ObjectRow) -> CopyTask:
        terms, target = self._terms, self._target
        wanted = target.folder.prefix + row.key[len(self._source.folder.prefix) :]
        return CopyTask(
            source_bucket=self._source.folder.bucket,
            source_owner=self._source.owner,
            key=row.key,
            etag=row.etag,
            size=row.size,
            last_modified=row.last_modified,
            destination_bucket=target.folder.bucket,
            destination_owner=target.owner,
            storage_class=terms.storage_class,
            lock_mode=terms.lock_mode,
            retain_until=terms.retain_until,
            acl=terms.acl,
            target_key=wanted if wanted != row.key else "",
            source_class=row.storage_class,
        )

    def _note(self, row: ObjectRow, outcome: str, why: str, other: ObjectRow | None = None) -> None:
        target = self._target.folder
        self._telling.saw(outcome, row.size)
        self._notes.add(
            LedgerRow(
                action="copy",
                source_bucket=self._source.folder.bucket,
                key=row.key,
                size=row.size,
                source_etag=row.etag,
                source_last_modified=row.last_modified,
                source_class=row.storage_class,
                destination_bucket=target.bucket,
                destination_key=target.prefix + row.key[len(self._source.folder.prefix) :],
                destination_etag=other.etag if other else "",
                destination_class=other.storage_class if other else "",
                when=self._now(),
                outcome=str(outcome),
                why=why,
            )
        )


_WHY: Final = {
    Kind.ARCHIVED: "It is archived and must be restored before it can be copied.",
    Kind.TOO_LARGE: "It is larger than one CopyObject takes (5 GiB).",
}


def _side(end: End) -> Side:
    return Side(end.client, end.folder.bucket, end.owner, end.folder.prefix)


@contextmanager
def _cut_off(*folders: Folder) -> Iterator[None]:
    """What a listing raises, as one error that says where."""
    try:
        yield
    except (ClientError, NoAnswer, OutOfOrder, HalfAListing) as err:
        where = " or ".join(map(str, folders))
        raise CutOff(f"the listing of {where} broke off ({err}), so that not everything was seen") from err


def _no_clock() -> datetime:
    raise AssertionError("a plan writes no rows")
