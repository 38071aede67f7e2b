"""A plan as JSON for programs: every change with its sign, its call, what it replaces and its undo, and what all of it
comes to.

The form is versioned: within a version fields are only added. Values whose names suggest a secret are withheld, as the
run record withholds them, and so is each credential inside a text.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from onetrail.change import Bulk, Change, Plan, plain
from onetrail.change.consequence import consequence, effect_of, reversible, sign
from onetrail.change.run_record.record import without_secrets
from onetrail.change.values import iso
from onetrail.show.plans.withheld import without_credentials

FORMAT: Final = "onetrail-plans"
VERSION: Final = 1


def plans_as_json(plans: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The whole document over plans that `plan_as_json` made; empty of plans where none was proposed."""
    return {"format": FORMAT, "version": VERSION, "plans": list(plans)}


def plan_as_json(plan: Plan) -> dict[str, Any]:
    """One plan in plain JSON types."""
    said = {
        "step": plan.step,
        "id": plan.id,
        "estate": plan.estate,
        "accounts": list(plan.accounts),
        "consequence": consequence(plan).plain(),
        "notes": list(plan.notes),
        "not_yet": iso(plan.not_yet) if plan.not_yet else None,
        "ends_with": str(plan.ends_with) if plan.ends_with else None,
        "changes": [_change(number, change) for number, change in enumerate(plan.changes, start=1)],
    }
    withheld: dict[str, Any] = without_credentials(without_secrets(plain(said)))
    return withheld


def _change(number: int, change: Change) -> dict[str, Any]:
    return {
        "n": number,
        "sign": sign(change),
        "effect": effect_of(change).value,
        "reversible": reversible(change).value,
        "key": change.key,
        "account": change.account,
        "region": change.region,
        "service": change.service,
        "call": change.call,
        "resource": change.resource,
        "parameters": change.parameters,
        "before": change.before,
        "reason": change.reason,
        "undo": change.undo,
        "actor": change.actor or "named role",
        "requires": str(change.requires) if change.requires else None,
        "closes": change.closes or None,
        "expects": change.expects.value,
        "after": change.after or None,
        "tries": change.tries,
        "bulk": _bulk(change.bulk) if change.bulk else None,
    }


def _bulk(bulk: Bulk) -> dict[str, Any]:
    return {
        "action": bulk.deed.value,
        "calls": list(bulk.calls),
        "fixed": bulk.fixed,
        "rule": bulk.rule,
        "listing_sha256": bulk.listing or None,
        "bounds": [bound.meaning() for bound in bulk.bounds],
        "estimate": bulk.estimate,
    }
