"""How a plan that was begun ended without coming to its end, in one line for the person who interrupted it."""

from dataclasses import dataclass

from onetrail.change.step_state import StepState
from onetrail.change.words import counted

GO_ON = "to go on, run its cells again from Observe on, or the step again with onetrail run"


@dataclass(frozen=True)
class PlanEnd:
    """`done` of `of` changes were carried out; `closed` is what the plan opened and closed again, `still_open` what
    nobody closed."""

    plan: str
    state: StepState
    done: int
    of: int
    closed: tuple[str, ...] = ()
    still_open: tuple[str, ...] = ()


def interrupted(end: PlanEnd | None, did: str = "") -> str:
    """The line that an interrupt ends in; `end` is None where no plan was begun, `did` what bulk work came to."""
    if end is None:
        return f"interrupted before a plan was begun: nothing was sent; {GO_ON}"
    if end.state is not StepState.INTERRUPTED:
        said = end.state.value.replace("_", " ")
        return f"interrupted after plan {end.plan} had ended: {said}, {end.done:,} of {end.of:,} changes; {GO_ON}"
    after = f"interrupted after {end.done:,} of {counted(end.of, 'change')} of plan {end.plan}"
    return "; ".join(filter(None, (f"{after}: {did}" if did else after, _permissions(end), GO_ON)))


def _permissions(end: PlanEnd) -> str:
    if end.still_open:
        return f"still open until it expires: {', '.join(end.still_open)}"
    if end.closed:
        return f"every permission that it opened is closed again ({len(end.closed):,})"
    return "no permission was left open"
