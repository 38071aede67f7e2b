"""Whose key signed a request: the practice credentials, role sessions, and IAM users' access keys."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from onetrail.iam import Principal

KEY_PREFIX = "OTPRACTICE"
"""Every key id and session token the estate gives out starts with this."""


@dataclass(frozen=True)
class Credential:
    """A key, and who it makes the caller. `expires` is wall time; None means never."""

    access_key_id: str
    secret: str
    principal: Principal
    principal_id: str
    token: str = ""
    expires: datetime | None = None
    session_policies: tuple[dict[str, Any], ...] = ()
    role_id: str = ""

    @property
    def account(self) -> str:
        """The caller's account."""
        return self.principal.account


class Keyring:
    """All credentials of the estate by key id."""

    def __init__(self) -> None:
        self._keys: dict[str, Credential] = {}

    def add(self, credential: Credential) -> None:
        """Make a key known."""
        self._keys[credential.access_key_id] = credential

    def find(self, access_key_id: str) -> Credential | None:
        """The credential of that key id: ours, or an active access key of an IAM user."""
        found = self._keys.get(access_key_id)
        return found or _user_key(access_key_id)

    def expire(self, access_key_id: str, moment: datetime) -> None:
        """End a session at that wall time."""
        self._keys[access_key_id] = replace(self._keys[access_key_id], expires=moment)

    def __contains__(self, access_key_id: str) -> bool:
        return access_key_id in self._keys

    def all(self) -> dict[str, Credential]:
        """For snapshots."""
        return dict(self._keys)

    def restore(self, keys: dict[str, Credential]) -> None:
        """Put a snapshot's keys back; keys handed out since stay valid."""
        self._keys = {**self._keys, **keys}


def _user_key(access_key_id: str) -> Credential | None:
    from moto.iam.models import iam_backends

    for account, partitions in list(iam_backends.items()):
        backend = partitions["aws"]
        key = backend.access_keys.get(access_key_id)
        if key is None or key.status != "Active" or not key.user_name:
            continue
        user = backend.users.get(key.user_name)
        if user is not None:
            principal = Principal("user", account=account, arn=user.arn)
            return Credential(access_key_id, key.secret_access_key, principal, user.id)
    return None
