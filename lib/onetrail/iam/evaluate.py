"""Would AWS allow this request under these policies, and which statement decides?

Follows the IAM User Guide, "Policy evaluation logic", for requests within one account and between two. What
AWS decides outside policies (ACLs, public-access block, Object Lock, session expiry) is
the caller's business.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from onetrail.iam.document import Document
from onetrail.iam.match import PrincipalPrecision
from onetrail.iam.request import IN_AN_ACCOUNT, PrincipalKind, Request, context_of
from onetrail.iam.statement import Scene, ready

_OWNERS_WAY_BACK: Final = frozenset({"s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"})
"""The owner's root user keeps these whatever the bucket policy denies (S3 API Reference, PutBucketPolicy)."""


@dataclass(frozen=True)
class Policies:
    """Everything attached to caller and resource. None means no such policy; an empty tuple, none apply."""

    identity: tuple[Document, ...] = ()
    boundary: Document | None = None
    session: Document | None = None
    resource: Document | None = None
    scps: tuple[tuple[Document, ...], ...] = ()
    """One tuple a level, root to account; each must allow. Never pass them for the management account."""
    rcps: tuple[tuple[Document, ...], ...] = ()
    resource_owner_only: bool = False
    """An S3 object that the bucket owner does not own: no Allow of the bucket policy reaches it."""
    trust: bool = False
    """`resource` is a role's trust policy: it must always name the caller."""


@dataclass(frozen=True)
class PolicyDecision:
    """The verdict, and what it rests on."""

    allowed: bool
    reason: str
    """allowed, explicit_deny, or implicit_deny_ with identity, resource, scp, rcp, boundary or session."""
    sid: str
    """Sid of the deciding statement, `(no Sid)` for one without, empty when nothing matched."""
    where: str
    """identity, resource, scp, rcp, boundary or session."""
    explain: str
    """One sentence."""


class _Hit(NamedTuple):
    sid: str
    named: PrincipalPrecision


_KIND: Final = {
    "identity": "the caller's identity policy",
    "resource": "the resource's policy",
    "scp": "a service control policy",
    "rcp": "a resource control policy",
    "boundary": "the caller's permissions boundary",
    "session": "the session policy",
}


def evaluate(request: Request, policies: Policies) -> PolicyDecision:
    """The decision on one request. Raises `PolicyError` on a document that AWS would never have stored."""
    bounded = policies.boundary is not None and request.principal.kind in (PrincipalKind.ROLE, PrincipalKind.USER)
    scene = Scene(request, request.action.lower(), context_of(request), bounded)
    denied = _explicit_deny(scene, policies)
    if denied:
        return denied
    ceiling = _ceiling(scene, policies)
    if ceiling:
        return ceiling
    if request.principal.kind in (PrincipalKind.SERVICE, PrincipalKind.ANONYMOUS):
        return _by_resource_alone(scene, policies)
    return _by_identity_and_resource(scene, policies)


def _explicit_deny(scene: Scene, policies: Policies) -> PolicyDecision | None:
    for where, document in _all_documents(scene, policies):
        if where == "resource" and _owner_root_may_repair(scene.request):
            continue
        hit = _best(scene, (document,), "Deny")
        if hit:
            return _said(scene, False, "explicit_deny", where, hit)
    return None


def _all_documents(scene: Scene, policies: Policies) -> Iterable[tuple[str, Document]]:
    has_identity = scene.request.principal.kind in IN_AN_ACCOUNT
    if has_identity:
        yield from (("scp", document) for level in policies.scps for document in level)
    yield from (("rcp", document) for level in policies.rcps for document in level)
    if policies.resource is not None:
        yield "resource", policies.resource
    if has_identity:
        yield from (("identity", document) for document in policies.identity)
        if policies.boundary is not None:
            yield "boundary", policies.boundary
        if policies.session is not None:
            yield "session", policies.session


def _owner_root_may_repair(request: Request) -> bool:
    owner = request.resource_account or request.principal.account
    return (
        request.principal.kind is PrincipalKind.ROOT
        and request.principal.account == owner
        and request.action.lower() in _OWNERS_WAY_BACK
    )


def _ceiling(scene: Scene, policies: Policies) -> PolicyDecision | None:
    has_identity = scene.request.principal.kind in IN_AN_ACCOUNT
    for where, levels in (("scp", policies.scps if has_identity else ()), ("rcp", policies.rcps)):
        for level in levels:
            if not _best(scene, level, "Allow"):
                return _said(scene, False, f"implicit_deny_{where}", where)
    return None


def _by_resource_alone(scene: Scene, policies: Policies) -> PolicyDecision:
    hit = _resource_allow(scene, policies)
    if hit:
        return _said(scene, True, "allowed", "resource", hit)
    return _said(scene, False, "implicit_deny_resource", "resource")


def _by_identity_and_resource(scene: Scene, policies: Policies) -> PolicyDecision:
    request = scene.request
    same_account = request.resource_account in ("", request.principal.account)
    resource = _resource_allow(scene, policies)
    if same_account and resource and resource.named > PrincipalPrecision.ACCOUNT:
        limit = None if resource.named is PrincipalPrecision.EXACT else _limit(scene, policies)
        return limit or _said(scene, True, "allowed", "resource", resource)
    if not resource and (not same_account or policies.trust or request.action.lower().startswith("kms:")):
        return _said(scene, False, "implicit_deny_resource", "resource")
    identity = _best(scene, policies.identity, "Allow")
    if not identity and request.principal.kind is not PrincipalKind.ROOT:
        return _said(scene, False, "implicit_deny_identity", "identity")
    limit = _limit(scene, policies)
    if limit:
        return limit
    return _said(scene, True, "allowed", "identity", identity or _Hit("(root user)", PrincipalPrecision.EXACT))


def _limit(scene: Scene, policies: Policies) -> PolicyDecision | None:
    for where, document in (("boundary", policies.boundary), ("session", policies.session)):
        if document is not None and not _best(scene, (document,), "Allow"):
            return _said(scene, False, f"implicit_deny_{where}", where)
    return None


def _resource_allow(scene: Scene, policies: Policies) -> _Hit | None:
    if policies.resource is None or policies.resource_owner_only:
        return None
    return _best(scene, (policies.resource,), "Allow")


def _best(scene: Scene, documents: Iterable[Document], effect: str) -> _Hit | None:
    """The matching statement of that effect that names the caller most precisely; the first of equals."""
    best: _Hit | None = None
    for document in documents:
        for statement in ready(document):
            how = statement.applies(scene) if statement.effect == effect else PrincipalPrecision.NO
            if how and (best is None or how > best.named):
                best = _Hit(statement.sid, how)
                if effect == "Deny":
                    return best
    return best


def _said(scene: Scene, allowed: bool, reason: str, where: str, hit: _Hit | None = None) -> PolicyDecision:
    request = scene.request
    deed = f"{request.action} on {request.resource}"
    if reason == "explicit_deny" and hit:
        text = f"{request.principal} may not {deed}: statement {hit.sid} of {_KIND[where]} denies it."
    elif allowed and hit:
        text = f"{request.principal} may {deed}: statement {hit.sid} of {_KIND[where]} allows it."
    else:
        text = f"{request.principal} may not {deed}: no statement of {_KIND[where]} allows it."
    return PolicyDecision(allowed, reason, hit.sid if hit else "", where, text)
