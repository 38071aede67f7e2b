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
    """`objects` are deleted for good, or so many `locks` become compliance, in the accounts of these names."""

    objects: int
    accounts: tuple[AccountName, ...]
    locks: int = 0

    @property
    def number(self) -> int:
        """What is to be typed; 0 where only an account can be named."""
        return self.objects or self.locks

    @property
    def shortest(self) -> str:
        """One answer that confirms it, as it is passed."""
        return str(self.number) if self.number else ", ".join(one.name for one in self.accounts)

    @property
    def answers(self) -> str:
        """What confirms it, in words: `10979, the number of objects that it deletes, or acme-old, the alias of ...`."""
        of = "objects that it deletes" if self.objects else "locks that stay until their dates"
        number = [f"{self.number}, the number of {of}"] if self.number else []
        names = " and ".join(f"{one.name}, {one.what}" for one in self.accounts)
        return ", or ".join([*number, names])

    @property
    def loss(self) -> str:
        """What cannot be undone, in words."""
        if self.locks and not self.objects:
            return f"makes {counted(self.locks, 'lock')} compliance, until their dates"
        where = f"in account {', '.join(one.account for one in self.accounts)}"
        return f"deletes {counted(self.objects, 'object')}" if self.objects else f"deletes for good {where}"

    def met_by(self, given: str, *, several: bool = False) -> bool:
        """Whether this is the number, or the name of each account, and nothing else.

        With `several` it may be one of the answers of a run that applies several such plans, separated by a comma and a
        space.
        """
        answers = [_plain(one.strip()) for one in given.split(", ")]
        number, names = str(self.number or ""), {one.name for one in self.accounts}
        if several and all(map(_ANSWER.fullmatch, answers)):
            return number in answers or names <= set(answers)
        return [number] == answers != [""] or sorted(names) == sorted(answers)


def _plain(answer: str) -> str:
    return answer.replace(",", "") if _NUMBER.fullmatch(answer) else answer


def confirmation_of(plan: Plan, name_of: Callable[[str], AccountName]) -> Confirmation | None:
    """What the plan asks for; None where it neither deletes nor locks for good."""
    found = consequence(plan)
    for_good = [c for c in plan.changes if reversible(c) is Reversible.NO]
    gone = [c for c in for_good if effect_of(c) is Effect.DELETES]
    sealed = [c for c in for_good if c.call == "PutObjectRetention"] if found.locks else []
    accounts = dict.fromkeys(change.account for change in gone or sealed)
    if not accounts:
        return None
    return Confirmation(found.objects, tuple(name_of(account) for account in accounts), found.locks)
