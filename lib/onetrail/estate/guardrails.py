"""Guardrails: service control policies that the organization holds over the new trail and, later, over the archive.

They come after what they forbid, and they can only be set from the management account. Where the current credentials
are not of that account, the step says so and `onetrail policies` prints the document for whoever holds it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from onetrail import iam, names
from onetrail.aws import Clients, look, look_for, pages
from onetrail.change import Change, Document, EarlierResult, Finding, FindingState, RequiredCheck
from onetrail.errors import OnetrailError
from onetrail.iam import Archive
from onetrail.iam.expectations import Guardrail
from onetrail.looked import Absent, Unread, unread
from onetrail.settings import Settings

TYPE = "SERVICE_CONTROL_POLICY"


class GuardrailWrong(OnetrailError):
    """A guardrail would decide a request otherwise than it must; the message names the first one."""


def judged_rail(archive: Archive, which: Guardrail, document: Mapping[str, Any]) -> dict[str, Any]:
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
class Rail:
    """One rail as the organization shows it.

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


def read_rail(settings: Settings, clients: Clients, name: str) -> Rail:
    """Look for the rail of that name in the organization."""
    if not settings.organization_id:
        return Rail(name, why="no organization is named in the parameters")
    entry = clients.base()
    if entry is None:
        return Rail(
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
        return Rail(name, settings.organization_id, why="the current account is in no organization")
    if found.value["Organization"]["MasterAccountId"] != base:
        return Rail(name, settings.organization_id, why="the current credentials are not of the management account")
    roots, listed = (
        pages(client, "list_roots", "Roots"),
        pages(client, "list_policies", "Policies", Filter=TYPE),
    )
    if isinstance(roots, Unread) or isinstance(listed, Unread):
        return _blind(settings, name, {"ListRoots": roots, "ListPolicies": listed})
    root = roots.value[0]
    enabled = any(kind["Type"] == TYPE and kind["Status"] == "ENABLED" for kind in root.get("PolicyTypes", []))
    here = Rail(name, settings.organization_id, base, settings.home_region, "", root["Id"], enabled)
    mine = next((said for said in listed.value if said["Name"] == name), None)
    if mine is None:
        return here
    policy = look(client.describe_policy, PolicyId=mine["Id"])
    targets = pages(client, "list_targets_for_policy", "Targets", PolicyId=mine["Id"])
    if isinstance(policy, Unread) or isinstance(targets, Unread):
        return _blind(settings, name, {"DescribePolicy": policy, "ListTargetsForPolicy": targets})
    return Rail(
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


def _blind(settings: Settings, name: str, looks: Mapping[str, object]) -> Rail:
    return Rail(name, settings.organization_id, content=Unread("; ".join(unread(looks))))


def rail_unread(rail: Rail) -> list[str]:
    """What could not be read, so that nobody knows whether the rail stands."""
    return unread({f"the guardrail {rail.name}": rail.content})


def rail_changes(
    rail: Rail, wanted: Mapping[str, Any], accounts: Sequence[str], requires: RequiredCheck
) -> list[Change]:
    """What makes the rail stand over the accounts; nothing where it cannot be set from here or stands already."""
    content = rail.content
    if isinstance(content, Unread) or not rail.management:
        return []
    changes = []
    parameters: dict[str, Any]
    if not rail.enabled:
        parameters = {"RootId": rail.root, "PolicyType": TYPE}
        changes.append(
            _change(
                rail,
                "EnablePolicyType",
                rail.root,
                parameters,
                None,
                "service control policies are not in use yet",
                requires,
            )
        )
    if content is None:
        parameters = {
            "Name": rail.name,
            "Type": TYPE,
            "Description": "Keeps what onetrail made from being undone.",
            "Content": Document(wanted),
            "Tags": [{"Key": names.TAG_KEY, "Value": "rail"}],
        }
        changes.append(
            _change(
                rail,
                "CreatePolicy",
                rail.name,
                parameters,
                None,
                "no guardrail of this name exists",
                requires,
            )
        )
    elif iam.canonical(content) != iam.canonical(wanted):
        parameters = {"PolicyId": rail.policy_id, "Content": Document(wanted)}
        changes.append(
            _change(
                rail,
                "UpdatePolicy",
                rail.name,
                parameters,
                content,
                "the guardrail has another content",
                requires,
            )
        )
    policy_id: Any = rail.policy_id or EarlierResult(f"rail-CreatePolicy-{rail.name}", "Policy.PolicySummary.Id")
    for account in sorted(set(accounts) - set(rail.targets)):
        parameters = {"PolicyId": policy_id, "TargetId": account}
        changes.append(
            _change(
                rail,
                "AttachPolicy",
                account,
                parameters,
                None,
                f"the guardrail is not attached to account {account}",
                requires,
            )
        )
    return changes


def rail_findings(
    step: str, rail: Rail, wanted: Mapping[str, Any], accounts: Sequence[str], *, ready: bool
) -> list[Finding]:
    """Whether the rail stands; `ready` says whether what it must not come before is done."""
    account = rail.management or "-"
    content = rail.content
    if isinstance(content, Unread):
        text = f"whether it is attached is unknown: {content.why}"
        return [Finding(f"{step}.guardrail", FindingState.COULD_NOT_LOOK, "-", "-", rail.name, text)]
    if rail.why and not rail.organization:
        return [Finding(f"{step}.guardrail", FindingState.NOTE, "-", "-", rail.name, f"no guardrail: {rail.why}")]
    if rail.why:
        return [
            Finding(
                f"{step}.guardrail",
                FindingState.NOTE,
                "-",
                "-",
                rail.name,
                f"not set from here: {rail.why}; onetrail policies prints it as scp",
            )
        ]
    stands = (
        content is not None and iam.canonical(content) == iam.canonical(wanted) and set(accounts) <= set(rail.targets)
    )
    if stands:
        return [
            Finding(
                f"{step}.guardrail",
                FindingState.OK,
                account,
                "-",
                rail.name,
                f"attached to {', '.join(sorted(accounts))}",
            )
        ]
    evidence = "is set by the plan" if ready else "is set once what it protects is proven"
    return [Finding(f"{step}.guardrail", FindingState.PLANNED, account, "-", rail.name, evidence)]


def _change(
    rail: Rail,
    call: str,
    resource: str,
    parameters: Mapping[str, Any],
    before: Any,
    reason: str,
    requires: RequiredCheck,
) -> Change:
    undo = {
        "EnablePolicyType": "DisablePolicyType",
        "CreatePolicy": "DeletePolicy after detaching it",
        "UpdatePolicy": "UpdatePolicy with the content shown as before",
        "AttachPolicy": "DetachPolicy",
    }[call]
    key = f"rail-{call}-{resource}" if call != "CreatePolicy" else f"rail-CreatePolicy-{rail.name}"
    return Change(
        key=key,
        account=rail.management,
        region=rail.region,
        service="organizations",
        call=call,
        parameters=parameters,
        resource=resource if call != "AttachPolicy" else f"{rail.name} on {resource}",
        before=before,
        reason=reason,
        undo=undo,
        requires=requires,
    )
