"""Sending a plan: each change is written down, sent, and written down again; what was opened is closed whatever
happens."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from onetrail.change.approval import Confirmation, Opening
from onetrail.change.close import close_what_is_open
from onetrail.change.consequence import consequence
from onetrail.change.end.apart import ApartAccounts
from onetrail.change.end.ending import ended_before, record_end, record_failure
from onetrail.change.gate import Gate, PlanRefused
from onetrail.change.interrupt import ended_by_signals, heed
from onetrail.change.named_check import RequiredCheck
from onetrail.change.outcome import Outcome
from onetrail.change.plan import Plan
from onetrail.change.run_record.chain_check import RecordError
from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.send import BulkDoer, Sending
from onetrail.change.step_state import StepState
from onetrail.change.values import iso
from onetrail.change.words import counted
from onetrail.errors import NotYet, OnetrailError


@dataclass(frozen=True)
class Requirement:
    """The state of a check at this moment. `again` is set where only time is missing."""

    met: bool
    why: str
    again: datetime | None = None


_LOOKS = 8
"""How often a requirement that only lacks time is looked at again before the step ends with `not yet`."""

Requires = Mapping[RequiredCheck, Callable[[], Requirement]]


def run_plan(
    plan: Plan,
    gate: Gate,
    requires: Requires | None = None,
    bulk: BulkDoer | None = None,
    accounts: Collection[str] = (),
) -> Outcome:
    """Apply an approved plan through the gate.

    `requires` has how each check is made that the plan names. `bulk` carries out a change that has a bulk rule and
    returns what the record keeps. What fails in one of `accounts` ends the plan there alone: the others' changes are
    sent, those of any other account are not.

    Raises PlanRefused, ChangeFailed, RecordError, TextUnread; a missing approval is no error.
    """
    outcome = _unsent(plan)
    if outcome is None or (outcome.state is StepState.NOT_YET and plan.ends_with):
        try:
            opening = gate.opens_for(plan)
        except PlanRefused as err:
            record_failure(gate, plan, err)
            raise
        if opening:
            return _Run(plan, gate, requires or {}, bulk, accounts).run(opening)
    return record_end(gate, outcome or _planned(plan, gate.confirmation(plan)))


def _planned(plan: Plan, asked: Confirmation | None) -> Outcome:
    more = f" and confirm = {asked.shortest!r}" if asked else ""
    return Outcome(
        plan,
        StepState.PLANNED,
        f"Nothing was changed: {_count(plan)} await approval; to apply them set approve = {plan.id!r}{more}.",
    )


def _unsent(plan: Plan) -> Outcome | None:
    if plan.waiting_for:
        return Outcome(
            plan,
            StepState.WAITING,
            f"waiting for {plan.waiting_for}: {plan.why}" if plan.why else f"waiting for {plan.waiting_for}",
        )
    if plan.empty and plan.not_yet:
        return Outcome(plan, StepState.NOT_YET, f"not yet: {plan.why}: again after {iso(plan.not_yet)}")
    if plan.empty and plan.why:
        first = f": {plan.notes[0]}" if plan.not_evaluated and plan.notes else ""
        state = StepState.NOT_EVALUATED if plan.not_evaluated else StepState.WITHHELD
        return Outcome(plan, state, f"Nothing is planned: {plan.why}{first}.")
    if plan.empty:
        return Outcome(plan, StepState.NOTHING, plan.nothing_to_change)
    return None


def _count(plan: Plan) -> str:
    return counted(len(plan.changes), "change")


class _Run:
    def __init__(
        self, plan: Plan, gate: Gate, requires: Requires, bulk: BulkDoer | None, accounts: Collection[str]
    ) -> None:
        self.plan, self.gate, self.requires = plan, gate, requires
        self.sending = Sending(plan, gate, bulk)
        self.apart = ApartAccounts(plan, accounts)

    def run(self, opening: Opening) -> Outcome:
        if before := ended_before(self.gate, self.plan):
            self.gate.say(before)
        with ended_by_signals(self.gate.say):
            try:
                self._begin(opening)
                try:
                    outcome = self._sent() or self._outcome(
                        StepState.APPLIED, f"Applied {_count(self.plan)} of plan {self.plan.id}."
                    )
                finally:
                    self._close()
                heed()
            except BaseException as err:
                record_failure(self.gate, self.plan, err, self.sending)
                raise
            return record_end(self.gate, outcome)

    def _begin(self, opening: Opening) -> None:
        """Write that the plan is approved. An interrupt right after it ends the plan like any other."""
        self.gate.record.in_step(self.plan.step)
        self.gate.record.append(
            LineKind.PLAN,
            step=self.plan.step,
            plan=self.plan.id,
            approve=self.gate.approve,
            changes=[change.meaning() for change in self.plan.changes],
            consequence=consequence(self.plan).plain(),
            **opening.recorded(),
        )

    def _sent(self) -> Outcome | None:
        """Every change in its order; an outcome where a check that one of them needs does not hold."""
        for change in self.plan.changes:
            if self.apart.skips(change):
                continue
            self.sending.wait_for(change)
            stop = self._unmet(change.requires, f"before {change.key!r}")
            if stop:
                if stop.state is StepState.STOPPED and self.apart.stopped(change, stop.line):
                    self.gate.say(stop.line)
                    continue
                return stop
            try:
                self.sending.send(change)
            except RecordError:
                raise
            except OnetrailError as err:
                if self.gate.sender.expired(err.__cause__ or err) or not self.apart.failed(change, err):
                    raise
                self.gate.say(err.line)
        self.apart.raise_failure(len(self.sending.done))
        if line := self.apart.line(len(self.sending.done)):
            return self._outcome(StepState.STOPPED, line)
        return self._unmet(self.plan.ends_with, "at the end")

    def _close(self) -> None:
        close_what_is_open(self.sending, lambda check: "" if (state := self.requires[check]()).met else state.why)

    def _outcome(self, state: StepState, line: str) -> Outcome:
        return Outcome(self.plan, state, " ".join([line, *self._put_back()]), tuple(self.sending.done))

    def _put_back(self) -> list[str]:
        """What became of the texts that were put back, in sentences."""
        names = {change.key: change.resource for change in self.plan.changes}
        return self.gate.texts.became([(names[key], found) for key, found in self.sending.restored.items()])

    def _unmet(self, check: RequiredCheck | None, where: str) -> Outcome | None:
        """None once the check holds; waits for it a bounded number of times, with nothing left open meanwhile."""
        if check is None:
            return None
        state = self.requires[check]()
        for _ in range(_LOOKS):
            if state.met or not state.again:
                break
            self._close()
            try:
                self.gate.clock.wait_until(state.again, state.why, self.gate.say)
            except NotYet as wait:
                return self._outcome(StepState.NOT_YET, str(wait))
            state = self.requires[check]()
        self.gate.record.append(
            LineKind.REQUIREMENT, step=self.plan.step, name=str(check), met=state.met, why=state.why
        )
        if state.met:
            return None
        if state.again:
            return self._outcome(StepState.NOT_YET, f"not yet: {state.why}: again after {iso(state.again)}")
        return self._outcome(StepState.STOPPED, f"Stopped {where}: {state.why}.")
