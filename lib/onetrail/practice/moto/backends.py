"""Where moto keeps what it knows: its backends are global, by service, account and region."""

import importlib
from typing import Any, Final

import moto
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.moto_api._internal import mock_random
from moto.organizations.models import organizations_backends

from onetrail.practice.state.world import World

VERSION: Final = moto.__version__
STATEFUL: Final = (
    "account",
    "cloudwatch",
    "config",
    "events",
    "iam",
    "kms",
    "logs",
    "organizations",
    "sns",
    "sqs",
)
"""Services whose backends belong to the estate's state."""


def seed(world: World, *parts: object) -> None:
    """Make moto's next random values follow from these parts."""
    mock_random.seed(int.from_bytes(world.ident("moto", *parts)))


def backends(service: str) -> Any:
    """All backends of a service: account -> region -> backend."""
    return getattr(importlib.import_module(f"moto.{service}.models"), f"{service}_backends")


def iam_backend(account: str) -> Any:
    """IAM of an account."""
    return iam_backends[account]["aws"]


def kms_backend(account: str, region: str) -> Any:
    """KMS of an account in a region."""
    return kms_backends[account][region]


def organization_backend(management: str) -> Any:
    """The organization that this account manages."""
    return organizations_backends[management]["aws"]


def management_accounts() -> dict[str, tuple[str, str]]:
    """Member account -> account and partition that manage its organization; may be changed in place."""
    found: dict[str, tuple[str, str]] = organizations_backends.master_accounts
    return found


def find_role(arn: str) -> Any:
    """The role of that ARN, or None."""
    return next((role for role in iam_backend(arn.split(":")[4]).roles.values() if role.arn == arn), None)


def log_group(arn: str) -> Any:
    """The log group of that ARN, with or without `:*` at its end, or None."""
    parts = arn.removesuffix(":*").split(":", 6)
    return backends("logs")[parts[4]][parts[3]].groups.get(parts[6]) if len(parts) == 7 else None


def topic_policy(arn: str) -> str | None:
    """The policy of the topic of that ARN; None where there is no such topic."""
    parts = arn.split(":")
    topic = backends("sns")[parts[4]][parts[3]].topics.get(arn) if len(parts) == 6 else None
    return None if topic is None else str(topic.policy)


def find_access_key(access_key_id: str) -> tuple[str, Any, Any] | None:
    """Account, access key and user of an active key of an IAM user; None where there is none."""
    for account, partitions in list(iam_backends.items()):
        backend = partitions["aws"]
        key = backend.access_keys.get(access_key_id)
        if key is None or key.status != "Active" or not key.user_name:
            continue
        user = backend.users.get(key.user_name)
        if user is not None:
            return account, key, user
    return None


def kms_key(arn: str) -> Any:
    """The KMS key of that ARN (also by alias ARN), or None."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "kms":
        return None
    backend = kms_backend(parts[4], parts[3])
    if parts[5].startswith("alias/"):
        return backend.keys.get(backend.get_key_id_from_alias(parts[5]) or "")
    return backend.keys.get(parts[5].removeprefix("key/"))
