"""The estate's state: frozen into a hash, saved to a file, put back.

The hash covers configuration, objects, clock and what services registered; never the request log, counters, sessions,
nor anything a read call changes.
"""

import copyreg
import hashlib
import json
import pickle
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from onetrail.practice.moto.backends import backends, management_accounts
from onetrail.practice.state.world import World

MOTO_SERVICES: Final = {
    "account": "account", "cloudwatch": "cloudwatch", "config": "config", "events": "events", "iam": "iam", "kms": "kms",
    "logs": "logs", "organizations": "organizations", "sns": "sns", "sqs": "sqs",
}  # fmt: skip
"""moto services whose backends belong to the state."""
_FORMAT: Final = 2
_READ_MARKS: Final = frozenset(
    {
        "last_used",
        "password_last_used",
        "credential_report",
        "_id",
        "lock",
        "aws_managed_policies",
        "account_summary",
        "tagger_lock",
    }
)
"""Attributes that reading changes, or that say nothing."""


class BadSnapshot(ValueError):
    """The file is no snapshot of this program."""


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
        *(_moto(service) for service in MOTO_SERVICES),
    ):
        whole.update(json.dumps(_canonical(part, ()), sort_keys=True, separators=(",", ":")).encode())
    return whole.hexdigest()


def _bucket(bucket: Any) -> dict[str, Any]:
    found = {
        name: value
        for name, value in vars(bucket).items()
        if name not in ("versions", "names", "policy_document")
    }
    found["objects"] = [
        [
            v.key, v.version_id, v.marker, v.etag, v.size, v.storage_class + v.tier, v.owner, v.lock_mode, v.lock_until,
            v.legal_hold, v.last_modified, v.metadata, v.tags, v.sse, v.kms_key, v.content_type, v.headers,
            v.restore_until,
        ]
        for key in bucket.names
        for v in bucket.versions[key]
    ]  # fmt: skip
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
        return {
            str(key): _canonical(found, above) for key, found in value.items() if str(key) not in _READ_MARKS
        }
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


def _restore_key(pem: bytes) -> Any:
    return load_pem_private_key(pem, None)


def _reduce_key(key: Any) -> Any:
    return _restore_key, (key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),)


def _teach_pickle() -> None:
    for key in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256R1())):
        copyreg.pickle(type(key), _reduce_key)


def frozen(world: World) -> bytes:
    """The whole state as bytes."""
    _teach_pickle()
    content = {
        "format": _FORMAT,
        "number": world.number,
        "scenario": world.scenario,
        "now": world.clock.now(),
        "accounts": world.accounts,
        "management": world.management_account,
        "organization": world.organization_id,
        "store": world.store,
        "keys": world.keyring.all(),
        "settings": world.account_settings,
        "counters": world.counters,
        "trails": world.trails,
        "jobs": world.jobs,
        "access logs": world.access_logs,
        "moto": {service: _opened(service) for service in MOTO_SERVICES},
        "masters": dict(management_accounts()),
    }
    return pickle.dumps(content, protocol=5)


def _opened(service: str) -> dict[str, dict[str, Any]]:
    return {account: dict(regions.items()) for account, regions in backends(service).items()}


def save(world: World, path: Path) -> str:
    """Write a snapshot, whole or not at all. Returns the state's hash."""
    half = path.with_name(path.name + ".half")
    half.write_bytes(frozen(world))
    half.chmod(0o600)
    half.replace(path)
    return digest(world)


def load(world: World, path: Path) -> str:
    """Put a snapshot of this estate back. Returns the state's hash. Raises BadSnapshot or OSError."""
    return thaw(world, path.read_bytes())


def thaw(world: World, content: bytes) -> str:
    """Put frozen state back. Only files that the estate wrote itself may come here: pickle runs what it reads."""
    try:
        found = pickle.loads(content)
        if found["format"] != _FORMAT:
            raise BadSnapshot("the snapshot was written by another version of the practice estate")
    except (pickle.UnpicklingError, KeyError, TypeError, EOFError) as err:
        raise BadSnapshot("the file is not a snapshot of the practice estate") from err
    world.number, world.scenario = found["number"], found["scenario"]
    world.clock.set(found["now"])
    world.accounts, world.management_account = found["accounts"], found["management"]
    world.organization_id = found["organization"]
    world.store = found["store"]
    world.keyring.restore(found["keys"])
    world.account_settings, world.counters = found["settings"], found["counters"]
    for service, accounts in found["moto"].items():
        held = backends(service)
        held.clear()
        for account, regions in accounts.items():
            for region, backend in regions.items():
                held[account][region] = backend
    management_accounts().clear()
    management_accounts().update(found["masters"])
    world.trails, world.jobs, world.access_logs = found["trails"], found["jobs"], found["access logs"]
    world.iam_changed()
    return digest(world)
