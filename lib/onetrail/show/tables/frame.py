"""A table's rows as a pandas DataFrame: numbers as numbers, times as times, ids as text."""

import math
import re
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from onetrail.errors import WrongUse
from onetrail.looked import Unread
from onetrail.printable import printable

if TYPE_CHECKING:
    import pandas as pd

NOTHING: Final = "–"
"""Shown where there is no value."""
UNREAD: Final = "not evaluated"
"""Shown where a value could not be read."""
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBER: Final = re.compile(r"-?\d{1,3}(,\d{3})*(\.\d+)?")


class FrameNeedsPandas(WrongUse):
    """pandas comes with the extra of the notebooks; the message is the command that installs it."""


def frame_of(caption: str, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> "pd.DataFrame":
    """One column per name, with units as the name has them. A total is no row of it.

    Days and instants are times, in UTC. A column in which a value was not evaluated holds the text `not evaluated` in
    that place and is of no number type, so that nothing sums over it unnoticed.
    """
    try:
        import pandas as pd
    except ImportError as err:
        raise FrameNeedsPandas("a DataFrame needs pandas: pip install 'onetrail[runbook]'") from err
    columns = [_column([row[at] for row in rows]) for at in range(len(names))]
    frame = pd.DataFrame(dict(enumerate(columns)), columns=range(len(names)), index=range(len(rows)))
    frame.columns = pd.Index([printable(name) for name in names], dtype=object)
    frame.attrs["caption"] = printable(caption)
    return frame


def values_of(texts: Sequence[str], right: bool) -> list[Any]:
    """The values of a column whose cells are text already: numbers where it is aligned to the right and all are
    numbers, times where all are instants or days, else the text."""
    said = [None if text in ("", NOTHING) else text for text in texts]
    there = [text for text in said if text is not None and text != UNREAD]
    if not there:
        return [*texts]
    if right and all(_NUMBER.fullmatch(text) for text in there):
        return [_read(text, _number) for text in said]
    if all(_INSTANT.fullmatch(text) for text in there):
        return [
            _read(text, lambda one: datetime.strptime(one, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)) for text in said
        ]
    if all(_DAY.fullmatch(text) for text in there):
        return [_read(text, date.fromisoformat) for text in said]
    return [*texts]


def _read(text: str | None, read: Any) -> Any:
    if text is None:
        return None
    return Unread("") if text == UNREAD else read(text)


def _number(text: str) -> int | float:
    plain = text.replace(",", "")
    return float(plain) if "." in plain else int(plain)


def is_absent(value: Any) -> bool:
    """Nothing there: None, not a number, and pandas' own two values for that."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    pandas = sys.modules.get("pandas")  # without pandas nobody can have made one
    return pandas is not None and (value is pandas.NaT or value is pandas.NA)


def is_number(value: Any) -> bool:
    """A number of any kind; a yes or no is none."""
    if isinstance(value, bool | str) or is_absent(value) or type(value).__name__ == "bool_":
        return False
    return hasattr(value, "__float__") and hasattr(value, "__abs__") and not isinstance(value, date)


def _column(values: Sequence[Any]) -> Any:
    import pandas as pd

    there = [value for value in values if not is_absent(value)]
    blind = any(isinstance(value, Unread) for value in there)
    plain = [None if is_absent(value) else value for value in values]
    if blind or not there:
        return pd.Series([UNREAD if isinstance(value, Unread) else _plain(value) for value in plain], dtype=object)
    if all(isinstance(value, datetime) for value in there):
        return pd.Series(plain, dtype="datetime64[us, UTC]")
    if all(isinstance(value, date) for value in there):
        return pd.Series(plain, dtype="datetime64[s]")
    if all(is_number(value) for value in there):
        return _numbers(plain)
    if all(type(value).__name__ in ("bool", "bool_") for value in there):
        return pd.Series(plain, dtype=bool if len(there) == len(plain) else "boolean")
    return pd.Series([_plain(value) for value in plain], dtype=object)


def _numbers(values: Sequence[Any]) -> Any:
    import pandas as pd

    if all(value is None or float(value) == int(value) for value in values if _finite(value)) and all(
        _finite(value) for value in values
    ):
        whole = [None if value is None else int(value) for value in values]
        return pd.Series(whole, dtype="Int64" if None in whole else "int64")
    return pd.Series([None if value is None else float(value) for value in values], dtype="float64")


def _finite(value: Any) -> bool:
    return value is None or abs(float(value)) != float("inf")


def _plain(value: Any) -> Any:
    """A value as a cell of a column of text and others: names printable, as they are shown."""
    if value is None or is_number(value) or isinstance(value, bool | date):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(
            printable(item) for item in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)
        )
    return printable(getattr(value, "value", value))
