"""Rows as one HTML table: with a caption, and with scopes that say which cells are heads.

Styles stand on the elements, and JupyterLab's sanitizer keeps each of them. Where a viewer strips them, as GitHub does,
nothing but the alignment is lost.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from onetrail.printable import printable
from onetrail.show.html import UNBROKEN, Column, Shown, escape, in_cell

_RULE: Final = "border-bottom:1px solid rgba(128,128,128,.45)"
_CELL: Final = "padding:.2em .8em .2em 0;vertical-align:top;"
_NAMES_IN: Final = 3
"""The column that names the rows is one of the first three."""
_ROOMY: Final = 60
"""Prose that is longer gets a column of some width, not one word on each line."""
_ON_ONE_LINE: Final = 52
"""A caption that is no longer stays on one line, however narrow the table."""
_SEEN: Final = "34em"
"""The width of a longer one: it is in sight at the left of a table that is scrolled sideways."""
_IN_SIGHT: Final = 63
"""Characters that a window 900 pixels wide has for a table beside JupyterLab's file browser."""


def rows_as_html(
    caption: str, columns: Sequence[Column], rows: Sequence[Sequence[Any]], total: Sequence[str] | None = None
) -> str:
    """One HTML table; cells are text, or Shown for what folds out."""
    name = naming_column(columns, rows)
    head = "".join(_cell("th", column.head, column.right, scope="col") for column in columns)
    body = "".join(f"<tr>{_row(columns, row, name)}</tr>" for row in rows)
    foot = ""
    if total is not None:
        cells = _row(columns, total, 0 if total[0] else None, strong=True)
        foot = f'<tfoot><tr style="border-top:1px solid rgba(128,128,128,.45)">{cells}</tr></tfoot>'
    more = _more_beside(columns, rows)
    whole = not more and len(caption) <= _ON_ONE_LINE
    title = escape(caption) if whole else f'<span style="display:block;width:{_SEEN}">{escape(caption)}{more}</span>'
    kept = _kept(caption, _ON_ONE_LINE) if whole else ""
    title = f'<caption style="caption-side:top;text-align:left;font-weight:bold;padding:.4em 0{kept}">{title}</caption>'
    return (
        f'<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:.4em 0">{title}'
        f'<thead><tr style="{_RULE}">{head}</tr></thead><tbody>{body}</tbody>{foot}</table></div>'
    )


def naming_column(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> int | None:
    """The first of the leading columns that says something else in every row; a number only where it comes first."""
    for at, column in enumerate(columns[:_NAMES_IN]):
        said = [str(row[at]) for row in rows]
        if (at == 0 or not column.right) and all(said) and len(set(said)) == len(said):
            return at
    return None


def _row(columns: Sequence[Column], row: Sequence[Any], name: int | None, *, strong: bool = False) -> str:
    cells = zip(row, columns, strict=True)
    return "".join(
        _cell("th", value, column.right, scope="row", strong=strong)
        if at == name
        else _cell("td", value, column.right, strong=strong)
        for at, (value, column) in enumerate(cells)
    )


def _cell(tag: str, value: object, right: bool, *, scope: str = "", strong: bool = False) -> str:
    inner = value.html if isinstance(value, Shown) else in_cell(str(value))
    style = f"{_CELL}text-align:{'right' if right else 'left'}{'' if scope == 'col' else _broken(value)}"
    style += ";font-weight:normal" if scope == "row" else ""
    scoped = f' scope="{scope}"' if scope else ""
    return f'<{tag}{scoped} style="{style}">{f"<strong>{inner}</strong>" if strong else inner}</{tag}>'


def _broken(value: object) -> str:
    """Where a cell may go on below: short names nowhere, long ones in a narrow window."""
    if isinstance(value, Shown):
        return ""
    text = printable(value)
    if _is_prose(text):
        return ";min-width:14em" if len(text) > _ROOMY else ""
    return _kept(text, UNBROKEN) if len(text) <= UNBROKEN else ";min-width:14em;overflow-wrap:break-word"


def _kept(text: str, most: int) -> str:
    return ";white-space:nowrap" if 0 < len(text) <= most and re.search(r"[\s/:-]", text) else ""


def _is_prose(text: str) -> bool:
    """Words and numbers that may go on below; a sign and its word, or two short words, are one thing."""
    if " " not in text or len(text) <= 12:
        return False
    return not (re.match(r"\W", text) and len(text) <= 20)


def _more_beside(columns: Sequence[Column], rows: Sequence[Sequence[Any]]) -> str:
    """A line that says how many columns there are and which is the last, where a narrow window does not hold them
    all: a reader who does not see that one knows that there is more."""
    if sum(_least(column, at, rows) for at, column in enumerate(columns)) <= _IN_SIGHT:
        return ""
    return (
        f'<br><span style="font-weight:normal">{len(columns)} columns, the last is “{escape(columns[-1].head)}”</span>'
    )


def _least(column: Column, at: int, rows: Sequence[Sequence[Any]]) -> int:
    """Characters that a column needs at least, with the space behind it."""
    head = max(map(len, column.head.split(" ")))
    return max([head, *(_least_of(row[at]) for row in rows)]) + 2


def _least_of(value: object) -> int:
    if isinstance(value, Shown):
        return max(len(piece) for word in value.text.split(" ") for piece in _pieces(word))
    text = printable(value)
    if len(text) <= UNBROKEN and not _is_prose(text):
        return len(text)
    words = max(map(len, text.split(" "))) if " " in text else 0
    return min(words or UNBROKEN, UNBROKEN) if len(text) <= _ROOMY else 26


def _pieces(word: str) -> list[str]:
    """Where a long name may go on below, as `in_cell` says."""
    return re.findall(r"[^/:_]*[/:_]*", word) if len(word) > UNBROKEN else [word]
