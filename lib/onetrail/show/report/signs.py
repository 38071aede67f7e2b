"""States as a sign and a word, so that nothing on the page depends on colour."""

from collections.abc import Iterable, Sequence
from typing import Final

from onetrail.change import FindingState

SIGNS: Final = {
    FindingState.FINDING: "✗ needs attention",
    FindingState.COULD_NOT_LOOK: "? not evaluated",
    FindingState.PLANNED: "→ still to do",
    FindingState.NOTE: "· note",
    FindingState.OK: "✓ as planned",
}
"""A state, as the page shows it."""
BLIND: Final = "not evaluated"
"""Shown in place of a value that could not be read."""
Row = tuple[str, str, str, str]
"""Subject, expected, actual, and the sign."""


def tally(rows: Iterable[Sequence[object]], what: str = "settings") -> str:
    """How many of the rows, whose last value is a sign, hold; in words."""
    said = [row[-1] for row in rows]
    line = f"{said.count(SIGNS[FindingState.OK]):,} of {len(said):,} {what} are as expected"
    words = {
        FindingState.FINDING: "failed",
        FindingState.COULD_NOT_LOOK: "not evaluated",
        FindingState.PLANNED: "still to do",
        FindingState.NOTE: "left to others",
    }
    rest = [f"{count:,} {word}" for state, word in words.items() if (count := said.count(SIGNS[state]))]
    return "; ".join([line, *rest]) + "."


def sign(held: bool | None, *, pending: bool = False) -> str:
    """Whether an expected state is there; None where it was not evaluated, `pending` where a step is still to make it
    so."""
    if held is None:
        return SIGNS[FindingState.COULD_NOT_LOOK]
    return SIGNS[FindingState.OK] if held else SIGNS[FindingState.PLANNED if pending else FindingState.FINDING]
