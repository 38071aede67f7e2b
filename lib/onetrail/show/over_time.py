"""How bulk work went: objects over time, as a picture with its numbers. Live runs only, since no two are alike."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from onetrail.change.words import MB
from onetrail.show.plots import Pictured, lines
from onetrail.show.table import framed, table

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


class Passes:
    """Each pass of a piece of work by itself, since each counts from its own beginning: another work is another pass,
    and so is the same work once its count falls."""

    def __init__(self) -> None:
        self._of: dict[str, list[Samples]] = {}

    def add(self, label: str, sample: ProgressPoint) -> None:
        """Note how far the pass under way is; `label` says what is done to what, as `objects copied`."""
        passes = self._of.setdefault(label, [Samples()])
        last = passes[-1].last
        if last is not None and sample.objects < last.objects:
            passes.append(Samples())
        passes[-1].add(sample)

    def drawn(self) -> dict[str, list[ProgressPoint]]:
        """The points of each pass that has enough of them for a line, by its label, in the order in which they
        began."""
        found = {
            label if number == 1 else f"{label}, pass {number}": samples.all()
            for label, passes in self._of.items()
            for number, samples in enumerate(passes, start=1)
        }
        enough = {label: points for label, points in found.items() if len(points) >= 3 and _seconds(points) > 0}
        return dict(sorted(enough.items(), key=lambda one: one[1][0].seconds))


def over_time(passes: Passes, caption: str) -> Pictured | None:
    """Objects over seconds, one line per pass, with up to ten points of each as a table; None where there is too
    little to draw."""
    drawn = passes.drawn()
    if not drawn:
        return None
    rows = [[label, *row] for label, points in drawn.items() for row in _rows(points)]
    columns = ["pass", "after (s)", "objects", "size (MB)", "objects per second"]
    numbers = table(
        framed(rows, columns=columns), f"{caption}, in numbers", verdict=" ".join(map(_verdict, drawn.items()))
    )
    curves = {label: [(point.seconds, point.objects) for point in points] for label, points in drawn.items()}
    return Pictured(lines(curves, caption, along="seconds", up="objects"), caption, numbers)


def _rows(points: list[ProgressPoint]) -> list[list[float]]:
    return [
        [round(b.seconds, 1), b.objects, b.size / MB, (b.objects - a.objects) / (b.seconds - a.seconds)]
        for a, b in pairwise(_spread(points))
        if b.seconds > a.seconds
    ]


def _verdict(drawn: tuple[str, list[ProgressPoint]]) -> str:
    label, points = drawn
    done, seconds = points[-1].objects - points[0].objects, _seconds(points)
    return f"{label.capitalize()}: {done:,} in {seconds:,.1f} s, {done / seconds:,.0f} per second."


def _seconds(points: list[ProgressPoint]) -> float:
    return points[-1].seconds - points[0].seconds


def _spread(points: list[ProgressPoint]) -> list[ProgressPoint]:
    """The first point and up to ten more at about the same distance in time, the last of all among them."""
    step = _seconds(points) / _ROWS
    chosen = [points[0]]
    for point in points[1:-1]:
        if point.seconds >= chosen[-1].seconds + step:
            chosen.append(point)
    return [*chosen, points[-1]]
