"""Organizations where moto would lie: delegated administrators of CloudTrail are registered or refused, not both.

Source: Organizations API Reference, RegisterDelegatedAdministrator.
"""

from typing import TYPE_CHECKING

from onetrail.practice.calls import Call, ServiceError

if TYPE_CHECKING:
    from onetrail.practice.world import World

MANAGED_ONLY = frozenset(
    {
        "AttachPolicy", "CloseAccount", "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy", "DeletePolicy",
        "DeregisterDelegatedAdministrator", "DetachPolicy", "DisableAWSServiceAccess", "DisablePolicyType",
        "EnableAWSServiceAccess", "EnablePolicyType", "MoveAccount", "RegisterDelegatedAdministrator",
        "RemoveAccountFromOrganization", "UpdatePolicy", "ListAccounts", "ListAWSServiceAccessForOrganization",
        "ListDelegatedAdministrators", "ListPolicies", "ListPoliciesForTarget", "ListRoots", "ListTargetsForPolicy",
        "DescribePolicy", "ListAccountsForParent", "ListOrganizationalUnitsForParent", "ListParents",
    }
)  # fmt: skip


def check_management(world: "World", call: Call) -> None:
    """Member accounts may not administer the organization."""
    if call.account != world.management_account:
        raise ServiceError("AccessDeniedException", "You don't have permissions to access this resource.")


def check_delegated(world: "World", call: Call) -> None:
    """RegisterDelegatedAdministrator: CloudTrail goes through its own API; moto would half-register it."""
    check_management(world, call)
    from moto.organizations.models import FakeDelegatedAdministrator

    known = FakeDelegatedAdministrator.SUPPORTED_SERVICES
    if "cloudtrail.amazonaws.com" not in known:
        known.append("cloudtrail.amazonaws.com")
    if call.parameters.get("ServicePrincipal") not in known:
        raise ServiceError("InvalidInputException", "You specified an unrecognized service principal.")


CHECKS = {
    **{("organizations", operation): check_management for operation in MANAGED_ONLY},
    ("organizations", "RegisterDelegatedAdministrator"): check_delegated,
}
