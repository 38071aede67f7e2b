"""The service and resource control policies between an organization's root and one account, read where the current
credentials may: in the management account, or as a delegated administrator.

Source: Organizations API Reference, ListParents, ListPoliciesForTarget; Organizations User Guide, "SCP evaluation" (no
service control policy binds the management account).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from onetrail import iam
from onetrail.aws import Clients, look, look_for, pages
from onetrail.looked import Absent, Unread
from onetrail.settings import Settings

KINDS: Final = {
    "SERVICE_CONTROL_POLICY": "service control policy",
    "RESOURCE_CONTROL_POLICY": "resource control policy",
}
_DEEPEST: Final = 8
"""Levels at most: a root, five organizational units within each other, an account."""
_NOT_IN_USE: Final = ("PolicyTypeNotEnabledException", "AWSOrganizationsNotInUseException")


@dataclass(frozen=True)
class OrganizationPolicy:
    """One policy that applies to an account; `kind` in words."""

    name: str
    kind: str
    document: Mapping[str, Any]


Applying = tuple[OrganizationPolicy, ...] | Unread
"""What applies to one account, from the root down; or why nobody could look."""


def read_organization_policies(settings: Settings, clients: Clients, accounts: Iterable[str]) -> dict[str, Applying]:
    """By account; without an account where no organization is named, or it is the management account."""
    base = clients.base()
    if not settings.organization_id or base is None:
        return {}
    client = clients.client("organizations", base.account)
    found = look_for(client.describe_organization, _NOT_IN_USE)
    if isinstance(found, Unread):
        return {account: Unread(f"DescribeOrganization: {found.why}", found.code) for account in accounts}
    if isinstance(found, Absent) or found.value["Organization"]["Id"] != settings.organization_id:
        return {}
    management = found.value["Organization"]["MasterAccountId"]
    reader = _Reader(client)
    return {account: reader.applying(account) for account in accounts if account != management}


class _Reader:
    """Each target and each policy is read once."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.targets: dict[str, Applying] = {}
        self.documents: dict[str, Mapping[str, Any] | Unread] = {}

    def applying(self, account: str) -> Applying:
        """From the root down to the account."""
        chain = [account]
        while len(chain) < _DEEPEST and not chain[0].startswith("r-"):
            parents = look(self.client.list_parents, ChildId=chain[0])
            if isinstance(parents, Unread):
                return Unread(f"ListParents: {parents.why}", parents.code)
            chain.insert(0, parents.value["Parents"][0]["Id"])
        whole: list[OrganizationPolicy] = []
        for target in chain:
            if target not in self.targets:
                self.targets[target] = self._of(target)
            found = self.targets[target]
            if isinstance(found, Unread):
                return found
            whole += [one for one in found if one not in whole]
        return tuple(whole)

    def _of(self, target: str) -> Applying:
        found: list[OrganizationPolicy] = []
        for filtered, kind in KINDS.items():
            listed = pages(self.client, "list_policies_for_target", "Policies", TargetId=target, Filter=filtered)
            if isinstance(listed, Unread):
                if listed.code in _NOT_IN_USE:
                    continue
                return Unread(f"ListPoliciesForTarget: {listed.why}", listed.code)
            for said in listed.value:
                document = self._document(said["Id"])
                if isinstance(document, Unread):
                    return document
                found.append(OrganizationPolicy(said["Name"], kind, document))
        return tuple(found)

    def _document(self, number: str) -> Mapping[str, Any] | Unread:
        if number not in self.documents:
            found = look(self.client.describe_policy, PolicyId=number)
            self.documents[number] = (
                Unread(f"DescribePolicy: {found.why}", found.code)
                if isinstance(found, Unread)
                else iam.parse(found.value["Policy"]["Content"])
            )
        return self.documents[number]
