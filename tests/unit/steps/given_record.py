"""Situations for the tests of the evidence: a run record as real plans write it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from onetrail.change import Change, Document, Plan, run_plan
from tests.unit.change.given import (
    MovableClock,
    Refused,
    given_a_change,
    given_a_gate,
    given_a_plan,
    given_a_showing,
)

ACCOUNT = "111122223333"
BUCKET = "old"
BEFORE = {"Version": "2012-10-17", "Statement": [{"Sid": "CloudTrail", "Effect": "Allow"}]}
TEMPORARY = {
    "Sid": "OnetrailCopyRead",
    "Effect": "Allow",
    "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-01-12T18:00:00Z"}},
}
OPENED = {"Version": "2012-10-17", "Statement": [*BEFORE["Statement"], TEMPORARY]}


def given_a_policy(key: str, before: Any, after: Any, **said: Any) -> Change:
    """A change that puts a bucket's policy."""
    return given_a_change(key, parameters={"Bucket": BUCKET, "Policy": Document(after)}, before=before, **said)


def given_a_grant(closes: bool = True) -> Plan:
    """Open, use, close; without `closes` the plan does not undo what it opens."""
    opening = given_a_policy("open-old", BEFORE, OPENED, reason="the copier may read")
    closing = given_a_policy("close-old", OPENED, BEFORE, closes="open-old" if closes else "")
    return given_a_plan(
        opening,
        given_a_change("work", call="PutObject", parameters={"Bucket": BUCKET}),
        *([closing] if closes else []),
        step="05",
    )


def given_a_later_closing() -> Plan:
    """What closes a grant that an earlier run left open."""
    return given_a_plan(given_a_policy("close-old", OPENED, BEFORE), step="05")


def sent(folder: Path, *plans: Plan, failing: Any = None, held: Any = None, **said: Any) -> None:
    """Apply the plans, one after the other, into the record of `folder`; `held` has the texts of changes by their
    keys."""
    for plan in plans:
        if "approve" in said:
            given_a_showing(folder, plan, MovableClock())
        gate, sender = given_a_gate(folder, failing=failing, **said)
        sender.held |= held or {}
        sender.send = _ticking(sender.send, gate.clock)
        with suppress(Exception):  # what the record then says is what the tests are about
            run_plan(plan, gate)
        gate.record.__exit__()


def killed(folder: Path, plan: Plan, at: str) -> None:
    """The process dies while the change `at` is on its way: nothing after its intent is written, and nothing is
    closed."""

    class Killed(BaseException):
        pass

    gate, sender = given_a_gate(folder)
    whole, append = sender.send, gate.record.append

    def send(change: Change, parameters: Any) -> Any:
        if change.key == at:
            gate.record.append = dead
            raise Killed
        return whole(change, parameters)

    def dead(kind: str, **fields: Any) -> str:
        raise Killed

    sender.send = send
    with suppress(Killed):
        run_plan(plan, gate)
    gate.record.append = append
    gate.record.__exit__()


def _ticking(send: Callable[..., Any], clock: MovableClock) -> Callable[..., Any]:
    """Each call takes a minute."""

    def slow(change: Change, parameters: Any) -> Any:
        clock.moment += timedelta(minutes=1)
        return send(change, parameters)

    return slow


__all__ = [
    "ACCOUNT",
    "BUCKET",
    "Refused",
    "given_a_grant",
    "given_a_later_closing",
    "given_a_policy",
    "killed",
    "sent",
]
