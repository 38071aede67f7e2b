"""The rows of one table, as values and as cells, laid out so that a long table is no wall."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from onetrail.aws import environment
from onetrail.errors import WrongUse
from onetrail.looked import Unread
from onetrail.printable import printable
from onetrail.show.html import Column, Shown, folded, paragraph, together
from onetrail.show.tables.as_html import rows_as_html
from onetrail.show.tables.as_text import rows_as_text
from onetrail.show.tables.frame import NOTHING, UNREAD, frame_of, is_absent, is_number
from onetrail.show.tables.search_box import SearchBox

if TYPE_CHECKING:
    import pandas as pd

IN_SIGHT: Final = 20
"""Rows of a table before the rest is folded away."""
_FEW: Final = 4
"""So few rows are not worth a fold."""
MOST: Final = 1_000
"""Rows of a table in a notebook, those in the fold included."""
MOST_IN_TEXT: Final = 200
"""Rows of a table in text."""
_HINT: Final = "To filter and sort these rows, add .search() to the last line of the cell; .frame is their DataFrame."


@dataclass(frozen=True)
class TableRows:
    """Rows of one table: `values` as they are, for a DataFrame; `cells` as they are shown. `first` are the places of
    the rows that stay in sight however many there are. `total` is what the last row says of all rows."""

    caption: str
    columns: Sequence[Column]
    values: Sequence[Sequence[Any]]
    cells: Sequence[Sequence[str | Shown]]
    total: Sequence[str] | None = None
    first: frozenset[int] = frozenset()

    @property
    def frame(self) -> "pd.DataFrame":
        """Every row as a DataFrame, without the total; FrameNeedsPandas where pandas is not installed."""
        return frame_of(self.caption, [column.head for column in self.columns], self.values)

    def search(self, words: str = "", sort: str = "", descending: bool = False) -> "Shown | SearchBox":
        """The rows that have all these words, sorted by a column. Without either, where a person is there, a box in
        which to type them; else all rows.

        WrongUse where there is no such column.
        """
        if words or sort or not (environment.live() and not environment.unattended()):
            return self.found(words, sort, descending).shown(hint=False)
        heads = [printable(column.head) for column in self.columns]
        return SearchBox(heads, lambda *said: self.found(*said).shown(hint=False))

    def found(self, words: str = "", sort: str = "", descending: bool = False) -> "TableRows":
        """The rows that have all these words, in any cell and whatever their case, sorted by a column; where some are
        left out, without the total, which is of all rows."""
        wanted = words.casefold().split()
        texts = [" ".join(_text(cell) for cell in row).casefold() for row in self.cells]
        places = [at for at, text in enumerate(texts) if all(word in text for word in wanted)]
        said = [f"{len(places):,} of {len(self.cells):,} rows with “{words.strip()}”"] if wanted else []
        if sort:
            places = self._sorted(places, sort, descending)
            said.append(f"by {sort}{', largest first' if descending else ''}")
        elif descending:
            places.reverse()
            said.append("last first")
        return TableRows(
            f"{self.caption}: {', '.join(said)}" if said else self.caption,
            self.columns,
            [self.values[at] for at in places],
            [self.cells[at] for at in places],
            self.total if len(places) == len(self.cells) else None,
            frozenset() if sort or descending else frozenset(n for n, at in enumerate(places) if at in self.first),
        )

    def _sorted(self, places: Sequence[int], sort: str, descending: bool) -> list[int]:
        """By the values of a column; what was not evaluated and what is not there come last in either direction."""
        heads = [printable(column.head) for column in self.columns]
        if sort not in heads:
            raise WrongUse(f"there is no column {sort!r} in this table: it has {', '.join(heads)}")
        column = heads.index(sort)
        there = [at for at in places if _comparable(self.values[at][column])]
        ordered = sorted(there, key=lambda at: _in_order(self.values[at][column]), reverse=descending)
        return [*ordered, *(at for at in places if at not in set(there))]

    def whole(self, terminal: int | None = None) -> Shown:
        """Every row in one table, in text for a terminal of so many columns."""
        said = (self.caption, self.columns, self.cells, self.total)
        return Shown(rows_as_html(*said), rows_as_text(*said, terminal=terminal), tables=(self,))

    def shown(self, *, hint: bool = True) -> Shown:
        """The first rows with the total, and the rest in a fold; those of `first` before the others where some are
        folded. `hint` says how to search them."""
        if not self.cells:
            return Shown(
                f"{paragraph(self.caption, strong=True).html}<p>(no rows)</p>",
                f"{printable(self.caption)}\n(no rows)",
                tables=(self,),
            )
        if len(self.cells) <= IN_SIGHT + _FEW:
            return self.whole()
        kept = sorted(self.first)[:MOST]
        order = [*kept, *(at for at in range(len(self.cells)) if at not in set(kept))]
        rows = [self.cells[at] for at in order]
        seen = max(IN_SIGHT, min(len(kept), 2 * IN_SIGHT))
        caption = f"{self.caption}: {seen:,} of {len(rows):,} rows"
        caption += ", those that need attention first" if kept else ""
        more = rows_as_html(f"{self.caption}, continued", self.columns, rows[seen:MOST])
        html = rows_as_html(caption, self.columns, rows[:seen], self.total)
        html += folded(f"{len(rows) - seen:,} more rows", together(Shown(more, ""), _beyond(len(rows), MOST))).html
        html += paragraph(_HINT).html if hint else ""
        text = rows_as_text(self.caption, self.columns, rows[:MOST_IN_TEXT], self.total)
        parts = [text, _beyond(len(rows), MOST_IN_TEXT).text]
        return Shown(html, "\n".join(part for part in parts if part), tables=(self,))


def _text(cell: str | Shown) -> str:
    return cell.text if isinstance(cell, Shown) else printable(cell)


def _comparable(value: Any) -> bool:
    return not (isinstance(value, Unread) or is_absent(value) or value in ("", NOTHING, UNREAD))


def _in_order(value: Any) -> tuple[int, Any]:
    """Numbers before times before text, each in its own order."""
    if is_number(value) or isinstance(value, bool):
        return 0, value
    if isinstance(value, date):
        return 1, value.isoformat()
    return 2, str(value).casefold()


def _beyond(number: int, most: int) -> Shown:
    """That a table has more rows than are shown, and where they are."""
    if number <= most:
        return Shown("", "")
    return paragraph(f"{number - most:,} more rows are not shown; .frame of this output has all {number:,}.")
