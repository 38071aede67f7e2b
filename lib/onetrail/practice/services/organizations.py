"""Organizations where moto would lie: which policies it takes; delegated administrators of CloudTrail are registered or
refused, not both.

Source: Organizations API Reference, RegisterDelegatedAdministrator, CreatePolicy, ListPoliciesForTarget ("only from the
management account or by a member account that is a delegated administrator"); Organizations User Guide, "SCP
syntax", "RCP syntax", "Quotas" (every character of a policy counts as it was sent).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from onetrail.iam import PolicyError, parse, statements
from onetrail.iam.document import VERSION, values
from onetrail.iam.limits import LIMITS, DocumentKind
from onetrail.practice.calls import ServiceCall, ServiceError
from onetrail.practice.moto.backends import organization_backend
from onetrail.practice.moto.organization import all_administrators, delegable_services
from onetrail.practice.services import delegation
from onetrail.practice.state.world import World

READS: Final = frozenset(
    {
        "DescribeEffectivePolicy",
        "DescribePolicy",
        "ListAWSServiceAccessForOrganization",
        "ListAccounts",
        "ListAccountsForParent",
        "ListDelegatedAdministrators",
        "ListOrganizationalUnitsForParent",
        "ListParents",
        "ListPolicies",
        "ListPoliciesForTarget",
        "ListRoots",
        "ListTargetsForPolicy",
    }
)
"""For the management account, and for members that administer any service."""
POLICY_CHANGES: Final = frozenset(
    {
        "AttachPolicy",
        "CreatePolicy",
        "DeletePolicy",
        "DetachPolicy",
        "DisablePolicyType",
        "EnablePolicyType",
        "UpdatePolicy",
    }
)
"""For the management account, and for members to which the organization's resource policy delegates them."""
MANAGED_ONLY: Final = frozenset(
    {
        "CloseAccount",
        "CreateAccount",
        "CreateOrganizationalUnit",
        "DeregisterDelegatedAdministrator",
        "DisableAWSServiceAccess",
        "EnableAWSServiceAccess",
        "MoveAccount",
        "RegisterDelegatedAdministrator",
        "RemoveAccountFromOrganization",
    }
)


def check_management(world: World, call: ServiceCall) -> None:
    """Only the management account administers the organization."""
    if call.account != world.management_account:
        raise _refused()


def check_read(world: World, call: ServiceCall) -> None:
    """What a member reads that administers a service for the organization, or to which this very call is delegated."""
    if not _administers(world, call.account) and not delegation.allows(world, call):
        raise _refused()


def check_delegable(world: World, call: ServiceCall) -> None:
    """What the organization's resource policy may delegate to a member."""
    if call.account != world.management_account and not delegation.allows(world, call):
        raise _refused()


def as_management(world: World, call: ServiceCall) -> ServiceCall:
    """The call as moto takes it: of the management account, where a delegated administrator made it."""
    named = call.service == "organizations" and call.operation in READS | POLICY_CHANGES
    return replace(call, account=world.management_account) if named else call


def _administers(world: World, account: str) -> bool:
    return account == world.management_account or account in all_administrators(world)


def _refused() -> ServiceError:
    return ServiceError("AccessDeniedException", "You don't have permissions to access this resource.")


def check_delegated(world: World, call: ServiceCall) -> None:
    """RegisterDelegatedAdministrator: CloudTrail goes through its own API; moto would half-register it."""
    check_management(world, call)
    known = delegable_services()
    if "cloudtrail.amazonaws.com" not in known:
        known.append("cloudtrail.amazonaws.com")
    if call.parameters.get("ServicePrincipal") not in known:
        raise ServiceError("InvalidInputException", "You specified an unrecognized service principal.")


_KINDS: Final = {"SERVICE_CONTROL_POLICY": DocumentKind.SCP, "RESOURCE_CONTROL_POLICY": DocumentKind.RCP}


def check_policy(world: World, call: ServiceCall) -> None:
    """CreatePolicy and UpdatePolicy: refuses a service or resource control policy that Organizations does not take."""
    check_delegable(world, call)
    kind = _KINDS.get(_type_of(world, call))
    text = call.parameters.get("Content")
    if kind is None or text is None:  # another type of policy, or a change of its name alone
        return
    if len(text) > LIMITS[kind].most:
        said = f"POLICY_CONTENT_LIMIT_EXCEEDED: a {kind} takes {LIMITS[kind].most} characters at most"
        raise ServiceError("ConstraintViolationException", said)
    try:
        document = parse(text)
    except PolicyError as err:
        raise ServiceError("MalformedPolicyDocumentException", str(err)) from err
    if document.get("Version") != VERSION and kind is DocumentKind.RCP:
        raise ServiceError("MalformedPolicyDocumentException", f"Version must be {VERSION}")
    judge = _wrong_in_rcp if kind is DocumentKind.RCP else _wrong_in_scp
    for wrong in (said for statement in statements(document) for said in judge(statement)):
        raise ServiceError("MalformedPolicyDocumentException", wrong)


def _type_of(world: World, call: ServiceCall) -> str:
    if "Type" in call.parameters:
        return str(call.parameters["Type"])
    backend = organization_backend(world.management_account)
    wanted = call.parameters.get("PolicyId")
    return next((policy.type for policy in backend.policies if policy.id == wanted), "")


def _wrong_in_scp(statement: Mapping[str, Any]) -> Iterator[str]:
    for part in ("Principal", "NotPrincipal"):
        if part in statement:
            yield f"a service control policy has no {part}"
    if statement["Effect"] == "Allow" and values(statement.get("Resource", "*")) != ("*",):
        yield 'an Allow of a service control policy takes the Resource "*" alone'


def _wrong_in_rcp(statement: Mapping[str, Any]) -> Iterator[str]:
    if statement["Effect"] != "Deny":
        yield "a resource control policy only denies"
    for part in ("NotAction", "NotPrincipal"):
        if part in statement:
            yield f"a resource control policy has no {part}"
    if statement.get("Principal") != "*":
        yield 'a resource control policy takes the Principal "*" alone'
    if "*" in values(statement.get("Action", ())):
        yield 'a resource control policy names a service before the colon of each action; "*" is none'


CORRECTIONS = delegation.CORRECTIONS
CHECKS = {
    **{("organizations", operation): check_management for operation in MANAGED_ONLY},
    **{("organizations", operation): check_read for operation in READS},
    **{("organizations", operation): check_delegable for operation in POLICY_CHANGES},
    ("organizations", "CreatePolicy"): check_policy,
    ("organizations", "UpdatePolicy"): check_policy,
    ("organizations", "RegisterDelegatedAdministrator"): check_delegated,
}
