"""How bulk work went: objects over time, as a picture with its numbers. Live runs only, since no two are alike."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from onetrail.change.words import counted
from onetrail.show.plots import Pictured, line
from onetrail.show.table import table

_MOST: Final = 512
_ROWS: Final = 10


class ProgressPoint(NamedTuple):
    """Seconds since the first word, objects and bytes done by then."""

    seconds: float
    objects: int
    size: int


@dataclass(slots=True)
class Samples:
    """Progress of a run, thinned to at most 512 samples however long it takes; the last one is always kept."""

    kept: list[ProgressPoint] = field(default_factory=list)
    last: ProgressPoint | None = None
    _apart: float = 0.0

    def add(self, sample: ProgressPoint) -> None:
        """Note one word; words closer together than the samples are apart replace each other."""
        self.last = sample
        if self.kept and sample.seconds - self.kept[-1].seconds < self._apart:
            return
        self.kept.append(sample)
        if len(self.kept) > _MOST:
            self.kept = self.kept[::2]
            self._apart = 2 * (self.kept[-1].seconds - self.kept[0].seconds) / _MOST

    def all(self) -> list[ProgressPoint]:
        """The samples in order, the newest at the end."""
        ends = [self.last] if self.last and (not self.kept or self.kept[-1] != self.last) else []
        return [*self.kept, *ends]


def over_time(samples: Samples, caption: str) -> Pictured | None:
    """Objects over seconds, with up to ten points as a table; None where there is too little to draw."""
    points = samples.all()
    if len(points) < 3 or points[-1].seconds <= 0:
        return None
    import pandas as pd

    curve = pd.DataFrame({"objects": [point.objects for point in points]}, index=[point.seconds for point in points])
    chosen = _spread(points)
    rows = [
        [
            round(b.seconds, 1),
            b.objects,
            b.size / 1_000_000,
            (b.objects - a.objects) / (b.seconds - a.seconds),
        ]
        for a, b in pairwise(chosen)
        if b.seconds > a.seconds
    ]
    end = points[-1]
    verdict = f"{counted(end.objects, 'object')} in {end.seconds:,.1f} s: {end.objects / end.seconds:,.0f} per second."
    numbers = table(
        pd.DataFrame(rows, columns=["after (s)", "objects", "size (MB)", "objects per second"]),
        f"{caption}, in numbers",
        verdict=verdict,
    )
    return Pictured(line(curve, caption, along="seconds", up="objects"), caption, numbers)


def _spread(points: list[ProgressPoint]) -> list[ProgressPoint]:
    """The first point and up to ten more at about the same distance in time, the last of all among them."""
    step = points[-1].seconds / _ROWS
    chosen = [points[0]]
    for point in points[1:-1]:
        if point.seconds >= chosen[-1].seconds + step:
            chosen.append(point)
    return [*chosen, points[-1]]
