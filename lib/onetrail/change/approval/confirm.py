"""What a plan that destroys asks for in addition to its id: the number of objects, or the name of the account.

An id can be pasted without reading the plan. The number and the name are what is lost, and where.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from onetrail.change.consequence import Effect, Reversible, consequence, effect_of, reversible
from onetrail.change.plan import Plan
from onetrail.change.words import counted

_NUMBER: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+")
"""A number as it is, or with its thousands apart."""
_ANSWER: Final = re.compile(r"[A-Za-z0-9-]+")
"""A number, or the name of an account, and no word beside it."""


class AccountName(NamedTuple):
    """What an account is called: its alias, or its id where it has none."""

    account: str
    name: str

    @property
    def what(self) -> str:
        """`the alias of account 111122223333`, or `the id of the account`."""
        return f"the alias of account {self.account}" if self.name != self.account else "the id of the account"


@dataclass(frozen=True)
class Confirmation:
    """`objects` are deleted for good, in the accounts of these names."""

    objects: int
    accounts: tuple[AccountName, ...]

    @property
    def shortest(self) -> str:
        """One answer that confirms it, as it is passed."""
        return str(self.objects) if self.objects else ", ".join(one.name for one in self.accounts)

    @property
    def answers(self) -> str:
        """What confirms it, in words: `10979, the number of objects that it deletes, or acme-old, the alias of ...`."""
        number = [f"{self.objects}, the number of objects that it deletes"] if self.objects else []
        names = " and ".join(f"{one.name}, {one.what}" for one in self.accounts)
        return ", or ".join([*number, names])

    @property
    def deleted(self) -> str:
        """What goes, in words."""
        where = f"in account {', '.join(one.account for one in self.accounts)}"
        return f"deletes {counted(self.objects, 'object')}" if self.objects else f"deletes for good {where}"

    def met_by(self, given: str, *, several: bool = False) -> bool:
        """Whether this is the number, or the name of each account, and nothing else.

        With `several` it may be one of the answers of a run that applies several such plans, separated by a comma and a
        space.
        """
        answers = [_plain(one.strip()) for one in given.split(", ")]
        number, names = str(self.objects or ""), {one.name for one in self.accounts}
        if several and all(map(_ANSWER.fullmatch, answers)):
            return number in answers or names <= set(answers)
        return [number] == answers != [""] or sorted(names) == sorted(answers)


def _plain(answer: str) -> str:
    return answer.replace(",", "") if _NUMBER.fullmatch(answer) else answer


def confirmation_of(plan: Plan, name_of: Callable[[str], AccountName]) -> Confirmation | None:
    """What the plan asks for; None where it destroys nothing."""
    found = consequence(plan)
    if not found.destroys:
        return None
    gone = [c for c in plan.changes if effect_of(c) is Effect.DELETES and reversible(c) is Reversible.NO]
    accounts = dict.fromkeys(change.account for change in gone)
    return Confirmation(found.objects, tuple(name_of(account) for account in accounts))
