"""Days as stripes: one row per region, before above and after below, so that years of days fit on one picture.

Height carries the meaning together with colour: a full stripe is proven, a half one is present but not proven, a cross
is lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from onetrail.instants import moved_days
from onetrail.show.plots import MARKS, figure, label, png

HEIGHTS: Final = (1.0, 0.55)
"""Of a lane, for the first and the second state."""
MOST_ROWS: Final = 60
"""A higher picture is not readable; the numbers below it have every row."""
_LANE: Final = 0.34
_WIDE: Final = 15.0
_Corners = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
_CROSS: Final[Mapping[str, Any]] = {
    "marker": "X",
    "color": MARKS[2],
    "markersize": 9,
    "markeredgecolor": "white",
    "zorder": 5,
}


def calendar(
    rows: Mapping[str, Sequence[Mapping[date, int]]],
    caption: str,
    *,
    lanes: Sequence[str],
    states: Sequence[str],
    lost: str,
) -> bytes:
    """A PNG. Each row has one mapping a lane: day -> index of its state in `states` (at most two), or -1 where it is
    `lost`.

    Days without an entry stay white, and of more than `MOST_ROWS` rows those with a lost day come first. `lanes` are
    named in the legend, top first.
    """
    days = [day for row in rows.values() for lane in row for day in lane]
    if not days or len(states) > len(HEIGHTS):
        raise ValueError("a calendar needs days, and has at most two states in addition to lost days")
    from matplotlib.collections import PolyCollection

    first, last = min(days), max(days)
    shown = _in_sight(rows)
    drawn, axes = figure(_WIDE, 1.6 + 0.34 * len(shown))
    stripes, crosses = _stripes(shown.values(), first)
    for state, boxes in enumerate(stripes):
        axes.add_collection(
            PolyCollection(boxes, facecolors=MARKS[state], edgecolors=MARKS[state], linewidths=0.8, joinstyle="miter")
        )
    axes.plot([x for x, _ in crosses], [y for _, y in crosses], linestyle="", **_CROSS)
    span = (last - first).days + 1
    axes.set_xlim(-0.01 * span, span * 1.005)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_yticks(range(len(shown)), list(map(label, shown)))
    marks = _ticks(first, last)
    axes.set_xticks([(day - first).days for day in marks], [f"{day:%Y-%m}" for day in marks], rotation=45, ha="right")
    axes.grid(axis="x", color="#DDD", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    part = "" if len(shown) == len(rows) else f", {len(shown)} of {len(rows):,}: all are in the table below"
    axes.set_title(f"{caption}{part} (upper lane: {lanes[0]}, lower lane: {lanes[1]})", loc="left")
    _legend(drawn, states, lost)
    return png(drawn)


def _in_sight(rows: Mapping[str, Sequence[Mapping[date, int]]]) -> dict[str, Sequence[Mapping[date, int]]]:
    """At most `MOST_ROWS`, in the order given: those in which a day is lost before the others."""
    at_fault_first = sorted(rows, key=lambda name: not any(-1 in lane.values() for lane in rows[name]))
    kept = set(at_fault_first[:MOST_ROWS])
    return {name: row for name, row in rows.items() if name in kept}


def _stripes(
    rows: Iterable[Sequence[Mapping[date, int]]], first: date
) -> tuple[list[list[_Corners]], list[tuple[float, float]]]:
    """The corners of every stripe by state, and the middle of every cross: a handful of artists, however many days
    there are.

    Neighbouring days of one state are one stripe; its edge makes even one day wide enough to be seen.
    """
    stripes: list[list[_Corners]] = [[] for _ in HEIGHTS]
    crosses: list[tuple[float, float]] = []
    for at, row in enumerate(rows):
        for number, lane in enumerate(row):
            top = at - _LANE + number * _LANE
            for state, start, length in _runs(lane, first):
                if state < 0:
                    crosses.append((start + length / 2, top + _LANE / 2))
                    continue
                low = top + _LANE * 0.89
                high = low - _LANE * 0.78 * HEIGHTS[state]
                end = start + length
                stripes[state].append(((start, high), (end, high), (end, low), (start, low)))
    return stripes, crosses


def _runs(lane: Mapping[date, int], first: date) -> list[tuple[int, int, int]]:
    """State, first day's number and length of each stretch."""
    found: list[tuple[int, int, int]] = []
    for day in sorted(lane):
        number = (day - first).days
        if found and found[-1][0] == lane[day] and found[-1][1] + found[-1][2] == number:
            found[-1] = (found[-1][0], found[-1][1], found[-1][2] + 1)
        else:
            found.append((lane[day], number, 1))
    return found


def _ticks(first: date, last: date) -> list[date]:
    """First days of months, about a dozen of them."""
    months = [
        date(number // 12, number % 12 + 1, 1)
        for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    ]
    inside = [month for month in months if month >= moved_days(first, -15)] or months[-1:]
    every = next((step for step in (1, 2, 3, 6, 12) if len(inside) <= 14 * step), 24)
    return [month for month in inside if (month.year * 12 + month.month - 1) % every == 0] or inside[:1]


def _legend(drawn: Any, states: Sequence[str], lost: str) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    words = ("full stripe", "half stripe")
    handles: list[Any] = [
        Patch(facecolor=MARKS[number], label=f"{words[number]}: {state}") for number, state in enumerate(states)
    ]
    handles.append(Line2D([], [], linestyle="", **_CROSS, label=f"cross: {lost}"))
    handles.append(Patch(facecolor="white", edgecolor="#999", label="white: nothing"))
    drawn.legend(handles=handles, frameon=False, loc="outside lower left", ncols=4)
