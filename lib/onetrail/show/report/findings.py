"""What needs attention, first; then how every step stands; then all that was checked."""

from collections.abc import Sequence

from onetrail.change import Finding, State, ordered, verdict
from onetrail.show.report.model import Prose, Section, Table, table
from onetrail.show.report.signs import SIGNS
from onetrail.steps.evidence import Observation

_HEADS = ("state", "check", "account", "region", "what", "evidence")
BAD = (State.FINDING, State.COULD_NOT_LOOK)


def headline(found: Sequence[Finding]) -> str:
    """The one line under the title."""
    counts = verdict(found).counts
    bad, open_ = counts[State.FINDING] + counts[State.COULD_NOT_LOOK], counts[State.PLANNED]
    if bad:
        parts = [f"{counts[State.FINDING]:,} findings need attention"] if counts[State.FINDING] else []
        parts += (
            [f"{counts[State.COULD_NOT_LOOK]:,} things could not be looked at"]
            if counts[State.COULD_NOT_LOOK]
            else []
        )
        return f"{' and '.join(parts)}, of {len(found):,} checks."
    if open_:
        return f"The move is not finished: {open_:,} things are still to be done; nothing of {len(found):,} checks needs attention."
    return f"Everything is as promised: none of {len(found):,} checks needs attention."


def attention(found: Sequence[Finding]) -> Section:
    """Findings, and what could not be looked at."""
    bad = [one for one in ordered(found) if one.state in BAD]
    if not bad:
        said = (
            f"There are none: {len(found):,} checks were made, and none found anything that needs attention."
        )
        return Section("findings", "Findings that need attention", said)
    shown = _table("Findings, worst first", bad)
    return Section("findings", "Findings that need attention", verdict(found).line, (shown,))


def steps(observation: Observation, found: Sequence[Finding]) -> Section:
    """One row a step with its counts, then everything that is neither a finding nor fine."""
    names = {chapter.step: chapter.title for chapter in observation.chapters} | {"08": "Record and files"}
    rows = [[step, title, *_counts(step, found), _ends(step, found)] for step, title in names.items()]
    heads = (
        "step",
        "what it is about",
        *(f"{state.value.replace('_', ' ')}" for state in State),
        "in a word",
    )
    parts: list[Table | Prose] = [
        table("Checks by step and state", heads, rows, summed=range(2, 2 + len(State)))
    ]
    for state, caption, label in (
        (State.PLANNED, "Still to be done", ""),
        (State.NOTE, "Notes: facts about the past, and what is left as it is on purpose", ""),
        (State.OK, "What is as promised", "Show all that is as promised"),
    ):
        these = [one for one in ordered(found) if one.state is state]
        if these:
            parts.append(_table(caption, these, label))
    return Section("steps", "How every step stands", verdict(found).line, tuple(parts))


def _counts(step: str, found: Sequence[Finding]) -> list[int]:
    return [sum(one.id.startswith(f"{step}.") and one.state is state for one in found) for state in State]


def _ends(step: str, found: Sequence[Finding]) -> str:
    mine = ordered([one for one in found if one.id.startswith(f"{step}.")])
    return SIGNS[mine[0].state] if mine else SIGNS[State.NOTE]


def _table(caption: str, found: Sequence[Finding], folded: str = "") -> Table:
    rows = [[SIGNS[f.state], f.id, f.account, f.region, f.resource, f.evidence] for f in found]
    return table(caption, _HEADS, rows, folded=folded and f"{folded} ({len(rows):,})")
