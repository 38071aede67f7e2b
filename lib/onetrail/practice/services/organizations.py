"""Organizations where moto would lie: which policies it takes; delegated administrators of CloudTrail are registered or
refused, not both.

Source: Organizations API Reference, RegisterDelegatedAdministrator, CreatePolicy; Organizations User Guide, "SCP
syntax", "RCP syntax", "Quotas" (every character of a policy counts as it was sent).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from onetrail.iam import PolicyError, parse, statements
from onetrail.iam.document import VERSION, values
from onetrail.iam.limits import LIMITS, DocumentKind
from onetrail.practice.calls import ServiceCall, ServiceError
from onetrail.practice.moto.backends import organization_backend
from onetrail.practice.moto.organization import delegable_services
from onetrail.practice.state.world import World

MANAGED_ONLY = frozenset(
    {
        "AttachPolicy",
        "CloseAccount",
        "CreateAccount",
        "CreateOrganizationalUnit",
        "CreatePolicy",
        "DeletePolicy",
        "DeregisterDelegatedAdministrator",
        "DetachPolicy",
        "DisableAWSServiceAccess",
        "DisablePolicyType",
        "EnableAWSServiceAccess",
        "EnablePolicyType",
        "MoveAccount",
        "RegisterDelegatedAdministrator",
        "RemoveAccountFromOrganization",
        "UpdatePolicy",
        "ListAccounts",
        "ListAWSServiceAccessForOrganization",
        "ListDelegatedAdministrators",
        "ListPolicies",
        "ListPoliciesForTarget",
        "ListRoots",
        "ListTargetsForPolicy",
        "DescribePolicy",
        "ListAccountsForParent",
        "ListOrganizationalUnitsForParent",
        "ListParents",
    }
)


def check_management(world: World, call: ServiceCall) -> None:
    """Member accounts may not administer the organization."""
    if call.account != world.management_account:
        raise ServiceError("AccessDeniedException", "You don't have permissions to access this resource.")


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
    check_management(world, call)
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


CHECKS = {
    **{("organizations", operation): check_management for operation in MANAGED_ONLY},
    ("organizations", "CreatePolicy"): check_policy,
    ("organizations", "UpdatePolicy"): check_policy,
    ("organizations", "RegisterDelegatedAdministrator"): check_delegated,
}
