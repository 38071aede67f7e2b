"""Closing what a plan opened, whatever ended it: each closing is tried, again where the network may come back, and what
stays open is reported."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from onetrail.change.interrupt import uninterrupted
from onetrail.change.named_check import RequiredCheck
from onetrail.change.plan import Change
from onetrail.change.run_record.chain_check import RecordError
from onetrail.change.send import ChangeFailed, Sending
from onetrail.change.text_store import TextUnread
from onetrail.errors import OnetrailError

PAUSES_SECONDS: Final = (5, 15, 45, 90)
"""Between the tries of closings that failed, each after the client's own retries."""

Holds = Callable[[RequiredCheck], str]
"""Why a check does not hold; empty where it does."""


class StillOpen(ChangeFailed):
    """What a plan opened could not all be closed; the message says what is open and what ends it."""


def close_what_is_open(sending: Sending, unmet: Holds) -> None:
    """Send the closing of every opening that was sent and not refused, but for those that are done.

    One that fails does not keep the next from being tried.

    A closing whose check does not hold waits for the others, and is not sent before it does. One is spared where a
    later closing made the same text once more. Signals wait meanwhile.
    Raises what failed, once every closing was tried.
    """
    changes = sending.plan.changes
    pending = [one for one in changes if one.closes in sending.sent and one.key not in sending.closed]
    if pending:
        with uninterrupted(sending.gate.say):
            _Closing(sending, unmet).close(pending)


class _Closing:
    def __init__(self, sending: Sending, unmet: Holds) -> None:
        self.sending, self.unmet = sending, unmet
        self.failed: dict[str, Exception] = {}
        self.raises: list[OnetrailError] = []

    def close(self, pending: list[Change]) -> None:
        # All closings are tried in each round, whatever became of the others: a grant that stays open is worse than any
        # error, and an error of one account says nothing of the next. Only what may pass is worth a pause; a refusal
        # will be a refusal again, and the person should hear of it while the grant is still open. `_replaced` is asked
        # after the tries, since the later closing that makes this one needless is sent in the same round.
        for pause in (*PAUSES_SECONDS, 0):
            pending = [change for change in pending if not self._closed(change)]
            pending = [change for change in pending if not self._replaced(change)]
            if not pending or not any(self._may_pass(change) for change in pending) or not pause:
                break
            if not self._waited(pause, len(pending)):
                break
        # What is open outranks a record that could not be written: the first lets somebody in, the second does not.
        if pending:
            raise self._still_open(pending)
        if self.raises:
            raise self.raises[0]

    def _replaced(self, change: Change) -> bool:
        """Whether a later closing of the same thing, which takes more back, is done."""
        changes = self.sending.plan.changes
        later = changes[changes.index(change) + 1 :]
        there = (change.account, change.service, change.resource)
        return any(
            one.restores is not None
            and one.key in self.sending.closed
            and (one.account, one.service, one.resource) == there
            for one in later
        )

    def _closed(self, change: Change) -> bool:
        """Whether that closing is done, if need be without a line in the record."""
        waits = self._waits(change, change.requires) if change.requires else None
        if waits:
            self.failed[change.key] = waits
            return False
        try:
            self.sending.send(change)
        except (RecordError, TextUnread) as err:
            return self._sent_unrecorded(change, err)
        except Exception as err:  # noqa: BLE001 - every other closing is tried before it is raised
            self.failed[change.key] = _short(change, err)
            return False
        return True

    def _waits(self, change: Change, check: RequiredCheck) -> ChangeFailed | None:
        """Why it is not sent yet; None once its check holds. A check that cannot be made does not hold."""
        cause: Exception | None = None
        try:
            why = self.unmet(check)
        except Exception as err:  # noqa: BLE001 - every other closing is tried before it is raised
            why, cause = f"{check} could not be checked: {err}", err
        if not why:
            return None
        waits = ChangeFailed(f"{change.service}:{change.call} {change.resource} waits: {why}")
        waits.__cause__ = cause
        return waits

    def _sent_unrecorded(self, change: Change, why: OnetrailError) -> bool:
        """A grant is closed even when the disk no longer takes the line that says so."""
        gate, what = self.sending.gate, f"{change.service}:{change.call} {change.resource}"
        try:
            parameters = self.sending.parameters(change)
            with gate.guard.opened(change, parameters):
                gate.sender.send(change, parameters)
        except Exception as err:  # noqa: BLE001 - the other closings are tried first
            if gate.sender.gone(change, err):
                return self._noted(change, what, why)
            self.failed[change.key] = ChangeFailed(
                f"{why.line}; {what} was then sent without a record line and failed: {err}"
            )
            return False
        return self._noted(change, what, why)

    def _noted(self, change: Change, what: str, why: OnetrailError) -> bool:
        self.sending.closed.add(change.key)
        self.sending.gate.say(f"closed without a record line: {what}")
        self.raises.append(why)
        return True

    def _may_pass(self, change: Change) -> bool:
        """Whether trying again can help: not where it was refused, nor where the credentials are over."""
        err = self.failed[change.key]
        causes = [err, *([err.__cause__] if err.__cause__ else [])]
        sender = self.sending.gate.sender
        return not any(sender.refusal(cause) or sender.expired(cause) for cause in causes)

    def _waited(self, pause: int, left: int) -> bool:
        gate = self.sending.gate
        why = f"{left} of what was opened could not be closed yet; it is tried again"
        try:
            gate.clock.wait_until(gate.clock.now() + timedelta(seconds=pause), why, gate.say)
        except Exception:  # noqa: BLE001 - a clock that cannot be asked, or will not wait, does not hide what is open
            return False
        return True

    def _still_open(self, pending: list[Change]) -> StillOpen:
        first = next((self.failed[one.key] for one in pending if not one.requires), self.failed[pending[0].key])
        open_ = "; ".join(self._open(change) for change in pending)
        return StillOpen(
            f"{' '.join(str(first).split())}; still open: {open_}; run this step again: it closes what is open"
        )

    def _open(self, change: Change) -> str:
        until = self.sending.until.get(change.closes, "")
        return f"{change.resource} ({f'refuses by itself from {until}' if until else 'until it is closed'})"


def _short(change: Change, err: Exception) -> Exception:
    """The failure without the advice to fix its cause, which is given once for all."""
    if err.__cause__ is None or not isinstance(err, ChangeFailed):
        return err
    short = ChangeFailed(
        f"{change.service}:{change.call} on {change.resource} in account {change.account} failed: {err.__cause__}"
    )
    short.__cause__ = err.__cause__
    return short
