"""Sending the plan of 02, with the two checks that keep anybody from being locked out."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from onetrail import names
from onetrail.aws import Clients, look
from onetrail.aws.actors import BREAK_GLASS, OPERATOR
from onetrail.aws.sessions import CannotEnter
from onetrail.change import CheckKind, Gate, Outcome, Plan, RequiredCheck, Requirement, run_plan
from onetrail.errors import NotYet
from onetrail.looked import Unread

_PAUSES: Final = (2, 4, 8, 16, 30)
"""Seconds between looks: a new role takes up to a minute until every endpoint knows it (IAM User Guide, eventual
consistency)."""


def apply(plan: Plan, gate: Gate, clients: Clients) -> Outcome:
    """Send the plan if it was approved. Stops before the first entry role is narrowed unless both new roles were really
    assumed."""
    return run_plan(
        plan,
        gate,
        requires={
            RequiredCheck(CheckKind.MAY_ADMINISTER): lambda: _patiently(
                gate, clients, lambda: _may_administer(clients)
            ),
            RequiredCheck(CheckKind.OPERATOR_SETTLED): lambda: _settled(gate, clients),
            RequiredCheck(CheckKind.NEW_ENTRY_ROLES): lambda: _patiently(
                gate, clients, lambda: new_entry_roles(clients)
            ),
        },
        accounts=clients.settings.source_account_ids,
    )


def new_entry_roles(clients: Clients) -> Requirement:
    """Met when onetrail-operator and onetrail-break-glass were both assumed, as STS says, and may look into IAM."""
    seen = [
        _assumed(clients, OPERATOR, names.OPERATOR_ROLE),
        _assumed(clients, BREAK_GLASS, names.BREAK_GLASS_ROLE),
    ]
    wrong = [why for met, why in seen if not met]
    if wrong:
        return Requirement(False, f"the new entry roles are not proven, so the old one stays open: {'; '.join(wrong)}")
    return Requirement(True, "; ".join(why for _, why in seen))


def _assumed(clients: Clients, actor: str, role: str) -> tuple[bool, str]:
    account = clients.settings.log_account.account_id
    try:
        entry = clients.entry(account, actor)
    except CannotEnter as err:
        return False, str(err)
    if f":assumed-role/{role}/" not in entry.arn:
        return False, f"{role} cannot be assumed from here yet (entered as {entry.way})"
    may = look(clients.client("iam", account, actor=actor).get_account_summary)
    if isinstance(may, Unread):
        return False, f"{role} was assumed, but it may not read IAM: {may.why}"
    return True, f"assumed {role}"


def _settled(gate: Gate, clients: Clients) -> Requirement:
    """Waits until the operator role can be assumed, at most a minute: who may not become it need not be able to."""
    _patiently(gate, clients, lambda: Requirement(*_assumed(clients, OPERATOR, names.OPERATOR_ROLE)))
    return _patiently(gate, clients, lambda: _may_administer(clients))


def _may_administer(clients: Clients) -> Requirement:
    account = clients.settings.log_account.account_id
    found = look(clients.client("iam", account, actor=BREAK_GLASS).get_account_summary)
    who = clients.entry(account, BREAK_GLASS).way
    if isinstance(found, Unread):
        return Requirement(False, f"{who} may not administer the account: {found.why}")
    return Requirement(True, f"{who} may administer")


def _patiently(gate: Gate, clients: Clients, check: Callable[[], Requirement]) -> Requirement:
    state = check()
    for pause in _PAUSES:
        if state.met:
            break
        try:
            gate.clock.wait_until(
                gate.clock.now() + timedelta(seconds=pause),
                "a new role has to propagate",
                gate.say,
            )
        except NotYet:
            break
        clients.forget()
        state = check()
    return state
