"""Trails of an organization: who may make one, and who administers CloudTrail for it.

Sources: CloudTrail API Reference, CreateTrail, UpdateTrail, RegisterOrganizationDelegatedAdmin; CloudTrail User Guide,
"Organization delegated administrator" (three at most; only the management account turns an account's trail into an
organization's, or back).
"""

from collections.abc import Mapping
from typing import Any, Final

from onetrail.practice.calls import ServiceCall, ServiceError
from onetrail.practice.cloudtrail.sight import not_management
from onetrail.practice.moto.organization import CLOUDTRAIL, delegate, delegated_administrators, withdraw
from onetrail.practice.state.trails import TrailState
from onetrail.practice.state.world import World

MOST_DELEGATES: Final = 3


def check_organization(world: World, call: ServiceCall, trail: TrailState, wanted: bool) -> str:
    """The organization that the trail is to be of, or nothing. Raises ServiceError where the caller may not have it
    so."""
    if not wanted and not trail.organization:
        return ""
    if not world.organization_id:
        raise ServiceError("OrganizationsNotInUseException", "Your account is not a member of an organization.")
    if call.account == world.management_account:
        return world.organization_id if wanted else ""
    is_there = trail.arn in world.trails.trails
    if call.account not in delegated_administrators(world, CLOUDTRAIL) or (is_there and not trail.organization):
        raise not_management()
    if is_there and not wanted:
        raise not_management()
    return world.organization_id


def register(world: World, call: ServiceCall) -> Mapping[str, Any]:
    """RegisterOrganizationDelegatedAdmin."""
    account, known = str(call.parameters.get("MemberAccountId", "")), _checked(world, call)
    if account == world.management_account:
        said = "The management account cannot be a delegated administrator."
        raise ServiceError("CannotDelegateManagementAccountException", said)
    if account not in world.accounts:
        raise ServiceError("AccountNotFoundException", f"{account} is not a member of the organization.")
    if account in known:
        raise ServiceError("AccountRegisteredException", f"{account} is registered already.")
    if len(known) >= MOST_DELEGATES:
        said = f"An organization has up to {MOST_DELEGATES} delegated administrators of CloudTrail."
        raise ServiceError("DelegatedAdminAccountLimitExceededException", said)
    delegate(world, account, CLOUDTRAIL)
    return {}


def deregister(world: World, call: ServiceCall) -> Mapping[str, Any]:
    """DeregisterOrganizationDelegatedAdmin; the trails stay."""
    account, known = str(call.parameters.get("DelegatedAdminAccountId", "")), _checked(world, call)
    if account not in known:
        raise ServiceError("AccountNotRegisteredException", f"{account} is not registered.")
    withdraw(world, account, CLOUDTRAIL)
    return {}


def _checked(world: World, call: ServiceCall) -> list[str]:
    """Those registered now. Raises ServiceError for a caller other than the management account."""
    if call.account != world.management_account:
        said = "The account making the request is not the organization's management account."
        raise ServiceError("NotOrganizationManagementAccountException", said)
    return delegated_administrators(world, CLOUDTRAIL)
