"""Sending a plan: each change is written down, sent, and written down again; what was opened is closed whatever happens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onetrail.change.gate import Gate
from onetrail.change.plan import Change, Plan
from onetrail.change.record import RecordError
from onetrail.change.texts import Texts, TextUnread, put, replaced, texts_of
from onetrail.change.values import iso, resolve
from onetrail.change.words import counted
from onetrail.errors import NotYet, OnetrailError


class ChangeFailed(OnetrailError):
    """A change was sent and failed, or a canary got through."""


@dataclass(frozen=True)
class Requirement:
    """The state of a named check at this moment. `again` is set where only time is missing."""

    met: bool
    why: str
    again: datetime | None = None


@dataclass(frozen=True)
class Done:
    """One change that was carried out, with the request id AWS gave it."""

    change: Change
    request_id: str
    result: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of a plan.

    `state` is `nothing` (already as wanted), `planned` (not approved, nothing sent), `waiting` (a forerunner is not done),
    `not_yet` (time is missing, `line` says until when), `applied`, or `stopped` (a requirement was not met).
    """

    plan: Plan
    state: str
    line: str
    done: tuple[Done, ...] = ()

    @property
    def exit_code(self) -> int:
        """0, 3 when stopped by an unmet requirement, 4 when time is missing."""
        return {"not_yet": 4, "stopped": 3}.get(self.state, 0)


_LOOKS = 8
"""How often a requirement that only lacks time is looked at again before the step ends with `not yet`."""

Requires = Mapping[str, Callable[[], Requirement]]
BulkDoer = Callable[[Change], Mapping[str, Any]]


def run_plan(
    plan: Plan, gate: Gate, requires: Requires | None = None, bulk: BulkDoer | None = None
) -> Outcome:
    """Apply an approved plan through the gate.

    `requires` maps the names that changes use to checks. `bulk` carries out a change that has a bulk rule and returns what the record keeps.
    Raises PlanRefused, ChangeFailed, RecordError, TextUnread; a missing approval is no error.
    """
    outcome = _unsent(plan)
    if (outcome is None or (outcome.state == "not_yet" and plan.ends_with)) and gate.opens_for(plan):
        outcome = _Run(plan, gate, requires or {}, bulk).run()
    elif outcome is None:
        outcome = Outcome(
            plan,
            "planned",
            f"Nothing was changed: {_count(plan)} await approval; to apply them set approve = {plan.id!r}.",
        )
    gate.record.append(
        "step",
        step=plan.step,
        plan=plan.id,
        state=outcome.state,
        changes=len(outcome.done),
        line=outcome.line,
    )
    if outcome.done and gate.anchor:
        gate.anchor(gate.record)
    return outcome


def _unsent(plan: Plan) -> Outcome | None:
    if plan.waiting_for:
        return Outcome(
            plan,
            "waiting",
            f"waiting for {plan.waiting_for}: {plan.why}" if plan.why else f"waiting for {plan.waiting_for}",
        )
    if plan.empty and plan.not_yet:
        return Outcome(plan, "not_yet", f"not yet: {plan.why}: again after {iso(plan.not_yet)}")
    if plan.empty:
        return Outcome(plan, "nothing", "Nothing to change: everything this step is for is already so.")
    return None


def _count(plan: Plan) -> str:
    return counted(len(plan.changes), "change")


class _Run:
    def __init__(self, plan: Plan, gate: Gate, requires: Requires, bulk: BulkDoer | None) -> None:
        self.plan, self.gate, self.requires, self.bulk = plan, gate, requires, bulk
        self.done: list[Done] = []
        self.sent: set[str] = set()

    def run(self) -> Outcome:
        self.gate.record.append(
            "plan",
            step=self.plan.step,
            plan=self.plan.id,
            approve=self.gate.approve,
            changes=[{"key": change.key, **change.meaning()} for change in self.plan.changes],
        )
        try:
            for change in self.plan.changes:
                stop = self._unmet(change.requires, f"before {change.key!r}")
                if stop:
                    return stop
                self._send(change)
            stop = self._unmet(self.plan.ends_with, "at the end")
            if stop:
                return stop
        finally:
            self._close_what_is_open()
        return Outcome(
            self.plan, "applied", f"Applied {_count(self.plan)} of plan {self.plan.id}.", tuple(self.done)
        )

    def _unmet(self, name: str, where: str) -> Outcome | None:
        """None once the named check holds; waits for it a bounded number of times, with nothing left open meanwhile."""
        if not name:
            return None
        state = self.requires[name]()
        for _ in range(_LOOKS):
            if state.met or not state.again:
                break
            self._close_what_is_open()
            try:
                self.gate.clock.wait_until(state.again, state.why, self.gate.say)
            except NotYet as wait:
                return Outcome(self.plan, "not_yet", str(wait), tuple(self.done))
            state = self.requires[name]()
        self.gate.record.append("requirement", step=self.plan.step, name=name, met=state.met, why=state.why)
        if state.met:
            return None
        if state.again:
            return Outcome(
                self.plan,
                "not_yet",
                f"not yet: {state.why}: again after {iso(state.again)}",
                tuple(self.done),
            )
        return Outcome(self.plan, "stopped", f"Stopped {where}: {state.why}.", tuple(self.done))

    def _send(self, change: Change) -> None:
        results = {done.change.key: done.result for done in self.done}
        parameters = resolve(change.parameters, self.gate.clock.now(), results)
        texts, line = self._texts(change, parameters), self.gate.record.lines + 1
        number = self.gate.record.append(
            "intent",
            step=self.plan.step,
            plan=self.plan.id,
            key=change.key,
            account=change.account,
            region=change.region,
            service=change.service,
            call=change.call,
            actor=change.actor,
            resource=change.resource,
            before=change.before,
            parameters=parameters,
            reason=change.reason,
            **replaced(self.gate.record.folder, line, change, texts),
        )
        self.gate.say(f"{change.service}:{change.call} {change.resource}")
        self.sent.add(change.key)
        try:
            with self.gate.guard.opened(change, parameters):
                result = dict(
                    self.bulk(change)
                    if change.bulk and self.bulk
                    else self.gate.sender.send(change, parameters)
                )
        except Exception as err:  # noqa: BLE001 - whatever a transport raises is recorded, then raised again with its cure
            self._failed(change, number, err)
            return
        if change.expects == "refused":
            self.gate.record.append(
                "failed", key=change.key, intent=number, error="a call that must be refused got through"
            )
            raise ChangeFailed(
                f"{change.resource}: {change.service}:{change.call} as {change.actor} must be refused but got through"
            )
        request_id = str(result.pop("RequestId", ""))
        self.gate.record.append(
            "done",
            key=change.key,
            intent=number,
            request_id=request_id,
            closes=change.closes,
            result=result,
            **put(self.gate.record.folder, line, change, texts),
        )
        self.done.append(Done(change, request_id, result))

    def _texts(self, change: Change, parameters: Mapping[str, Any]) -> Texts | None:
        try:
            return texts_of(self.gate.sender.texts, change, parameters)
        except TextUnread as err:
            self.gate.record.append(
                "not_sent",
                step=self.plan.step,
                plan=self.plan.id,
                key=change.key,
                account=change.account,
                region=change.region,
                service=change.service,
                call=change.call,
                resource=change.resource,
                why=err.line,
            )
            raise

    def _failed(self, change: Change, number: str, err: Exception) -> None:
        code = self.gate.sender.refusal(err)
        if code:
            self.sent.discard(change.key)
        if change.expects == "refused" and code:
            self.gate.record.append("done", key=change.key, intent=number, result={"refused": code})
            self.done.append(Done(change, "", {"refused": code}))
            return
        self.gate.record.append(
            "failed", step=self.plan.step, key=change.key, intent=number, error=f"{type(err).__name__}: {err}"
        )
        if isinstance(err, OnetrailError):
            raise err
        raise ChangeFailed(
            f"{change.service}:{change.call} on {change.resource} in account {change.account} failed: {err}; "
            "mend the cause and run this step again: it goes on from what is there"
        ) from err

    def _close_what_is_open(self) -> None:
        """Close every opening that was sent and not refused; a closing that fails does not keep the next one from being tried."""
        failures: list[Exception] = []
        for change in self.plan.changes:
            if change.closes not in self.sent or change.key in self.sent:
                continue
            try:
                self._send(change)
            except (RecordError, TextUnread) as err:
                failures.append(self._send_unrecorded(change, err))
            except Exception as err:  # noqa: BLE001 - raised once every other closing was tried
                failures.append(err)
        if failures:
            raise next((one for one in failures if isinstance(one, ChangeFailed)), failures[0])

    def _send_unrecorded(self, change: Change, why: OnetrailError) -> Exception:
        """A hole is closed even when the disk no longer takes the line that says so; returns what is to be raised in the end."""
        parameters = resolve(
            change.parameters, self.gate.clock.now(), {done.change.key: done.result for done in self.done}
        )
        what = f"{change.service}:{change.call} {change.resource}"
        try:
            with self.gate.guard.opened(change, parameters):
                self.gate.sender.send(change, parameters)
        except Exception as err:  # noqa: BLE001 - the other closings are tried first
            return ChangeFailed(
                f"{why.line}; {what} was then sent without a record line and failed: {err}; run this step again: it closes what is open"
            )
        self.gate.say(f"closed without a record line: {what}")
        return why
