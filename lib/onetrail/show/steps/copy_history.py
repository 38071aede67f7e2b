"""What a person sees of step 05: each old bucket beside the archive, what blocks a copy, and how far the copying is."""

from collections.abc import Iterator
from typing import Any

from onetrail.change.words import MB, counted, sized, some
from onetrail.estate.backlog.backlog import NOT_COPIED, Backlog
from onetrail.estate.backlog.direction import Direction
from onetrail.s3.decisions.decide import DecisionKind
from onetrail.show.html import Shown, paragraph
from onetrail.show.steps.batch_jobs import engines
from onetrail.show.steps.copy_sources import differences, keys, listeners, pilot
from onetrail.show.table import framed, table
from onetrail.steps.copy_history.observe import CopyObservation

__all__ = ["backlogs", "differences", "engines", "keys", "listeners", "needs_a_person", "pilot"]


_COUNTED = (
    "objects",
    "in the archive",
    "to copy",
    "to copy (MB)",
    "to restore first",
    "markers",
    "need a decision",
)


def backlogs(observation: CopyObservation) -> Shown:
    """One row per old bucket: its objects, how many the archive has already, how many are to be copied, and by whom."""
    found = observation.backlogs
    columns = ["region", "bucket", "not evaluated", *_COUNTED, "oldest", "newest", "copied by"]
    frame = framed([_row(one) for one in found], columns=columns)
    total = {name: frame[name].sum() for name in _COUNTED} if found else {}
    return table(
        frame,
        "Old buckets beside the archive",
        verdict=_verdict(observation),
        total={"region": "all", **total} if found else None,
        if_any=("to restore first", "need a decision", "oldest", "newest", "not evaluated"),
        attention=[at for at, one in enumerate(found) if one.could_not_look or (one.wanted and one.stopped)],
    )


def needs_a_person(observation: CopyObservation) -> Shown:
    """What is not copied automatically, by bucket and reason, with the first of its keys or what to do about the whole
    bucket."""
    rows = [row for one in observation.backlogs for row in _odd(one)]
    number = sum(row[3] or 0 for row in rows if row[2] in _KINDS)
    stopped = [one for one in observation.backlogs if one.wanted and one.stopped]
    line = f"{counted(number, 'object needs a decision', 'objects need a decision')}." if number else ""
    line += f" {counted(len(stopped), 'bucket is', 'buckets are')} not copied until that is fixed." if stopped else ""
    line = line.strip() or "Nothing needs a decision."
    unread = [one.bucket.name for one in observation.backlogs if one.could_not_look]
    line += f" Not evaluated: {', '.join(unread)}." if unread else ""
    if not rows:
        return paragraph(line if observation.backlogs else _verdict(observation), strong=True)
    frame = framed(rows, columns=["region", "bucket", "why", "objects", "keys, or what to do"])
    return table(frame, "What is not copied automatically", verdict=line)


_KINDS = {kind.value.replace("_", " ") for kind in NOT_COPIED} | {"overwritten"}


def _odd(one: Backlog) -> Iterator[list[Any]]:
    where = [one.bucket.region, one.bucket.name]
    for obstacle in one.obstacles:
        yield [
            *where,
            obstacle.name[3:].replace("-", " "),
            one.wanted if obstacle.stops else None,
            obstacle.line,
        ]
    for kind in NOT_COPIED:
        if one.objects.get(kind):
            keys = some(one.named.get(kind, ()), one.objects[kind])
            yield [*where, kind.value.replace("_", " "), one.objects[kind], keys]
    if one.behind.other:
        yield [*where, "overwritten", one.behind.other, some(one.behind.other_named, one.behind.other)]


def _row(one: Backlog) -> list[object]:
    if one.could_not_look:
        return [one.bucket.region, one.bucket.name, one.could_not_look, *([None] * 10)]
    return [
        one.bucket.region,
        one.bucket.name,
        "",
        sum(one.objects.values()),
        one.present,
        one.wanted,
        one.bytes_wanted / MB,
        sum(one.away.values()) + sum(one.restoring.values()),
        one.objects.get(DecisionKind.MARKER, 0),
        sum(one.objects.get(kind, 0) for kind in NOT_COPIED),
        one.first,
        one.last,
        one.direction or "",
    ]


def _verdict(observation: CopyObservation) -> str:
    waiting = [status for status in observation.prerequisites if not status.done]
    if waiting:
        return f"waiting for {waiting[0].step}: {waiting[0].line}."
    if not observation.backlogs:
        return "There is no old bucket to copy from."
    number = sum(one.wanted for one in observation.backlogs)
    size = sum(one.bytes_wanted for one in observation.backlogs)
    pushed = sum(one.direction == Direction.PUSH and one.wanted > 0 for one in observation.backlogs)
    said = (
        f"{counted(number, 'object')} ({sized(size)}) {'is' if number == 1 else 'are'} to be copied"
        if number
        else "Nothing is left to copy"
    )
    said += (
        f"; {counted(pushed, 'bucket pushes its logs', 'buckets push their logs')}, the log account pulls the others"
        if pushed
        else ""
    )
    unread = sum(bool(one.could_not_look) for one in observation.backlogs)
    said += f"; {counted(unread, 'bucket')} not evaluated" if unread else ""
    grants = len(observation.open_sources)
    return f"{said}; " + (
        f"{counted(grants, 'old bucket has', 'old buckets have')} an open grant." if grants else "no grant is open."
    )
