"""What the listing of one old bucket comes to: counted row by row, never kept, so that its size does not matter.
Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple

from onetrail.cloudtrail.object_key import DIGEST_KINDS, LOG_KINDS, KeyKind, ParsedKey, parse
from onetrail.s3.decisions.planner import Histogram
from onetrail.s3.decisions.retention import months_left, retain_until
from onetrail.s3.rows import ObjectRow
from onetrail.steps.inventory.lifecycle import Rule, RuleEffect

NAMED_FOREIGN: Final = 20
"""Foreign objects named of one bucket; the rest are counted."""
LEAST_LOG: Final = 100
"""Bytes that a log with a record takes at the very least; smaller ones are empty or cut short."""
_TRIED: Final = 2


class ObjectCount(NamedTuple):
    """How many objects, and their bytes."""

    objects: int = 0
    size: int = 0


class DayCount(NamedTuple):
    """One account, region and UTC day, as the keys say."""

    account: str
    region: str
    day: date


class Foreign(NamedTuple):
    """An object that CloudTrail did not write, its bytes, and why it is taken for one."""

    key: str
    size: int
    why: str


@dataclass(frozen=True)
class Survey:
    """One bucket's listing, summed up. Sizes are bytes, days are those in the keys.

    `sizes` counts by power of two: band n holds objects of 2**(n-1) up to 2**n - 1 bytes, band 0 the empty ones.
    `years` are those of the keys. `days` has log files and digests of each cell. `foreign` names the first twenty.
    `foreign_owned` counts objects that another account owns. `probes` are up to two logs to try, the better one
    first: one that can hold a record before one that cannot, one of a foreign owner before others, then the smallest.
    `months_to_keep` has sizes and months of retention left of all logs and digests. `reaches` says what each lifecycle
    rule touches.
    """

    kinds: Mapping[KeyKind, ObjectCount] = field(default_factory=dict)
    classes: Mapping[str, ObjectCount] = field(default_factory=dict)
    sizes: Mapping[int, ObjectCount] = field(default_factory=dict)
    years: Mapping[int, ObjectCount] = field(default_factory=dict)
    days: Mapping[DayCount, tuple[int, int]] = field(default_factory=dict)
    newest: datetime | None = None
    foreign: tuple[Foreign, ...] = ()
    foreign_owned: int = 0
    past_retention: int = 0
    noncurrent: int = 0
    delete_markers: int = 0
    probes: tuple[str, ...] = ()
    months_to_keep: Histogram = field(default_factory=Histogram)
    reaches: tuple[RuleEffect, ...] = ()
    first_digests: tuple[str, ...] = ()
    """Key of the oldest digest of each account, region and trail."""

    @property
    def all(self) -> ObjectCount:
        """Every current object."""
        return ObjectCount(sum(s.objects for s in self.kinds.values()), sum(s.size for s in self.kinds.values()))

    @property
    def first(self) -> date | None:
        """Day of the oldest log or digest."""
        return min((cell.day for cell in self.days), default=None)

    @property
    def last(self) -> date | None:
        """Day of the newest log or digest."""
        return max((cell.day for cell in self.days), default=None)

    def of(self, *kinds: KeyKind) -> ObjectCount:
        """Objects and bytes of some kinds together."""
        found = [self.kinds.get(kind, ObjectCount()) for kind in kinds]
        return ObjectCount(sum(s.objects for s in found), sum(s.size for s in found))


class Surveyor:
    """Counts the rows of one bucket. `owner` is the canonical id of the bucket's account, `""` where it is not
    known."""

    def __init__(self, owner: str, rules: Sequence[Rule], retention_years: int, now: datetime) -> None:
        self._owner, self._years_kept, self._now = owner, retention_years, now
        self._counts: dict[str, tuple[Counter[object], Counter[object]]] = {
            name: (Counter(), Counter()) for name in ("kind", "class", "band", "year")
        }
        self._logs: Counter[DayCount] = Counter()
        self._digests: Counter[DayCount] = Counter()
        self._reaches = [RuleEffect(rule, now.date()) for rule in rules]
        self._months: dict[date, float] = {}
        self._histogram = Histogram()
        self._foreign: list[Foreign] = []
        self._newest: datetime | None = None
        self._first_digests: dict[tuple[str, str, str], tuple[date, str]] = {}
        self._probes: list[tuple[bool, bool, int, str]] = []
        self._foreign_owned = self._past = self._noncurrent = self._delete_markers = 0

    def add(self, row: ObjectRow) -> ParsedKey:
        """Count one current object; returns what its key says."""
        parsed = parse(row.key, None, row.size)
        for name, value in (
            ("kind", parsed.kind),
            ("class", row.storage_class),
            ("band", row.size.bit_length()),
        ):
            self._count(name, value, row.size)
        others = not self.is_owner(row)
        self._foreign_owned += others
        if self._newest is None or row.last_modified > self._newest:
            self._newest = row.last_modified
        for reach in self._reaches:
            reach.add(row)
        if parsed.date is not None:
            self._dated(row, parsed, parsed.date, others)
        elif parsed.kind is KeyKind.FOREIGN and len(self._foreign) < NAMED_FOREIGN:
            self._foreign.append(Foreign(row.key, row.size, parsed.why))
        return parsed

    def add_old_version(self, *, marker: bool) -> None:
        """Count a version that is not the current one, or a delete marker."""
        self._delete_markers += marker
        self._noncurrent += not marker

    def is_owner(self, row: ObjectRow) -> bool:
        """Whether the bucket's account owns the object; True where the listing does not say."""
        return not self._owner or row.owner_id in ("", self._owner)

    def survey(self) -> Survey:
        """Everything counted so far."""
        return Survey(
            kinds={kind: self._sum("kind", kind) for kind in KeyKind if kind in self._counts["kind"][0]},
            classes={str(name): self._sum("class", name) for name in sorted(self._counts["class"][0], key=str)},
            sizes={band: self._sum("band", band) for band in self._whole("band")},
            years={year: self._sum("year", year) for year in self._whole("year")},
            days={cell: (self._logs[cell], self._digests[cell]) for cell in sorted({*self._logs, *self._digests})},
            newest=self._newest,
            foreign=tuple(self._foreign),
            foreign_owned=self._foreign_owned,
            past_retention=self._past,
            noncurrent=self._noncurrent,
            delete_markers=self._delete_markers,
            probes=tuple(key for *_, key in self._probes),
            months_to_keep=self._histogram,
            reaches=tuple(self._reaches),
            first_digests=tuple(sorted(key for _, key in self._first_digests.values())),
        )

    def _dated(self, row: ObjectRow, parsed: ParsedKey, day: date, others: bool) -> None:
        self._count("year", day.year, row.size)
        cell = DayCount(parsed.account, parsed.region, day)
        if parsed.kind in DIGEST_KINDS:
            self._digests[cell] += 1
            if parsed.kind is KeyKind.DIGEST:
                chain = (parsed.account, parsed.region, parsed.trail)
                self._first_digests[chain] = min(self._first_digests.get(chain, (day, row.key)), (day, row.key))
        else:
            self._logs[cell] += 1
        months = self._months.get(day)
        if months is None:
            months = self._months[day] = months_left(retain_until(day, self._years_kept), self._now)
        self._past += not months
        self._histogram.add(row.size, months, digest=parsed.kind in DIGEST_KINDS)
        if parsed.kind in LOG_KINDS:
            self._try((row.size < LEAST_LOG, not others, row.size, row.key))

    def _try(self, log: tuple[bool, bool, int, str]) -> None:
        if len(self._probes) < _TRIED or log < self._probes[-1]:
            self._probes = sorted([*self._probes, log])[:_TRIED]

    def _count(self, name: str, value: object, size: int) -> None:
        objects, sizes = self._counts[name]
        objects[value] += 1
        sizes[value] += size

    def _sum(self, name: str, value: object) -> ObjectCount:
        objects, sizes = self._counts[name]
        return ObjectCount(objects[value], sizes[value])

    def _whole(self, name: str) -> list[int]:
        return sorted(value for value in self._counts[name][0] if isinstance(value, int))
