"""The keys that the estate gave out: the practice credentials and role sessions."""

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
    """All credentials of the estate by key id; access keys of IAM users are in moto."""

    def __init__(self) -> None:
        self._keys: dict[str, Credential] = {}

    def add(self, credential: Credential) -> None:
        """Make a key known."""
        self._keys[credential.access_key_id] = credential

    def find(self, access_key_id: str) -> Credential | None:
        """The credential of that key id, or None."""
        return self._keys.get(access_key_id)

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
