"""What it costs to copy objects into a class and keep them there, and which class is cheapest at which size. Pure."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import ceil
from typing import NamedTuple

from onetrail.s3.decisions.prices import (
    EVERY,
    GB,
    KB,
    PRICES,
    READABLE,
    TIERING_ARCHIVE_INSTANT,
    TIERING_FREQUENT,
    TIERING_INFREQUENT,
    TIERING_LEAST_BYTES,
    TIERING_MONITORING_PER_1000,
    WITH_RESTORE,
    Price,
)

CHEAPEST = "cheapest"
CHEAPEST_WITH_RESTORE = "cheapest_with_restore"
CLASSIC = "classic"
"""What the usual recipe says: everything into GLACIER, digests too."""


class Cost(NamedTuple):
    """US dollars for one object: the copy's request, and the storage until its retention ends."""

    copy: float
    keep: float

    @property
    def total(self) -> float:
        """Both."""
        return self.copy + self.keep


def cost(storage_class: str, size: float, months: float, prices: Mapping[str, Price] = PRICES) -> Cost:
    """One object of `size` bytes, copied into the class and kept for `months`. KeyError for a class without a price."""
    price = prices[storage_class]
    put = price.put / 1000
    if storage_class == "INTELLIGENT_TIERING":
        return Cost(put, _tiering(size, months))
    billed = max(months, price.least_months)
    at_rate = max(size, price.least_bytes) + price.overhead_bytes
    rest = price.standard_overhead_bytes * prices["STANDARD"].storage
    return Cost(put, (at_rate * price.storage + rest) / GB * billed)


def cheapest(
    size: float, months: float, allowed: Sequence[str] = READABLE, prices: Mapping[str, Price] = PRICES
) -> str:
    """The class of lowest total cost; of two that cost the same the one named first."""
    return min(allowed, key=lambda name: cost(name, size, months, prices).total)


def allowed_for(choice: str) -> tuple[str, ...]:
    """The classes a `storage_class` parameter lets through: two words of ours, or one S3 class. ValueError for anything
    else."""
    if choice == CHEAPEST:
        return READABLE
    if choice == CHEAPEST_WITH_RESTORE:
        return WITH_RESTORE
    if choice in PRICES:
        return (choice,)
    raise ValueError(
        f"storage_class {choice!r} is neither {CHEAPEST}, {CHEAPEST_WITH_RESTORE} nor one of {', '.join(EVERY)}"
    )


@dataclass(frozen=True, slots=True)
class SizeBands:
    """Which class is cheapest from which size on, for one number of months: `starts[i]` bytes up to the next start go
    to `classes[i]`."""

    months: float
    starts: tuple[int, ...]
    classes: tuple[str, ...]

    def class_for(self, size: int) -> str:
        """The class for an object of that many bytes."""
        return self.classes[bisect_right(self.starts, size) - 1]

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return iter(zip(self.starts, self.classes, strict=True))


def size_bands(months: float, allowed: Sequence[str] = READABLE, prices: Mapping[str, Price] = PRICES) -> SizeBands:
    """The exact bands. Costs are straight lines in the size but for one step at 128 KB, so only crossings can change
    the winner."""
    starts: list[int] = []
    classes: list[str] = []
    for start in sorted({0, 128 * KB, *_crossings(months, allowed, prices)}):
        name = cheapest(start, months, allowed, prices)
        if not classes or classes[-1] != name:
            starts.append(start)
            classes.append(name)
    return SizeBands(months, tuple(starts), tuple(classes))


@dataclass(slots=True)
class Histogram:
    """Sizes and months left of many objects, in cells of about 3 % width; sums are exact, so costs within a cell are
    too.

    Digests are counted apart: they always stay in STANDARD, where a validator can read them without waiting.
    """

    counts: Counter[tuple[bool, int, int]] = field(default_factory=Counter)
    totals: Counter[tuple[bool, int, int]] = field(default_factory=Counter)

    def add(self, size: int, months: float, *, digest: bool = False, objects: int = 1) -> None:
        """Count objects of that size in bytes; months are rounded up, as storage is bought that long."""
        cell = (digest, ceil(months), _step(size))
        self.counts[cell] += objects
        self.totals[cell] += size * objects

    def cells(self) -> Iterator[tuple[bool, int, float, int]]:
        """Digest or not, months, mean size in bytes and count of each cell, in order."""
        for cell in sorted(self.counts):
            yield cell[0], cell[1], self.totals[cell] / self.counts[cell], self.counts[cell]

    @property
    def objects(self) -> int:
        """How many."""
        return sum(self.counts.values())

    @property
    def size(self) -> int:
        """Bytes of all."""
        return sum(self.totals.values())


class PlanCost(NamedTuple):
    """What one choice of `storage_class` costs for the whole histogram, in dollars, and how many objects go where."""

    choice: str
    copy: float
    keep: float
    objects: Mapping[str, int]

    @property
    def total(self) -> float:
        """Both."""
        return self.copy + self.keep


def plan_cost(histogram: Histogram, choice: str, prices: Mapping[str, Price] = PRICES) -> PlanCost:
    """The cost of one choice. Digests go to STANDARD whatever the choice, but for `classic`, which is priced as people
    do it."""
    allowed = ("GLACIER",) if choice == CLASSIC else allowed_for(choice)
    copy = keep = 0.0
    objects: Counter[str] = Counter()
    for digest, months, size, number in histogram.cells():
        name = "STANDARD" if digest and choice != CLASSIC else cheapest(size, months, allowed, prices)
        each = cost(name, size, months, prices)
        copy += each.copy * number
        keep += each.keep * number
        objects[name] += number
    return PlanCost(choice, copy, keep, dict(sorted(objects.items())))


def plan_costs(
    histogram: Histogram,
    choices: Iterable[str] = (CHEAPEST, CHEAPEST_WITH_RESTORE, CLASSIC, *EVERY),
    prices: Mapping[str, Price] = PRICES,
) -> tuple[PlanCost, ...]:
    """Every choice, the classic recipe among them, cheapest first."""
    return tuple(
        sorted(
            (plan_cost(histogram, choice, prices) for choice in choices),
            key=lambda row: (row.total, row.choice),
        )
    )


def _tiering(size: float, months: float) -> float:
    if size < TIERING_LEAST_BYTES:
        return size / GB * TIERING_FREQUENT * months
    frequent, infrequent = min(months, 1), min(max(months - 1, 0), 2)
    rates = TIERING_FREQUENT * frequent + TIERING_INFREQUENT * infrequent + TIERING_ARCHIVE_INSTANT * max(0, months - 3)
    return TIERING_MONITORING_PER_1000 / 1000 * months + size / GB * rates


def _crossings(months: float, allowed: Sequence[str], prices: Mapping[str, Price]) -> Iterator[int]:
    for low, high in ((0, 128 * KB - 1), (128 * KB, 50 * 1024 * GB)):
        lines = {name: _line(name, low, high, months, prices) for name in allowed}
        for one, other in combinations(allowed, 2):
            (fixed, slope), (other_fixed, other_slope) = lines[one], lines[other]
            if slope != other_slope and low - 1 < (at := (other_fixed - fixed) / (slope - other_slope)) <= high:
                yield from (int(at), ceil(at), ceil(at) + 1)


def _line(name: str, low: int, high: int, months: float, prices: Mapping[str, Price]) -> tuple[float, float]:
    at_low, at_high = (cost(name, size, months, prices).total for size in (low, high))
    slope = (at_high - at_low) / (high - low)
    return at_low - slope * low, slope


def _step(size: int) -> int:
    """Cells that grow with the size: 5 bits of mantissa."""
    return size if size < 32 else (size >> (shift := size.bit_length() - 5)) + (shift << 5)
