"""What a cell shows: HTML for a notebook and the same in text for a terminal, both the same on every machine.

Styles stand on the elements themselves and use no colour of their own for text or ground,
so they read in dark and in light themes, on paper, and where a viewer strips them. Whatever a name holds, both forms
are printable.
"""

import html
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from onetrail.printable import json_safe, printable, printable_lines

RESULT_MIME: Final = "application/vnd.onetrail.result+json"
"""How a step's result travels in a notebook: `step`, `state`, `exit_code`, `line`, `plan`."""

_RULE: Final = "border-bottom:1px solid rgba(128,128,128,.45)"
_CELL: Final = "padding:.2em .8em .2em 0;vertical-align:top;"
_PRE: Final = "white-space:pre-wrap;font-size:90%;margin:.3em 0 .6em 1em"
_UNBROKEN: Final = 33
"""Names up to this length stay on one line; longer ones break after a slash or a colon, not at any hyphen."""
_ONE_LINE: Final = 96
"""JSON of at most so many characters is on one line."""
_TEXT_WIDTH: Final = 140
"""A table in text is at most so wide where its prose can be broken; its names and numbers never are."""
_PROSE: Final = 28
"""No column of prose becomes narrower than this."""
_LEFTWARD: Final = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
"""Letters that are written from right to left, as in Hebrew and Arabic (Unicode 16, DerivedBidiClass.txt)."""
_LEFTWARD_RUN: Final = re.compile(f"[{_LEFTWARD}]+(?:[ ._'-]+[{_LEFTWARD}]+)*")


@dataclass(frozen=True)
class Shown:
    """Something to look at. `result` is for the runner, which reads it from the executed notebook."""

    html: str
    text: str
    result: Mapping[str, Any] | None = None

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
    return Shown(body, text if in_text else "")


def preformatted(lines: Iterable[str]) -> Shown:
    """Lines as they are, one below the other."""
    said = list(lines)
    inner = "\n".join(map(escape, said))
    return Shown(f'<pre style="{_PRE}">{inner}</pre>', "\n".join(map(printable, said)))


def below(lines: Sequence[str]) -> Shown:
    """The lines of one cell in HTML; one after the other in text."""
    return Shown("<br>".join(map(_written, lines)), " ".join(map(printable, lines)))


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


def rows_as_html(
    caption: str, columns: Sequence[Column], rows: Sequence[Sequence[str]], total: Sequence[str] | None = None
) -> str:
    """One HTML table; cells are text, or Shown for what folds out."""
    head = "".join(_cell("th", column.head, column.right) for column in columns)
    body = "".join(
        f"<tr>{''.join(_cell('td', value, c.right) for value, c in zip(row, columns, strict=True))}</tr>"
        for row in rows
    )
    foot = ""
    if total is not None:
        cells = "".join(_cell("td", value, c.right, strong=True) for value, c in zip(total, columns, strict=True))
        foot = f'<tfoot><tr style="border-top:1px solid rgba(128,128,128,.45)">{cells}</tr></tfoot>'
    title = (
        '<caption style="caption-side:top;text-align:left;font-weight:bold;padding:.4em'
        f' 0{_kept(caption, 110)}">{escape(caption)}</caption>'
    )
    return (
        f'<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:.4em 0">{title}'
        f'<thead><tr style="{_RULE}">{head}</tr></thead><tbody>{body}</tbody>{foot}</table></div>'
    )


def _cell(tag: str, value: object, right: bool, *, strong: bool = False) -> str:
    inner = value.html if isinstance(value, Shown) else _written(str(value))
    side = "right" if right else "left"
    kept = "" if isinstance(value, Shown) or tag == "th" or _is_prose(str(value)) else _kept(str(value), _UNBROKEN)
    return f'<{tag} style="{_CELL}text-align:{side}{kept}">{f"<strong>{inner}</strong>" if strong else inner}</{tag}>'


def _kept(text: str, most: int) -> str:
    return ";white-space:nowrap" if 0 < len(text) <= most and re.search(r"[\s/:-]", text) else ""


def _is_prose(text: str) -> bool:
    """Words and numbers that may go on below; a sign and its word, or two short words, are one thing."""
    if " " not in text or len(text) <= 12:
        return False
    return not (re.match(r"\W", text) and len(text) <= 20)


def _written(text: str) -> str:
    """One line; long names may break after a slash or a colon."""
    return isolated(printable(text), _breaking)


def _breaking(text: str) -> str:
    words = _escaped(text).split(" ")
    return " ".join(re.sub(r"([/:]+)(?=.)", r"\1<wbr>", w) if len(w) > _UNBROKEN else w for w in words)


def rows_as_text(
    caption: str, columns: Sequence[Column], rows: Sequence[Sequence[str]], total: Sequence[str] | None = None
) -> str:
    """One table in fixed-width text, nothing cut: prose goes on below where the table would be too wide."""
    body = [[_flat(value) for value in row] for row in rows]
    foot = [] if total is None else [[_flat(value) for value in total]]
    heads = [printable(column.head) for column in columns]
    widths = _widths([heads, *body, *foot])

    def lines(values: Sequence[str]) -> list[str]:
        cells = [_broken(value, width) for value, width in zip(values, widths, strict=True)]
        height = max((len(cell) for cell in cells), default=0)
        rows = [[cell[i] if i < len(cell) else "" for cell in cells] for i in range(height)]
        return [line(row) for row in rows]

    def line(values: Sequence[str]) -> str:
        parts = (v.rjust(w) if c.right else v.ljust(w) for v, w, c in zip(values, widths, columns, strict=True))
        return "  ".join(parts).rstrip()

    rule = "  ".join("-" * width for width in widths)
    said = [printable(caption), *lines(heads), rule, *(one for row in body for one in lines(row))]
    return "\n".join([*said, rule, *(one for row in foot for one in lines(row))] if foot else said)


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Of each column: its longest value, or less where that is prose and the whole would be too wide."""
    widths = [max(len(value) for value in column) for column in zip(*rows, strict=True)]
    least = [
        max(_PROSE, *(len(word) for value in column for word in value.split(" "))) for column in zip(*rows, strict=True)
    ]
    while sum(widths) + 2 * len(widths) - 2 > _TEXT_WIDTH:
        widest = max(range(len(widths)), key=lambda i: widths[i] - least[i])
        if widths[widest] <= least[widest]:
            break
        widths[widest] -= 1
    return widths


def _broken(value: str, width: int) -> list[str]:
    if len(value) <= width:
        return [value]
    return textwrap.wrap(value, width, break_long_words=False, break_on_hyphens=False)


def _flat(value: object) -> str:
    return " ".join(value.text.split("\n")) if isinstance(value, Shown) else printable(value)
