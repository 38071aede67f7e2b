"""Coverage before and after: regions by months as an inline picture, and its numbers in a table below it."""

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup, escape

from onetrail.printable import printable
from onetrail.show.coverage import LOST, NOTHING, PRESENT, PROVEN, covered, month_state, months_between
from onetrail.show.report.model import Part, Picture, Prose, Section, table
from onetrail.steps.evidence import EvidenceObservation
from onetrail.steps.verification import DayCoverage

_WIDE, _HIGH, _LEFT, _TOP = 11, 15, 190, 34
_MARKS: Final[Mapping[str, str]] = {PROVEN: "proven", PRESENT: "present", LOST: "lost", NOTHING: "nothing"}
"""State -> class of the cell: each has a colour and a stroke of its own."""
_STROKES: Final[Mapping[str, str]] = {
    PROVEN: "",
    PRESENT: "M1 9 L9 1",
    LOST: "M1 1 L9 9 M1 9 L9 1",
    NOTHING: "",
}


def section(observation: EvidenceObservation) -> Section:
    """One row per region, one column per month."""
    cells = observation.verified.coverage if observation.verified else ()
    if not cells:
        return Section("coverage", "Coverage before and after", f"Coverage was not compared: {_why(observation)}.")
    months = list(months_between(min(cell.day for cell in cells), max(cell.day for cell in cells)))
    places: dict[tuple[str, str], list[DayCoverage]] = {}
    for cell in cells:
        places.setdefault((cell.account, cell.region), []).append(cell)
    several = len({account for account, _ in places}) > 1
    grid = {
        (" ".join(place) if several else place[1]): _states(found, months) for place, found in sorted(places.items())
    }
    heads = (
        "account",
        "region",
        "days with logs",
        "logs before",
        "equal after",
        "proven by digests",
        "unsigned",
        "new trail's own",
    )
    rows = [[*place, sum(bool(c.before) for c in found), *_sums(found)] for place, found in sorted(places.items())]
    alt = f"{len(grid)} regions by {len(months)} months, {months[0]} to {months[-1]}; the table below has the numbers"
    parts: tuple[Part, ...] = (
        Picture(_svg(grid, months, alt), alt),
        table(
            "Logs by region, before and after",
            heads,
            rows,
            summed=range(2, len(heads)),
            verdict=covered(cells),
        ),
        Prose(
            (
                (
                    '"Before" and "equal after" count the logs of the old buckets, without digests. "Proven by digests"'
                    " counts every log of the archive that a signed digest names, including the logs that the new trail"
                    ' delivered, as the section on digest chains does. "Unsigned" counts moved logs only.'
                ),
            )
        ),
    )
    return Section("coverage", "Coverage before and after", covered(cells), parts)


def _why(observation: EvidenceObservation) -> str:
    if observation.verified is None:
        return "it was not evaluated"
    status = observation.verified.prerequisite
    return f"waiting for {status.step}: {status.line}" if not status.done else "no log was seen"


def _states(cells: Sequence[DayCoverage], months: Sequence[str]) -> list[str]:
    by_month: dict[str, list[DayCoverage]] = {}
    for cell in cells:
        by_month.setdefault(f"{cell.day:%Y-%m}", []).append(cell)
    return [month_state(by_month.get(month, [])) for month in months]


def _sums(cells: Sequence[DayCoverage]) -> list[int]:
    return [sum(getattr(cell, part) for cell in cells) for part in ("before", "after", "proven", "unsigned", "new")]


def _svg(grid: Mapping[str, Sequence[str]], months: Sequence[str], alt: str) -> str:
    """No script, no font, no file: rectangles with a stroke where the state is not plain."""
    width, height = _LEFT + _WIDE * len(months) + 24, _TOP + _HIGH * len(grid) + 30
    out = [f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{_text(alt)}" class="map">']
    out += [
        f'<text x="{_LEFT + _WIDE * i}" y="{_TOP - 8}" class="year">{month[:4]}</text>'
        for i, month in enumerate(months)
        if i == 0 or month.endswith("-01")
    ]
    for row, (name, states) in enumerate(grid.items()):
        y = _TOP + _HIGH * row
        out.append(f'<text x="{_LEFT - 8}" y="{y + 11}" text-anchor="end">{_text(name)}</text>')
        out += [_cell(_LEFT + _WIDE * i, y, state) for i, state in enumerate(states)]
    out.append(_legend(_TOP + _HIGH * len(grid) + 10))
    return "".join([*out, "</svg>"])


def _text(name: str) -> Markup:
    return escape(printable(name))


def _cell(x: int, y: int, state: str) -> str:
    stroke = _STROKES[state]
    mark = f'<path d="{stroke}" transform="translate({x},{y})" class="stroke"/>' if stroke else ""
    return f'<rect x="{x}" y="{y}" width="{_WIDE - 1}" height="{_HIGH - 3}" class="{_MARKS[state]}"/>{mark}'


def _legend(y: int) -> str:
    out, x = [], _LEFT
    for state in _MARKS:
        out.append(_cell(x, y, state))
        out.append(f'<text x="{x + _WIDE + 3}" y="{y + 10}">{escape(state)}</text>')
        x += 34 + 7 * len(state)
    return "".join(out)
