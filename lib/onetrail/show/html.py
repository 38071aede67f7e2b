"""What a cell shows: HTML for a notebook and the same in text for a terminal, both the same on every machine.

Styles stand on the elements themselves and use no colour of their own for text or ground,
so they read in dark and in light themes, on paper, and where a viewer strips them. Whatever a name holds, both forms
are printable.
"""

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from onetrail.errors import WrongUse
from onetrail.printable import json_safe, printable, printable_lines

if TYPE_CHECKING:
    import pandas as pd

RESULT_MIME: Final = "application/vnd.onetrail.result+json"
"""How a step's result travels in a notebook: `step`, `state`, `exit_code`, `line`, `plan`."""

_PRE: Final = "white-space:pre-wrap;font-size:90%;margin:.3em 0 .6em 1em"
UNBROKEN: Final = 33
"""Names up to this length stay on one line; longer ones break after a slash, a colon or an underscore."""
_NAMED: Final = 6
"""Tables that a refusal names."""
_ONE_LINE: Final = 96
"""JSON of at most so many characters is on one line."""
_LEFTWARD: Final = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
"""Letters that are written from right to left, as in Hebrew and Arabic (Unicode 16, DerivedBidiClass.txt)."""
_LEFTWARD_RUN: Final = re.compile(f"[{_LEFTWARD}]+(?:[ ._'-]+[{_LEFTWARD}]+)*")


class ShownTable(Protocol):
    """A table that is shown, with its rows as values."""

    @property
    def caption(self) -> str:
        """What the table is about."""

    @property
    def frame(self) -> "pd.DataFrame":
        """All its rows as a DataFrame."""

    def search(self, words: str = "", sort: str = "", descending: bool = False) -> Any:
        """Its rows filtered and sorted, or a box for that."""


@dataclass(frozen=True)
class Shown:
    """Something to look at. `result` is for the runner, which reads it from the executed notebook; `tables` are those
    that it shows, those in folds too."""

    html: str
    text: str
    result: Mapping[str, Any] | None = None
    tables: Sequence[ShownTable] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        """Makes both forms printable; line ends are layout by now, because those in names were escaped before."""
        object.__setattr__(self, "html", printable_lines(self.html))
        object.__setattr__(self, "text", printable_lines(self.text))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/html": self.html, "text/plain": self.text}
        if self.result is not None:
            bundle[RESULT_MIME] = dict(self.result)
        return bundle

    def __str__(self) -> str:
        return self.text

    @property
    def frame(self) -> "pd.DataFrame":
        """All rows of the table as a DataFrame; WrongUse where there is none, or more than one."""
        return only_table(self.tables).frame

    def search(self, words: str = "", sort: str = "", descending: bool = False) -> Any:
        """The table's rows that have all these words, sorted by a column; without either a box in which to type them,
        where a person is there. WrongUse where there is no table, more than one, or no such column."""
        return only_table(self.tables).search(words, sort, descending)


def only_table(tables: Sequence[ShownTable]) -> ShownTable:
    """The one table; WrongUse names them where there are several."""
    if len(tables) == 1:
        return tables[0]
    if not tables:
        raise WrongUse("there is no table in this output")
    named = ", ".join(f".tables[{at}] is {table.caption!r}" for at, table in enumerate(tables[:_NAMED]))
    more = f", and {len(tables) - _NAMED} more" if len(tables) > _NAMED else ""
    raise WrongUse(f"there are {len(tables)} tables in this output, so choose one: {named}{more}")


@dataclass(frozen=True)
class Column:
    """A column's head, and whether its values are aligned to the right, as numbers are."""

    head: str
    right: bool = False


def together(*shown: Shown) -> Shown:
    """Several in one output, one under the other; the last result counts."""
    results = [one.result for one in shown if one.result is not None]
    return Shown(
        "".join(one.html for one in shown),
        "\n\n".join(one.text for one in shown if one.text),
        results[-1] if results else None,
        [table for one in shown for table in one.tables],
    )


def escape(text: object) -> str:
    """Text escaped for HTML, on one line."""
    return isolated(printable(text), _escaped)


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def isolated(text: str, write: Callable[[str], str]) -> str:
    """Isolates right-to-left words, so that they do not reorder the text beside them."""
    parts, end = [], 0
    for run in _LEFTWARD_RUN.finditer(text):
        parts += [write(text[end : run.start()]), f"<bdi>{_escaped(run[0])}</bdi>"]
        end = run.end()
    return "".join([*parts, write(text[end:])])


def paragraph(text: str, *, strong: bool = False) -> Shown:
    """One line of prose."""
    inner = f"<strong>{escape(text)}</strong>" if strong else escape(text)
    return Shown(f'<p style="margin:.4em 0">{inner}</p>', printable(text))


def bullets(lines: Sequence[str]) -> Shown:
    """A list of sentences; nothing at all when it is empty."""
    if not lines:
        return Shown("", "")
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return Shown(f'<ul style="margin:.4em 0">{items}</ul>', "\n".join(f"- {printable(line)}" for line in lines))


def folded(summary: str, inner: Shown, *, in_text: bool = True) -> Shown:
    """Folded away in HTML, indented in text, or left out of it."""
    lines = (f"    {line}" if line else "" for line in inner.text.split("\n"))
    text = "\n".join([printable(summary), *(lines if inner.text else ())])
    body = f"<details><summary>{escape(summary)}</summary>{inner.html}</details>"
    return Shown(body, text if in_text else "", tables=inner.tables)


def preformatted(lines: Iterable[str]) -> Shown:
    """Lines as they are, one below the other."""
    said = list(lines)
    inner = "\n".join(map(escape, said))
    return Shown(f'<pre style="{_PRE}">{inner}</pre>', "\n".join(map(printable, said)))


def below(lines: Sequence[str]) -> Shown:
    """The lines of one cell in HTML; one after the other in text."""
    return Shown("<br>".join(map(in_cell, lines)), " ".join(map(printable, lines)))


def as_json(value: Any, indent: int = 0) -> str:
    """A value as a person reads it: JSON in its own order, indented, with each part that fits on one line left on
    it."""
    flat = json_safe(json.dumps(value, ensure_ascii=False, default=str))
    inner = " " * (indent + 2)
    if len(flat) + indent <= _ONE_LINE or not value or not isinstance(value, Mapping | list | tuple):
        return flat
    if isinstance(value, Mapping):
        parts = [
            f"{json_safe(json.dumps(str(name), ensure_ascii=False))}: {as_json(v, indent + 2)}"
            for name, v in value.items()
        ]
        opening, closing = "{", "}"
    else:
        parts = [as_json(v, indent + 2) for v in value]
        opening, closing = "[", "]"
    lines = ",\n".join(inner + part for part in parts)
    return f"{opening}\n{lines}\n{' ' * indent}{closing}"


def in_cell(text: str) -> str:
    """One line; long names may break after a slash, a colon or an underscore."""
    return isolated(printable(text), _breaking)


def _breaking(text: str) -> str:
    words = _escaped(text).split(" ")
    return " ".join(re.sub(r"([/:_]+)(?=.)", r"\1<wbr>", w) if len(w) > UNBROKEN else w for w in words)
