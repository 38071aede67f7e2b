"""How a plan ended, as the record's `step` line says it: whatever ended it, there is one such line, and a head of the
record after it."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from onetrail.change.gate import Gate, PlanRefused
from onetrail.change.interrupt import uninterrupted
from onetrail.change.outcome import Outcome
from onetrail.change.plan import Plan
from onetrail.change.plan_end import PlanEnd
from onetrail.change.run_record.chain_check import RecordError, entries
from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.send import Sending
from onetrail.change.step_state import StepState
from onetrail.change.words import counted
from onetrail.errors import NotYet


def record_end(gate: Gate, outcome: Outcome) -> Outcome:
    """Write how the plan ended, and put the record's head outside this machine; the outcome says where that could not
    be done."""
    if gate.record.busy:
        unwritten = f"This look is not in the record: another process is writing this run ({gate.record.busy.holder})."
        return replace(outcome, line=f"{outcome.line} {unwritten}")
    by = gate.caller() if outcome.state is StepState.PLANNED else ""
    _write(gate, outcome.plan, outcome.state, len(outcome.done), outcome.line, **({"by": by} if by else {}))
    if outcome.done:
        gate.ended = PlanEnd(outcome.plan.id, outcome.state, len(outcome.done), len(outcome.plan.changes))
    why = gate.seal()
    return replace(outcome, line=f"{outcome.line} {why[:1].upper()}{why[1:]}.", unsealed=why) if why else outcome


def ended_before(gate: Gate, plan: Plan) -> str:
    """How the same plan ended when it was last begun, where it did not come to its end; empty where it was not, and
    where the record cannot be read."""
    last: Mapping[str, Any] = {}
    with suppress(RecordError):
        for line in entries(gate.record.folder, LineKind.STEP):
            if line.get("plan") == plan.id:
                last = line
    if last.get("state") not in (StepState.INTERRUPTED, StepState.FAILED):
        return ""
    done = f"{last['changes']:,} of {counted(last.get('of', len(plan.changes)), 'change')}"
    return f"plan {plan.id} was begun before and {last['state']} after {done}: it goes on from what is there"


def record_failure(gate: Gate, plan: Plan, err: BaseException, sending: Sending | None = None) -> None:
    """Write how a plan ended that an error ends; `sending` is None where it was not begun. The error is what the caller
    then raises."""
    state = _state(err)
    said = " ".join(str(err).split()) or type(err).__name__
    done = len({one.change.key for one in sending.done}) if sending else 0
    closed = _closed(plan, sending) if sending else []
    line = f"{state.replace('_', ' ')} after {done} of {len(plan.changes)} changes: {said}" if sending else said
    if sending:
        gate.ended = PlanEnd(
            plan.id, state, done, len(plan.changes), tuple(closed), tuple(_open(plan, sending, closed))
        )
    if closed:
        line += f"; what was open is closed: {', '.join(closed)}"
    with uninterrupted():  # a stop that was asked for is why this is written
        with suppress(RecordError):
            _write(gate, plan, state, done, line, of=len(plan.changes), closed=closed)
        why = gate.seal()
    if why:
        gate.say(why)


def _state(err: BaseException) -> StepState:
    if isinstance(err, PlanRefused):
        return StepState.REFUSED
    if isinstance(err, NotYet):
        return StepState.NOT_YET
    return StepState.FAILED if isinstance(err, Exception) else StepState.INTERRUPTED


def _closed(plan: Plan, sending: Sending) -> list[str]:
    """What the plan opened and closed again."""
    return sorted({one.resource for one in plan.changes if one.closes and one.key in sending.closed})


def _open(plan: Plan, sending: Sending, closed: Collection[str]) -> list[str]:
    """What the plan opened and nobody closed. A later closing of the same thing undoes what an earlier one
    would."""
    waits = {one.resource for one in plan.changes if one.closes in sending.sent and one.key not in sending.closed}
    return sorted(waits.difference(closed))


def _write(gate: Gate, plan: Plan, state: StepState, changes: int, line: str, **more: Any) -> None:
    gate.record.append(
        LineKind.STEP, step=plan.step, plan=plan.id, state=state.value, changes=changes, line=line, **more
    )
