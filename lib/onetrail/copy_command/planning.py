"""The plan of a copy: both listings side by side, key range by key range, and what each object would become."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from botocore.exceptions import ClientError

from onetrail.copy_command.first_copies import FirstCopies
from onetrail.copy_command.folder import S3Prefix
from onetrail.copy_command.later_copies import LaterCopies
from onetrail.copy_command.reach import CopySide
from onetrail.copy_command.telling import CopyReporter, CopySums
from onetrail.copy_command.terms import ROWS_A_PART, ROWS_AT_A_TIME, CopyKind, Terms, kind_of
from onetrail.errors import OnetrailError
from onetrail.s3.bulk.tally import Counts
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.copying.partition import CopyPartition, FinishedPartition
from onetrail.s3.copying.pipeline import copy_partitions
from onetrail.s3.http.listed import HalfAListing
from onetrail.s3.http.pace import Paces
from onetrail.s3.http.retries import NoAnswer
from onetrail.s3.ledger.parts import FinishedPart, LedgerRow, sums_of
from onetrail.s3.listing.ranges import KeyRange, Side, beside, key_ranges
from onetrail.s3.listing.streams import OutOfOrder
from onetrail.s3.rows import ObjectRow

STOPPED: Final = "stopped on request"


class CutOff(OnetrailError):
    """A listing could not be finished, so the objects that it did not reach are neither copied nor known."""


Pair = tuple[ObjectRow, ObjectRow | None]


class Planning:
    """Goes through both listings, many ranges of keys at once. What is found is only counted."""

    def __init__(self, source: CopySide, target: CopySide, telling: CopyReporter, terms: Terms) -> None:
        self._source, self._target, self._telling, self._terms = source, target, telling, terms
        self._paces = Paces(terms.most)
        self._going: deque[Iterator[CopyTask | LedgerRow | None]] = deque()
        self._under_way = 0
        self._parts: list[FinishedPart] = []
        self._counts = Counts({}, 0, 0)
        self._firsts = FirstCopies(source.client, target.client)
        self._later = LaterCopies(source.client, target.client)

    def run(self, ledger: Path, now: Callable[[], datetime], stop: Callable[[], bool] | None) -> CopySums:
        """Everything to its end, or until a stop is requested."""
        stopped = ""

        def stopping() -> bool:
            return self._firsts.halted or bool(self._later.differs) or (stop is not None and stop())

        try:
            moved = copy_partitions(
                self._partitions(),
                self._target.client,
                ledger,
                self._telling.moved,
                stopping,
                now=now,
                paces=self._paces,
                ended=self._ended,
                source=self._source.client,
                saw=self._later.saw,
            )
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
        return CopySums(
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
        if kind is CopyKind.COPY:
            self._telling.classes[row.storage_class] += 1
        return None

    def _partitions(self) -> Iterator[CopyPartition | None]:
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
            yield CopyPartition(f"copy-{self._source.folder.bucket}-{number:04}", self._part_of(found))

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
                        continue  # the folder's own marker: it is not below the folder, and may have no name in the other  # noqa: E501
                    task = self.take(pair)
                    if task is not None:
                        yield task
                    elif number % ROWS_AT_A_TIME == 0:
                        yield None
                else:
                    yield None
                    self._telling.tick()

    def _ended(self, ended: FinishedPartition) -> None:
        self._counts += ended.counts
        if ended.part is not None:
            self._parts.append(ended.part)
            for outcome, (objects, size) in sums_of(ended.part.path).items():
                self._telling.count(outcome, size, objects)


def _side(end: CopySide) -> Side:
    return Side(end.client, end.folder.bucket, end.owner, end.folder.prefix)


@contextmanager
def _cut_off(*folders: S3Prefix) -> Iterator[None]:
    """What a listing raises, as one error that says where."""
    try:
        yield
    except (ClientError, NoAnswer, OutOfOrder, HalfAListing) as err:
        where = " or ".join(map(str, folders))
        raise CutOff(f"the listing of {where} was interrupted ({err}), so some objects were not seen") from err
