"""States as a sign and a word, so that nothing on the page depends on colour."""

from collections.abc import Iterable, Sequence
from typing import Final

from onetrail.change import State

SIGNS: Final = {
    State.FINDING: "✗ needs attention",
    State.COULD_NOT_LOOK: "? could not look",
    State.PLANNED: "→ still to do",
    State.NOTE: "· note",
    State.OK: "✓ as promised",
}
"""A state, as the page says it."""
BLIND: Final = "could not be looked at"
"""What stands where a value would."""
Row = tuple[str, str, str, str]
"""What, promised, as it is, and the sign."""


def tally(rows: Iterable[Sequence[object]], what: str = "promises") -> str:
    """How many of the rows, whose last value is a sign, hold; in words."""
    said = [row[-1] for row in rows]
    line = f"{said.count(SIGNS[State.OK]):,} of {len(said):,} {what} hold"
    words = {
        State.FINDING: "broken",
        State.COULD_NOT_LOOK: "not looked at",
        State.PLANNED: "still to do",
        State.NOTE: "left to others",
    }
    rest = [f"{count:,} {word}" for state, word in words.items() if (count := said.count(SIGNS[state]))]
    return "; ".join([line, *rest]) + "."


def sign(held: bool | None, *, pending: bool = False) -> str:
    """Whether a promise holds; None where it could not be looked at, `pending` where it is still to be made good."""
    if held is None:
        return SIGNS[State.COULD_NOT_LOOK]
    return SIGNS[State.OK] if held else SIGNS[State.PLANNED if pending else State.FINDING]
