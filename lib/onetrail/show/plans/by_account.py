"""A plan over several source accounts, account by account."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from onetrail.change import Plan
from onetrail.change.consequence import Effect, consequence
from onetrail.show.html import Column, Shown
from onetrail.show.table import simple

MOST: Final = 2
"""A plan of one source account is about that one and the log account; guardrails are set over accounts, wherever they
are sent."""
HEADS: Final = ("account", "changes", "make", "change", "delete", "for good")


def by_account(plan: Plan) -> Shown:
    """What the plan comes to in each account, in the order of its changes; empty where a plan is about few."""
    rows = list(account_rows(plan))
    if not rows:
        return Shown("", "")
    columns = [Column(head, right=head != HEADS[0]) for head in HEADS]
    return simple("By account", columns, rows[:-1], rows[-1])


def account_rows(plan: Plan) -> Iterator[list[str]]:
    """The cells below HEADS, and the total last; none where a plan is about few accounts."""
    if len({change.account for change in plan.changes if change.service != "organizations"}) > MOST:
        for account in dict.fromkeys(change.account for change in plan.changes):
            part = replace(plan, changes=tuple(change for change in plan.changes if change.account == account))
            yield [account, *_counts(part)]
        yield ["total", *_counts(plan)]


def _counts(plan: Plan) -> list[str]:
    comes_to = consequence(plan)
    effects = [comes_to.counts.get(effect, 0) for effect in (Effect.MAKES, Effect.CHANGES, Effect.DELETES)]
    numbers = [len(plan.changes), *effects, comes_to.irreversible + comes_to.partly]
    return [f"{number:,}" for number in numbers]
