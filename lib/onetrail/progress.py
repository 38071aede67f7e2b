"""How far a piece of work is: one small value, which any thread or process can send, and what such values come to."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar


class Sized(Protocol):
    """Something with a size in bytes."""

    @property
    def size(self) -> int: ...


R = TypeVar("R", bound=Sized)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one part of a piece of work is, all of it since the work began. Plain values, so that it can be pickled.

    `work` says what is done to each unit (`copied`), `part` of what (an old bucket's name), `where` what a part is.
    `of` is None while nobody knows how many there are. `before` are those of `done` that count into no rate: the
    pilot's, and what was there already. `size` is in bytes. `note` says how the part stands, in words. `reads` is True
    for work that changes nothing.
    """

    work: str
    part: str
    done: int
    of: int | None = None
    unit: str = "objects"
    where: str = "old bucket"
    size: int = 0
    retries: int = 0
    errors: int = 0
    before: int = 0
    note: str = ""
    reads: bool = False

    @property
    def line(self) -> str:
        """`851 of 10,939 objects copied`."""
        of = "" if self.of is None else f" of {self.of:,}"
        one = 1 in ((self.done,) if self.of is None else (self.of,))
        return f"{self.done:,}{of} {self.unit.removesuffix('s') if one else self.unit} {self.work}"

    def grown(self, objects: int, size: int, retries: int, errors: int) -> "Progress":
        """The same part once so much more is done; where more is done than was expected, that many were to be
        expected."""
        done = self.done + objects
        return replace(
            self,
            done=done,
            of=None if self.of is None else max(self.of, done),
            size=self.size + size,
            retries=self.retries + retries,
            errors=self.errors + errors,
        )


Tell = Callable[[Progress], None]
Counted = Callable[[str, int, int, int, int], None]
"""Gets a name, and objects, bytes, retries and errors so far, as bulk work says them."""


def counting(tell: Tell, begun: Progress) -> Counted:
    """For bulk work that begins now: what it counts comes on top of what was done before. The part is named here."""
    return lambda _, *counts: tell(begun.grown(*counts))


def unheard(progress: Progress) -> None:
    """Tells nobody."""


class Count:
    """Counts one part of a look, and tells of it now and then: thousands of objects cost one word."""

    def __init__(self, tell: Tell, begun: Progress, every: int = 500) -> None:
        self._tell, self._begun, self._every = tell, begun, every
        self._objects = self._size = self._retries = 0
        tell(begun)

    def add(self, size: int, retries: int = 0) -> None:
        """One more object."""
        self._objects += 1
        self._size += size
        self._retries += retries
        if self._objects % self._every == 0:
            self._tell(self._now())

    def end(self) -> None:
        """There are no more than these."""
        now = self._now()
        self._tell(replace(now, of=now.done))

    def through(self, rows: Iterable[R]) -> Iterator[R]:
        """The rows, counted on their way; the part is over once all have passed."""
        for row in rows:
            self.add(row.size)
            yield row
        self.end()

    def _now(self) -> Progress:
        return self._begun.grown(self._objects, self._size, self._retries, 0)


class Standing:
    """The last word about each part, by work in the order in which the works began. Safe to tell from several
    threads."""

    def __init__(self) -> None:
        self._works: dict[str, dict[str, Progress]] = {}
        self._counted: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    def __call__(self, progress: Progress) -> None:
        """Take the place of the word before it about that part."""
        with self._lock:
            self._works.setdefault(progress.work, {})[progress.part] = progress
            if progress.of != 0 or progress.done:
                self._counted.add((progress.work, progress.part))

    @property
    def works(self) -> tuple[str, ...]:
        """What was worked at."""
        with self._lock:
            return tuple(self._works)

    def parts(self, work: str) -> list[Progress]:
        """The parts of one work, by name."""
        with self._lock:
            held = list(self._works[work].values())
        return sorted(held, key=lambda one: one.part)

    def all_parts(self) -> list[Progress]:
        """The parts of all works."""
        return [one for work in self.works for one in self.parts(work)]

    def total(self, work: str) -> Progress:
        """All parts added up; `of` is None where it is of one of them."""
        parts = self.parts(work)
        expected = [one.of for one in parts if one.of is not None]
        return replace(
            parts[0],
            part="all",
            done=sum(one.done for one in parts),
            of=sum(expected) if len(expected) == len(parts) else None,
            size=sum(one.size for one in parts),
            retries=sum(one.retries for one in parts),
            errors=sum(one.errors for one in parts),
            before=sum(one.before for one in parts),
            note="",
        )

    def parts_over(self, work: str) -> tuple[int, int]:
        """How many parts of the work are over, and how many there are; one in which there is nothing to do is in
        neither.

        One of which nobody knew that stays, although nothing was found in it: what was counted once stays counted.
        """
        parts = [one for one in self.parts(work) if (work, one.part) in self._counted]
        return sum(one.of is not None and one.done >= one.of for one in parts), len(parts)

    @property
    def line(self) -> str:
        """What all works came to, `851 of 10,939 objects copied`; empty before the first word."""
        return ", ".join(self.total(work).line for work in self.works)
