"""The rows of one table, as values and as cells, laid out so that a long table is no wall."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from onetrail.printable import printable
from onetrail.show.html import Column, Shown, folded, paragraph, together
from onetrail.show.tables.as_html import rows_as_html
from onetrail.show.tables.as_text import rows_as_text
from onetrail.show.tables.frame import frame_of

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

    def whole(self, terminal: int | None = None) -> Shown:
        """Every row in one table, in text for a terminal of so many columns."""
        said = (self.caption, self.columns, self.cells, self.total)
        return Shown(rows_as_html(*said), rows_as_text(*said, terminal=terminal), tables=(self,))

    def shown(self) -> Shown:
        """The first rows with the total, and the rest in a fold; those of `first` before the others where some are
        folded."""
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
        text = rows_as_text(self.caption, self.columns, rows[:MOST_IN_TEXT], self.total)
        parts = [text, _beyond(len(rows), MOST_IN_TEXT).text]
        return Shown(html, "\n".join(part for part in parts if part), tables=(self,))


def _beyond(number: int, most: int) -> Shown:
    """That a table has more rows than are shown, and where they are."""
    if number <= most:
        return Shown("", "")
    return paragraph(f"{number - most:,} more rows are not shown; .frame of this output has all {number:,}.")
