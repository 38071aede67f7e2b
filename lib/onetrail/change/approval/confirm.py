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

_WORD: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)|[A-Za-z0-9-]+")
"""One answer: a number with its thousands apart, or a number or name as it is."""


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

    def met_by(self, typed: str) -> bool:
        """Whether one of the words is the number, or they hold the name of each account."""
        words = {word.replace(",", "") for word in _WORD.findall(typed)}
        by_number = bool(self.objects) and str(self.objects) in words
        return by_number or {one.name for one in self.accounts} <= words


def confirmation_of(plan: Plan, name_of: Callable[[str], AccountName]) -> Confirmation | None:
    """What the plan asks for; None where it destroys nothing."""
    found = consequence(plan)
    if not found.destroys:
        return None
    gone = [c for c in plan.changes if effect_of(c) is Effect.DELETES and reversible(c) is Reversible.NO]
    accounts = dict.fromkeys(change.account for change in gone)
    return Confirmation(found.objects, tuple(name_of(account) for account in accounts))
