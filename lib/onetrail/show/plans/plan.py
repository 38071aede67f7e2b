"""A plan as the reader approves it: what would be sent, on what, why, how each change is undone, what it all comes to,
and the id that approves exactly this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from onetrail.aws import environment
from onetrail.change import NAMED, Plan, iso
from onetrail.change.approval import AccountName, confirmation_of
from onetrail.change.consequence import LEGEND, consequence
from onetrail.show.html import Column, Shown, bullets, folded, paragraph, together
from onetrail.show.plans.by_account import by_account
from onetrail.show.plans.change_group import grouped
from onetrail.show.plans.changes import changes, undo_of
from onetrail.show.plans.plan_json import plan_as_json
from onetrail.show.plans.plan_markdown import plan_as_markdown
from onetrail.show.plans.rules import rules
from onetrail.show.plans.sent import what_is_sent
from onetrail.show.table import simple

PLAN_MIME: Final = "application/vnd.onetrail.plan+json"
"""How a proposed plan travels in an executed notebook: `plan`, as its JSON has it, and `markdown`."""


@dataclass(frozen=True)
class ShownPlan(Shown):
    """A plan to look at; `exported` is what the runner takes from the executed notebook, empty for a person's."""

    exported: Mapping[str, Any] | None = None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(include, exclude)
        return bundle if self.exported is None else {**bundle, PLAN_MIME: dict(self.exported)}


def plan(proposed: Plan) -> Shown:
    """The changes in order, alike ones in one row; every single one, what it sends and what it replaces fold out
    below."""
    parts = [paragraph(f"Plan {proposed.id} of step {proposed.step}", strong=True)] if proposed.changes else []
    groups = grouped(proposed.changes)
    if groups:
        parts.append(changes(groups))
        parts.append(paragraph(f"Sign: {LEGEND}."))
        parts += rules(groups)
        sent = together(*(what_is_sent(group) for group in groups))
        parts.append(folded("Each change in detail: what is sent, and what it replaces", sent, in_text=False))
        parts.append(_who(proposed))
    parts.append(bullets(proposed.notes))
    parts.append(by_account(proposed))
    parts += [paragraph(line, strong=True) for line in _verdict(proposed)]
    shown = together(*parts)
    if proposed.empty or not environment.exports_plans():
        return shown
    exported = {"plan": plan_as_json(proposed), "markdown": plan_as_markdown(proposed)}
    return ShownPlan(shown.html, shown.text, tables=shown.tables, exported=exported)


def undo(proposed: Plan) -> Shown:
    """How each change is undone, the last one first."""
    if not proposed.changes:
        return paragraph("This plan changes nothing, so there is nothing to undo.")
    rows: list[Sequence[str | Shown]] = []
    for group in reversed(grouped(proposed.changes)):
        rows.append([group.sign, group.numbers, group.what, group.on_what, undo_of(group)])
    names = [Column("sign"), Column("n", right=True), Column("what"), Column("on what"), Column("undo")]
    return simple(f"Undo of plan {proposed.id}, last change first", names, rows)


def _who(proposed: Plan) -> Shown:
    if all(change.actor != NAMED for change in proposed.changes):
        return Shown("", "")
    return paragraph(
        'As: the identity that sends the change. "named role" is the one in the first table, by which onetrail enters'
        " the account: a role, a profile or the current credentials. break-glass is that one too until its role exists."
    )


def _verdict(proposed: Plan) -> list[str]:
    if proposed.waiting_for:
        return [f"waiting for {proposed.waiting_for}" + (f": {proposed.why}" if proposed.why else "")]
    if proposed.empty and proposed.not_yet:
        return [f"not yet: {proposed.why}: again after {iso(proposed.not_yet)}"]
    if proposed.empty and proposed.why:
        first = f": {proposed.notes[0]}" if proposed.not_evaluated and proposed.notes else ""
        return [f"nothing is planned: {proposed.why}{first}"]
    if proposed.empty:
        return [proposed.nothing_to_change]
    accounts = len({change.account for change in proposed.changes})
    count = len(proposed.changes)
    changes, places = "change" if count == 1 else "changes", "account" if accounts == 1 else "accounts"
    said = f"{count:,} {changes} in {accounts} {places}; nothing is sent until this plan is approved."
    comes_to = consequence(proposed)
    return [*comes_to.sentences, comes_to.line, said, _how_to_approve(proposed)]


def _how_to_approve(proposed: Plan) -> str:
    """At the gate where a person is, else by parameters."""
    asked = confirmation_of(proposed, lambda account: AccountName(account, account))
    if environment.people_are_here():
        more = " with what the gate asks for" if asked else ""
        return f"To approve it, type {proposed.id} at the gate below{more}."
    approve = f'To approve it: approve = "{proposed.id}"'
    if asked:
        approve += f' and confirm = "{asked.number}"' if asked.number else ", and confirm as the gate asks"
    return approve
