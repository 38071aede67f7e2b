"""States as a sign and a word, so that nothing on the page depends on colour."""

from collections.abc import Iterable, Sequence
from typing import Final

from onetrail.change import FindingState

SIGNS: Final = {
    FindingState.FINDING: "✗ needs attention",
    FindingState.COULD_NOT_LOOK: "? could not look",
    FindingState.PLANNED: "→ still to do",
    FindingState.NOTE: "· note",
    FindingState.OK: "✓ as promised",
}
"""A state, as the page says it."""
BLIND: Final = "could not be looked at"
"""What stands where a value would."""
Row = tuple[str, str, str, str]
"""What, promised, as it is, and the sign."""


def tally(rows: Iterable[Sequence[object]], what: str = "promises") -> str:
    """How many of the rows, whose last value is a sign, hold; in words."""
    said = [row[-1] for row in rows]
    line = f"{said.count(SIGNS[FindingState.OK]):,} of {len(said):,} {what} hold"
    words = {
        FindingState.FINDING: "broken",
        FindingState.COULD_NOT_LOOK: "not looked at",
        FindingState.PLANNED: "still to do",
        FindingState.NOTE: "left to others",
    }
    rest = [f"{count:,} {word}" for state, word in words.items() if (count := said.count(SIGNS[state]))]
    return "; ".join([line, *rest]) + "."


def sign(held: bool | None, *, pending: bool = False) -> str:
    """Whether a promise holds; None where it could not be looked at, `pending` where it is still to be made good."""
    if held is None:
        return SIGNS[FindingState.COULD_NOT_LOOK]
    return (
        SIGNS[FindingState.OK] if held else SIGNS[FindingState.PLANNED if pending else FindingState.FINDING]
    )
