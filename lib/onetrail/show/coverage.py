"""What a person sees of step 06's completeness: the days that have logs before and after the move, the events they
hold, the cutover."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from onetrail.change.words import counted, share
from onetrail.cloudtrail.digests.seam import Seam, SeamState
from onetrail.cloudtrail.digests.verdict import IntervalState
from onetrail.show.calendar import calendar
from onetrail.show.html import Shown, folded, paragraph, preformatted, together
from onetrail.show.plots import Pictured
from onetrail.show.table import framed, table
from onetrail.steps.verification import ArchiveChain, DayCoverage, VerificationObservation
from onetrail.steps.verification.proof import bill, proofs

PROVEN, PRESENT, LOST, NOTHING = (
    "signed and proven",
    "present, not proven",
    "missing after the move",
    "nothing",
)
"""What a month of a region can be, best first except the last: an empty month is not a fault."""


def coverage(observation: VerificationObservation) -> Pictured | Shown:
    """Regions by days, before and after the move: signed and proven, present but not proven, lost, or nothing; its
    numbers below it."""
    cells = observation.coverage
    if not cells:
        return table(framed([], columns=["region"]), "Coverage", verdict=waiting(observation) or "There is no log.")
    several = len({cell.account for cell in cells}) > 1
    places: dict[str, list[DayCoverage]] = {}
    for cell in sorted(cells, key=lambda cell: (cell.account, cell.region)):
        places.setdefault(f"{cell.account} {cell.region}" if several else cell.region, []).append(cell)
    rows = {name: (_before(found), _after(found)) for name, found in places.items()}
    caption = "Days with logs by region"
    picture = calendar(
        rows,
        caption,
        lanes=("before the move", "after it"),
        states=(PROVEN, PRESENT),
        lost=LOST,
    )
    return Pictured(picture, f"{caption}, before and after the move", _numbers(places, observation))


def events(observation: VerificationObservation) -> Shown:
    """The records in all log files of the archive: by region, and how many of them repeat an event."""
    said = observation.events
    if said is None:
        why = "Only a full check counts events." if not waiting(observation) else waiting(observation)
        return paragraph(why, strong=True)
    regions: dict[str, list[tuple[date | None, int]]] = {}
    for (region, day), count in said.days:
        regions.setdefault(region or "none named", []).append((day, count))
    rows = [
        [
            region,
            sum(count for _, count in found),
            len([day for day, _ in found if day]),
            min((day for day, _ in found if day), default=None),
            max((day for day, _ in found if day), default=None),
        ]
        for region, found in sorted(regions.items())
    ]
    frame = framed(rows, columns=["region of the event", "records", "days", "first", "last"])
    total = {"region of the event": "all", "records": said.records, "days": frame["days"].sum()} if rows else None
    days = [f"{day or 'no time'}  {region or 'none named':<16} {count:>9,}" for (region, day), count in said.days]
    return together(
        table(frame, "Records in the log files of the archive", verdict=_repeats(observation), total=total),
        *([folded(f"{counted(len(said.days), 'region-day')} with their records", preformatted(days))] if days else []),
    )


def proofs_made(observation: VerificationObservation) -> Shown:
    """How each object's proof is made, how many objects rest on it, and what this look read for it."""
    rows = proofs(observation.buckets, observation.read_both)
    frame = framed([list(row) for row in rows], columns=["proof", "objects", "what is read"])
    return table(
        frame,
        "How each proof is made",
        verdict=waiting(observation) or f"O{bill(observation.readings)[1:]}.",
    )


def seams(observation: VerificationObservation) -> Shown:
    """Where the old trails end and the new one begins, region by region: the events of the time in which both
    recorded."""
    rows = [
        [
            seam.region,
            _STATES[seam.state],
            seam.begins,
            seam.ends,
            round(seam.overlap.total_seconds() / 60),
            seam.both,
            seam.only_old,
            seam.only_new,
        ]
        for seam in observation.seams
    ]
    columns = [
        "region",
        "verdict",
        "new trail's first event",
        "old trail's last event",
        "both recorded (min)",
        "events in both",
        "old trail alone",
        "new trail alone",
    ]
    frame = framed(rows, columns=columns)
    total = {"region": "all", **{name: frame[name].sum() for name in columns[5:]}} if rows else None
    return table(
        frame,
        "The cutover, event by event",
        verdict=waiting(observation) or _crossed(observation.seams),
        total=total,
        attention=[
            at for at, seam in enumerate(observation.seams) if seam.state in (SeamState.LACKING, SeamState.APART)
        ],
    )


def restarts(chains: Iterable[ArchiveChain]) -> str:
    """A sentence about restarted chains, for which complete has limits; empty where none was restarted."""
    seen = [sum(i.state is IntervalState.RESTART for i in one.chain.intervals) for one in chains]
    count, several = sum(seen), sum(1 for number in seen if number)
    if not count:
        return ""
    return (
        f" {counted(several, 'of them was', 'of them were')} restarted, {counted(count, 'time')} in all: complete means"
        " that nothing is missing between two starts; no signature binds the time before a start to the time after it."
    )


def waiting(observation: VerificationObservation) -> str:
    """`waiting for 05: ...`; empty where nothing is waited for."""
    status = observation.prerequisite
    return "" if status.done else f"waiting for {status.step}: {status.line}."


_STATES: Final[Mapping[SeamState, str]] = {
    SeamState.MATCHED: "✓ nothing lost",
    SeamState.QUIET: "✓ both on, no event",
    SeamState.LACKING: "✗ the new trail lacks events",
    SeamState.APART: "· not at the same time",
}


def _before(cells: Sequence[DayCoverage]) -> dict[date, int]:
    return {cell.day: int(bool(cell.unsigned or not cell.proven)) for cell in cells if cell.before}


def _after(cells: Sequence[DayCoverage]) -> dict[date, int]:
    words = {PROVEN: 0, PRESENT: 1, LOST: -1}
    return {cell.day: words[month_state([cell])] for cell in cells if cell.before or cell.new}


def _numbers(places: Mapping[str, Sequence[DayCoverage]], observation: VerificationObservation) -> Shown:
    columns = [
        "region",
        "days before",
        "days after",
        "days lost",
        "days proven",
        "days not proven",
        "logs before",
        "equal after",
        "unsigned",
        "new trail's own",
    ]
    frame = framed([[name, *_days(found)] for name, found in places.items()], columns=columns)
    total = {"region": "all", **{name: frame[name].sum() for name in columns[1:]}}
    cells = observation.coverage
    attention = [at for at, lost in enumerate(frame["days lost"]) if lost]
    caption = "Days with logs by region, in numbers"
    shown = table(frame, caption, verdict=covered(cells), total=total, attention=attention)
    lost = [cell for cell in cells if cell.after < cell.before]
    if not lost:
        return shown
    listed = [f"{c.day}  {c.account} {c.region:<16} {c.before:,} before, {c.after:,} equal after" for c in lost]
    return together(
        shown,
        folded(f"{counted(len(lost), 'region-day')} with fewer logs after the move", preformatted(listed)),
    )


def _days(cells: Sequence[DayCoverage]) -> list[int]:
    after = _after(cells)
    return [
        sum(bool(cell.before) for cell in cells),
        sum(bool(cell.after or cell.new) for cell in cells),
        sum(cell.after < cell.before for cell in cells),
        sum(state == 0 for state in after.values()),
        sum(state == 1 for state in after.values()),
        sum(cell.before for cell in cells),
        sum(cell.after for cell in cells),
        sum(cell.unsigned for cell in cells),
        sum(cell.new for cell in cells),
    ]


def _repeats(observation: VerificationObservation) -> str:
    said = observation.events
    assert said is not None
    line = (
        f"{counted(said.records, 'record')} in {counted(said.files, 'log file')} have {counted(said.events, 'event')}"
    )
    line += f"; {counted(said.repeated, 'repeats', 'repeat')} an event of another record" if said.repeated else ""
    line += f"; {counted(said.nameless, 'has', 'have')} no event id" if said.nameless else ""
    if said.same_content:
        line += f"; {counted(said.same_content, 'file repeats', 'files repeat')} the content of another"
    line += f"; {counted(said.unread, 'file has', 'files have')} no readable records" if said.unread else ""
    return line + (". Repeated records are kept: nothing is dropped." if said.repeated or said.same_content else ".")


def _crossed(found: Sequence[Seam]) -> str:
    if not found:
        return "No region has files of both trails."
    lacking = [seam for seam in found if seam.state is SeamState.LACKING]
    apart = [seam for seam in found if seam.state is SeamState.APART]
    held = len(found) - len(lacking) - len(apart)
    line = f"{share(held, len(found), 'region')} without a gap: the new trail was recording before the old one ended"
    if lacking:
        line += f"; in {', '.join(seam.region for seam in lacking)} the new trail lacks events that the old one has"
    if apart:
        line += f"; in {', '.join(seam.region for seam in apart)} the old trail had ended before"
    return line + "."


def months_between(first: date, last: date) -> Iterator[str]:
    """`YYYY-MM` of every month from the first day's to the last day's."""
    for count in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield f"{count // 12:04d}-{count % 12 + 1:02d}"


def month_state(cells: Sequence[DayCoverage]) -> str:
    """The worst state of any day of the month."""
    if not cells:
        return NOTHING
    if any(cell.after < cell.before for cell in cells):
        return LOST
    return PRESENT if any(cell.unsigned or not cell.proven for cell in cells) else PROVEN


def covered(cells: Sequence[DayCoverage]) -> str:
    """The coverage in one line."""
    lost = sum(cell.before - cell.after for cell in cells)
    days = sum(1 for cell in cells if cell.before)
    if lost:
        return (
            f"{counted(lost, 'log of the old buckets has', 'logs of the old buckets have')} no equal copy in the"
            " archive."
        )
    return (
        f"Coverage is unchanged: {counted(days, 'region-day')} with {counted(sum(c.before for c in cells), 'log')},"
        " each with an equal copy in the archive."
    )
