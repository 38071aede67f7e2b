"""The state's hash: the same for two estates that were set up alike and hold the same.

It covers configuration, objects and the clock; never the request log, counters, sessions, nor anything that a read call
changes.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from onetrail.practice.moto.backends import STATEFUL, backends
from onetrail.practice.state.world import World

_READ_MARKS: Final = frozenset(
    {
        "last_used",
        "password_last_used",
        "credential_report",
        "key_material",
        "_id",
        "lock",
        "aws_managed_policies",
        "account_summary",
        "tagger_lock",
    }
)
"""Attributes that reading changes, or that say nothing."""


def digest(world: World) -> str:
    """sha256 of the frozen state."""
    whole = hashlib.sha256()
    for part in (
        {"number": world.number, "now": world.clock.now()},
        world.accounts,
        {name: _bucket(bucket) for name, bucket in world.store.buckets.items()},
        world.store.account_blocks,
        {account: found for account, found in world.account_settings.items() if found.keys() - _READ_MARKS},
        {"access logs": world.access_logs, "jobs": world.jobs, "trails": world.trails.configuration()},
        *(_moto(service) for service in STATEFUL),
    ):
        whole.update(json.dumps(_canonical(part, ()), sort_keys=True, separators=(",", ":")).encode())
    return whole.hexdigest()


def _bucket(bucket: Any) -> dict[str, Any]:
    found = {
        name: value for name, value in vars(bucket).items() if name not in ("versions", "names", "policy_document")
    }
    found["objects"] = [
        [
            v.key,
            v.version_id,
            v.marker,
            v.etag,
            v.size,
            v.storage_class + v.tier,
            v.owner,
            v.lock_mode,
            v.lock_until,
            v.legal_hold,
            v.last_modified,
            v.metadata,
            v.tags,
            v.sse,
            v.kms_key,
            v.content_type,
            v.headers,
            v.restore_until,
        ]
        for key in bucket.names
        for v in bucket.versions[key]
    ]
    return found


def _moto(service: str) -> dict[str, Any]:
    """Every backend's attributes; one that reading merely opened, and that equals a fresh one, is left out."""
    found = {}
    for account, region, backend in backends(service).iter_backends():
        state = _canonical(vars(backend), ())
        if state != _canonical(_fresh(type(backend), region, account), ()):
            found[f"{service} {account} {region}"] = state
    return found


_FRESH: dict[tuple[type, str, str], Any] = {}


def _fresh(kind: type, region: str, account: str) -> dict[str, Any]:
    key = (kind, region, account)
    if key not in _FRESH:
        _FRESH[key] = dict(vars(kind(region, account_id=account)))
    found: dict[str, Any] = _FRESH[key]
    return found


def _canonical(value: Any, above: tuple[int, ...]) -> Any:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, datetime):
        return value.isoformat()
    if id(value) in above or len(above) > 12:
        return f"<{type(value).__name__}>"
    above = (*above, id(value))
    if isinstance(value, Mapping):
        return {str(key): _canonical(found, above) for key, found in value.items() if str(key) not in _READ_MARKS}
    if isinstance(value, set | frozenset):
        return sorted((_canonical(found, above) for found in value), key=str)
    if isinstance(value, list | tuple):
        return [_canonical(found, above) for found in value]
    if type(value).__name__ == "ManagedPolicy" or hasattr(value, "__dict__") or hasattr(value, "__slots__"):
        return {"is": type(value).__name__, **_canonical(_fields(value), above)}
    return f"<{type(value).__name__}>"


def _fields(value: Any) -> dict[str, Any]:
    if type(value).__name__ == "AWSManagedPolicy":
        return {"arn": value.arn}
    if hasattr(value, "__dict__"):
        return {k: v for k, v in vars(value).items() if not callable(v)}
    return {name: getattr(value, name) for name in value.__slots__ if hasattr(value, name)}
