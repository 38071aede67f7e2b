"""What the gate asks of the estate at the moment of approval; who looks is given to it."""

from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from onetrail.change.approval.confirm import AccountName
from onetrail.change.approval.given import PlanRefused, Showing
from onetrail.change.approval.second import SecondApproval
from onetrail.change.plan import Plan
from onetrail.change.words import counted


class ReadAgain(NamedTuple):
    """How many settings were read again, and what of them is not as it was reviewed."""

    settings: int
    differences: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """What is reported when nothing differs."""
        return f"observed again just now: {counted(self.settings, 'setting')} that the plan reviewed, no difference"

    def refuse_difference(self, plan: Plan) -> None:
        """Raises PlanRefused where something differs."""
        if self.differences:
            more = f" (and {counted(len(self.differences) - 1, 'other difference')})" if self.differences[1:] else ""
            raise PlanRefused(
                f"step {plan.step}: what plan {plan.id} reviewed has changed since: {self.differences[0]}{more}; "
                "nothing was sent: observe again, and review the plan that follows"
            )


class Witness(Protocol):
    """Looks at the estate for the gate, and changes nothing."""

    def caller(self) -> str:
        """The ARN of the identity at hand; empty where no account can be entered."""
        ...

    def name_of(self, account: str) -> AccountName:
        """The account's alias; its id where it has none, or where its aliases cannot be read."""
        ...

    def look_again(self, plan: Plan) -> ReadAgain:
        """The settings that the plan reviewed of what it changes, read again now."""
        ...

    def second(self, plan: Plan) -> SecondApproval:
        """The approval of a second person that counts now; raises PlanRefused where none does."""
        ...


@dataclass(frozen=True)
class GivenApproval:
    """What a person typed at the gate, or what the parameters say; `witness` keeps what the plan reviewed, `shown`
    is the showing at the gate where it was typed."""

    approve: str
    confirm: str = ""
    ticket: str = ""
    typed: bool = False
    witness: Witness | None = field(default=None, compare=False, repr=False)
    shown: Showing | None = field(default=None, compare=False)
