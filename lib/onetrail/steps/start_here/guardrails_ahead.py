"""What the organization's policies will refuse to the steps, before they begin: by the policy's name and statement.
Pure.

Only what denies is looked at. What the root's FullAWSAccess does not allow is rare, and shows when a call is made.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from onetrail import iam, names
from onetrail.change import Finding, FindingState
from onetrail.change.words import counted, some
from onetrail.estate.policy_documents.foreseen import copier_reads, principal_of
from onetrail.estate.policy_documents.identities import resources
from onetrail.estate.policy_documents.needs import EVERY, LOG, LOG_FIRST, SOURCE, Need
from onetrail.estate.policy_documents.organization_policies import KINDS, OrganizationPolicy
from onetrail.estate.role_parts import boundary_arn, wanted_tags
from onetrail.iam.document import values
from onetrail.iam.refusing import KNOWN_OF_ANY_CALL, RefusingStatement, refusing
from onetrail.looked import Unread
from onetrail.settings import Settings
from onetrail.steps.start_here.permissions import open_needs
from onetrail.steps.start_here.preflight_seen import PreflightFacts

ID: Final = "00.organization-policy"
_REGION: Final = "aws:requestedregion"
_OURS: Final = "onetrail-"
"""How the names of our own guardrails begin: they spare what the steps do."""
_OF_TRAILS: Final = ("cloudtrail:StopLogging", "cloudtrail:DeleteTrail")
_SCP, _RCP = KINDS.values()


def guardrails_ahead(settings: Settings, seen: PreflightFacts, open_steps: Sequence[str]) -> Iterator[Finding]:
    """One finding per statement that refuses something; one line where none does, or nobody could look."""
    fine = 0
    for account, found in seen.guardrails.items():
        if isinstance(found, Unread):
            text = f"could not be read, so what they refuse shows when a call is made: {found.why}"
            yield Finding(ID, FindingState.NOTE, account, "-", "policies of the organization", text)
            continue
        refused = list(_refused(settings, seen, account, found, open_steps))
        yield from refused
        fine += not refused
    if fine:
        text = f"{counted(fine, 'account')}: none that applies denies what the open steps send"
        yield Finding(ID, FindingState.OK, "-", "-", "policies of the organization", text)


def _refused(
    settings: Settings,
    seen: PreflightFacts,
    account: str,
    policies: Sequence[OrganizationPolicy],
    open_steps: Sequence[str],
) -> Iterator[Finding]:
    who = seen.identities[account].arn if account in seen.identities else ""
    asked = list(_calls(settings, seen, account, who, open_steps)) if who else []
    for policy in policies:
        if policy.name.startswith(_OURS):
            continue
        if policy.kind == _SCP:
            hit: dict[str, tuple[RefusingStatement, list[str]]] = {}
            for step, request in asked:
                for one in refusing(policy.document, [request]):
                    said = "every step" if step == EVERY else f"step {step}"
                    _, actions = hit.setdefault(one.statement, (one, []))
                    actions.append(f"{request.action} ({said})")
            for one, actions in hit.values():
                yield _finding(account, policy, one, actions, who.split(":", 5)[5])
        else:
            yield from _of_copier(settings, seen, account, policy, open_steps)


def _of_copier(
    settings: Settings, seen: PreflightFacts, account: str, policy: OrganizationPolicy, open_steps: Sequence[str]
) -> Iterator[Finding]:
    """A resource control policy binds the buckets of the account for every reader."""
    log = settings.log_account.account_id
    buckets = [b for b in seen.estate.buckets if b.account == account and not b.emptied and "05" in open_steps]
    reads = [read for bucket in buckets for read in copier_reads(settings, bucket, log)]
    for one in refusing(policy.document, reads):
        yield _finding(account, policy, one, [f"{one.action} (step 05)"], "onetrail-copier of the log account")


def _finding(
    account: str, policy: OrganizationPolicy, one: RefusingStatement, actions: Sequence[str], who: str
) -> Finding:
    by = f" (by {', '.join(one.keys)})" if one.keys else ""
    unless = f", unless the call carries the {', '.join(one.open_keys)} it asks for" if one.open_keys else ""
    listed = list(dict.fromkeys(actions))
    allowed = _regions(policy.document) if _REGION in {key.lower() for key in one.keys} else ()
    cure = "ask the owner of the organization to exempt that identity while the move is under way"
    if allowed:
        cure = f"it is a region deny that lets {', '.join(allowed)} through: set regions to those, or {cure}"
    text = f"its statement {one.statement} refuses {some(listed, len(listed))} to {who}{by}{unless}: {cure}"
    state = FindingState.FINDING if one.sure else FindingState.NOTE
    return Finding(ID, state, account, "-", f"{policy.kind} {policy.name}", text)


def _regions(document: Any) -> tuple[str, ...]:
    """The regions that a region deny names as not denied."""
    return tuple(
        sorted(
            {
                region
                for statement in iam.statements(document)
                for operator, keys in statement.get("Condition", {}).items()
                if "Not" in operator
                for key, said in keys.items()
                if key.lower() == _REGION
                for region in values(said)
            }
        )
    )


def _calls(
    settings: Settings, seen: PreflightFacts, account: str, who: str, open_steps: Sequence[str]
) -> Iterator[tuple[str, iam.Request]]:
    """Each call of the open steps there, by step, where it is sent."""
    source = account in settings.source_account_ids
    for where in (SOURCE,) if source else (LOG_FIRST, LOG):
        arn = who if where != LOG else settings.own_role_arn(account, names.OPERATOR_ROLE)
        for need in open_needs(settings, where, open_steps):
            for action in need.actions:
                for resource, region in _places(settings, seen, account, need, action):
                    given = {
                        **KNOWN_OF_ANY_CALL,
                        "aws:RequestedRegion": region,
                        **_of_a_role(settings, account, action),
                    }
                    yield need.step, iam.Request(principal_of(arn), action, resource, account, given)


def _of_a_role(settings: Settings, account: str, action: str) -> dict[str, str]:
    """What making a role carries: the boundary and the tags that the parameters ask for."""
    if action != "iam:CreateRole":
        return {}
    said = {f"aws:RequestTag/{name}": value for name, value in wanted_tags(settings).items()}
    boundary = boundary_arn(settings, account)
    return {**said, "iam:PermissionsBoundary": boundary} if boundary else said


def _places(
    settings: Settings, seen: PreflightFacts, account: str, need: Need, action: str
) -> Iterator[tuple[str, str]]:
    """ARN and region of what the call is sent to."""
    if action in _OF_TRAILS:
        yield from ((t.arn, t.home_region) for t in seen.estate.old_trails if t.account == account)
    elif need.on in ("bucket", "object"):
        for bucket in seen.estate.buckets:
            if bucket.account == account and not bucket.emptied:
                for arn in resources(settings, need, account, (bucket.name,)):
                    yield arn, bucket.region
    else:
        region = settings.home_region if not action.startswith("iam:") else "us-east-1"
        trail = names.trail_arn(settings.partition, settings.home_region, account, settings.new_trail_name)
        new = action.startswith("cloudtrail:") and need.step == "04"
        yield from ((trail if new else arn, region) for arn in resources(settings, need, account, ()))
