"""The copy itself: what the listings leave to do, sent and noted row by row."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from onetrail.copy_command.doubts import settled
from onetrail.copy_command.planning import Pair, Planning
from onetrail.copy_command.reach import CopySide
from onetrail.copy_command.telling import CopyReporter
from onetrail.copy_command.terms import ROWS_A_PART, CopyKind, Terms, kind_of
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.ledger.parts import FinishedPart, LedgerPart, LedgerRow
from onetrail.s3.rows import ObjectRow

AT_ONCE: Final = 500
"""Pairs that the listings leave open are looked at so many together."""


class Notes:
    """Ledger rows of what is not copied; a part that is full is closed."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._part: LedgerPart | None = None
        self._rows = 0
        self.finished: list[FinishedPart] = []

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


class Copying(Planning):
    """The same, and what the target lacks becomes tasks, the rest is noted, or kept to be looked at."""

    def __init__(
        self,
        source: CopySide,
        target: CopySide,
        telling: CopyReporter,
        terms: Terms,
        notes: Notes,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(source, target, telling, terms)
        self._notes, self._now = notes, now
        self._open: list[tuple[ObjectRow, ObjectRow]] = []

    def take(self, pair: Pair) -> CopyTask | LedgerRow | None:
        """The task of what is to be copied; the first one of each kind is copied here, alone, and read back."""
        row, other = pair
        kind = kind_of(row, other, self._terms.restored)
        if kind is CopyKind.COPY:
            if self._firsts.halted:
                return None
            task = self._task(row)
            return self._first(task) if self._firsts.lack(task) else task
        if kind is CopyKind.PRESENT:
            self._telling.saw(kind, row.size)
        elif other is None:
            self._note(row, kind, _WHY[kind])
        elif row.size != other.size:
            self._note(
                row,
                CopyKind.CONFLICT,
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
    CopyKind.ARCHIVED: "It is archived and must be restored before it can be copied.",
    CopyKind.TOO_LARGE: "It is larger than one CopyObject takes (5 GiB).",
}
