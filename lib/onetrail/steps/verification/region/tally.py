"""Counting the events of every log that is read: by region and day, each once, however often it was delivered.

Identities are kept as marks of 64 bits by day, on disk once they are many, so that memory does not grow with the
estate.
"""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Final, NamedTuple, Self

from onetrail.cloudtrail.events import LogContent, RegionDay

_HELD: Final = 4_000_000
"""So many marks of 8 bytes are held in memory at once."""


class EventTotals(NamedTuple):
    """Log files read (`unread` of them hold no records that can be read), their `records`, the distinct `events` among
    them, records without an identity, and files that have the content of an earlier one. `days` counts records by
    region and day."""

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
    """Takes log files from several threads; `totals` when all are in. Leaving the `with` block removes what was put on
    disk."""

    _days: Counter[RegionDay] = field(default_factory=Counter)
    _marks: dict[str, "array[int]"] = field(default_factory=dict)
    _contents: "array[int]" = field(default_factory=lambda: array("Q"))
    _files: int = 0
    _unread: int = 0
    _nameless: int = 0
    _held: int = 0
    _lock: Lock = field(default_factory=Lock)
    _folder: TemporaryDirectory[str] | None = None

    def add(self, content: LogContent | None, sha256: str = "") -> None:
        """Count one log file by its records and the SHA-256 (hex) of its unpacked bytes; None where they cannot be
        read."""
        with self._lock:
            self._files += 1
            if content is None:
                self._unread += 1
                return
            self._contents.append(int(sha256[:16], 16))
            self._days.update(content.days)
            self._nameless += content.nameless
            for day, marks in content.marks.items():
                self._marks.setdefault(str(day), array("Q")).extend(marks)
                self._held += len(marks)
            if self._held >= _HELD:
                self._spill()

    def totals(self) -> EventTotals:
        """The counts; may be asked once, since it uses up what is held."""
        import numpy as np  # the core is installed without it

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

    def _spill(self) -> None:
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="onetrail-events-")
        for day, marks in self._marks.items():
            with (Path(self._folder.name) / day).open("ab") as out:
                marks.tofile(out)
        self._marks.clear()
        self._held = 0
