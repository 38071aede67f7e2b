"""A part of a copy: what it is given, how far it is, and how it ended."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from onetrail.s3.bulk.tally import BulkWatch, Counts, Ledger, Tally
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.http.pace import Pace
from onetrail.s3.ledger.parts import FinishedPart, LedgerPart, LedgerRow

ROWS_A_GROUP: Final = 2000
"""Ledger rows that an open partition holds in memory."""


class CopyPartition(NamedTuple):
    """What is copied and written down together. `name` is that of its ledger part.

    `tasks` may be any number; None among them says 'nothing now': the others go on, and it is asked again a little
    later. A row among them is of an object that needs no copy, or can have none: it is written down as it is, and not
    counted.
    """

    name: str
    tasks: Iterable[CopyTask | LedgerRow | None]


class FinishedPartition(NamedTuple):
    """A partition that is over. `part` is None where nothing was done; `error` is what its tasks raised, None where
    they came to their end."""

    name: str
    counts: Counts
    part: FinishedPart | None
    error: Exception | None = None


class Moved(NamedTuple):
    """A whole run: its numbers, and its partitions in the order in which they ended."""

    counts: Counts
    ended: list[FinishedPartition]


class OpenPartition:
    """A partition under way. `flying` counts objects that were begun and have no outcome yet."""

    def __init__(self, partition: CopyPartition, ledger: Ledger, watch: BulkWatch) -> None:
        self.name = partition.name
        self.tasks = iter(partition.tasks)
        self.ledger = ledger
        self.tally = Tally(ledger, watch=watch)
        self.held: tuple[CopyTask, Pace] | None = None
        self.flying = 0
        self.over = False
        self.cut_short = False
        self.error: Exception | None = None


class Later:
    """A ledger part that comes to be with its first row."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self.part: LedgerPart | None = None

    def add(self, row: LedgerRow) -> None:
        if self.part is None:
            self.part = LedgerPart(self._folder, self._name, rows_a_group=ROWS_A_GROUP)
        self.part.add(row)
