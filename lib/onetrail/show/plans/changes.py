"""The changes of a plan, alike ones in one row: a table in HTML, and in text a list that a terminal can show."""

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from onetrail.printable import printable
from onetrail.show.html import Column, Shown, below, escape, folded, in_cell
from onetrail.show.plans.change_group import ChangeGroup, short
from onetrail.show.table import simple

_CAPTION: Final = "Changes, in the order in which they are sent"
_COLUMNS: Final = [Column("sign"), Column("n", right=True), Column("change and undo"), Column("why, where and as whom")]
"""Few enough for a narrow window: the approver sees all of each change."""
ROOM: Final = "min-width:10em;overflow-wrap:anywhere"
"""In a narrow window neither column is one word on each line, and no name makes them wider than the window."""
_WIDTH: Final = 118
"""Of the list in text, as far as its prose can be broken."""


def changes(groups: Sequence[ChangeGroup]) -> Shown:
    """Each group with its sign, its undo and its reason, and what it requires where it does."""
    text = "\n".join([_CAPTION, *(line for group in groups for line in _block(group, _indent(groups)))])
    return replace(simple(_CAPTION, _COLUMNS, [_row(group) for group in groups]), text=text)


def _row(group: ChangeGroup) -> list[str | Shown]:
    return [
        sign_of(group),
        group.numbers,
        _change(group),
        _why(group),
    ]


def _why(group: ChangeGroup) -> Shown:
    """Its reason, and below it where it is sent, as whom, and what it requires."""
    requires = [f"requires {group.requires}"] if group.requires else []
    where = f"in {group.account} {group.region}, as {_who(group)}"
    said = [group.one_of("reason"), where, *requires]
    first, *rest = (below([line]).html for line in said)
    inner = "".join([first, *(f"<br><em>{line}</em>" for line in rest)])
    return Shown(f'<div style="{ROOM}">{inner}</div>', "; ".join(said))


def _change(group: ChangeGroup) -> Shown:
    """What is changed, and its undo below it, so that no window is too narrow for both."""
    head, undo = below([group.what, group.on_what]), undo_of(group)
    if isinstance(undo, Shown):
        inner, said = undo.html.replace("<summary>", "<summary><em>undo:</em> ", 1), undo.text
    else:
        inner, said = f"<br><em>undo:</em> {in_cell(undo)}", undo
    html = f'<div style="{ROOM}">{head.html}{inner}</div>'
    return Shown(html, f"{head.text}; undo: {said}", tables=undo.tables if isinstance(undo, Shown) else ())


def _indent(groups: Sequence[ChangeGroup]) -> int:
    """Of the lines below the sign and the places, unless those are very long."""
    return min(16, max(len(group.sign) + len(group.numbers) for group in groups) + 4)


def _block(group: ChangeGroup, indent: int) -> list[str]:
    """A line of what is changed, and below it where, why and the undo."""
    head = f"{group.sign:<2}  {group.numbers}"
    undo = undo_of(group)
    requires = f"; requires {group.requires}" if group.requires else ""
    said = [
        f"in {group.account}, {group.region}, as {_who(group)}{requires}",
        f"why: {group.one_of('reason')}",
        f"undo: {undo.text if isinstance(undo, Shown) else undo}",
    ]
    lines = _wrapped(f"{group.verb} {group.what} on {group.on_what}", head.ljust(indent) + "  ", indent + 2)
    return [*lines, *(line for one in said for line in _wrapped(one, " " * (indent + 2), indent + 4))]


def _wrapped(text: str, first: str, indent: int) -> list[str]:
    said = " ".join(printable(text).split())
    return textwrap.wrap(
        said,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _who(group: ChangeGroup) -> str:
    return group.changes[0].actor or "named role"


def sign_of(group: ChangeGroup) -> str | Shown:
    """The sign with its word; bold where it cannot be undone, or only in part."""
    said = f"{group.sign} {group.verb}"
    return Shown(f'<strong style="white-space:nowrap">{escape(said)}</strong>', said) if group.for_good else said


def undo_of(group: ChangeGroup) -> str | Shown:
    """How they are undone; each by itself where that differs."""
    words = {change.undo for change in group.changes}
    return words.pop() if len(words) == 1 else _each(group)


def _each(group: ChangeGroup) -> str | Shown:
    lines = [f"{n}: {c.resource}: {c.undo}" for n, c in zip(group.places, group.changes, strict=True)]
    inner = Shown(f'<span style="overflow-wrap:anywhere">{below(lines).html}</span>', "")  # a table would be cut off
    kinds: dict[str, list[str]] = {}
    for change in group.changes:
        kinds.setdefault(change.undo, []).append(short(change))
    most = max(kinds, key=lambda words: len(kinds[words]))
    usual = [most] if len(kinds[most]) > 1 else []
    said = [*usual, *(f"{', '.join(names)}: {words}" for words, names in kinds.items() if words not in usual)]
    return Shown(folded("each in its own way", inner).html, "; ".join(said))
