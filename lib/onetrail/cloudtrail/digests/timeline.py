"""What runs of linked digests come to as intervals of time: each gap, restart and proven time with its reason.

Digests of one group can be of several chains at once: an account's trail and an organization's of one name, side by
side. So each gap, each restart and each missing digest is that of one run, reported beside what the other runs prove.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from onetrail.cloudtrail.digests.digest import Previous
from onetrail.cloudtrail.digests.runs import HOUR, Bad, BadDigests, DigestEnd, Heads, Run, union
from onetrail.cloudtrail.digests.signature import Name, name_of
from onetrail.cloudtrail.digests.verdict import (
    AllowList,
    DigestPlace,
    FileState,
    FileVerdict,
    Interval,
    IntervalState,
)
from onetrail.cloudtrail.object_key import KeyKind, parse


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is asked of a group of digests.

    `start` and `end` (UTC) are what digests must cover; None: not known. `elsewhere`: what the oldest digest of a run
    names may lie somewhere else, and is given out instead of called missing. `partly`: digests that are listed may have
    been left out.
    """

    start: datetime | None = None
    end: datetime | None = None
    backfill: bool = False
    elsewhere: bool = False
    partly: bool = False


class Timeline:
    """The intervals of a group of runs; the digests that are missing; and what the oldest digests name that may be
    elsewhere.

    `listed` says of an original key whether a digest of its name lies anywhere that was listed.
    """

    def __init__(
        self,
        runs: Iterable[Run],
        bad: Iterable[Bad],
        bounds: Bounds,
        listed: Callable[[str], bool],
        allowed: AllowList,
    ) -> None:
        self._runs = sorted(runs, key=_asked_from)
        self._bounds, self._listed, self._allowed = bounds, listed, allowed
        self._bad = BadDigests(bad)
        self._proven = union(span for run in self._runs for span in run.covered)
        self._found: list[Interval] = []
        self._missing: dict[tuple[str, str], FileVerdict] = {}
        self._older: dict[DigestPlace, None] = {}
        self._heads = self._goes_on_from()
        for run in self._runs:
            self._begin(run.first)
            if not bounds.backfill:
                self._left_out(run)
        self._end()
        self._later_bad()

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """By their start."""
        proven = [Interval(start, end, IntervalState.PROVEN) for start, end in self._proven]
        return tuple(
            sorted(
                [*proven, *self._found],
                key=lambda one: (one.start is not None, one.start or one.end, one.end, one.state),
            )
        )

    @property
    def missing(self) -> tuple[FileVerdict, ...]:
        """Digests that a signed one names, and that are in no listing."""
        return tuple(self._missing.values())

    @property
    def older(self) -> tuple[DigestPlace, ...]:
        """What the oldest digests of runs name as the one before them, where that may be elsewhere."""
        return tuple(self._older)

    def _goes_on_from(self) -> dict[Name, Run]:
        """By the name of a run's oldest digest, the run before it: of those that name a digest which is not there
        first, since a new chain needs none; and of each organization's own before it is another's."""
        found: dict[Name, Run] = {}
        for new, others in ((False, False), (False, True), (True, False), (True, True)):
            taken = {run.last.name for run in found.values()}
            heads = Heads(run for run in self._runs if run.last.name not in taken)
            for first in (run.first for run in self._runs if run.first.name not in found):
                if (first.previous is None) is new and not self._is_there(first.previous):
                    own = not others or self._covers(first.start)
                    head = heads.claimed(_asked(first), _organizations(first), own)
                    found |= {first.name: head} if head else {}
        return found

    def _is_there(self, previous: Previous | None) -> bool:
        """Whether a digest of the name that another one names is there, and may be believed."""
        return (
            previous is not None and name_of(parse(previous.key)) not in self._bad.names and self._listed(previous.key)
        )

    def _begin(self, first: DigestEnd) -> None:
        """What stands before the oldest digest of a run."""
        previous = first.previous
        if previous is None:
            self._restart(first)
            return
        name = name_of(parse(previous.key))
        if self._is_there(previous):
            if not self._bounds.partly:
                self._unlinked(first, previous, name[-1])
            return
        head = self._heads.get(first.name)
        bad = self._bad.between(head, first, (name[0], first.name[0]))
        if name in self._bad.names:
            self._gap(head, first.start, _reasons(bad), self._hours(head, first.start) - len(bad))
        elif head or (bad and not self._before(name[-1])) or not self._outside(first, previous, bad):
            self._lost(head, first, previous, bad)

    def _restart(self, first: DigestEnd) -> None:
        head = self._heads.get(first.name)
        bad = self._bad.between(head, first, (first.name[0],))
        since = self._since(head)
        if bad:
            self._gap(head, first.start, f"{_reasons(bad)}; then a new chain starts", 0)
        elif since and since < first.start and not self._bounds.backfill and (head or not self._covers(first.start)):
            why = "a new chain starts here: what was delivered before it is not proven"
            self._found.append(Interval(since, first.start, IntervalState.RESTART, why))

    def _unlinked(self, first: DigestEnd, previous: Previous, stamp: datetime | None) -> None:
        """The digest that it names is there and is not the one before it."""
        name = previous.key.rsplit("/", 1)[-1]
        if stamp is None or stamp >= first.stamp:
            why = f"it names {name} as the one before it, which is not dated before it"
        else:
            why = (
                f"it names {name} as the one before it, from which another digest goes on, or which was delivered to"
                " another place"
            )
        start = min(stamp, first.start) if stamp else None
        self._found.append(Interval(start, first.start, IntervalState.GAP, why))

    def _before(self, stamp: datetime | None) -> bool:
        """Whether a digest of this time is none of those that were looked at, and nothing is reported of what is
        older."""
        start = self._bounds.start
        return not self._bounds.elsewhere and start is not None and stamp is not None and stamp <= start

    def _outside(self, first: DigestEnd, previous: Previous, bad: list[Bad]) -> bool:
        """Whether what the oldest digest of a run names may be of a time, or at a place, that was not read."""
        start = self._bounds.start
        if self._bounds.elsewhere:
            self._older[DigestPlace(previous.bucket, previous.key)] = None
            return True
        if start is None or (first.start > start and not self._before(parse(previous.key).stamp)):
            return False
        if first.start > start:
            reasons = f"{_reasons(bad)}; " if bad else ""
            why = f"{reasons}the digest before it is of a time that was not asked for"
            self._gap(None, first.start, why, 0)
        return True

    def _lost(self, head: Run | None, first: DigestEnd, previous: Previous, bad: list[Bad]) -> None:
        place = previous.bucket, previous.key
        if place in self._missing:
            self._gap(head, first.start, "another digest names the same one before it, which is not there", 0)
            return
        oldest = head is None and not bad
        within = " of the time asked for" if self._bounds.start else ""
        by = f"oldest digest of this chain{within or ' here'}" if oldest else "next digest"
        why = f"the {by} names it as its predecessor, and it is not there"
        if not self._allowed.believes(previous.bucket):
            why += f"; its bucket {previous.bucket} is not on the allow list"
        kind = KeyKind.BACKFILL_DIGEST if self._bounds.backfill else KeyKind.DIGEST
        self._missing[place] = FileVerdict("", previous.bucket, previous.key, kind, FileState.MISSING, why)
        missing = max(1, self._hours(head, first.start) - len(bad))
        last = previous.key.rsplit("/", 1)[-1]
        before = f"no older digest of this chain{within} is here: " if oldest else f"{_reasons(bad)}; " if bad else ""
        why = f"{before}at least {missing} missing, the last of them {last}"
        self._gap(head, first.start, why, missing, oldest)

    def _left_out(self, run: Run) -> None:
        """Times between two digests that are linked."""
        why = "CloudTrail's own digests leave this time out"
        for (start, _), (_, end) in zip(run.covered, run.covered[1:], strict=False):
            self._found.append(Interval(end, start, IntervalState.GAP, why))

    def _end(self) -> None:
        """What follows the newest digest of all.

        Where the end is known and nothing is in its place, a digest was to come however few minutes of its hour were
        left to cover.
        """
        newest = max(self._runs, key=lambda run: run.last.stamp, default=None)
        bad = self._bad.after(newest)
        wanted = None if self._bounds.backfill else self._bounds.end
        end = wanted or (bad[-1].stamp if bad else None)
        proven = self._proven[-1][1] if self._proven else None
        if end is None or (proven and end <= proven):
            return
        since = proven or self._bounds.start
        hours = round((end - since) / HOUR) if since else 1
        missing = max(0 if bad else 1, hours - len(bad)) if wanted else 0
        why = _reasons(bad) if bad else "no digest covers the end of the time asked for"
        start = min(since, end) if since else None
        self._found.append(Interval(start, end, IntervalState.GAP, why, missing))

    def _later_bad(self) -> None:
        """Digests that cannot be believed after the last one of their organization's, or of the account's own, while
        others go on."""
        newest: dict[str, Run] = {}
        for run in sorted(self._runs, key=lambda run: run.last.stamp):
            newest[run.last.name[0]] = run
        for organization, run in newest.items():
            if bad := self._bad.after(run, (organization,)):
                self._gap(run, bad[-1].stamp, _reasons(bad), 0)

    def _gap(self, head: Run | None, end: datetime, why: str, missing: int, oldest: bool = False) -> None:
        start = self._since(head)
        start = None if start is None else min(start, end)
        if missing > 0 or start != end:
            self._found.append(Interval(start, end, IntervalState.GAP, why, max(0, missing), oldest))

    def _since(self, head: Run | None) -> datetime | None:
        return head.covered[0][1] if head else self._bounds.start

    def _hours(self, head: Run | None, end: datetime) -> int:
        """Digests that the hourly rhythm has between the end of a run and `end`."""
        start = self._since(head)
        return max(0, round((end - start) / HOUR)) if start else 1

    def _covers(self, when: datetime) -> bool:
        """Whether a run proves the time right before."""
        at = bisect_left(self._proven, (when,))
        return at > 0 and self._proven[at - 1][1] >= when


def _asked(first: DigestEnd) -> datetime:
    """Before when the digest that a run goes on from must be dated."""
    stamp = parse(first.previous.key).stamp if first.previous else None
    return min(stamp, first.stamp) if stamp else first.stamp


def _asked_from(run: Run) -> tuple[datetime, Name]:
    return _asked(run.first), run.first.name


def _organizations(first: DigestEnd) -> tuple[str, ...]:
    return (name_of(parse(first.previous.key))[0],) if first.previous else (first.name[0],)


def _reasons(bad: list[Bad]) -> str:
    if not bad:
        return "the digest before it cannot be believed"
    return f"{bad[0]} (and {len(bad) - 1} more)" if len(bad) > 1 else f"{bad[0]}"
