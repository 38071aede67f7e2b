"""Rows in fixed-width text, nothing cut: what is too wide goes on below, and columns that still do not fit beside each
other follow in a second part, with the columns that name the rows."""

import re
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, Final

from onetrail.printable import printable
from onetrail.show.html import UNBROKEN, Column, Shown

TEXT_WIDTH: Final = 120
"""Characters of a line, at most, where names and numbers leave room for that."""
_PROSE: Final = 24
"""No column of prose becomes narrower than this while names stay whole."""
_NARROW: Final = 20
"""No column becomes narrower than this."""
_Pass = tuple[Callable[[str], list[str]], int]
_KEYS: Final = 2
"""Columns that are repeated in each part, at most."""


def rows_as_text(
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
    total: Sequence[str] | None = None,
    *,
    terminal: int | None = None,
) -> str:
    """One table in text, at most `TEXT_WIDTH` wide where names leave room for that: they stay whole. In a terminal of
    so many columns they go on below too."""
    body = [[_flat(value) for value in row] for row in rows]
    foot = [] if total is None else [[_flat(value) for value in total]]
    heads = [printable(column.head) for column in columns]
    every, width = [heads, *body, *foot], terminal or TEXT_WIDTH
    said = _title(printable(caption), terminal)
    passes = _PASSES if terminal else _PASSES[:1]
    least = _widths(columns, every, width, passes)
    for number, part in enumerate(_parts(columns, least, width)):
        said += ["", *_title(f"{printable(caption)}, further columns", terminal)] if number else []
        chosen = [columns[at] for at in part]
        widths = _widths(chosen, [[row[at] for at in part] for row in every], width, passes)
        said += _lines(columns, part, heads, body, foot, widths)
    return "\n".join(said)


def _title(caption: str, terminal: int | None) -> list[str]:
    return textwrap.wrap(caption, terminal) if terminal else [caption]


def _lines(
    columns: Sequence[Column],
    part: Sequence[int],
    heads: Sequence[str],
    body: Sequence[Sequence[str]],
    foot: Sequence[Sequence[str]],
    widths: Sequence[int],
) -> list[str]:
    def lines(values: Sequence[str]) -> list[str]:
        cells = [_broken(values[at], width) for at, width in zip(part, widths, strict=True)]
        height = max((len(cell) for cell in cells), default=0)
        return [line([cell[i] if i < len(cell) else "" for cell in cells]) for i in range(height)]

    def line(values: Sequence[str]) -> str:
        found = zip(values, widths, part, strict=True)
        return "  ".join(v.rjust(w) if columns[at].right else v.ljust(w) for v, w, at in found).rstrip()

    rule = "  ".join("-" * width for width in widths)
    said = [*lines(heads), rule, *(one for row in body for one in lines(row))]
    return [*said, rule, *(one for row in foot for one in lines(row))] if foot else said


def _parts(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[list[int]]:
    """The columns of each part: those that name the rows, and as many others as fit."""
    keys = 1 if columns and columns[0].right else min(_KEYS, sum(not column.right for column in columns[:_KEYS]))
    named = list(range(min(keys, len(columns))))
    parts: list[list[int]] = [list(named)]
    for at in range(len(named), len(columns)):
        if len(parts[-1]) > len(named) and _wide([widths[i] for i in [*parts[-1], at]]) > width:
            parts.append(list(named))
        parts[-1].append(at)
    return parts


def _wide(widths: Sequence[int]) -> int:
    return sum(widths) + 2 * len(widths) - 2


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int, passes: Sequence[_Pass]) -> list[int]:
    """Of each column: its longest value, or less where the whole would be too wide; numbers are never
    broken, and their heads between words."""
    found = list(zip(*rows, strict=True))
    widths = [max(map(len, values)) for values in found]
    for pieces, narrowest in passes:
        least = [
            max(len(piece) for value in values for piece in _words(value))
            if c.right
            else max(narrowest, *(len(piece) for value in values for piece in pieces(value)))
            for values, c in zip(found, columns, strict=True)
        ]
        if pieces is _letters and _wide([min(pair) for pair in zip(widths, least, strict=True)]) > width:
            return widths
        while _wide(widths) > width:
            widest = max(range(len(widths)), key=lambda i: widths[i] - least[i])
            if widths[widest] <= least[widest]:
                break
            widths[widest] -= 1
    return widths


def _words(value: str) -> list[str]:
    return value.split(" ")


def _pieces(value: str, most: int = UNBROKEN) -> list[str]:
    """Words, and the parts of each name that is longer than `most`."""
    return [
        piece
        for word in value.split(" ")
        for piece in (re.findall(r"[^/:]*[/:]+|[^/:]+", word) if len(word) > most else [word])
    ]


def _letters(value: str) -> list[str]:
    return [value[:1]]


def _broken(value: str, width: int) -> list[str]:
    if len(value) <= width:
        return [value]
    if max(map(len, _words(value))) <= width:
        return textwrap.wrap(value, width, break_long_words=False, break_on_hyphens=False)
    lines = [""]
    for word in value.split(" "):
        pieces = [
            part for piece in _pieces(word, width) for part in textwrap.wrap(piece, width, break_on_hyphens=False)
        ]
        for at, piece in enumerate(pieces):
            gap = " " if at == 0 and lines[-1] else ""
            if lines[-1] and len(lines[-1]) + len(gap) + len(piece) > width:
                lines.append(piece)
            else:
                lines[-1] += gap + piece
    return lines


_PASSES: Final[Sequence[_Pass]] = ((_words, _PROSE), (_pieces, _NARROW), (_letters, _NARROW))
"""What goes on below, one after the other until all fits, and how narrow a column becomes by it: prose, then long names
after a slash or a colon, then any long name if that is enough."""


def _flat(value: object) -> str:
    return " ".join(value.text.split("\n")) if isinstance(value, Shown) else printable(value)
