"""No plan holds a document that AWS would refuse for its size: it is measured as it would be sent, before anything is.

A limit that is met in the middle of a plan leaves the estate between two states, so such a plan is not proposed. What
closes a grant is never kept back: it takes statements out of what is there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from onetrail.change import After, Change, Document, EarlierResult, Finding, FindingState, Plan
from onetrail.iam.limits import LIMITS, DocumentKind, size, too_large

Inline = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Role -> name -> inline policy, as they stand now; those of one role count together."""

_NONE: Final[Inline] = {}
_INSTANT: Final = "2026-01-12T15:00:00Z"
"""As long as every instant is that a policy is sent with."""
_RESULT: Final = "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-" + 32 * "0"
"""As long as the longest ARN that AWS gives back and that a policy then names: a key's."""
_CONTROLS: Final = {"SERVICE_CONTROL_POLICY": DocumentKind.SCP, "RESOURCE_CONTROL_POLICY": DocumentKind.RCP}
_KINDS: Final = {
    "PutBucketPolicy": (DocumentKind.BUCKET, "Policy"),
    "CreateRole": (DocumentKind.TRUST, "AssumeRolePolicyDocument"),
    "UpdateAssumeRolePolicy": (DocumentKind.TRUST, "PolicyDocument"),
    "PutRolePolicy": (DocumentKind.ROLE, "PolicyDocument"),
    "CreateKey": (DocumentKind.KEY, "Policy"),
    "PutKeyPolicy": (DocumentKind.KEY, "Policy"),
    "CreatePolicy": (DocumentKind.SCP, "Content"),
    "UpdatePolicy": (DocumentKind.SCP, "Content"),
}
"""Call -> what it puts, and the parameter that holds it. The runbook puts no resource control policy unless its Type
says so."""


class Sized(NamedTuple):
    """One document of a plan and what it takes."""

    kind: DocumentKind
    resource: str
    taken: int
    """In the unit of the kind; for inline policies, all of the role together."""
    change: Change


def sized(changes: Iterable[Change], inline: Inline = _NONE) -> Iterator[Sized]:
    """Every document that the changes put, in their order."""
    standing = {role: dict(policies) for role, policies in inline.items()}
    for change in changes:
        kind, part = _KINDS.get(change.call, (None, ""))
        sent = change.parameters.get(part)
        if kind is None or change.closes or not isinstance(sent, Document):
            continue
        kind = _CONTROLS.get(str(change.parameters.get("Type", "")), kind)
        document = as_sent(sent.value)
        taken = size(kind, document)
        if kind is DocumentKind.ROLE:
            role = standing.setdefault(str(change.parameters["RoleName"]), {})
            role[str(change.parameters["PolicyName"])] = document
            taken = sum(size(kind, policy) for policy in role.values())
        yield Sized(kind, change.resource, taken, change)


def as_sent(value: Any) -> Any:
    """The document with something as long in place of what is filled in when it is sent."""
    if isinstance(value, After):
        return _INSTANT
    if isinstance(value, EarlierResult):
        return _RESULT
    if isinstance(value, Mapping):
        return {key: as_sent(item) for key, item in value.items()}
    return [as_sent(item) for item in value] if isinstance(value, list | tuple) else value


def oversized(name: str, changes: Iterable[Change], inline: Inline = _NONE) -> list[Finding]:
    """One finding of that id for each document that AWS would refuse for its size, with its size, the limit and what to
    do."""
    found = []
    for one in sized(changes, inline):
        wrong = too_large(one.kind, one.taken)
        if wrong:
            where = (one.change.account, one.change.region, one.resource)
            said = f"{wrong}: {LIMITS[one.kind].cure}"
            found.append(Finding(name, FindingState.FINDING, *where, said))
    return found


def within_limits(plan: Plan, inline: Inline = _NONE) -> Plan:
    """The plan, or an empty one that says why where it holds a document that AWS would refuse for its size."""
    found = oversized(f"{plan.step}.document-size", plan.changes, inline)
    if not found:
        return plan
    return replace(plan, changes=(), ends_with=None, not_yet=None, why=reason(found))


def reason(found: list[Finding]) -> str:
    """Why nothing is planned: the first document that is too large, and how many more there are."""
    more = f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""
    return f"{found[0].resource} {found[0].evidence}{more}"
