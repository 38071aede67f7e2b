"""The parts of the live panel: the button, the work under way, the calls, and the table at the end."""

from collections.abc import Sequence
from typing import Final

from onetrail.change.words import counted, megabytes, sized
from onetrail.printable import printable
from onetrail.progress import Progress, Standing
from onetrail.show.html import Column, Shown, escape, folded, paragraph, preformatted, together
from onetrail.show.rate import Rate, duration
from onetrail.show.table import simple

INTERRUPT: Final = "kernelmenu:interrupt"
"""JupyterLab's own command for the toolbar's stop button (JupyterLab 4.6, mainmenu-extension)."""
STOPPING: Final = "Stopping: what is under way ends first, and what is open is closed."
_IN_SIGHT: Final = 24
"""Parts that a live table shows; of more, those under way come first."""
_LOOK_SAFE: Final = "a look changes nothing."
_PLAN_SAFE: Final = "what is open is closed first, and the next run goes on from there."


def stop_button(look: bool) -> Shown:
    """A button that interrupts the kernel, as the toolbar's own does: a widget's click would wait for the cell."""
    said = f"Stopping is safe: {_LOOK_SAFE if look else _PLAN_SAFE} Outside JupyterLab, use the interrupt button (■)."
    button = f'<button type="button" data-commandlinker-command="{INTERRUPT}">■ Stop in order</button>'
    return Shown(f'<p style="margin:.4em 0">{button} {escape(said)}</p>', f"■ stops in order. {said}")


def how_far(standing: Standing, work: str, rate: Rate) -> str:
    """`851 of 10,939 objects copied, 3 of 20 old buckets, 1.32 MB, 212 per second, 48 s left, 3 retries`; what is
    nothing is left out."""
    total, (over, parts) = standing.total(work), standing.parts_over(work)
    speed = rate.per_second
    said = [total.line]
    if parts > 1:
        said.append(f"{over:,} of {parts:,} {_plural(total.where)}")
    if total.size:
        said.append(sized(total.size))
    if total.of is None or total.done < total.of:
        said.append(f"{_rate(speed)} per second")
        if total.of is not None:
            seconds = rate.seconds_left(total.of - total.done, total.of)
            said.append(f"{duration(seconds) if seconds is not None else '–'} left")
    said += [counted(total.retries, "retry", "retries")] if total.retries else []
    said += [counted(total.errors, "error")] if total.errors else []
    return ", ".join(said)


def under_way(works: Sequence[tuple[str, str]], standing: Standing, work: str, said: str) -> Shown:
    """Each work in a line, the one under way with a bar and its parts; `said` is the last word for people."""
    parts = [_bar(standing.total(name), line) if name == work else paragraph(line) for name, line in works]
    if said:
        parts.append(paragraph(said, strong=True))
    if work:
        parts.append(_live_table(standing, work))
    return together(*parts)


def calls(lines: Sequence[str], number: int, of: int, *, over: bool = False) -> Shown:
    """The calls that were sent, folded, with their number; the last one in sight until the plan is over."""
    if not lines:
        return paragraph("No call was sent yet.")
    head = f"{number:,} of {of:,} sent"
    left_out = [f"(the record has the {number - len(lines):,} before)"] if number > len(lines) else []
    list_ = folded(head, preformatted([*left_out, *lines]), in_text=False)
    shown = Shown(list_.html, head)
    return shown if over else together(shown, paragraph(f"Last: {lines[-1]}"))


def plain(standing: Standing, work: str, *, live: bool) -> Shown:
    """What one work came to, without anything that another run would not show; what only
    read is folded below its sum."""
    parts, total = standing.parts(work), standing.total(work)
    names = [name for name in ("size", "retries", "errors", "note") if _shown(name, parts, live=live)]
    rows = [[one.part, *_cells(one, names)] for one in parts]
    heads = [Column(total.where), Column(total.unit, right=True), *(_HEADS[name] for name in names)]
    foot = ["all", *_cells(total, names)] if len(rows) > 1 else None
    table = simple(f"{work.capitalize()}, by {total.where}", heads, rows, foot)
    if not total.reads:
        return table
    size = f" ({sized(total.size)})" if total.size else ""
    line = f"{total.done:,} {total.unit} {work}{size}, by {total.where}"
    return Shown(folded(line, table).html, printable(line))


_HEADS: Final = {
    "size": Column("size (MB)", right=True),
    "retries": Column("retries", right=True),
    "errors": Column("errors", right=True),
    "note": Column("state"),
}


def _shown(name: str, parts: Sequence[Progress], *, live: bool) -> bool:
    if name == "retries" and not live:
        return False
    return any(getattr(one, name) for one in parts) or (name == "errors" and not parts[0].reads)


def _cells(one: Progress, names: Sequence[str]) -> list[str]:
    said = {"size": megabytes(one.size), "retries": f"{one.retries:,}", "errors": f"{one.errors:,}", "note": one.note}
    return [f"{one.done:,}", *(said[name] for name in names)]


def _live_table(standing: Standing, work: str) -> Shown:
    parts, total = standing.parts(work), standing.total(work)
    chosen = sorted(parts, key=lambda one: (_over(one), one.part))[:_IN_SIGHT] if len(parts) > _IN_SIGHT else parts
    rows = [[one.part, *_live_cells(one)] for one in sorted(chosen, key=lambda one: one.part)]
    if len(parts) > len(chosen):
        rows.append([f"and {len(parts) - len(chosen):,} more", "", "", "", "", ""])
    heads = [Column(total.where), *(Column(head, right=True) for head in (total.unit, "of", "size (MB)", "retries"))]
    return simple(
        work.capitalize(),
        [*heads, Column("state")],
        rows,
        ["all", *_live_cells(total)] if len(parts) > 1 else None,
    )


def _live_cells(one: Progress) -> list[str]:
    return [
        f"{one.done:,}",
        "–" if one.of is None else f"{one.of:,}",
        megabytes(one.size),
        f"{one.retries:,}",
        one.note or (counted(one.errors, "error") if one.errors else ""),
    ]


def _plural(where: str) -> str:
    return f"{where}s" if " and " not in where else where.replace(" and ", "s and ") + "s"


def _over(one: Progress) -> bool:
    return one.of is not None and one.done >= one.of


def _bar(total: Progress, line: str) -> Shown:
    bar = f'<progress value="{total.done}" max="{total.of}"></progress> ' if total.of else ""
    return Shown(f'<p style="margin:.4em 0">{bar}<strong>{escape(line)}</strong></p>', printable(line))


def _rate(per_second: float | None) -> str:
    if per_second is None:
        return "–"
    return f"{per_second:,.1f}" if per_second < 10 else f"{per_second:,.0f}"
