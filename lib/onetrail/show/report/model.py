"""The parts of a page: sections, each with its verdict line, and tables, pictures, lists and commands below it.
Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from markupsafe import Markup, escape

from onetrail.printable import printable
from onetrail.show.html import isolated
from onetrail.show.table import written_column

_HASH: Final = re.compile(r"[0-9a-fA-F-]{16,}(\n[0-9a-fA-F-]{16,})*")
_IDS: Final = re.compile(r"[A-Za-z0-9+/=-]+(\n[A-Za-z0-9+/=-]+)+")
"""Several ids in one cell, each on a line of its own."""
_SIGN: Final = re.compile(r"[✗?→·✓] .*")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT[0-9:]+Z")
_SHORT, _SHORT_PHRASE = 32, 14
"""Characters of a word, and of a phrase, on one line."""


@dataclass(frozen=True)
class ReportColumn:
    """A column: its head, and whether its values are aligned to the right, as numbers are."""

    text: str
    right: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of text under their heads. `folded` is a label: the table is an annex, which on a screen opens at it; on
    paper it is always there.

    `verdict` is the line below that reads it.
    """

    caption: str
    heads: tuple[ReportColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] = ()
    folded: str = ""
    verdict: str = ""
    kind: str = "table"


@dataclass(frozen=True)
class Picture:
    """An inline SVG; `alt` says in words what it shows."""

    svg: str
    alt: str
    kind: str = "picture"


@dataclass(frozen=True)
class Prose:
    """Paragraphs, and a list below them."""

    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    kind: str = "prose"


@dataclass(frozen=True)
class Commands:
    """What to type, with a line before it that says what it shows."""

    said: str
    text: str
    kind: str = "commands"


@dataclass(frozen=True)
class AnnexRef:
    """A reference in place of a long table, which is an annex at the end; `rows` is its length in words."""

    number: int
    caption: str
    rows: str
    verdict: str = ""
    kind: str = "annex"


Part = Table | Picture | Prose | Commands | AnnexRef


@dataclass(frozen=True)
class Section:
    """`id` is its anchor; `verdict` the line made from the data; `parts` what it rests on."""

    id: str
    title: str
    verdict: str
    parts: tuple[Part, ...] = field(default=())


def table(
    caption: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    summed: Sequence[int] = (),
    folded: str = "",
    verdict: str = "",
) -> Table:
    """A table of values, written as everywhere else in onetrail: thousands separators, UTC instants, a dash for no
    value.

    `summed` are the columns of whole numbers that get a sum in the last row; `all` is in the column before the first of
    them.
    """
    columns = [[row[i] for row in rows] for i in range(len(heads))]
    sums = {i: sum(value or 0 for value in columns[i]) for i in summed} if rows else {}
    texts = [written_column([*column, sums[i]] if i in sums else column) for i, column in enumerate(columns)]
    body = tuple(tuple(column[i] for column in texts) for i in range(len(rows)))
    foot = (
        tuple("all" if i + 1 == min(sums) else texts[i][-1] if i in sums else "" for i in range(len(heads)))
        if sums
        else ()
    )
    marked = tuple(ReportColumn(head, _numeric(column)) for head, column in zip(heads, columns, strict=True))
    return Table(caption, marked, body, foot, folded, verdict)


def _numeric(column: Sequence[Any]) -> bool:
    said = [value for value in column if value is not None]
    return bool(said) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in said)


def cell_class(text: str, head: ReportColumn) -> str:
    """How a cell is set: `n` to the right, `s` a sign, `h` a hash or request id, `t` an instant, `k` a short word that
    is not broken, `p` prose that breaks between words; empty for a long name."""
    if head.right:
        return "n"
    if _SIGN.fullmatch(text):
        return "s"
    if _HASH.fullmatch(text) and any(letter.isdigit() for letter in text):
        return "h"
    if _INSTANT.fullmatch(text):
        return "t"
    if len(text) <= (_SHORT_PHRASE if " " in text else _SHORT):
        return "k"
    return "p" if " " in text else ""


def said(value: object) -> Markup:
    """What any value of ours or of others becomes on the page: printable, on one line, escaped."""
    return value if isinstance(value, Markup) else Markup(isolated(printable(value), lambda text: escape(text)))


def lines(text: str) -> Markup:
    """The same for commands, whose line ends stay."""
    return Markup("\n").join(map(said, text.split("\n")))


def breakable(text: str) -> Markup:
    """The text escaped; an instant may break after its date and a name after a slash, and both copy as they are."""
    if _IDS.fullmatch(text):
        return lines(text)
    if _INSTANT.fullmatch(text):
        day, time = text.split("T")
        return Markup('<span class="k">{}T</span><wbr>{}').format(day, time)
    return Markup("/<wbr>").join(map(said, text.split("/")))
