"""A table with a caption, its totals, and the line that reads it for the reader."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from onetrail import instants
from onetrail.looked import Unread
from onetrail.show.html import Column, Shown, paragraph, together
from onetrail.show.tables.frame import NOTHING, UNREAD, is_absent, is_number, values_of
from onetrail.show.tables.rows import TableRows

if TYPE_CHECKING:
    import pandas as pd  # verbs that show no frame start without it: it takes longer to load than everything else together  # noqa: E501

SIZE_UNIT: Final = "(MB)"
"""A column whose head has this holds sizes."""
_SIZE_DECIMALS: Final = 2

__all__ = ["NOTHING", "UNREAD", "framed", "simple", "table", "written", "written_column"]


def framed(rows: Sequence[Sequence[Any]], *, columns: Sequence[str]) -> "pd.DataFrame":
    """The rows with their values as they are: pandas' own strings hold no half of a surrogate pair, which a name from
    AWS may have."""
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(columns), dtype=object)


def table(
    frame: "pd.DataFrame",
    caption: str,
    *,
    verdict: str = "",
    total: Mapping[str, object] | None = None,
    if_any: Sequence[str] = (),
    attention: Collection[int] = (),
) -> Shown:
    """The frame as it is ordered, without its index. Units are in column names, such as `size (MB)`.

    Of a long table the first rows and the total are in sight, and the rest is in a fold; `attention` are the places of
    rows that come first then.

    Whole numbers get thousands separators; sizes and other numbers two decimals, or four in a column of others where
    all are small.
    `total` maps column names to the values of the last row. `verdict` is one line below. Columns named in `if_any` are
    left out where no row says anything in them.
    """
    silent = [name for name in if_any if len(frame) and not any(_says(value) for value in frame[name])]
    frame = frame.drop(columns=silent)
    names = [str(name) for name in frame.columns]
    values = [frame.iloc[:, i].tolist() for i in range(len(names))]
    totals = [None if total is None else total.get(name) for name in names]
    columns = [Column(name, _numeric(column)) for name, column in zip(names, values, strict=True)]
    written = [
        written_column([*column, t] if total is not None else column, decimals_of(name))
        for name, column, t in zip(names, values, totals, strict=True)
    ]
    foot = None
    if total is not None:
        foot = ["" if t is None else column[-1] for column, t in zip(written, totals, strict=True)]
        written = [column[:-1] for column in written]
    rows = TableRows(
        caption,
        columns,
        [list(row) for row in zip(*values, strict=True)],
        [list(row) for row in zip(*written, strict=True)],
        foot,
        frozenset(at for at in attention if 0 <= at < len(frame)),
    )
    return together(rows.shown(), paragraph(verdict, strong=True)) if verdict else rows.shown()


def simple(
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
    total: Sequence[str] | None = None,
    *,
    fold: bool = False,
    terminal: int | None = None,
) -> Shown:
    """A table of cells that are text already, or Shown where something folds out; in text for a terminal of so many
    columns.

    Every row is in sight, or the first ones with the rest in a fold.
    """
    texts = [[cell.text if isinstance(cell, Shown) else str(cell) for cell in row] for row in rows]
    values = [values_of([row[at] for row in texts], column.right) for at, column in enumerate(columns)]
    table = TableRows(caption, columns, [list(row) for row in zip(*values, strict=True)], rows, total)
    return table.shown() if fold else table.whole(terminal)


def decimals_of(head: str) -> int:
    """Digits behind the point that a column of sizes always has; of others their values decide."""
    return _SIZE_DECIMALS if SIZE_UNIT in head else 0


def written_column(values: Sequence[Any], decimals: int = 0) -> list[str]:
    """One column's values as text, with the same number of decimals throughout."""
    numbers = [abs(v) for v in values if is_number(v)]
    if not decimals and any(float(n) != int(n) for n in numbers if n != float("inf")):
        decimals = 4 if max(numbers) < 0.1 else 2
    return [written(value, decimals) for value in values]


def written(value: Any, decimals: int = 0) -> str:
    """One value as text: the same on every Python and every machine."""
    if is_absent(value):
        return NOTHING
    if isinstance(value, Unread):
        return UNREAD
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    if is_number(value):
        return f"{float(value):,.{decimals}f}" if decimals or not _whole(value) else f"{int(value):,}"
    if isinstance(value, datetime):
        return instants.written(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(map(str, value)) if isinstance(value, set | frozenset) else [written(item) for item in value]
        return ", ".join(items) if items else NOTHING
    return str(value)


def _says(value: Any) -> bool:
    return not is_absent(value) and value not in ("", 0, NOTHING)


def _whole(value: Any) -> bool:
    return float(value) == int(value)


def _numeric(values: Sequence[Any]) -> bool:
    said = [value for value in values if not is_absent(value)]
    return bool(said) and all(is_number(value) for value in said)
