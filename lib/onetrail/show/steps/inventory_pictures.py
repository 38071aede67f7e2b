"""Pictures of step 01: what is covered, how large the objects are, how old."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from onetrail.change.words import counted, sized
from onetrail.lazily import later
from onetrail.show.html import Shown, paragraph
from onetrail.show.plots import Pictured, bars, heatmap
from onetrail.steps.inventory import InventoryObservation, empty_months, unsigned
from onetrail.steps.inventory.survey import ObjectCount

if TYPE_CHECKING:
    import pandas as pd
else:
    pd = later("pandas")

_STATES: Final = ("logs and digests", "quiet: digests only", "unsigned: logs only", "nothing")


def coverage(observation: InventoryObservation) -> Pictured | Shown:
    """Which region has logs and digests of which month."""
    months = observation.months
    if not months:
        return paragraph("There is no log and no digest in the old buckets.", strong=True)
    several = len({account for account, _, _ in months}) > 1
    names = sorted({(account, region) for account, region, _ in months})
    columns = _every_month(months)
    grid = [[_state(*months.get((*name, month), (0, 0))) for month in columns] for name in names]
    regions = [" ".join(name) if several else name[1] for name in names]
    index = pd.Index(regions, name="region", dtype=object)
    frame = pd.DataFrame(grid, index=index, columns=columns)
    gaps, bare = empty_months(observation), unsigned(observation)
    verdict = f"{counted(len(names), 'region')} over {counted(len(columns), 'month')}, {columns[0]} to {columns[-1]}; "
    verdict += (
        f"{counted(sum(map(len, gaps.values())), 'month within them has', 'months within them have')} nothing at all"
        if gaps
        else "no month within a region's time is empty"
    )
    verdict += f", {counted(sum(map(len, bare.values())), 'has', 'have')} logs without a digest." if bare else "."
    return heatmap(frame, "Months with log files and with digests", states=_STATES, verdict=verdict)


def sizes(observation: InventoryObservation) -> Pictured | Shown:
    """How many objects there are of each size."""
    found = summed(s.sizes for s in observation.surveys)
    if not found:
        return paragraph("There is no object in the old buckets.", strong=True)
    filled = [band for band in found if band] or [0]
    bands = [*([0] if 0 in found and filled != [0] else []), *range(min(filled), max(filled) + 1)]
    frame = pd.DataFrame(
        {"objects": [found.get(band, ObjectCount()).objects for band in bands]},
        index=pd.Index([_band(band) for band in bands], name="size"),
    )
    small = sum(s.objects for band, s in found.items() if band <= 17)
    whole = sum(s.objects for s in found.values())
    verdict = (
        f"{small:,} of {whole:,} objects are under 128 KiB, the minimum that colder classes charge; "
        f"the mean is {sized(round(observation.size / max(1, whole)))}."
    )
    return bars(frame, "Objects by size", unit="objects", verdict=verdict)


def ages(observation: InventoryObservation) -> Pictured | Shown:
    """How many logs and digests there are of each year."""
    found = dict(sorted(summed(s.years for s in observation.surveys).items()))
    if not found:
        return paragraph("There is no log and no digest in the old buckets.", strong=True)
    frame = pd.DataFrame(
        {"objects": [s.objects for s in found.values()]},
        index=pd.Index([str(year) for year in found], name="year"),
    )
    past = sum(s.past_retention for s in observation.surveys)
    verdict = (
        f"{counted(past, 'log or digest is past its', 'logs and digests are past their')} retention."
        if past
        else "None is past its retention yet."
    )
    return bars(frame, "Logs and digests by year", unit="objects", verdict=verdict)


def _every_month(months: Iterable[tuple[str, str, str]]) -> list[str]:
    """From the first to the last, without a break."""
    there = sorted({month for _, _, month in months})
    first, last = (int(m[:4]) * 12 + int(m[5:]) - 1 for m in (there[0], there[-1]))
    return [f"{n // 12:04d}-{n % 12 + 1:02d}" for n in range(first, last + 1)]


def _state(logs: int, digests: int) -> str:
    return _STATES[(0 if digests else 2) if logs else (1 if digests else 3)]


def _band(band: int) -> str:
    """`512 B to 1 KiB`, by the power of two."""
    return "empty" if band == 0 else f"{_size(1 << (band - 1))} to {_size(1 << band)}"


def _size(number: int) -> str:
    for unit, step in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if number >= step:
            return f"{number // step} {unit}"
    return f"{number} B"


def summed(parts: Iterable[Mapping[Any, ObjectCount]]) -> dict[Any, ObjectCount]:
    """Several tables of sums as one."""
    objects: Counter[Any] = Counter()
    bytes_: Counter[Any] = Counter()
    for part in parts:
        for name, one in part.items():
            objects[name] += one.objects
            bytes_[name] += one.size
    return {name: ObjectCount(objects[name], bytes_[name]) for name in objects}
