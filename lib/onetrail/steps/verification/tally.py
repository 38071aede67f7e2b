"""Counting the events of every log that is read: by region and day, each once, however often it was delivered.

Identities are kept as 64-bit hashes by day, on disk once they are many, so that memory does not grow with the estate.
"""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Final, NamedTuple, Self

import numpy as np

from onetrail.cloudtrail.events import Event, content_of
from onetrail.cloudtrail.records import LogFormatError

RegionDay = tuple[str, date | None]
"""The region in the record and the UTC day of the event; None for a record without a time."""
_HELD: Final = 4_000_000
"""So many hashes of 8 bytes are held in memory at once."""


class EventTotals(NamedTuple):
    """Log files read (`unread` of them hold no records that can be read), their `records`, the distinct `events` among them, records
    without an identity, and files that have the content of an earlier one. `days` counts records by region and day."""

    files: int = 0
    unread: int = 0
    records: int = 0
    events: int = 0
    nameless: int = 0
    same_content: int = 0
    days: tuple[tuple[RegionDay, int], ...] = ()

    @property
    def repeated(self) -> int:
        """Records that tell an event once more."""
        return self.records - self.nameless - self.events


@dataclass
class EventTally:
    """Takes log files from several threads; `totals` when all are in. Leaving the `with` block removes what was put on disk."""

    _days: Counter[RegionDay] = field(default_factory=Counter)
    _marks: dict[str, "array[int]"] = field(default_factory=dict)
    _contents: "array[int]" = field(default_factory=lambda: array("Q"))
    _files: int = 0
    _unread: int = 0
    _nameless: int = 0
    _held: int = 0
    _lock: Lock = field(default_factory=Lock)
    _folder: TemporaryDirectory[str] | None = None

    def add(self, gz: bytes) -> list[Event]:
        """Count one log file; returns its events, none where it cannot be read as one."""
        try:
            content = content_of(gz)
        except LogFormatError:
            with self._lock:
                self._files += 1
                self._unread += 1
            return []
        with self._lock:
            self._files += 1
            self._contents.append(content.mark)
            for event in content.events:
                self._count(event)
            if self._held >= _HELD:
                self._spill()
        return content.events

    def totals(self) -> EventTotals:
        """The counts; may be asked once, since it uses up what is held."""
        with self._lock:
            if self._folder is None:
                events = sum(len(set(marks)) for marks in self._marks.values())
            else:
                self._spill()
                folder = Path(self._folder.name)
                events = sum(len(np.unique(np.fromfile(path, np.uint64))) for path in folder.iterdir())
            self._marks.clear()
            days = sorted(self._days.items(), key=lambda item: (item[0][0], item[0][1] or date.min))
            return EventTotals(
                self._files,
                self._unread,
                self._days.total(),
                events,
                self._nameless,
                len(self._contents) - len(np.unique(np.asarray(self._contents))),
                tuple(days),
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def _count(self, event: Event) -> None:
        day = event.day
        self._days[event.region, day] += 1
        if not (mark := event.mark):
            self._nameless += 1
            return
        self._marks.setdefault(str(day), array("Q")).append(mark)
        self._held += 1

    def _spill(self) -> None:
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="onetrail-events-")
        for day, marks in self._marks.items():
            with (Path(self._folder.name) / day).open("ab") as out:
                marks.tofile(out)
        self._marks.clear()
        self._held = 0
