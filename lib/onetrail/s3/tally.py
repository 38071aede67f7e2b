"""Counting what a bulk run does, telling somebody now and then, and stopping when nothing works."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from onetrail.s3.ledger import LedgerRow

Progress = Callable[[str, int, int, int, int], None]
"""Gets bucket, objects, bytes, retries, errors so far."""


class Ledger(Protocol):
    """Where rows go; a LedgerPart, usually."""

    def add(self, row: LedgerRow) -> None: ...


class ObjectOutcome(StrEnum):
    """What became of one object."""

    COPIED = "copied"
    PRESENT = "present"
    CONFLICT = "conflict"
    UNPROVEN = "unproven"
    SOURCE_CHANGED = "source_changed"
    GONE = "gone"
    ARCHIVED = "archived"
    DELETED = "deleted"
    LOCKED = "locked"
    REQUESTED = "requested"
    REFUSED = "refused"
    FAILED = "failed"


WANTED = frozenset(
    {
        ObjectOutcome.COPIED,
        ObjectOutcome.PRESENT,
        ObjectOutcome.DELETED,
        ObjectOutcome.LOCKED,
        ObjectOutcome.REQUESTED,
    }
)


@dataclass(frozen=True, slots=True)
class Counts:
    """A bulk run in numbers. `stopped` is `""` when it came to its end, otherwise why it did not."""

    outcomes: Mapping[str, int]
    size: int
    retries: int
    stopped: str = ""

    @property
    def objects(self) -> int:
        """How many objects have an outcome."""
        return sum(self.outcomes.values())

    @property
    def errors(self) -> int:
        """How many did not become what was wanted."""
        return sum(number for outcome, number in self.outcomes.items() if outcome not in WANTED)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            dict(sorted((Counter(self.outcomes) + Counter(other.outcomes)).items())),
            self.size + other.size,
            self.retries + other.retries,
            self.stopped or other.stopped,
        )


class Tally:
    """Takes each row once: into the ledger, the counts and, at most every `every_seconds`, the progress."""

    def __init__(
        self,
        ledger: Ledger,
        progress: Progress | None,
        stop: Callable[[], bool] | None,
        *,
        give_up_after: int,
        every_seconds: float = 0.3,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._progress = progress
        self._stop = stop
        self._give_up_after = give_up_after
        self._every = every_seconds
        self._monotonic = monotonic
        self._told = monotonic()
        self._bucket = ""
        self._outcomes: Counter[str] = Counter()
        self._size = self._retries = self._errors = self._in_a_row = 0
        self._why = ""

    def add(self, row: LedgerRow, retries: int) -> None:
        """Note one object's outcome."""
        self._ledger.add(row)
        self._bucket = row.source_bucket
        self._outcomes[str(row.outcome)] += 1
        self._retries += retries
        if row.outcome in WANTED:
            self._size += row.size
            self._in_a_row = 0
        else:
            self._errors += 1
            if row.outcome in (ObjectOutcome.REFUSED, ObjectOutcome.FAILED):
                self._in_a_row += 1
                if self._in_a_row >= self._give_up_after and not self._why:
                    self._why = f"{self._in_a_row} objects in a row failed, the last with: {row.why}"
        if self._progress and self._monotonic() - self._told >= self._every:
            self._tell()

    def stopping(self) -> bool:
        """True when no more is to be begun: somebody said stop, or nothing works any more."""
        if not self._why and self._stop is not None and self._stop():
            self._why = "stopped on request"
        return bool(self._why)

    def counts(self) -> Counts:
        """The numbers, and a last word to the progress."""
        if self._progress and self._outcomes:
            self._tell()
        return Counts(dict(sorted(self._outcomes.items())), self._size, self._retries, self._why)

    def _tell(self) -> None:
        assert self._progress is not None
        self._told = self._monotonic()
        self._progress(self._bucket, sum(self._outcomes.values()), self._size, self._retries, self._errors)
