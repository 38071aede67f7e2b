"""Whose key signed a request: a practice credential, a role session, or an IAM user's access key."""

from typing import NamedTuple

from onetrail.iam import Principal, user
from onetrail.practice.moto.backends import find_access_key
from onetrail.practice.state.credentials import Credential, Keyring


class Requester(NamedTuple):
    """Who calls. AWS services and anonymous callers have no credential."""

    principal: Principal
    credential: Credential | None = None


def credential_of(keyring: Keyring, access_key_id: str) -> Credential | None:
    """The credential of that key id: ours, or an active access key of an IAM user."""
    return keyring.find(access_key_id) or _user_key(access_key_id)


def _user_key(access_key_id: str) -> Credential | None:
    found = find_access_key(access_key_id)
    if found is None:
        return None
    _, key, owner = found
    return Credential(access_key_id, key.secret_access_key, user(owner.arn), owner.id)
