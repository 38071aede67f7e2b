"""The gate: a plan runs only if its own id was approved, and then exactly as it was reviewed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from onetrail.change.clock import Clock
from onetrail.change.guard import Guard
from onetrail.change.plan import Change, Plan
from onetrail.change.plan_end import PlanEnd
from onetrail.change.run_record.record import RunRecord
from onetrail.change.text_store import TextStore
from onetrail.errors import WrongUse
from onetrail.progress import Tell, unheard


class PlanRefused(WrongUse):
    """Something was approved, but not this plan."""


class Caller(NamedTuple):
    """Who sends in an account as an actor: the identity by its full name, and how it was reached, in words (`role ...`,
    `profile ...`, `own credentials`)."""

    arn: str
    way: str


class Sender(Protocol):
    """Sends one change as the identity that it names."""

    def send(self, change: Change, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """The response, without its metadata but with `RequestId`; raises what the client raises."""
        ...

    def caller(self, change: Change) -> Caller | None:
        """Who will send the change; None where the account cannot be entered, so that sending it fails."""
        ...

    def refusal(self, error: BaseException) -> str:
        """The error code where it was refused for lack of permission, else an empty string."""
        ...

    def expired(self, error: BaseException) -> bool:
        """True where the credentials are over, so that asking again with them cannot help."""
        ...

    def gone(self, change: Change, error: BaseException) -> str:
        """The error code where what the change takes away no longer exists, so that it is done; else an empty
        string."""
        ...


@dataclass
class Gate:
    """What `apply` needs: the approval, the sender, the record, the clock, the guard, who keeps texts and where
    progress goes.

    `progress` gets how far bulk work is. `sent` gets each call that is sent, its change's number and how many changes
    the plan has; without it, `say` gets the call alone.
    `anchor` puts the record's head into the locked work bucket, if that is there yet, and returns why it could not;
    None where nobody does. `ended` is how the last plan ended of which something
    was sent.
    """

    approve: str
    estate: str
    sender: Sender
    record: RunRecord
    clock: Clock
    guard: Guard
    texts: TextStore
    say: Callable[[str], None] = field(default=lambda line: None)
    progress: Tell = unheard
    sent: Callable[[str, int, int], None] | None = None
    anchor: Callable[[RunRecord], str] | None = None
    ended: PlanEnd | None = field(init=False, default=None)
    _sealed: int = field(init=False)
    _unsealed: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self._sealed = self.record.lines

    def seal(self) -> str:
        """Put the record's head outside this machine where lines were written since the last one; returns why it could
        not be put, else nothing.

        Without any approval nothing is put: a run that only plans sends no changing call at all.
        """
        if self.anchor and self.approve and self._sealed != self.record.lines:
            self._unsealed = self.anchor(self.record)
            self._sealed = self.record.lines
        return self._unsealed

    def opens_for(self, plan: Plan) -> bool:
        """True if this plan was approved, False if nothing was; raises PlanRefused if something else was.

        Nothing is written beside another process: an empty plan goes without, and any other raises RunFolderBusy.
        """
        if not self.approve:
            return False
        if self.record.busy:
            if plan.empty:
                return False
            raise self.record.busy
        if plan.empty:
            return bool(plan.ends_with)
        if self.approve == "any":
            if self.estate != "practice":
                raise PlanRefused(
                    f"approve: 'any' is for the practice estate only; to apply this plan pass approve={plan.id}"
                )
            return True
        if plan.id in {part.strip() for part in self.approve.split(",")}:
            return True
        raise PlanRefused(
            f"step {plan.step}: the plan is now {plan.id}, which is not what was approved ({self.approve}); "
            f"review it again and pass approve={plan.id}"
        )
