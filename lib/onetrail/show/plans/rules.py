"""Bulk rules of a plan: one row per rule, for any number of buckets, with the sums of its estimates."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from onetrail.change import Bulk
from onetrail.change.words import MB
from onetrail.show.html import Column, Shown, below, folded, in_cell
from onetrail.show.plans.change_group import ChangeGroup, marked, names_of
from onetrail.show.plans.changes import ROOM
from onetrail.show.table import SIZE_UNIT, decimals_of, simple, written, written_column


def rules(groups: Sequence[ChangeGroup]) -> list[Shown]:
    """The table of rules, each with its single buckets folded away; nothing where the plan has none."""
    ruled = [
        (group, [change.bulk for change in group.changes if change.bulk]) for group in groups if group.changes[0].bulk
    ]
    if not ruled:
        return []
    counted = list(dict.fromkeys(name for _, bulks in ruled for bulk in bulks for name in bulk.estimate))
    sums = [[_sum(bulks, name) for _, bulks in ruled] for name in counted]
    said = [_written(name, column) for name, column in zip(counted, sums, strict=True)]
    rows = [
        [
            group.numbers,
            ", ".join(bulks[0].calls),
            group.on_what,
            _said(group, bulks[0]),
            *(column[i] for column in said),
        ]
        for i, (group, bulks) in enumerate(ruled)
    ]
    columns = [
        Column("n", right=True),
        Column("calls"),
        Column("on what"),
        Column("which objects"),
        *(Column(f"{_head(name)}, estimated", right=True) for name in counted),
    ]
    caption = "Rules that cover many objects; the approval does not include the estimates"
    several = [part for part in ruled if len(part[1]) > 1]
    singles = Shown("".join(_one_by_one(group, bulks, counted).html for group, bulks in several), "")
    each = [folded("Each bucket, with its estimate", singles, in_text=False)] if several else []
    whole = simple(caption, columns, rows)
    narrow = simple(caption, [columns[0], Column("rule"), *columns[4:]], [_narrow(row) for row in rows])
    return [replace(whole, html=narrow.html), *each]


def _narrow(row: Sequence[str]) -> list[str | Shown]:
    """The row in HTML: calls, what they are on and which objects below each other, so that a narrow window has room for
    all of it."""
    number, calls, on_what, objects, *estimates = row
    lines = f"{below([calls, on_what]).html}<br><em>{in_cell(objects)}</em>"
    return [number, Shown(f'<div style="{ROOM}">{lines}</div>', ""), *estimates]


def _one_by_one(group: ChangeGroup, bulks: Sequence[Bulk], counted: Sequence[str]) -> Shown:
    numbers = [_written(n, [*(b.estimate.get(n) for b in bulks), _sum(bulks, n)]) for n in counted]
    rows = [
        [str(place), change.region, change.resource, *(column[i] for column in numbers)]
        for i, (place, change) in enumerate(zip(group.places, group.changes, strict=True))
    ]
    columns = [
        Column("n", right=True),
        Column("region"),
        Column("on what"),
        *(Column(f"{_head(n)}, estimated", right=True) for n in counted),
    ]
    caption = f"{group.what}: {group.one_of('reason')}"
    return simple(caption, columns, rows, ["", "all", "", *(column[-1] for column in numbers)])


def _head(name: str) -> str:
    return f"size {SIZE_UNIT}" if name == "bytes" else name


def _written(name: str, values: Sequence[Any]) -> list[str]:
    """The estimates of one column: sizes in the unit that every table has."""
    if name == "bytes":
        values = [value / MB if isinstance(value, int | float) else value for value in values]
    return written_column(values, decimals_of(_head(name)))


def _sum(bulks: Sequence[Bulk], name: str) -> float | int | None:
    values = [bulk.estimate.get(name) for bulk in bulks]
    numbers = [value for value in values if isinstance(value, int | float)]
    return sum(numbers) if numbers else None


def _said(group: ChangeGroup, bulk: Bulk) -> str:
    rule = dict(bulk.rule)
    if len(group.changes) > 1:
        rule = marked(rule, names_of(group.changes[0]))
    return "; ".join(f"{name.replace('_', ' ')}: {written(value)}" for name, value in rule.items())
