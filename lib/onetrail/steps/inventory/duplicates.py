"""What the old buckets hold more than once: the same name in several buckets, and the same bytes under several
names.

Found by marks of 8 bytes an object; only what shares a mark is then looked at by name, in slices, so that memory stays
small. Nothing is ever dropped because of it: a file that a digest names must be there under its name.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from onetrail.cloudtrail.object_key import DIGEST_KINDS, KeyKind, below_prefix
from onetrail.s3.decisions.planner import Histogram
from onetrail.s3.decisions.retention import months_left, retain_until
from onetrail.steps.inventory.draft import InventoryDraft

_NAMED: Final = 10
_RANGE: Final = 2_000_000
"""Marks held at once; more are looked through in several passes."""
_SLICE: Final = 200_000
"""Marks that are looked at by name at once."""
_DIGESTS: Final = {kind.value for kind in DIGEST_KINDS}


@dataclass(frozen=True)
class Duplicates:
    """Counts of what is there more than once, with up to ten named of each.

    `same_name` are names (from `AWSLogs/` on) that are in several buckets, or under several key prefixes, with equal
    bytes, `conflicts` those with other bytes or with bytes that the listing cannot tell apart. `copies` are logs and
    digests beyond the first file of those with equal bytes under different names; `bytes` is their size,
    `months_to_keep` what storing them costs by. `foreign` are the others beyond the first, which are not CloudTrail's
    and are not copied. Each example is a line.
    """

    same_name: int = 0
    conflicts: int = 0
    copies: int = 0
    bytes: int = 0
    foreign: int = 0
    groups: int = 0
    months_to_keep: Histogram = field(default_factory=Histogram)
    conflict_examples: tuple[str, ...] = ()
    copy_examples: tuple[tuple[int, int, str, str], ...] = ()
    """Files, bytes of each, and two of the names."""


_Row = tuple[str, str, str, int, str, date | None]


def find(draft: InventoryDraft, retention_years: int, now: datetime) -> Duplicates:
    """Look through a draft of the inventory."""
    same = conflicts = copies = size = groups = foreign = 0
    named: list[str] = []
    examples: list[tuple[int, int, str, str]] = []
    cost = Histogram()
    for rows in _sharing(draft, "name_mark", lambda row: below_prefix(row[1])):
        if len({row[:2] for row in rows}) < 2 or rows[0][2] in (KeyKind.FOREIGN, KeyKind.MARKER):
            continue
        if len({(row[3], row[4]) for row in rows}) == 1 and "-" not in rows[0][4]:
            same += 1
        else:
            conflicts += 1
            named.append(f"{below_prefix(rows[0][1])} in {', '.join(sorted(map(_place, rows)))}")
    for rows in _sharing(draft, "content_mark", lambda row: (row[4], row[3])):
        once = {below_prefix(row[1]): row for row in reversed(rows) if row[3]}
        if len(once) < 2:
            continue
        groups += 1
        names = sorted(f"{row[0]}/{row[1]}" for row in once.values())
        examples.append((len(once), rows[0][3], names[0], names[1]))
        for _, _, kind, each, _, day in sorted(once.values(), key=lambda row: row[:2])[1:]:
            if kind in (KeyKind.FOREIGN, KeyKind.MARKER):
                foreign += 1
                continue
            copies += 1
            size += each
            months = months_left(retain_until(day, retention_years), now) if day else 0.0
            cost.add(each, months, digest=kind in _DIGESTS)
    examples.sort(key=lambda one: (-one[0] * one[1], one[2]))
    return Duplicates(
        same,
        conflicts,
        copies,
        size,
        foreign,
        groups,
        cost,
        tuple(sorted(named)[:_NAMED]),
        tuple(examples[:_NAMED]),
    )


def _place(row: _Row) -> str:
    """The bucket, and what stands before `AWSLogs/` in the key."""
    prefix = row[1].removesuffix(below_prefix(row[1])).rstrip("/")
    return f"{row[0]}/{prefix}" if prefix else row[0]


def _sharing(draft: InventoryDraft, mark: str, exactly: Any) -> Iterator[list[_Row]]:
    """Groups of two or more rows that are equal by `exactly`, in no order."""
    import numpy as np  # the core is installed without it

    ranges = max(1, -(-draft.rows // _RANGE))
    for part in range(ranges):
        marks = (np.asarray(batch.column(0)) for batch in draft.batches([mark]))
        mine = [some[some % ranges == part] for some in marks]
        values, counts = np.unique(np.concatenate(mine or [np.empty(0, np.uint64)]), return_counts=True)
        twice = values[counts > 1]
        for start in range(0, len(twice), _SLICE):
            groups: dict[Any, list[_Row]] = {}
            for row in _rows(draft, mark, twice[start : start + _SLICE]):
                groups.setdefault(exactly(row), []).append(row)
            yield from (rows for rows in groups.values() if len(rows) > 1)


def _rows(draft: InventoryDraft, mark: str, wanted: Any) -> Iterator[_Row]:
    import numpy as np

    columns = ["bucket", "key", "kind", "size", "etag", "date", mark]
    for batch in draft.batches(columns):
        chosen = np.flatnonzero(np.isin(np.asarray(batch.column(len(columns) - 1)), wanted))
        if len(chosen):
            taken = batch.take(chosen)
            yield from zip(*(taken.column(i).to_pylist() for i in range(6)), strict=True)
