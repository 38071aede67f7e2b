"""What a cell shows: HTML for a notebook and the same in text for a terminal, both the same on every machine.

Styles stand on the elements themselves and use no colour of their own for text or ground,
so they read in dark and in light themes, on paper, and where a viewer strips them.
"""

import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

RESULT_MIME: Final = "application/vnd.onetrail.result+json"
"""How a step's result travels in a notebook: `step`, `state`, `exit_code`, `line`, `plan`."""

_RULE: Final = "border-bottom:1px solid rgba(128,128,128,.45)"
_CELL: Final = "padding:.2em .8em .2em 0;vertical-align:top;"
_PRE: Final = "white-space:pre-wrap;font-size:90%;margin:.3em 0 .6em 1em"


@dataclass(frozen=True)
class Shown:
    """Something to look at. `result` is for the runner, which reads it from the executed notebook."""

    html: str
    text: str
    result: Mapping[str, Any] | None = None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/html": self.html, "text/plain": self.text}
        if self.result is not None:
            bundle[RESULT_MIME] = dict(self.result)
        return bundle

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Column:
    """A column's head, and whether its values stand to the right, as numbers do."""

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
    """Text as it stands in HTML."""
    return html.escape(str(text), quote=False)


def paragraph(text: str, *, strong: bool = False) -> Shown:
    """One line of prose."""
    inner = f"<strong>{escape(text)}</strong>" if strong else escape(text)
    return Shown(f'<p style="margin:.4em 0">{inner}</p>', text)


def bullets(lines: Sequence[str]) -> Shown:
    """A list of sentences; nothing at all when it is empty."""
    if not lines:
        return Shown("", "")
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return Shown(f'<ul style="margin:.4em 0">{items}</ul>', "\n".join(f"- {line}" for line in lines))


def folded(summary: str, inner: Shown, *, in_text: bool = True) -> Shown:
    """Folded away in HTML, indented in text, or left out of it."""
    text = "\n".join([summary, *(f"    {line}" if line else "" for line in inner.text.splitlines())])
    body = f'<details style="margin:.2em 0"><summary>{escape(summary)}</summary>{inner.html}</details>'
    return Shown(body, text if in_text else "")


def preformatted(text: str) -> Shown:
    """Lines as they are."""
    return Shown(f'<pre style="{_PRE}">{escape(text)}</pre>', text)


def as_json(value: Any) -> str:
    """A value as a person reads it: indented JSON, in its own order."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


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
        cells = "".join(
            _cell("td", value, c.right, strong=True) for value, c in zip(total, columns, strict=True)
        )
        foot = f'<tfoot><tr style="border-top:1px solid rgba(128,128,128,.45)">{cells}</tr></tfoot>'
    title = f'<caption style="caption-side:top;text-align:left;font-weight:bold;padding:.4em 0">{escape(caption)}</caption>'
    return (
        f'<table style="border-collapse:collapse;margin:.4em 0">{title}'
        f'<thead><tr style="{_RULE}">{head}</tr></thead><tbody>{body}</tbody>{foot}</table>'
    )


def _cell(tag: str, value: object, right: bool, *, strong: bool = False) -> str:
    inner = value.html if isinstance(value, Shown) else escape(value).replace("\n", "<br>")
    side = "right" if right else "left"
    return (
        f'<{tag} style="{_CELL}text-align:{side}">{f"<strong>{inner}</strong>" if strong else inner}</{tag}>'
    )


def rows_as_text(
    caption: str, columns: Sequence[Column], rows: Sequence[Sequence[str]], total: Sequence[str] | None = None
) -> str:
    """One table in fixed-width text, nothing cut."""
    body = [[_flat(value) for value in row] for row in rows]
    foot = [] if total is None else [[_flat(value) for value in total]]
    heads = [column.head for column in columns]
    widths = [max(len(row[i]) for row in [heads, *body, *foot]) for i in range(len(columns))]

    def line(values: Sequence[str]) -> str:
        parts = (
            v.rjust(w) if c.right else v.ljust(w) for v, w, c in zip(values, widths, columns, strict=True)
        )
        return "  ".join(parts).rstrip()

    rule = "  ".join("-" * width for width in widths)
    lines = [caption, line(heads), rule, *(line(row) for row in body)]
    return "\n".join([*lines, rule, *(line(row) for row in foot)] if foot else lines)


def _flat(value: object) -> str:
    return " ".join((value.text if isinstance(value, Shown) else str(value)).split("\n"))
