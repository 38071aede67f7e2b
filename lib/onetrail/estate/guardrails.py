"""Guardrails: service control policies that the organization holds over the new trail and, later, over the archive.

They come after what they forbid. They can be set from the management account, and from a member to which the
organization delegates its policies; elsewhere the step says so and `onetrail policies` prints the document for the
owner. A type of policy is never enabled by a step: that is an act on the whole organization.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from onetrail import iam, names
from onetrail.aws import Clients, look, look_for, pages
from onetrail.change import Change, Document, EarlierResult, Finding, FindingState, RequiredCheck
from onetrail.errors import OnetrailError
from onetrail.iam import Archive
from onetrail.iam.expectations import Guardrail
from onetrail.looked import Absent, Unread, unread
from onetrail.settings import Settings

TYPE = "SERVICE_CONTROL_POLICY"
NOT_ENABLED: Final = (
    "service control policies are not enabled in the organization: an administrator of its management account enables"
    " them for the root, and onetrail never does"
)
_SETS: Final = ("organizations:AttachPolicy", "organizations:CreatePolicy", "organizations:UpdatePolicy")
_ALLOWS_ALL: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class GuardrailWrong(OnetrailError):
    """A guardrail would decide a request otherwise than it must; the message names the first one."""


def judged_guardrail(archive: Archive, which: Guardrail, document: Mapping[str, Any]) -> dict[str, Any]:
    """The document, judged request by request before it comes into a plan. Raises GuardrailWrong."""
    wrong = _first_wrong(archive, which, iam.compact(document))
    if wrong:
        raise GuardrailWrong(f"the guardrail {which} would be wrong, and is not put: {wrong}; report this")
    return dict(document)


@lru_cache(maxsize=8)
def _first_wrong(archive: Archive, which: Guardrail, text: str) -> str:
    said = iam.judge_guardrail(archive, which, iam.parse(text))
    return next((f"{v.expectation.name}: {v.decision.explain}" for v in said if not v.as_wanted), "")


@dataclass(frozen=True)
class OrganizationGuardrail:
    """One guardrail as the organization shows it.

    `management` is empty when the current credentials cannot set it; `why` then says the reason. `content` is None when
    it does not exist, or nobody can look from here; it is unread where the look was refused, and nobody knows whether
    it stands.
    """

    name: str
    organization: str = ""
    management: str = ""
    region: str = ""
    why: str = ""
    root: str = ""
    enabled: bool = False
    policy_id: str = ""
    content: Mapping[str, Any] | Unread | None = None
    targets: tuple[str, ...] = ()


def read_guardrail(settings: Settings, clients: Clients, name: str) -> OrganizationGuardrail:
    """Look for the guardrail of that name in the organization."""
    if not settings.organization_id:
        return OrganizationGuardrail(name, why="no organization is named in the parameters")
    entry = clients.base()
    if entry is None:
        return OrganizationGuardrail(
            name,
            settings.organization_id,
            why="there are no credentials to look at the organization with",
        )
    base = entry.account
    client = clients.client("organizations", base)
    found = look_for(client.describe_organization, ("AWSOrganizationsNotInUseException",))
    if isinstance(found, Unread):
        return _blind(settings, name, {"DescribeOrganization": found})
    if isinstance(found, Absent):
        return OrganizationGuardrail(name, settings.organization_id, why="the current account is in no organization")
    why = cannot_set(client, entry.arn, found.value["Organization"])
    if isinstance(why, Unread):
        return _blind(settings, name, {"DescribeResourcePolicy": why})
    if why:
        return OrganizationGuardrail(name, settings.organization_id, why=why)
    roots, listed = (
        pages(client, "list_roots", "Roots"),
        pages(client, "list_policies", "Policies", Filter=TYPE),
    )
    if isinstance(roots, Unread) or isinstance(listed, Unread):
        return _blind(settings, name, {"ListRoots": roots, "ListPolicies": listed})
    root = roots.value[0]
    enabled = any(kind["Type"] == TYPE and kind["Status"] == "ENABLED" for kind in root.get("PolicyTypes", []))
    here = OrganizationGuardrail(name, settings.organization_id, base, settings.home_region, "", root["Id"], enabled)
    mine = next((said for said in listed.value if said["Name"] == name), None)
    if mine is None:
        return here
    policy = look(client.describe_policy, PolicyId=mine["Id"])
    targets = pages(client, "list_targets_for_policy", "Targets", PolicyId=mine["Id"])
    if isinstance(policy, Unread) or isinstance(targets, Unread):
        return _blind(settings, name, {"DescribePolicy": policy, "ListTargetsForPolicy": targets})
    return OrganizationGuardrail(
        name,
        settings.organization_id,
        base,
        settings.home_region,
        "",
        root["Id"],
        enabled,
        mine["Id"],
        iam.parse(policy.value["Policy"]["Content"]),
        tuple(sorted(target["TargetId"] for target in targets.value)),
    )


def cannot_set(client: Any, caller: str, organization: Mapping[str, Any]) -> str | Unread:
    """Why an ARN of GetCallerIdentity cannot set policies of the organization; empty where it is of the management
    account, or of a member to which the organization's resource policy delegates that."""
    management, account = organization["MasterAccountId"], caller.split(":")[4]
    if account == management:
        return ""
    refused = "the current credentials are not of the management account"
    absent = ("AccessDeniedException", "ResourcePolicyNotFoundException")
    found = look_for(client.describe_resource_policy, absent)
    if isinstance(found, Unread):
        return found
    if isinstance(found, Absent):
        return refused
    who = iam.role(_role_of(caller)) if ":user/" not in caller else iam.user(caller)
    given = {"organizations:PolicyType": TYPE}
    policies = iam.Policies(identity=(_ALLOWS_ALL,), resource=iam.parse(found.value["ResourcePolicy"]["Content"]))
    asked = [iam.Request(who, action, "*", management, given) for action in _SETS]
    if all(iam.evaluate(one, policies).allowed for one in asked):
        return ""
    return f"{refused}, and the organization does not delegate its policies to {account}"


def _role_of(caller: str) -> str:
    """The role of a session, without the path, which the session does not show."""
    _, partition, _, _, account, name = caller.split(":", 5)
    return f"arn:{partition}:iam::{account}:role/{name.split('/')[1]}" if name.startswith("assumed-role/") else caller


def _blind(settings: Settings, name: str, looks: Mapping[str, object]) -> OrganizationGuardrail:
    return OrganizationGuardrail(name, settings.organization_id, content=Unread("; ".join(unread(looks))))


def guardrail_unread(guardrail: OrganizationGuardrail) -> list[str]:
    """What could not be read, so that it is unknown whether the guardrail is attached."""
    return unread({f"the guardrail {guardrail.name}": guardrail.content})


def guardrail_changes(
    guardrail: OrganizationGuardrail, wanted: Mapping[str, Any], accounts: Sequence[str], requires: RequiredCheck
) -> list[Change]:
    """What attaches the guardrail to the accounts; nothing where it cannot be set from here or is already attached."""
    content = guardrail.content
    if isinstance(content, Unread) or not (guardrail.management and guardrail.enabled):
        return []
    changes = []
    parameters: dict[str, Any]
    if content is None:
        parameters = {
            "Name": guardrail.name,
            "Type": TYPE,
            "Description": "Keeps what onetrail made from being undone.",
            "Content": Document(wanted),
            "Tags": [{"Key": names.TAG_KEY, "Value": "rail"}],
        }
        changes.append(
            _change(
                guardrail,
                "CreatePolicy",
                guardrail.name,
                parameters,
                None,
                "no guardrail of this name exists",
                requires,
            )
        )
    elif iam.canonical(content) != iam.canonical(wanted):
        parameters = {"PolicyId": guardrail.policy_id, "Content": Document(wanted)}
        changes.append(
            _change(
                guardrail,
                "UpdatePolicy",
                guardrail.name,
                parameters,
                content,
                "the guardrail has another content",
                requires,
            )
        )
    policy_id: Any = guardrail.policy_id or EarlierResult(
        f"rail-CreatePolicy-{guardrail.name}", "Policy.PolicySummary.Id"
    )
    for account in sorted(set(accounts) - set(guardrail.targets)):
        parameters = {"PolicyId": policy_id, "TargetId": account}
        changes.append(
            _change(
                guardrail,
                "AttachPolicy",
                account,
                parameters,
                None,
                f"the guardrail is not attached to account {account}",
                requires,
            )
        )
    return changes


def guardrail_findings(
    step: str, guardrail: OrganizationGuardrail, wanted: Mapping[str, Any], accounts: Sequence[str], *, ready: bool
) -> list[Finding]:
    """Whether the guardrail is attached; `ready` says whether what it must not come before is done."""
    account = guardrail.management or "-"
    content = guardrail.content
    if isinstance(content, Unread):
        text = f"whether it is attached is unknown: {content.why}"
        return [Finding(f"{step}.guardrail", FindingState.COULD_NOT_LOOK, "-", "-", guardrail.name, text)]
    if guardrail.why and not guardrail.organization:
        return [
            Finding(f"{step}.guardrail", FindingState.NOTE, "-", "-", guardrail.name, f"no guardrail: {guardrail.why}")
        ]
    if guardrail.why:
        return [
            Finding(
                f"{step}.guardrail",
                FindingState.NOTE,
                "-",
                "-",
                guardrail.name,
                f"not set from here: {guardrail.why}; onetrail policies prints it as scp",
            )
        ]
    if not guardrail.enabled:
        text = f"not set: {NOT_ENABLED}; then this step sets it"
        return [Finding(f"{step}.guardrail", FindingState.NOTE, account, "-", guardrail.name, text)]
    stands = (
        content is not None
        and iam.canonical(content) == iam.canonical(wanted)
        and set(accounts) <= set(guardrail.targets)
    )
    if stands:
        return [
            Finding(
                f"{step}.guardrail",
                FindingState.OK,
                account,
                "-",
                guardrail.name,
                f"attached to {', '.join(sorted(accounts))}",
            )
        ]
    evidence = "is set by the plan" if ready else "is set once what it protects is proven"
    return [Finding(f"{step}.guardrail", FindingState.PLANNED, account, "-", guardrail.name, evidence)]


def _change(
    guardrail: OrganizationGuardrail,
    call: str,
    resource: str,
    parameters: Mapping[str, Any],
    before: Any,
    reason: str,
    requires: RequiredCheck,
) -> Change:
    undo = {
        "CreatePolicy": "DeletePolicy after detaching it",
        "UpdatePolicy": "UpdatePolicy with the content shown as before",
        "AttachPolicy": "DetachPolicy",
    }[call]
    key = f"rail-{call}-{resource}" if call != "CreatePolicy" else f"rail-CreatePolicy-{guardrail.name}"
    return Change(
        key=key,
        account=guardrail.management,
        region=guardrail.region,
        service="organizations",
        call=call,
        parameters=parameters,
        resource=resource if call != "AttachPolicy" else f"{guardrail.name} on {resource}",
        before=before,
        reason=reason,
        undo=undo,
        requires=requires,
    )
