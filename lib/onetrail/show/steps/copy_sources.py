"""What a person sees of the old buckets' oddities in step 05: who gets an event for every copy, how keys move, and what
the pilot read back."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from onetrail.change import Outcome
from onetrail.change.words import MB, counted
from onetrail.show.html import Column, Shown, folded, paragraph, together
from onetrail.show.progress import display
from onetrail.show.table import framed, simple, table
from onetrail.steps.copy_history.local.pilot import PilotDiffers, PilotProperty
from onetrail.steps.copy_history.observe import CopyObservation


def listeners(observation: CopyObservation) -> Shown:
    """Subscribers that would get an event for every copy, the cost, and what to do."""
    found = observation.flooded
    if not found:
        return paragraph(
            "No subscriber gets an event for every copy: no notification, no replication, no trail with S3 data"
            " events.",
            strong=True,
        )
    rows = [
        [
            one.account,
            one.region,
            one.name[3:].replace("-", " "),
            one.who,
            one.events,
            one.dollars,
            None if one.size is None else one.size / MB,
            one.line,
        ]
        for one in found
    ]
    columns = ["account", "region", "how", "subscriber", "events", "dollars", "size (MB)", "what to do"]
    stops = sum(one.stops for one in found)
    line = (
        f"Nothing is copied until {counted(stops, 'subscriber is', 'subscribers are')} removed."
        if stops
        else "None of them blocks a copy."
    )
    return table(framed(rows, columns=columns), "Subscribers that would get an event for every copy", verdict=line)


def keys(observation: CopyObservation) -> Shown:
    """How keys move: their prefix in the old bucket and in the archive, and one key of each bucket."""
    rows = [
        [one.bucket.name, mapped.objects, mapped.old, mapped.new, mapped.becomes]
        for one in observation.backlogs
        for mapped in one.mapped
    ]
    changed = sum(1 for row in rows if row[2] != row[3])
    line = (
        f"{counted(changed, 'prefix changes', 'prefixes change')}; the rest of the key stays as it is, because digests"
        " name it."
        if changed
        else "Every key stays as it is."
    )
    if not rows:
        return paragraph("There is no log in an old bucket.", strong=True)
    columns = ["bucket", "objects", "old prefix", "prefix in the archive", "example"]
    shown = table(framed(rows, columns=columns), "How keys move", verdict=line)
    if changed:
        return shown
    return together(paragraph(line, strong=True), folded("one key of each bucket", shown))


def pilot(outcome: Outcome) -> Shown:
    """What the pilot read back beside the plan, by property over all its objects; each difference in its own row."""
    rows = [PilotProperty(*row) for done in outcome.done for row in done.result.get("read_back", ())]
    return read_back(rows) if rows else paragraph("No pilot was sent.", strong=True)


def read_back(rows: Sequence[PilotProperty]) -> Shown:
    """The table of these properties: one row each, and one for every object that differs from the plan."""
    objects = len({(row.bucket, row.key) for row in rows})
    wrong = [row for row in rows if not row.same]
    shown = [_as_planned(name, [row for row in rows if row.name == name]) for name in _names(rows)]
    columns = [
        Column("property"),
        Column("objects", right=True),
        Column("as planned", right=True),
        Column("planned"),
        Column("seen"),
    ]
    whole = simple("The pilot, read back", columns, shown)
    line = f"{counted(objects, 'object')} of {counted(len({row.bucket for row in rows}), 'bucket')} read back: " + (
        f"{counted(len(wrong), 'property differs', 'properties differ')} from the plan."
        if wrong
        else "every property is as planned."
    )
    if not wrong:
        return together(whole, paragraph(line, strong=True))
    beside = simple(
        "Differences, side by side",
        [Column("bucket"), Column("key"), Column("property"), Column("planned"), Column("read back")],
        [list(row) for row in wrong],
    )
    return together(beside, together(whole, paragraph(line, strong=True)))


def _names(rows: Iterable[PilotProperty]) -> list[str]:
    return list(dict.fromkeys(row.name for row in rows))


def _as_planned(name: str, rows: Sequence[PilotProperty]) -> list[Any]:
    same = sum(row.same for row in rows)
    return [
        name,
        f"{len(rows):,}",
        f"{same:,}",
        _values(r.planned for r in rows),
        _values(r.seen for r in rows),
    ]


def _values(values: Iterable[str]) -> str:
    """The value where there are at most three, else how many there are."""
    counts = Counter(values)
    if len(counts) > 3:
        return f"{len(counts):,} values"
    return ", ".join(value if len(counts) == 1 else f"{value} ({counts[value]:,})" for value in sorted(counts))


@contextmanager
def differences() -> Iterator[None]:
    """A pilot that differs from the plan is shown side by side in the cell in which it stopped everything."""
    try:
        yield
    except PilotDiffers as err:
        display(read_back(err.rows))
        raise
