"""A plan as the reader approves it: what would be sent, on what, why, and the id that approves exactly this."""

from collections.abc import Sequence

from onetrail.change import NAMED, Plan, iso
from onetrail.show.html import Column, Shown, bullets, folded, paragraph, together
from onetrail.show.plans.change_group import ChangeGroup, grouped, short
from onetrail.show.plans.rules import rules
from onetrail.show.plans.sent import what_is_sent
from onetrail.show.table import simple

_COLUMNS = [
    Column("n", right=True),
    *(Column(head) for head in ("account", "region", "what", "on what", "why", "as", "requires")),
]


def plan(proposed: Plan) -> Shown:
    """The changes in order, alike ones in one row; every single one, what it sends and what it replaces fold out
    below."""
    parts = [paragraph(f"Plan {proposed.id} of step {proposed.step}", strong=True)] if proposed.changes else []
    groups = grouped(proposed.changes)
    if groups:
        columns, rows = _COLUMNS, _rows(groups)
        if not any(group.requires for group in groups):
            columns, rows = columns[:-1], [row[:-1] for row in rows]
        parts.append(simple("Changes, in the order in which they are sent", columns, rows))
        parts += rules(groups)
        sent = together(*(what_is_sent(group) for group in groups))
        parts.append(folded("Each change in detail: what is sent, and what it replaces", sent, in_text=False))
        parts.append(_who(proposed))
    parts.append(bullets(proposed.notes))
    parts += [paragraph(line, strong=True) for line in _verdict(proposed)]
    return together(*parts)


def undo(proposed: Plan) -> Shown:
    """How each change is undone, the last one first."""
    if not proposed.changes:
        return paragraph("This plan changes nothing, so there is nothing to undo.")
    rows: list[Sequence[str | Shown]] = []
    for group in reversed(grouped(proposed.changes)):
        words = {c.undo for c in group.changes}
        rows.append([group.numbers, group.what, group.on_what, words.pop() if len(words) == 1 else _each(group)])
    names = [Column("n", right=True), Column("what"), Column("on what"), Column("undo")]
    return simple(f"Undo of plan {proposed.id}, last change first", names, rows)


def _rows(groups: Sequence[ChangeGroup]) -> list[list[str | Shown]]:
    return [
        [
            group.numbers,
            group.account,
            group.region,
            group.what,
            group.on_what,
            group.one_of("reason"),
            group.changes[0].actor or "named role",
            group.requires,
        ]
        for group in groups
    ]


def _each(group: ChangeGroup) -> str | Shown:
    rows = [[f"{n}", c.resource, c.undo] for n, c in zip(group.places, group.changes, strict=True)]
    inner = simple(group.what, [Column("n", right=True), Column("on what"), Column("undo")], rows)
    kinds: dict[str, list[str]] = {}
    for change in group.changes:
        kinds.setdefault(change.undo, []).append(short(change))
    most = max(kinds, key=lambda words: len(kinds[words]))
    usual = [most] if len(kinds[most]) > 1 else []
    said = [*usual, *(f"{', '.join(names)}: {words}" for words, names in kinds.items() if words not in usual)]
    return Shown(folded("each in its own way", inner).html, "; ".join(said))


def _who(proposed: Plan) -> Shown:
    if all(change.actor != NAMED for change in proposed.changes):
        return Shown("", "")
    return paragraph(
        'As: the identity that sends the change. "named role" is the role in the first table, by which onetrail enters'
        " the account."
    )


def _verdict(proposed: Plan) -> list[str]:
    if proposed.waiting_for:
        return [f"waiting for {proposed.waiting_for}" + (f": {proposed.why}" if proposed.why else "")]
    if proposed.empty and proposed.not_yet:
        return [f"not yet: {proposed.why}: again after {iso(proposed.not_yet)}"]
    if proposed.empty and proposed.why:
        first = f": {proposed.notes[0]}" if proposed.not_evaluated and proposed.notes else ""
        return [f"nothing is planned: {proposed.why}{first}"]
    if proposed.empty:
        return [proposed.nothing_to_change]
    accounts = len({change.account for change in proposed.changes})
    count = len(proposed.changes)
    changes, places = "change" if count == 1 else "changes", "account" if accounts == 1 else "accounts"
    said = f"{count:,} {changes} in {accounts} {places}; nothing is sent until this plan is approved."
    return [said, f'To approve it: approve = "{proposed.id}"']
