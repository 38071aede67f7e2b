"""Runs of linked digests, those that cannot be believed, and the time of each."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from onetrail.cloudtrail.digests.digest import Previous
from onetrail.cloudtrail.digests.signature import Name
from onetrail.cloudtrail.digests.verdict import (
    FileState,
)

HOUR: Final = timedelta(hours=1)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class DigestEnd:
    """A digest at an end of a run: the time that it covers, where it was delivered, and what it says of the one before
    it."""

    name: Name
    start: datetime
    end: datetime
    place: tuple[str, str]
    previous: Previous | None

    @property
    def stamp(self) -> datetime:
        """The time in its key."""
        assert self.name[-1] is not None
        return self.name[-1]

    def names(self, other: "DigestEnd") -> bool:
        """Whether it says that the other one, at the place that it was delivered to, is the one before it."""
        return self.previous is not None and (self.previous.bucket, self.previous.key) == other.place


@dataclass(slots=True)
class Run:
    """Digests that are linked one to the other, from `first` to `last`.

    `heir` is the nearest signed digest that names the last one. `covered` are the times that they cover, the newest
    first, without overlap.
    """

    first: DigestEnd
    last: DigestEnd
    heir: Name | None
    covered: list[Span] = field(default_factory=list)

    def copy(self) -> "Run":
        """Another one that is equal."""
        return Run(self.first, self.last, self.heir, list(self.covered))

    def cover(self, start: datetime, end: datetime) -> None:
        """One more digest's time."""
        spans = self.covered
        while spans and spans[-1][0] <= end and start <= spans[-1][1]:
            before = spans.pop()
            start, end = min(start, before[0]), max(end, before[1])
        spans.append((start, end))
        if len(spans) > 1 and end >= spans[-2][0]:
            spans[:] = union(spans)[::-1]


@dataclass(frozen=True, slots=True, order=True)
class Bad:
    """A digest that cannot be believed, and why."""

    stamp: datetime
    name: Name
    key: str
    state: FileState | None
    why: str

    def __str__(self) -> str:
        return f"{self.key.rsplit('/', 1)[-1]} is {self.state}: {self.why}"


class Heads:
    """The newest digests of runs, each of which goes on, if at all, in one other run."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self._to_come = sorted(runs, key=lambda run: run.last.stamp, reverse=True)
        self._ended: dict[str, list[Run]] = {}

    def claimed(self, before: datetime, organizations: Iterable[str], covered: bool) -> Run | None:
        """The latest run that ended before an instant and goes on nowhere yet: of these organizations (`""`: the
        account's own trail), else of any where no run covers the time. Instants must come in order."""
        while self._to_come and self._to_come[-1].last.stamp < before:
            run = self._to_come.pop()
            self._ended.setdefault(run.last.name[0], []).append(run)
        for organization in organizations:
            if ended := self._ended.get(organization):
                return ended.pop()
        if covered:
            return None
        others = [ended for ended in self._ended.values() if ended]
        return max(others, key=lambda ended: ended[-1].last.stamp).pop() if others else None


class BadDigests:
    """Digests that cannot be believed. Each is given out once."""

    def __init__(self, bad: Iterable[Bad]) -> None:
        self._of: dict[str, list[Bad]] = {}
        for one in sorted(bad):
            self._of.setdefault(one.name[0], []).append(one)
        self.names = frozenset(one.name for held in self._of.values() for one in held)

    def between(self, head: Run | None, first: DigestEnd, organizations: Iterable[str]) -> list[Bad]:
        """Those between the end of a run and the digest that follows, of these organizations or the run's own."""
        named = {*organizations, *([head.last.name[0]] if head else [])}
        after = head.last.stamp if head else None
        return sorted(one for name in named for one in self._taken(name, after, first.stamp))

    def after(self, run: Run | None, organizations: Iterable[str] | None = None) -> list[Bad]:
        """Those after the end of a run, of these organizations or of all."""
        named = list(self._of) if organizations is None else organizations
        after = run.last.stamp if run else None
        return sorted(one for name in named for one in self._taken(name, after, None))

    def _taken(self, organization: str, after: datetime | None, before: datetime | None) -> list[Bad]:
        held = self._of.get(organization, [])
        low = bisect_right(held, after, key=lambda one: one.stamp) if after else 0
        high = bisect_left(held, before, key=lambda one: one.stamp) if before else len(held)
        taken = held[low:high]
        del held[low:high]
        return taken


def union(spans: Iterable[Span]) -> list[Span]:
    """The same times without overlap, in order."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found
