"""A finding: one thing looked at, and how it stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from onetrail.change.words import counted


class FindingState(StrEnum):
    """How a thing stands. Only `FINDING` and `COULD_NOT_LOOK` make a run end with exit code 3."""

    OK = "ok"
    NOTE = "note"
    PLANNED = "planned"
    FINDING = "finding"
    COULD_NOT_LOOK = "could_not_look"


_ORDER = [
    FindingState.FINDING,
    FindingState.COULD_NOT_LOOK,
    FindingState.PLANNED,
    FindingState.NOTE,
    FindingState.OK,
]
_NAMED = 5
"""Bad findings that the verdict's line names; the table has all."""


@dataclass(frozen=True)
class Finding:
    """`id` is stable from run to run (such as `06.log-invalid`); `evidence` is the sentence a reader can check."""

    id: str
    state: FindingState
    account: str
    region: str
    resource: str
    evidence: str


@dataclass(frozen=True)
class Verdict:
    """The one line that reads a list of findings for the reader, and the exit code it means (0 or 3)."""

    line: str
    exit_code: int
    counts: dict[FindingState, int]


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Worst first, then by id, account, region and resource."""
    return sorted(findings, key=lambda f: (_ORDER.index(f.state), f.id, f.account, f.region, f.resource))


def verdict(findings: Sequence[Finding]) -> Verdict:
    """Counts by state, in words, worst first; what is bad is named by check and resource."""
    counts = {state: sum(1 for f in findings if f.state is state) for state in _ORDER}
    bad = counts[FindingState.FINDING] + counts[FindingState.COULD_NOT_LOOK]
    words = {
        FindingState.FINDING: ("needs attention", "need attention"),
        FindingState.COULD_NOT_LOOK: ("is not evaluated", "are not evaluated"),
        FindingState.PLANNED: ("is cured by a pending change", "are cured by pending changes"),
        FindingState.NOTE: ("is a note", "are notes"),
        FindingState.OK: ("is as it should be", "are as they should be"),
    }
    parts = [f"{counts[s]:,} {words[s][0] if counts[s] == 1 else words[s][1]}" for s in _ORDER if counts[s]]
    line = (
        f"{counted(len(findings), 'check')}: " + ", ".join(parts) + "." if findings else "Nothing was there to check."
    )
    return Verdict(line + _named(findings), 3 if bad else 0, counts)


def _named(findings: Sequence[Finding]) -> str:
    """Which checks of which resources are bad, so that the line alone says where to look."""
    bad = [f for f in ordered(findings) if f.state in (FindingState.FINDING, FindingState.COULD_NOT_LOOK)]
    if not bad:
        return ""
    more = f"; and {len(bad) - _NAMED:,} more" if len(bad) > _NAMED else ""
    return f" Look at: {'; '.join(f'{f.id} {f.resource}' for f in bad[:_NAMED])}{more}."
