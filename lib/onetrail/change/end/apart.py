"""What fails in one account of several ends the plan there, and the others' changes are sent."""

from collections.abc import Collection
from typing import Final

from onetrail.change.plan import Change, Plan
from onetrail.change.send import ChangeFailed
from onetrail.change.words import counted
from onetrail.errors import OnetrailError

_GUARDRAILS: Final = "organizations"


class ApartAccounts:
    """The accounts of a plan whose changes do not rest on each other, and what ended the plan in which of them; where
    the plan is about one of them only, whatever fails ends it.

    A change of any other account rests on all: once one has ended it is not sent, and the next plan has it again.
    """

    def __init__(self, plan: Plan, accounts: Collection[str]) -> None:
        self._plan = plan
        found = {change.account for change in plan.changes if change.service != _GUARDRAILS} & set(accounts)
        self._accounts = found if len(found) > 1 else set[str]()
        self._ended: dict[str, str] = {}
        self._failures: list[OnetrailError] = []

    def skips(self, change: Change) -> bool:
        """Whether the change is not to be sent, since what it rests on did not come to its end."""
        return change.account in self._ended or (bool(self._ended) and not self._is_apart(change))

    def failed(self, change: Change, error: OnetrailError) -> bool:
        """Take the failure for the end of the change's account; False where it ends the whole plan."""
        if not self._is_apart(change):
            return False
        self._failures.append(error)
        return self.stopped(change, error.line)

    def stopped(self, change: Change, line: str) -> bool:
        """The same where a check does not hold."""
        if not self._is_apart(change):
            return False
        self._ended[change.account] = line
        return True

    def line(self, done: int) -> str:
        """What ended where, and what was carried out all the same; empty where nothing ended."""
        if not self._ended:
            return ""
        whole = {change.account for change in self._plan.changes if self._is_apart(change)} - self._ended.keys()
        where = ", ".join(sorted(self._ended))
        rest = f"{done:,} of {counted(len(self._plan.changes), 'change')} carried out, nothing more in account {where}"
        others = f", everything in {', '.join(sorted(whole))}" if whole else ""
        return f"{'; '.join(one.rstrip('.') for one in self._ended.values())}; {rest}{others}"

    def raise_failure(self, done: int) -> None:
        """Raise the first failure with what became of the rest; nothing where none failed."""
        if self._failures:
            first = self._failures[0]
            raise ChangeFailed(self.line(done)) from first

    def _is_apart(self, change: Change) -> bool:
        """A guardrail is set over accounts, wherever it is sent."""
        return change.account in self._accounts and change.service != _GUARDRAILS
