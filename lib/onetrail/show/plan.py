"""A plan as the reader approves it: what would be sent, on what, why, and the id that approves exactly this."""

from collections.abc import Sequence

from onetrail.change import Change, Plan, iso
from onetrail.show.change_group import ChangeGroup, grouped
from onetrail.show.html import Column, Shown, bullets, folded, paragraph, together
from onetrail.show.sent import what_is_sent
from onetrail.show.table import simple, written

_COLUMNS = [
    Column("n", right=True),
    *(Column(head) for head in ("account", "region", "what", "on what", "why", "as", "requires", "undo")),
]
_MEMBERS = [
    Column("n", right=True),
    *(Column(head) for head in ("region", "on what", "why", "requires", "undo")),
]


def plan(proposed: Plan) -> Shown:
    """The changes in order, alike ones in one row; what each sends and which policy statements differ folds out below."""
    parts = (
        [paragraph(f"Plan {proposed.id} of step {proposed.step}", strong=True)] if proposed.changes else []
    )
    groups = grouped(proposed.changes)
    if groups:
        parts.append(simple("Changes, in the order in which they would be sent", _COLUMNS, _rows(groups)))
        parts += _bulk(proposed.changes)
        parts += [what_is_sent(group) for group in groups]
    parts.append(bullets(proposed.notes))
    parts += [paragraph(line, strong=True) for line in _verdict(proposed)]
    return together(*parts)


def undo(proposed: Plan) -> Shown:
    """How each change is taken back, the last one first."""
    if not proposed.changes:
        return paragraph("This plan changes nothing, so nothing is to be undone.")
    rows: list[Sequence[str | Shown]] = []
    for group in reversed(grouped(proposed.changes)):
        words = {c.undo for c in group.changes}
        rows.append(
            [group.numbers, group.what, group.on_what, words.pop() if len(words) == 1 else _each(group)]
        )
    names = [Column("n", right=True), Column("what"), Column("on what"), Column("undo")]
    return simple(f"Undo of plan {proposed.id}, last change first", names, rows)


def _rows(groups: Sequence[ChangeGroup]) -> list[list[str | Shown]]:
    return [
        [
            group.numbers,
            group.account,
            group.region,
            group.what,
            _on_what(group),
            group.one_of("reason"),
            group.changes[0].actor or "named role",
            _words(group.changes[0].requires),
            group.one_of("undo"),
        ]
        for group in groups
    ]


def _on_what(group: ChangeGroup) -> str | Shown:
    if len(group.changes) == 1:
        return group.on_what
    rows = [
        [f"{n}", c.region, c.resource, c.reason, _words(c.requires), c.undo]
        for n, c in zip(group.places, group.changes, strict=True)
    ]
    inner = simple(f"{group.what}, one by one", _MEMBERS, rows)
    return Shown(folded(group.on_what, inner).html, group.on_what)


def _each(group: ChangeGroup) -> str | Shown:
    rows = [[f"{n}", c.resource, c.undo] for n, c in zip(group.places, group.changes, strict=True)]
    inner = simple(group.what, [Column("n", right=True), Column("on what"), Column("undo")], rows)
    return Shown(
        folded("each in its own way", inner).html, "; ".join(f"{c.resource}: {c.undo}" for c in group.changes)
    )


def _bulk(changes: Sequence[Change]) -> list[Shown]:
    """Rules that stand for many object calls, with what they are expected to come to."""
    ruled = [(n, c, c.bulk) for n, c in enumerate(changes, 1) if c.bulk]
    if not ruled:
        return []
    names: list[str] = list(dict.fromkeys(name for _, _, bulk in ruled for name in bulk.estimate))
    numeric = {n: all(_is_number(b.estimate.get(n, 0)) for _, _, b in ruled) for n in names}
    rows = [
        [
            str(n),
            c.resource,
            ", ".join(b.calls),
            _said(b.rule),
            *(_estimate(b.estimate.get(name)) for name in names),
        ]
        for n, c, b in ruled
    ]
    totals = [_estimate(sum(b.estimate.get(n, 0) for _, _, b in ruled)) if numeric[n] else "" for n in names]
    columns = [
        Column("n", right=True),
        Column("on what"),
        Column("calls"),
        Column("which objects"),
        *(Column(f"{name}, estimated", right=numeric[name]) for name in names),
    ]
    caption = "Rules that stand for many objects; the estimates are not part of what is approved"
    return [simple(caption, columns, rows, ["", "all", "", "", *totals] if len(rows) > 1 and names else None)]


def _estimate(value: object) -> str:
    if _is_number(value) and float(value) != int(value):  # type: ignore[arg-type, call-overload]
        return written(value, 2)
    return written(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _said(rule: object) -> str:
    if isinstance(rule, dict):
        return "; ".join(f"{_words(str(name))}: {written(value)}" for name, value in rule.items())
    return written(rule)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _verdict(proposed: Plan) -> list[str]:
    if proposed.waiting_for:
        return [f"waiting for {proposed.waiting_for}" + (f": {proposed.why}" if proposed.why else "")]
    if proposed.empty and proposed.not_yet:
        return [f"not yet: {proposed.why}: again after {iso(proposed.not_yet)}"]
    if proposed.empty:
        return ["Nothing to change: everything this step is for is already so."]
    accounts = len({change.account for change in proposed.changes})
    count = len(proposed.changes)
    changes, places = "change" if count == 1 else "changes", "account" if accounts == 1 else "accounts"
    said = f"{count:,} {changes} in {accounts} {places}; nothing is sent until this plan is approved."
    return [said, f'To approve it: approve = "{proposed.id}"']
