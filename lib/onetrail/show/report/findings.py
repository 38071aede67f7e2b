"""What needs attention first; then the state of every step; then all checks."""

from collections.abc import Sequence

from onetrail.change import Finding, FindingState, ordered, verdict
from onetrail.change.words import counted
from onetrail.show.findings import STATES
from onetrail.show.report.model import Prose, Section, Table, table
from onetrail.show.report.signs import SIGNS
from onetrail.steps.evidence import EvidenceObservation

_HEADS = ("state", "check", "account", "region", "what", "evidence")
_LONG = 100
"""Characters of names in one cell."""
BAD = (FindingState.FINDING, FindingState.COULD_NOT_LOOK)


def headline(found: Sequence[Finding]) -> str:
    """The one line under the title."""
    counts = verdict(found).counts
    bad, open_ = (
        counts[FindingState.FINDING] + counts[FindingState.COULD_NOT_LOOK],
        counts[FindingState.PLANNED],
    )
    notes = _many(counts[FindingState.NOTE], "note", "notes")
    with_notes = f", with {notes}" if notes else ""
    if bad:
        parts = [
            _many(counts[FindingState.FINDING], "finding needs attention", "findings need attention"),
            _many(
                counts[FindingState.COULD_NOT_LOOK],
                "check was not evaluated",
                "checks were not evaluated",
            ),
        ]
        return f"{' and '.join(part for part in parts if part)}, of {len(found):,} checks{with_notes}."
    if open_:
        left = _many(open_, "thing is still to be done", "things are still to be done")
        return f"The move is not finished: {left}; none of {len(found):,} checks needs attention{with_notes}."
    return f"Everything is as planned{with_notes}: none of {len(found):,} checks needs attention."


def mark(found: Sequence[Finding]) -> str:
    """The sign before the headline."""
    states = {one.state for one in found}
    return "✗" if states & set(BAD) else "→" if FindingState.PLANNED in states else "✓"


def attention(found: Sequence[Finding]) -> Section:
    """Findings, and checks that were not evaluated."""
    bad = [one for one in ordered(found) if one.state in BAD]
    if not bad:
        said = f"There are none: {counted(len(found), 'check was', 'checks were')} made, and none needs attention."
        return Section("findings", "Findings that need attention", said)
    shown = _table("Findings, worst first", bad)
    return Section("findings", "Findings that need attention", verdict(found).line, (shown,))


def steps(observation: EvidenceObservation, found: Sequence[Finding]) -> Section:
    """One row per step with its counts, then everything that is neither a finding nor ok."""
    names = {chapter.step: chapter.title for chapter in observation.chapters} | {"08": "Record and files"}
    rows = [[step, title, *_counts(step, found), _ends(step, found)] for step, title in names.items()]
    heads = (
        "step",
        "subject",
        *STATES,
        "summary",
    )
    parts: list[Table | Prose] = [table("Checks by step and state", heads, rows, summed=range(2, 2 + len(SIGNS)))]
    for state, caption, label in (
        (FindingState.PLANNED, "Still to be done", ""),
        (
            FindingState.NOTE,
            "Notes: accepted as they are, for the reasons in Exceptions",
            "Show all notes",
        ),
        (FindingState.OK, "Checks that passed", "Show all checks that passed"),
    ):
        these = [one for one in ordered(found) if one.state is state]
        if these:
            parts.append(_table(caption, these, label))
    parts.insert(1, Prose((_of_this_page(observation, found),)))
    return Section("steps", "State of every step", verdict(found).line, tuple(parts))


def _of_this_page(observation: EvidenceObservation, found: Sequence[Finding]) -> str:
    """Why step 08 and `onetrail run` end with one check more than the first page of a run counts."""
    before = f"These {counted(len(found), 'check was', 'checks were')} made before this page was saved"
    if observation.report is None:
        return (
            f"{before}. Whether the saved page is the one that the record names, 08.report, can only be checked"
            f" afterwards: step 08 makes that check too, and ends with {counted(len(found) + 1, 'check')}."
        )
    return f"{before}; 08.report among them is about the page that was saved before this one."


def _counts(step: str, found: Sequence[Finding]) -> list[int]:
    return [sum(one.id.startswith(f"{step}.") and one.state is state for one in found) for state in SIGNS]


def _ends(step: str, found: Sequence[Finding]) -> str:
    mine = ordered([one for one in found if one.id.startswith(f"{step}.")])
    return SIGNS[mine[0].state] if mine else SIGNS[FindingState.NOTE]


def _table(caption: str, found: Sequence[Finding], folded: str = "") -> Table:
    """One row per finding; findings of one check and account with the same text are one row."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for one in found:
        alone = one.resource if one.state in BAD else ""
        groups.setdefault((SIGNS[one.state], one.id, one.account, one.evidence, alone), []).append(one)
    rows = [
        [
            state,
            name,
            account or "-",
            shared_region([f.region or "-" for f in group]),
            listed_names([f.resource for f in group]),
            said,
        ]
        for (state, name, account, said, _), group in groups.items()
    ]
    if len({row[0] for row in rows}) == 1 and found[0].state not in BAD:
        return table(caption, _HEADS[1:], [row[1:] for row in rows], folded=folded and f"{folded} ({len(found):,})")
    return table(caption, _HEADS, rows, folded=folded and f"{folded} ({len(found):,})")


def shared_region(regions: Sequence[str]) -> str:
    return regions[0] if len(set(regions)) == 1 else f"{len(set(regions))} regions"


def listed_names(resources: Sequence[str]) -> str:
    """All of them where they are few and short, else the first and how many more."""
    names = list(dict.fromkeys(resources))
    listed = ", ".join(names)
    return listed if len(names) == 1 or len(listed) <= _LONG else f"{names[0]} and {len(names) - 1:,} more"


def _many(count: int, one: str, many: str) -> str:
    """A count in words; empty for none."""
    return counted(count, one, many) if count else ""
