"""A table with a caption, its totals, and the line that reads it for the reader."""

import math
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from onetrail import instants
from onetrail.looked import Unread
from onetrail.show.html import Column, Shown, folded, paragraph, rows_as_html, rows_as_text, together

if TYPE_CHECKING:
    import pandas as pd  # verbs that show no frame start without it: it takes longer to load than everything else together  # noqa: E501

NOTHING: Final = "–"
"""Shown where there is no value."""
UNREAD: Final = "not evaluated"
"""Shown where a value could not be read."""
_IN_SIGHT: Final = 60
"""Rows of one table before the rest is folded away."""


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
) -> Shown:
    """The frame as it is ordered, without its index. Units are in column names, such as `size (MB)`.

    Whole numbers get thousands separators; other numbers two decimals, or four in a column where all are small.
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
        written_column([*column, t] if total is not None else column) for column, t in zip(values, totals, strict=True)
    ]
    foot = None
    if total is not None:
        foot = ["" if t is None else column[-1] for column, t in zip(written, totals, strict=True)]
        written = [column[:-1] for column in written]
    rows = [list(row) for row in zip(*written, strict=True)]
    shown = _table(caption, columns, rows, foot)
    return together(shown, paragraph(verdict, strong=True)) if verdict else shown


def _table(caption: str, columns: Sequence[Column], rows: Sequence[Sequence[str]], foot: Sequence[str] | None) -> Shown:
    text = rows_as_text(caption, columns, rows, foot) if rows else f"{caption}\n(no rows)"
    if not rows:
        return Shown(f"{paragraph(caption, strong=True).html}<p>(no rows)</p>", text)
    first = rows_as_html(caption, columns, rows[:_IN_SIGHT], foot)
    rest = rows[_IN_SIGHT:]
    if not rest:
        return Shown(first, text)
    more = Shown(rows_as_html(f"{caption}, continued", columns, rest), "")
    return Shown(first + folded(f"{len(rest):,} more rows", more).html, text)


def simple(
    caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]], total: Sequence[str] | None = None
) -> Shown:
    """A table of cells that are text already, or Shown where something folds out."""
    return Shown(rows_as_html(caption, columns, rows, total), rows_as_text(caption, columns, rows, total))


def written_column(values: Sequence[Any]) -> list[str]:
    """One column's values as text, with the same number of decimals throughout."""
    numbers = [abs(v) for v in values if _is_number(v)]
    decimals = 0
    if any(float(n) != int(n) for n in numbers if n != float("inf")):
        decimals = 4 if max(numbers) < 0.1 else 2
    return [written(value, decimals) for value in values]


def written(value: Any, decimals: int = 0) -> str:
    """One value as text: the same on every Python and every machine."""
    if _absent(value):
        return NOTHING
    if isinstance(value, Unread):
        return UNREAD
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    if _is_number(value):
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
    return not _absent(value) and value not in ("", 0, NOTHING)


def _absent(value: Any) -> bool:
    if value is None or _is_pandas_none(value):
        return True
    return isinstance(value, float) and math.isnan(value)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool | str) or _absent(value):
        return False
    return hasattr(value, "__float__") and hasattr(value, "__abs__") and not isinstance(value, date)


def _whole(value: Any) -> bool:
    return float(value) == int(value)


def _numeric(values: Sequence[Any]) -> bool:
    said = [value for value in values if not _absent(value)]
    return bool(said) and all(_is_number(value) for value in said)


def _is_pandas_none(value: Any) -> bool:
    """True for pandas' two values for nothing; without pandas nobody can have made one."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and (value is pandas.NaT or value is pandas.NA)
