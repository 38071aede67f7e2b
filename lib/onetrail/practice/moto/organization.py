"""The organization as moto holds it: made with ids of ours, its members created or invited; its delegated
administrators."""

from collections.abc import Collection
from typing import Any, Final

from moto.organizations import models

from onetrail.practice.moto.backends import iam_backend, organization_backend, seed
from onetrail.practice.state.world import World

CLOUDTRAIL: Final = "cloudtrail.amazonaws.com"
SCP: Final = "SERVICE_CONTROL_POLICY"
_ROLE: Final = "OrganizationAccountAccessRole"
_ADMINISTRATOR: Final = "arn:aws:iam::aws:policy/AdministratorAccess"


def make_organization(world: World, invited: Collection[str]) -> None:
    """An organization of all the world's accounts, with service control policies enabled; those invited have no role
    for the management account."""
    seed(world, "organization")
    management = world.management_account
    backend, info = organization_backend(management), world.accounts[management]
    backend.create_organization("us-east-1", FeatureSet="ALL")
    backend.org.id = world.organization_id
    backend.org.master_account_email = info.email
    master = backend.accounts[0]
    master.name, master.email = info.name, info.email
    backend.enable_policy_type(RootId=backend.org.root_id, PolicyType=SCP)
    for thing in (*backend.ou, *backend.policies, *backend.accounts):
        thing.organization_id = world.organization_id
    _forget_role(management)
    for account in (account for account in world.accounts if account != management):
        add_member(world, account)
        if account in invited:
            backend.accounts[-1].joined_method = "INVITED"
            iam_backend(account).detach_role_policy(_ADMINISTRATOR, _ROLE)
            _forget_role(account)


def add_member(world: World, account: str) -> None:
    """An account that the organization creates, with its role for the management account."""
    info = world.accounts[account]
    utils: Any = vars(models)["utils"]
    made = utils.make_random_account_id
    utils.make_random_account_id = lambda: account
    try:
        organization_backend(world.management_account).create_account(AccountName=info.name, Email=info.email)
    finally:
        utils.make_random_account_id = made
    organization_backend(world.management_account).accounts[-1].organization_id = world.organization_id
    iam_backend(account).attach_role_policy(_ADMINISTRATOR, _ROLE)


def _forget_role(account: str) -> None:
    roles = iam_backend(account).roles
    for key in [key for key, role in roles.items() if role.name == _ROLE]:
        del roles[key]


def delegable_services() -> list[str]:
    """Services that moto lets an account administer for the organization; may be added to."""
    found: list[str] = models.FakeDelegatedAdministrator.SUPPORTED_SERVICES
    return found


def delegated_administrators(world: World, service: str) -> list[str]:
    """Accounts that administer that service for the organization, in the order in which they were registered."""
    backend = organization_backend(world.management_account)
    return [admin.account.id for admin in backend.admins if service in admin.services]


def all_administrators(world: World) -> list[str]:
    """Accounts that administer any service for the organization."""
    return [admin.account.id for admin in organization_backend(world.management_account).admins]


def delegate(world: World, account: str, service: str) -> None:
    """Register a member as administrator of that service."""
    known = delegable_services()
    if service not in known:
        known.append(service)
    backend = organization_backend(world.management_account)
    backend.register_delegated_administrator(AccountId=account, ServicePrincipal=service)


def withdraw(world: World, account: str, service: str) -> None:
    """Take that back."""
    backend = organization_backend(world.management_account)
    backend.deregister_delegated_administrator(AccountId=account, ServicePrincipal=service)


def add_control(world: World, name: str, document: str, target: str) -> None:
    """A service control policy over an account."""
    seed(world, "control", name)
    backend = organization_backend(world.management_account)
    made = backend.create_policy(Name=name, Description=name, Content=document, Type=SCP)
    backend.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=target)
    world.iam_changed()
