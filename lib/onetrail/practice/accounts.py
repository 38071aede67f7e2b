"""The cast of every practice estate: organization, three accounts, their roles, the key of the person at the
keyboard."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from onetrail import iam
from onetrail.practice.moto.backends import iam_backend, seed
from onetrail.practice.moto.organization import add_member, make_organization
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


@dataclass(frozen=True)
class Cast:
    """Who is in an estate. `security` and `vendor` are there once a scenario item needs them."""

    organization: str
    management: str
    log: str
    sources: tuple[str, ...]
    names: Mapping[str, str]
    opted_in: tuple[str, ...] = OPTED_IN
    security: str = "222211110000"
    """The account of the security team: a delegated administrator."""
    vendor: str = "666677778888"
    """An account of another company."""

    @property
    def engineer(self) -> str:
        """The role of the person at the keyboard."""
        return f"arn:aws:iam::{self.management}:role/PlatformEngineer"


DEFAULT: Final = Cast(
    ORGANIZATION,
    MANAGEMENT,
    LOG,
    (SOURCE,),
    {MANAGEMENT: "acme-management", SOURCE: "acme-production", LOG: "acme-log-archive"},
)
"""Three accounts, one of them the source."""
MEMBERS: Final = Cast(
    "o-a1b2c3d4e5",
    "123456789012",
    "098765432109",
    ("210987654321", "012345670123", "345678901234"),
    {
        "123456789012": "acme-management",
        "210987654321": "acme-production",
        "012345670123": "acme-analytics",
        "345678901234": "acme-payments",
        "098765432109": "acme-log-archive",
    },
    (),
)
"""An organization with three source accounts: those of parameters/organization.yaml."""


def make_cast(world: World, cast: Cast = DEFAULT) -> None:
    """Accounts, organization, roles and practice credentials in an empty world."""
    for account, name in cast.names.items():
        management = account == cast.management
        add_account(world, account, name, () if management else cast.opted_in, management=management)
    world.organization_id = cast.organization
    make_organization(world, invited=cast.sources)
    make_role(world, cast.management, "PlatformEngineer", [f"arn:aws:iam::{cast.management}:root"])
    make_role(world, cast.management, "SecurityLead", [cast.engineer])
    if cast is MEMBERS:
        make_role(world, cast.management, "Auditor", [cast.engineer])
    for source in cast.sources:
        make_role(world, source, "TrailConsolidation", [cast.engineer])
    engineer = next(r for r in iam_backend(cast.management).roles.values() if r.name == "PlatformEngineer")
    give_key(world, ACCESS_KEY_ID, SECRET_ACCESS_KEY, engineer, "engineer")


def join(world: World, account: str, name: str) -> None:
    """One more account, created in the organization; nothing where it is there already."""
    if account not in world.accounts:
        add_account(world, account, name, ())
        add_member(world, account)


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
    path: str = "/",
    boundary: str | None = None,
) -> Any:
    """A role that the given principals may assume, with AWS-managed and inline policies. Returns moto's role.

    A principal without colons is a service.
    """
    seed(world, "role", account, name)
    backend = iam_backend(account)
    kind = "AWS" if ":" in trusts[0] else "Service"
    statement = {"Effect": "Allow", "Principal": {kind: list(trusts)}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = backend.create_role(name, trust, path, boundary, "", [], "3600")
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
