"""Who may do what: decoded policies of callers, roles, keys and organizations, asked of the evaluator."""

import json
from collections.abc import Mapping
from typing import Any

from onetrail.iam import Document, Policies, PolicyDecision, Principal, Request, evaluate
from onetrail.iam.request import PrincipalKind
from onetrail.iam.statement import prepared
from onetrail.practice.iam.requester import Requester
from onetrail.practice.moto.backends import find_role, iam_backend, kms_key, organization_backend
from onetrail.practice.state.credentials import Credential
from onetrail.practice.state.world import World


class Authorizer:
    """Reads policies from moto's IAM, Organizations and KMS; what it decoded is kept until IAM changes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen_version = -1
        self._attached: dict[tuple[str, str], tuple[tuple[Document, ...], Document | None]] = {}
        self._levels: dict[tuple[str, str], tuple[tuple[Document, ...], ...]] = {}
        self._prepared: dict[int, tuple[Document, Document]] = {}

    def decide(
        self,
        requester: Requester,
        action: str,
        resource: str,
        resource_account: str,
        context: Mapping[str, Any],
        *,
        resource_policy: Document | None = None,
        owner_only: bool = False,
        trust: bool = False,
    ) -> PolicyDecision:
        """The verdict on one action. The caller's credential brings session policies."""
        self._refresh()
        principal, credential = requester.principal, requester.credential
        identity, boundary = self._policies_of(principal, credential)
        session = credential.session_policies[0] if credential and credential.session_policies else None
        policies = Policies(
            identity=identity,
            boundary=boundary,
            session=session,
            resource=self._ready(resource_policy) if resource_policy is not None else None,
            scps=self.controls(principal.account, "SERVICE_CONTROL_POLICY"),
            rcps=self.controls(resource_account or principal.account, "RESOURCE_CONTROL_POLICY"),
            resource_owner_only=owner_only,
            trust=trust,
        )
        return evaluate(Request(principal, action, resource, resource_account, context), policies)

    def _refresh(self) -> None:
        if self._seen_version != self._world.iam_version:
            self._seen_version = self._world.iam_version
            self._attached.clear()
            self._levels.clear()
            self._prepared.clear()

    def _ready(self, document: Document) -> Document:
        """The document prepared for many evaluations; kept by identity, since stored documents are never changed."""
        found = self._prepared.get(id(document))
        if found is not None and found[0] is document:
            return found[1]
        if len(self._prepared) > 2_000:
            self._prepared.clear()
        made = prepared(document)
        self._prepared[id(document)] = (document, made)
        return made

    def _policies_of(
        self, principal: Principal, credential: Credential | None
    ) -> tuple[tuple[Document, ...], Document | None]:
        if principal.kind not in (PrincipalKind.ROLE, PrincipalKind.USER):
            return (), None
        role_id = credential.role_id if credential else ""
        key = (principal.arn, role_id)
        if key not in self._attached:
            self._attached[key] = _attached(principal, role_id)
        return self._attached[key]

    def controls(self, account: str, kind: str) -> tuple[tuple[Document, ...], ...]:
        """SCPs or RCPs over an account, one tuple a level from the root down; none over the management account."""
        if not account or account == self._world.management_account or account not in self._world.accounts:
            return ()
        if (account, kind) not in self._levels:
            self._levels[account, kind] = _controls(self._world.management_account, account, kind)
        return self._levels[account, kind]

    def role_trust(self, arn: str) -> Document | None:
        """Trust policy of a role, None when there is no such role."""
        role = find_role(arn)
        return None if role is None else decoded(role.assume_role_policy_document)

    def key_allows(
        self,
        requester: Requester,
        action: str,
        key_arn: str,
        context: Mapping[str, Any],
    ) -> bool:
        """Whether the caller may use the KMS key: its key policy and, across accounts, both sides."""
        found = kms_key(key_arn)
        if found is None:
            return False
        decision = self.decide(
            requester,
            action,
            key_arn,
            key_arn.split(":")[4],
            context,
            resource_policy=decoded(found.policy),
        )
        return decision.allowed


def decoded(document: str | bytes | Mapping[str, Any]) -> dict[str, Any]:
    """A stored policy as a dictionary; an unreadable one allows nothing."""
    if isinstance(document, Mapping):
        return dict(document)
    try:
        found = json.loads(document)
    except ValueError:
        return {"Version": "2012-10-17", "Statement": []}
    return found if isinstance(found, dict) else {"Version": "2012-10-17", "Statement": []}


def _attached(principal: Principal, role_id: str) -> tuple[tuple[Document, ...], Document | None]:
    backend = iam_backend(principal.account)
    name = principal.arn.rsplit("/", 1)[-1]
    held = (
        backend.roles.get(_role_key(backend, name)) if principal.kind is PrincipalKind.ROLE else backend.users.get(name)
    )
    if held is None or held.arn != principal.arn or (role_id and held.id != role_id):
        return (), None
    documents: list[Document] = [decoded(text) for text in held.policies.values()]
    documents += [_default_version(policy) for policy in held.managed_policies.values()]
    if principal.kind is PrincipalKind.USER:
        for group in backend.groups.values():
            if held in group.users:
                documents += [decoded(text) for text in group.policies.values()]
                documents += [_default_version(policy) for policy in group.managed_policies.values()]
    boundary_arn = getattr(held, "permissions_boundary_arn", None)
    boundary = backend.managed_policies.get(boundary_arn) if boundary_arn else None
    limit = prepared(_default_version(boundary)) if boundary is not None else None
    return tuple(prepared(document) for document in documents), limit


def _role_key(backend: Any, name: str) -> str:
    return next((key for key, role in backend.roles.items() if role.name == name), "")


def _default_version(policy: Any) -> dict[str, Any]:
    for version in policy.versions:
        if version.version_id == policy.default_version_id:
            return decoded(version.document)
    return decoded(policy.document)


def _controls(management: str, account: str, kind: str) -> tuple[tuple[Document, ...], ...]:
    backend = organization_backend(management)
    if backend.org is None:
        return ()
    root = next((ou for ou in backend.ou if ou.id == backend.org.root_id), None)
    if root is None or not any(t["Type"] == kind and t["Status"] == "ENABLED" for t in root.policy_types):
        return ()
    target = next((a for a in backend.accounts if a.id == account), None)
    levels: list[tuple[Document, ...]] = []
    while target is not None:
        levels.insert(0, tuple(prepared(decoded(p.content)) for p in target.attached_policies if p.type == kind))
        parent = getattr(target, "parent_id", None)
        target = next((ou for ou in backend.ou if ou.id == parent), None) if parent else None
    return tuple(levels)
