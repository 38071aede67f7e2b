"""The estate's whole state in a file, and put back from there.

A snapshot is a line that says its format and moto's version, and a pickle of what the world and moto's backends hold.
"""

import copyreg
import pickle
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from onetrail.practice.moto.backends import STATEFUL, VERSION, backends, management_accounts
from onetrail.practice.state.world import World
from onetrail.practice.state_hash import digest

FORMAT: Final = 2
"""Goes up whenever a class of `state/`, or its place, changes: what was saved before cannot be read then."""
_NAME: Final = b"onetrail practice snapshot "
_HEAD: Final = _NAME + f"{FORMAT}, moto {VERSION}\n".encode()
_FORMAT_1: Final = b"\x80\x05"
"""Until format 2 a snapshot was a pickle alone."""


class BadSnapshot(ValueError):
    """The file is no snapshot that this version can put back; the message says what to do."""


def _restore_key(pem: bytes) -> Any:
    return load_pem_private_key(pem, None)


def _reduce_key(key: Any) -> Any:
    return _restore_key, (key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),)


def _teach_pickle() -> None:
    for key in (rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256R1())):
        copyreg.pickle(type(key), _reduce_key)


def packed(content: dict[str, Any]) -> bytes:
    """A snapshot of that content."""
    _teach_pickle()
    return _HEAD + pickle.dumps(content, protocol=5)


def unpacked(snapshot: bytes) -> dict[str, Any]:
    """What a snapshot holds. Only what the estate wrote itself may come here: pickle runs what it reads. Raises
    BadSnapshot."""
    if not snapshot.startswith(_HEAD):
        if snapshot.startswith((_NAME, _FORMAT_1)):
            raise BadSnapshot(
                "the snapshot is of another version of onetrail or moto, and cannot be put back: "
                "start the estate, bring it to where it was, and save it again"
            )
        raise BadSnapshot("the file is not a snapshot of the practice estate")
    try:
        found: dict[str, Any] = pickle.loads(snapshot[len(_HEAD) :])
    except Exception as err:
        raise BadSnapshot("the snapshot is damaged: save the estate again") from err
    return found


def frozen(world: World) -> bytes:
    """The whole state as a snapshot."""
    content = {
        "number": world.number,
        "scenario": world.scenario,
        "life": world.life,
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
        "moto": {service: _opened(service) for service in STATEFUL},
        "masters": dict(management_accounts()),
    }
    return packed(content)


def _opened(service: str) -> dict[str, dict[str, Any]]:
    return {account: dict(regions.items()) for account, regions in backends(service).items()}


def save(world: World, path: Path) -> str:
    """Write a snapshot, whole or not at all, and through no file or link that is there. Returns the state's hash."""
    content = frozen(world)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:99]}.", delete=False) as half:
        try:
            half.write(content)
            half.flush()
            Path(half.name).replace(path)
        except BaseException:
            Path(half.name).unlink(missing_ok=True)
            raise
    return digest(world)


def load(world: World, path: Path) -> str:
    """Put a snapshot of this estate back. Returns the state's hash. Raises BadSnapshot or OSError.

    A pipe or a device is refused: reading one may never end, and the estate answers nothing meanwhile.
    """
    if path.exists() and not path.is_file():
        raise BadSnapshot(f"{path} is not a regular file: name a snapshot")
    return thaw(world, path.read_bytes())


def thaw(world: World, snapshot: bytes) -> str:
    """Put frozen state back. Returns the state's hash. Raises BadSnapshot, and changes nothing then."""
    found = unpacked(snapshot)
    world.number, world.scenario = found["number"], found["scenario"]
    world.life = found.get("life", "")  # what was saved before there were any has none
    world.clock.set(found["now"])
    world.accounts, world.management_account = found["accounts"], found["management"]
    world.organization_id = found["organization"]
    world.store = found["store"]
    world.keyring.restore(found["keys"])
    world.account_settings, world.counters = found["settings"], found["counters"]
    world.trails, world.jobs, world.access_logs = found["trails"], found["jobs"], found["access logs"]
    for service, accounts in found["moto"].items():
        held = backends(service)
        held.clear()
        for account, regions in accounts.items():
            for region, backend in regions.items():
                held[account][region] = backend
    management_accounts().clear()
    management_accounts().update(found["masters"])
    world.iam_changed()
    return digest(world)
