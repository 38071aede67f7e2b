"""Pictures, each with the table of its numbers beside it: no number has to be guessed from a colour."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from onetrail.printable import printable
from onetrail.show.html import Shown, ShownTable
from onetrail.show.table import table

if TYPE_CHECKING:
    import pandas as pd

MARKS: Final = ("#0072B2", "#E69F00", "#D55E00", "#F0F0F0")
"""Okabe and Ito's palette, which reads with every common colour blindness, and a light grey for nothing."""


@dataclass(frozen=True)
class Pictured:
    """A picture, and its numbers below it. In text, the numbers alone."""

    png: bytes
    caption: str
    numbers: Shown

    def _ipython_display_(self) -> None:
        from IPython.display import display

        picture = {
            "image/png": base64.b64encode(self.png).decode(),
            "text/plain": f"[picture] {printable(self.caption)}",
        }
        display(picture, metadata={"image/png": {"alt": printable(self.caption)}}, raw=True)
        display(self.numbers)

    def __str__(self) -> str:
        return self.numbers.text

    @property
    def frame(self) -> "pd.DataFrame":
        """The numbers as a DataFrame."""
        return self.numbers.frame

    def search(self, words: str = "", sort: str = "", descending: bool = False) -> Any:
        """The numbers filtered and sorted, or a box for that."""
        return self.numbers.search(words, sort, descending)

    @property
    def tables(self) -> Sequence[ShownTable]:
        """The tables of its numbers."""
        return self.numbers.tables


def heatmap(
    frame: "pd.DataFrame",
    caption: str,
    *,
    states: Sequence[str],
    verdict: str = "",
    numbers: "pd.DataFrame | None" = None,
) -> Pictured:
    """Rows by columns, each cell one of `states`, best first: at most four, each with its own colour and hatch.

    `numbers` is the table shown below, without it a count of cells a row and state. The frame's index names the rows.
    """
    if len(states) > len(MARKS):
        raise ValueError(f"a heatmap shows at most {len(MARKS)} states, not {len(states)}")
    said = _numbers(frame, states) if numbers is None else numbers
    return Pictured(
        _heatmap(frame, caption, states),
        caption,
        table(said, f"{caption}, in numbers", verdict=verdict, total=_total(said)),
    )


def bars(frame: "pd.DataFrame", caption: str, *, unit: str, verdict: str = "") -> Pictured:
    """One group of bars per row, one bar per column; `unit` is on the axis. The frame's index names the groups."""
    drawn, axes = figure(max(6.0, 0.5 * len(frame) * max(1, len(frame.columns))), 3.4)
    width = 0.8 / max(1, len(frame.columns))
    for number, name in enumerate(frame.columns):
        at = [place + number * width for place in range(len(frame))]
        axes.bar(
            at,
            frame[name].tolist(),
            width,
            label=label(name),
            color=MARKS[number % 3],
            edgecolor="black",
            hatch=_HATCHES[number % len(_HATCHES)],
        )
    axes.set_xticks(
        [place + 0.4 - width / 2 for place in range(len(frame))],
        [label(i) for i in frame.index],
        rotation=30,
        ha="right",
    )
    axes.set_ylabel(unit)
    axes.set_title(caption, loc="left")
    axes.legend(frameon=False)
    shown = frame.reset_index()
    numbers = table(shown, f"{caption}, in numbers", verdict=verdict, total=_total(shown))
    return Pictured(png(drawn), caption, numbers)


def lines(curves: Mapping[str, Sequence[tuple[float, float]]], caption: str, *, along: str, up: str) -> bytes:
    """A rising line per curve, from zero, as a PNG; `along` and `up` name the axes with units. Several differ in their
    dashes too, and are named."""
    drawn, axes = figure(7.0, 3.0)
    for number, (name, points) in enumerate(curves.items()):
        look = {"color": MARKS[number % 3], "linestyle": _DASHES[number % len(_DASHES)]}
        axes.plot([x for x, _ in points], [y for _, y in points], linewidth=1.8, label=label(name), **look)
    if len(curves) > 1:
        axes.legend(frameon=False)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(color="#DDD", linewidth=0.6)
    axes.set_xlabel(along)
    axes.set_ylabel(up)
    axes.set_title(caption, loc="left")
    return png(drawn)


_DASHES: Final = ("-", "--", "-.", ":")
_HATCHES: Final = ("", "//", "xx", "..")


def _heatmap(frame: "pd.DataFrame", caption: str, states: Sequence[str]) -> bytes:
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import BoundaryNorm, ListedColormap
    from matplotlib.patches import Patch

    grid = [[states.index(str(value)) for value in row] for row in frame.itertuples(index=False)]
    drawn, axes = figure(min(16.0, 3.0 + 0.16 * len(frame.columns)), 1.6 + 0.24 * len(frame))
    colours = list(MARKS[: len(states)])
    norm = BoundaryNorm([i - 0.5 for i in range(len(states) + 1)], len(states))
    axes.imshow(grid, cmap=ListedColormap(colours), norm=norm, aspect="auto", interpolation="nearest")
    for state, hatch in enumerate(_HATCHES[: len(states)]):
        boxes = [_box(x, y) for y, row in enumerate(grid) for x, one in enumerate(row) if one == state]
        if hatch and boxes:
            axes.add_collection(PolyCollection(boxes, facecolors="none", edgecolors="#333", linewidths=0, hatch=hatch))
    every = max(1, len(frame.columns) // 12)
    axes.set_xticks(
        range(0, len(frame.columns), every), [str(c) for c in frame.columns[::every]], rotation=45, ha="right"
    )
    axes.set_yticks(range(len(frame)), [label(i) for i in frame.index])
    axes.set_title(caption, loc="left")
    patches = [
        Patch(facecolor=colour, edgecolor="#333", hatch=hatch, label=state)
        for colour, hatch, state in zip(colours, _HATCHES, states, strict=False)
    ]
    axes.legend(handles=patches, frameon=False, loc="upper left", bbox_to_anchor=(1.01, 1.0))
    return png(drawn)


def _box(x: int, y: int) -> list[tuple[float, float]]:
    """The corners of one cell."""
    return [(x - 0.5, y - 0.5), (x + 0.5, y - 0.5), (x + 0.5, y + 0.5), (x - 0.5, y + 0.5)]


def _numbers(frame: "pd.DataFrame", states: Sequence[str]) -> "pd.DataFrame":
    rows = [
        [name, *(sum(str(v) == state for v in row) for state in states)]
        for name, row in zip(frame.index, frame.itertuples(index=False), strict=True)
    ]
    import pandas as pd

    return pd.DataFrame(rows, columns=[str(frame.index.name or "row"), *states], dtype=object)


def _total(numbers: "pd.DataFrame") -> dict[str, object]:
    """The sum of each column of numbers; the first column names the rows."""
    first, *others = [str(name) for name in numbers.columns]
    return {first: "all", **{name: numbers[name].sum() for name in others}}


def label(name: object) -> str:
    """A name as it is written into a picture: printable, and without Matplotlib's own reading of text between dollar
    signs."""
    return printable(name).replace("$", r"\$")


def figure(width: float, height: float) -> Any:
    """A figure of that many inches and its axes, drawn without any display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(width, height), dpi=110, layout="constrained", facecolor="white")
    FigureCanvasAgg(drawn)
    return drawn, drawn.add_subplot()


def png(drawn: Any) -> bytes:
    """The drawing as a PNG whose bytes name no software and no time."""
    out = io.BytesIO()
    drawn.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
