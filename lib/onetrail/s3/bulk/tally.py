"""Counting what a bulk run does, telling somebody now and then, and stopping when nothing works."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from onetrail.s3.bulk import reasons
from onetrail.s3.ledger.parts import LedgerRow

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
    FOREIGN = "foreign"
    MARKER = "marker"
    TOO_LARGE = "too_large"
    NOT_TRIED = "not_tried"


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
    """A bulk run in numbers. `stopped` is `""` when it came to its end, otherwise why it did not.

    `reasons` are those of the objects that were refused or failed, as the ledger has them, with their numbers.
    `unhashed` counts copies of which the server gave no SHA-256.
    """

    outcomes: Mapping[str, int]
    size: int
    retries: int
    stopped: str = ""
    reasons: Mapping[str, int] = field(default_factory=dict, compare=False)
    unhashed: int = field(default=0, compare=False)

    @property
    def objects(self) -> int:
        """How many objects have an outcome."""
        return sum(self.outcomes.values())

    @property
    def errors(self) -> int:
        """How many did not become what was wanted."""
        return sum(number for outcome, number in self.outcomes.items() if outcome not in WANTED)

    @property
    def trouble(self) -> str:
        """What did not become what was wanted, in words: `40 failed, 10 refused: REASONS`; empty where all did."""
        left = {name: number for name, number in self.outcomes.items() if name not in WANTED}
        each = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in left.items())
        return ": ".join(filter(None, (each, self.stopped or reasons.in_words(self.reasons))))

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            dict(sorted((Counter(self.outcomes) + Counter(other.outcomes)).items())),
            self.size + other.size,
            self.retries + other.retries,
            self.stopped or other.stopped,
            reasons.together(self.reasons, other.reasons),
            self.unhashed + other.unhashed,
        )


class BulkWatch:
    """What the parts of one run share: how far each bucket is, reported at most every `every_seconds`, and whether to
    stop.

    `why` is `""` as long as the run goes on.
    """

    def __init__(
        self,
        progress: Progress | None,
        stop: Callable[[], bool] | None,
        *,
        give_up_after: int,
        every_seconds: float = 0.3,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._progress = progress
        self._stop = stop
        self._give_up_after = give_up_after
        self._every = every_seconds
        self._monotonic = monotonic
        self._told = monotonic()
        self._buckets: dict[str, list[int]] = {}
        self._untold: set[str] = set()
        self._in_a_row = 0
        self.why = ""

    def saw(self, row: LedgerRow, retries: int) -> None:
        """One object's outcome."""
        sums = self._buckets.get(row.source_bucket)
        if sums is None:
            sums = self._buckets[row.source_bucket] = [0, 0, 0, 0]
        sums[0] += 1
        sums[2] += retries
        if row.outcome in WANTED:
            sums[1] += row.size
            self._in_a_row = 0
        else:
            sums[3] += 1
            if row.outcome in (ObjectOutcome.REFUSED, ObjectOutcome.FAILED):
                self._in_a_row += 1
                if self._in_a_row >= self._give_up_after:
                    self.halt(f"{self._in_a_row} objects in a row failed, the last with: {row.why}")
        if self._progress is not None:
            self._untold.add(row.source_bucket)
            if self._monotonic() - self._told >= self._every:
                self.tell()

    def halt(self, why: str) -> None:
        """Begin nothing more; the first reason stays."""
        self.why = self.why or why

    def stopping(self) -> bool:
        """True when no more is to be begun: somebody said stop, or nothing works any more."""
        if not self.why and self._stop is not None and self._stop():
            self.why = "stopped on request"
        return bool(self.why)

    def tell(self) -> None:
        """A word to the progress about each bucket of which something is new."""
        if self._progress is None:
            return
        self._told = self._monotonic()
        for bucket in sorted(self._untold):
            objects, size, retries, errors = self._buckets[bucket]
            self._progress(bucket, objects, size, retries, errors)
        self._untold.clear()


class Tally:
    """Takes each row once: into the ledger, the counts and what is watched, which `watch` may share among several."""

    def __init__(
        self,
        ledger: Ledger,
        progress: Progress | None = None,
        stop: Callable[[], bool] | None = None,
        *,
        give_up_after: int = 0,
        watch: BulkWatch | None = None,
    ) -> None:
        self._ledger = ledger
        self._watch = watch or BulkWatch(progress, stop, give_up_after=give_up_after)
        self._outcomes: Counter[str] = Counter()
        self._size = self._retries = 0
        self._unhashed = 0
        self._reasons: Counter[str] = Counter()

    def add(self, row: LedgerRow, retries: int) -> None:
        """Note one object's outcome. What the ledger raises comes last: the outcome counts all the same."""
        self._outcomes[row.outcome] += 1
        self._retries += retries
        if row.outcome in WANTED:
            self._size += row.size
            if not row.sha256 and row.outcome == ObjectOutcome.COPIED:
                self._unhashed += 1
        elif row.outcome in (ObjectOutcome.REFUSED, ObjectOutcome.FAILED):
            reasons.counted(self._reasons, row)
        self._watch.saw(row, retries)
        self._ledger.add(row)

    def halt(self, why: str) -> None:
        """Begin nothing more; the first reason stays."""
        self._watch.halt(why)

    def stopping(self) -> bool:
        """True when no more is to be begun."""
        return self._watch.stopping()

    def counts(self, *, ended: bool = False) -> Counts:
        """The numbers, and a last word to the progress. `ended` says that all was done before anything stopped the
        run."""
        self._watch.tell()
        outcomes = {str(outcome): number for outcome, number in sorted(self._outcomes.items())}
        return Counts(
            outcomes,
            self._size,
            self._retries,
            "" if ended else self._watch.why,
            self._reasons,
            self._unhashed,
        )
