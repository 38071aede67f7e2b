"""The cast of every practice estate: organization, three accounts, their roles, the key of the person at the
keyboard."""

import json
from collections.abc import Sequence
from typing import Any, Final

from onetrail import iam
from onetrail.practice.moto.backends import iam_backend, seed
from onetrail.practice.moto.organization import make_organization
from onetrail.practice.state.account_info import BY_DEFAULT, AccountInfo
from onetrail.practice.state.credentials import Credential
from onetrail.practice.state.world import World

MANAGEMENT: Final = "999988887777"
SOURCE: Final = "111122223333"
LOG: Final = "044455556666"
ORGANIZATION: Final = "o-practice01"
OPTED_IN: Final = ("af-south-1", "ap-east-1", "eu-south-1")
ENGINEER_ROLE: Final = f"arn:aws:iam::{MANAGEMENT}:role/PlatformEngineer"
ACCESS_KEY_ID: Final = "OTPRACTICE0ENGINEER0"
SECRET_ACCESS_KEY: Final = "practice-only-engineer"


def make_cast(world: World) -> None:
    """Accounts, organization, roles and practice credentials in an empty world."""
    add_account(world, MANAGEMENT, "acme-management", (), management=True)
    add_account(world, SOURCE, "acme-production", OPTED_IN)
    add_account(world, LOG, "acme-log-archive", OPTED_IN)
    world.organization_id = ORGANIZATION
    make_organization(world, invited=(SOURCE,))
    make_role(world, MANAGEMENT, "PlatformEngineer", [f"arn:aws:iam::{MANAGEMENT}:root"])
    make_role(world, MANAGEMENT, "SecurityLead", [ENGINEER_ROLE])
    make_role(world, SOURCE, "TrailConsolidation", [ENGINEER_ROLE])
    engineer = next(r for r in iam_backend(MANAGEMENT).roles.values() if r.name == "PlatformEngineer")
    give_key(world, ACCESS_KEY_ID, SECRET_ACCESS_KEY, engineer, "engineer")


def add_account(world: World, account: str, name: str, opted_in: Sequence[str], management: bool = False) -> None:
    """Make an account known, with the regions it opted in to beside those on by default."""
    mail = f"{name}@acme.example"
    world.accounts[account] = AccountInfo(account, name, set(BY_DEFAULT) | set(opted_in), mail, management)
    if management:
        world.management_account = account


def make_role(
    world: World,
    account: str,
    name: str,
    trusts: Sequence[str],
    policies: Sequence[str] = ("AdministratorAccess",),
    inline: dict[str, dict[str, Any]] | None = None,
) -> Any:
    """A role that the given principals may assume, with AWS-managed and inline policies. Returns moto's role."""
    seed(world, "role", account, name)
    backend = iam_backend(account)
    statement = {"Effect": "Allow", "Principal": {"AWS": list(trusts)}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = backend.create_role(name, trust, "/", None, "", [], "3600")
    for policy in policies:
        backend.attach_role_policy(f"arn:aws:iam::aws:policy/{policy}", name)
    for policy_name, document in (inline or {}).items():
        backend.put_role_policy(name, policy_name, json.dumps(document))
    world.iam_changed()
    return role


def make_user(world: World, account: str, name: str, policies: Sequence[str] = (), keys: int = 0) -> Any:
    """An IAM user, with AWS-managed policies and access keys. Returns moto's user."""
    seed(world, "user", account, name)
    backend = iam_backend(account)
    user = backend.create_user("us-east-1", name)
    for policy in policies:
        backend.attach_user_policy(f"arn:aws:iam::aws:policy/{policy}", name)
    for _ in range(keys):
        backend.create_access_key(name)
    world.iam_changed()
    return user


def give_key(world: World, access_key_id: str, secret: str, role: Any, session: str) -> None:
    """A lasting key that makes its holder a session of the role."""
    principal = iam.role(role.arn, session)
    world.keyring.add(Credential(access_key_id, secret, principal, f"{role.id}:{session}", role_id=role.id))
