"""Tables of measurements as text, and their place in benchmarks/README.md. Pure, but for `kept`."""

import re
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Measured


def table(rows: Sequence[Measured], *, ratios: bool = True) -> str:
    """Markdown: the first row is ours, and the ratios are of each row to it; without `ratios` they are left out."""
    ours = rows[0]
    heads = ["", "objects", "objects/s", "ours is", "CPU ms/1,000", "of ours", "requests/1,000", "peak MB"]
    lines = []
    for row in rows:
        asked = f"{row.requests * 1000 / row.objects:,.0f}" if row.requests else "–"
        first = row is ours
        beside = "" if first else f"{ours.rate / row.rate:,.1f} x as fast"
        share = "" if first else f"{row.cpu_ms_per_1k / ours.cpu_ms_per_1k:,.1f} x"
        figures = (f"{row.objects:,}", f"{row.rate:,.0f}", beside, f"{row.cpu_ms_per_1k:,.1f}", share, asked)
        lines.append([row.name, *figures, f"{row.megabytes:,.0f}"])
    if not ratios:
        heads, *lines = ([line[i] for i in (0, 1, 2, 4, 6, 7)] for line in (heads, *lines))
    return _markdown(heads, lines)


def targets(rows: Sequence[tuple[str, float, str, float, bool]]) -> str:
    """Markdown: what is wanted (`at least` where the last is True, `at most` otherwise), what was measured, and whether
    it is so."""
    lines = []
    for what, wanted, unit, found, at_least in rows:
        met = found >= wanted if at_least else found <= wanted
        bound = "at least" if at_least else "at most"
        lines.append([what, f"{bound} {_number(wanted)} {unit}", f"{_number(found)} {unit}", "yes" if met else "no"])
    return _markdown(["", "wanted", "measured", "met"], lines)


def flat(marks: Sequence[tuple[int, float]], each: int) -> tuple[float, float]:
    """Objects a second over the first `each` objects and over the last, from how many were done after how many
    seconds."""
    objects = marks[-1][0]
    return each / _when(marks, each), each / (marks[-1][1] - _when(marks, objects - each))


def kept(path: Path, part: str, text: str) -> None:
    """Put the text between the part's markers. Raises ValueError where the page has none."""
    page = path.read_text(encoding="utf-8")
    path.write_text(with_part(page, part, text), encoding="utf-8")


def with_part(page: str, part: str, text: str) -> str:
    """The page with the text between the part's markers, and nothing else changed."""
    begin, end = f"<!-- {part}: made by make bench -->", f"<!-- end of {part} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(page)) != 1:
        raise ValueError(f"the page has no place for {part}: {begin} and {end} belong there once")
    return pattern.sub(lambda _: f"{begin}\n\n{text}\n\n{end}", page)


def _when(marks: Sequence[tuple[int, float]], objects: int) -> float:
    """Seconds after which so many were done, on the straight line between two marks."""
    before = (0, 0.0)
    for mark in marks:
        if mark[0] >= objects:
            share = (objects - before[0]) / (mark[0] - before[0]) if mark[0] > before[0] else 1.0
            return before[1] + share * (mark[1] - before[1])
        before = mark
    return marks[-1][1]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"


def _markdown(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[i]) for line in (heads, *lines)) for i in range(len(heads))]

    def row(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = "|".join(["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])])
    return "\n".join([row(heads), f"|{rule}|", *map(row, lines)])
