"""The gate: a plan runs only if its own id was approved, and then exactly as it was reviewed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from onetrail.change.approval import (
    ApprovalTerms,
    ApprovalWay,
    Confirmation,
    Opening,
    PlanRefused,
    Showing,
    Witness,
    confirmation_of,
    refuse_expired,
    refuse_unshown,
    shown,
)
from onetrail.change.approval.confirm import AccountName
from onetrail.change.approval.given import ANY
from onetrail.change.clock import Clock
from onetrail.change.guard import Guard
from onetrail.change.plan import Change, Plan
from onetrail.change.plan_end import PlanEnd
from onetrail.change.run_record.chain_check import entries
from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.run_record.record import RunRecord
from onetrail.change.text_store import TextStore
from onetrail.change.values import iso
from onetrail.progress import Tell, unheard

__all__ = ["Caller", "Gate", "PlanRefused", "Sender"]


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
    was sent. `terms` are what is given in addition to the id, and what the parameters ask for; `witness` looks at the
    estate.
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
    terms: ApprovalTerms = field(default_factory=ApprovalTerms)
    witness: Witness | None = None
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

    def opens_for(self, plan: Plan) -> Opening | None:
        """What opened the gate for this plan, None if nothing was approved; raises PlanRefused if something else was,
        or if the approval lacks what the plan asks for.

        Nothing is written beside another process: an empty plan goes without, and any other raises RunFolderBusy.
        """
        if not self.approve:
            return None
        if self.record.busy:
            if plan.empty:
                return None
            raise self.record.busy
        if plan.empty:
            return Opening(self._way) if plan.ends_with else None
        self._refuse_another(plan)
        confirmed = self._confirmed(plan)
        return self._opening(plan, confirmed)

    def confirmation(self, plan: Plan) -> Confirmation | None:
        """What the plan asks for in addition to its id; None where it destroys nothing."""
        return confirmation_of(
            plan, self.witness.name_of if self.witness else lambda account: AccountName(account, account)
        )

    def caller(self) -> str:
        """The ARN of the identity at hand; empty where nobody can say."""
        return self.witness.caller() if self.witness else ""

    @property
    def _way(self) -> ApprovalWay:
        if self.approve == ANY:
            return ApprovalWay.ANY
        return ApprovalWay.TYPED if self.terms.typed else ApprovalWay.PARAMETER

    def _refuse_another(self, plan: Plan) -> None:
        """Raises PlanRefused where the approval names another plan."""
        if self.approve == ANY:
            if self.estate != "practice":
                raise PlanRefused(
                    f"approve: 'any' is for the practice estate only; to apply this plan pass approve={plan.id}"
                )
            return
        if plan.id not in {part.strip() for part in self.approve.split(",")}:
            shown_first = "" if self._shown(plan) else f", once step {plan.step} has shown it without approve,"
            raise PlanRefused(
                f"step {plan.step}: the plan is now {plan.id}, which is not what was approved ({self.approve}); "
                f"review it again{shown_first} and pass approve={plan.id}"
            )

    def _confirmed(self, plan: Plan) -> str:
        """What confirmed that it destroys; empty where it destroys nothing, and where `any` implies it. Raises
        PlanRefused where that is missing or something else."""
        asked = None if self._way is ApprovalWay.ANY else self.confirmation(plan)
        if asked is None:
            return ""
        if asked.met_by(self.terms.confirm, several=not self.terms.typed):
            return self.terms.confirm
        given = f"confirm is {self.terms.confirm!r}" if self.terms.confirm else "its id alone does not open it"
        raise PlanRefused(
            f"step {plan.step}: plan {plan.id} {asked.loss}, and {given}: review it, and pass confirm={asked.answers}"
        )

    def _opening(self, plan: Plan, confirmed: str) -> Opening:
        first, now = self._shown(plan), self.clock.now()
        if self._way is not ApprovalWay.ANY:
            self._refuse_expired(plan, first, now)
        second = self._second(plan)
        again = self.witness.look_again(plan) if self.witness else None
        if again:
            again.refuse_difference(plan)
            self.say(again.line)
        by = self.caller()
        first = first or self.terms.shown or Showing(now, by)
        settings = again.settings if again else 0
        return Opening(self._way, by, iso(first.at), first.by, self.terms.ticket, confirmed, settings, second)

    def _refuse_expired(self, plan: Plan, first: Showing | None, now: datetime) -> None:
        """Raises PlanRefused where the plan was shown too long ago, or nowhere: what has no beginning never expires."""
        first = first or (self.terms.shown if self.terms.typed else None)
        if first is None:
            refuse_unshown(plan)
        else:
            refuse_expired(plan, first, now, self.terms.hours)

    def _second(self, plan: Plan) -> dict[str, str]:
        """What the record keeps of the second person's approval. Raises PlanRefused where none counts."""
        if not self.terms.second_person:
            return {}
        if self._way is ApprovalWay.ANY:
            raise PlanRefused(f"second_person is required, and approve is 'any': pass approve={plan.id}")
        if self.witness is None:
            raise PlanRefused(
                f"step {plan.step}: second_person is required, and its approval could not be read from here"
            )
        return self.witness.second(plan).recorded()

    def _shown(self, plan: Plan) -> Showing | None:
        return shown(plan, entries(self.record.folder, LineKind.STEP), self.terms.hours)
