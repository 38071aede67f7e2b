"""Sending one change: written down, sent, and written down again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Protocol

from onetrail.change.gate import Caller, Gate
from onetrail.change.interrupt import heed
from onetrail.change.plan import Change, ExpectedAnswer
from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.text_store import ChangedText, PutBack, TextUnread
from onetrail.change.values import After, iso, resolve, seconds
from onetrail.errors import OnetrailError, described

BulkDoer = Callable[[Change], Mapping[str, Any]]
AGAIN_SECONDS: Final = 30
"""How long a probe that is not refused yet waits before it is sent again."""


class ChangeFailed(OnetrailError):
    """A change was sent and failed, or a probe got through. `result` is what the record keeps of it, such as ledger
    parts of bulk work."""

    def __init__(self, message: str, result: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.result = result


@dataclass(frozen=True)
class Done:
    """One change that was carried out, with the request id that it was given."""

    change: Change
    request_id: str
    result: Mapping[str, Any]


class Ordered(Protocol):
    """The changes of a plan, or what is left of them."""

    @property
    def step(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def changes(self) -> tuple[Change, ...]: ...


@dataclass
class Sending:
    """The changes of one plan on their way.

    `sent` has the key of each change that left and was not refused, `closed` of each that is done, `until` the instant
    from which an opening refuses by itself, `restored` what each closing put back.
    """

    plan: "Ordered"
    gate: Gate
    bulk: BulkDoer | None
    done: list[Done] = field(default_factory=list)
    sent: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    until: dict[str, str] = field(default_factory=dict)
    restored: dict[str, PutBack] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._callers: dict[tuple[str, str], Caller] = {}
        self._shown: set[str] = set()

    def wait_for(self, change: Change) -> None:
        """Let the time pass that is to lie between the change before it and this one."""
        if change.after:
            self._wait(seconds(change.after), "a refusal counts when it is repeated after a while")

    def send(self, change: Change) -> None:
        """Send it now. Raises ChangeFailed, RecordError, TextUnread, and what a bulk rule raises on purpose."""
        for left in reversed(range(change.tries)):
            if self._once(change, last=not left):
                return
            self._wait(AGAIN_SECONDS, f"{change.resource} does not refuse yet: a new policy has to propagate")

    def parameters(self, change: Change) -> dict[str, Any]:
        """What is sent for the change now."""
        results = {done.change.key: done.result for done in self.done}
        return dict(resolve(change.parameters, self.gate.clock.now(), results))

    def _wait(self, length: int, why: str) -> None:
        now = self.gate.clock.now()
        self.gate.clock.wait_until(now + timedelta(seconds=length), why, self.gate.say)

    def _once(self, change: Change, *, last: bool) -> bool:
        """True when the change is done; False when a probe was not refused and may be sent again."""
        heed()
        self._say_who(change)
        parameters = self.parameters(change)
        text, line = self._text(change, parameters), self.gate.record.lines + 1
        if text is not None:
            change, parameters = text.change, dict(text.parameters)
        found = text.put_back if text else None
        number = self.gate.record.append(
            LineKind.INTENT,
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
            **({"restores": found.recorded()} if found else {}),
            **(text.replaced(line) if text else {}),
        )
        self._say(change, found)
        self.sent.add(change.key)
        self._note_expiry(change)
        try:
            with self.gate.guard.opened(change, parameters):
                result = dict(
                    self.bulk(change) if change.bulk and self.bulk else self.gate.sender.send(change, parameters)
                )
        except Exception as err:  # noqa: BLE001 - whatever a transport raises is recorded, then raised again with its cure
            gone = "" if change.expects is ExpectedAnswer.REFUSED else self.gate.sender.gone(change, err)
            if not gone:
                return self._failed(change, number, err, last=last)
            result = {"was_gone_already": gone}
            self.gate.say(f"{change.resource}: was gone already ({gone})")
        if change.expects is ExpectedAnswer.REFUSED:
            self.gate.record.append(
                LineKind.FAILED,
                key=change.key,
                intent=number,
                error="a call that must be refused got through",
            )
            raise ChangeFailed(
                f"{change.resource}: {change.service}:{change.call} as {change.actor} must be refused but got through"
            )
        request_id = str(result.pop("RequestId", ""))
        self._is_done(change, number, request_id, result, text.put(line) if text else {})
        return True

    def _is_done(
        self,
        change: Change,
        number: str,
        request_id: str,
        result: Mapping[str, Any],
        texts: Mapping[str, Any],
    ) -> None:
        self.gate.record.append(
            LineKind.DONE,
            key=change.key,
            intent=number,
            request_id=request_id,
            closes=change.closes,
            result=result,
            **texts,
        )
        self.closed.add(change.key)
        self.done.append(Done(change, request_id, result))

    def _say_who(self, change: Change) -> None:
        """Write who sends, once for each account and actor of the plan, and again where another role or credential
        became of it."""
        who, where = self.gate.sender.caller(change), (change.account, change.actor)
        if who and self._callers.get(where) != who:
            self.gate.record.append(
                LineKind.CALLER,
                step=self.plan.step,
                plan=self.plan.id,
                account=change.account,
                actor=change.actor,
                arn=who.arn,
                way=who.way,
            )
            self._callers[where] = who

    def _say(self, change: Change, found: PutBack | None) -> None:
        line, changes = f"{change.service}:{change.call} {change.resource}", self.plan.changes
        if self.gate.sent is None:
            self.gate.say(line)
        else:
            self._shown.add(change.key)
            self.gate.sent(line, len(self._shown), len(changes))
        if found is not None:
            self.restored[change.key] = found
            self.gate.say(f"{change.resource}: {found.line}")

    def _note_expiry(self, change: Change) -> None:
        durations = set(_durations(change.parameters))
        if durations and not change.closes:
            now = self.gate.clock.now()
            self.until[change.key] = max(iso(now + timedelta(seconds=seconds(one))) for one in durations)

    def _text(self, change: Change, parameters: Mapping[str, Any]) -> ChangedText | None:
        try:
            return self.gate.texts.of(change, parameters)
        except TextUnread as err:
            self.gate.record.append(
                LineKind.NOT_SENT,
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

    def _failed(self, change: Change, number: str, err: Exception, *, last: bool) -> bool:
        code = self.gate.sender.refusal(err)
        if code:
            self.sent.discard(change.key)
        if change.expects is ExpectedAnswer.REFUSED and code:
            self.gate.record.append(LineKind.DONE, key=change.key, intent=number, result={"refused": code})
            self.done.append(Done(change, "", {"refused": code}))
            return True
        result = {"result": err.result} if isinstance(err, ChangeFailed) and err.result else {}
        self.gate.record.append(
            LineKind.FAILED,
            step=self.plan.step,
            key=change.key,
            intent=number,
            error=described(err),
            **result,
        )
        if change.expects is ExpectedAnswer.REFUSED and not last and not self.gate.sender.expired(err):
            return False
        if isinstance(err, OnetrailError):
            raise err
        raise ChangeFailed(
            f"{change.service}:{change.call} on {change.resource} in account {change.account} failed: {err}; "
            f"{self._cure(err)} and run this step again: it goes on from what is there"
        ) from err

    def _cure(self, err: Exception) -> str:
        return "sign in again" if self.gate.sender.expired(err) else "fix the cause"


def _durations(value: Any) -> list[str]:
    if isinstance(value, After):
        return [value.duration]
    inner = getattr(value, "value", value)
    parts = inner.values() if isinstance(inner, Mapping) else inner if isinstance(inner, list | tuple) else ()
    return [found for part in parts for found in _durations(part)]
