"""States as a sign and a word, so that nothing on the page depends on colour."""

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


def sign(held: bool | None, *, pending: bool = False) -> str:
    """Whether a promise holds; None where it could not be looked at, `pending` where it is still to be made good."""
    if held is None:
        return SIGNS[State.COULD_NOT_LOOK]
    return SIGNS[State.OK] if held else SIGNS[State.PLANNED if pending else State.FINDING]
