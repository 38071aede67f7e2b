"""CloudTrail's public keys of all regions, kept with the run: AWS does not say how long it answers for old ones.

Source: CloudTrail API Reference, ListPublicKeys: it answers for one region, with the keys whose validity overlaps the
time asked for.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from onetrail.aws import Clients, pages
from onetrail.cloudtrail.digests.publickeys import KeyStore, KeyStoreError, PublicKey, dump, load
from onetrail.estate.public_keys.read import FOLDER
from onetrail.files import FileRefused, read_bytes, read_json
from onetrail.looked import Unread
from onetrail.settings import Settings


@dataclass(frozen=True)
class KeptRegionKeys:
    """One region's public keys: those AWS lists now, and those that were kept before.

    `faults` names keys that do not fit their own fingerprint; they are never kept. `unusable` says why a kept file
    cannot be read.
    """

    region: str
    listed: tuple[PublicKey, ...] = ()
    kept: tuple[PublicKey, ...] = ()
    faults: tuple[str, ...] = ()
    unusable: str = ""
    could_not_look: str = ""

    @property
    def unkept(self) -> tuple[PublicKey, ...]:
        """Keys that AWS lists and that were not kept yet."""
        held = {key.fingerprint for key in self.kept}
        return tuple(key for key in self.listed if key.fingerprint not in held)

    @property
    def all(self) -> tuple[PublicKey, ...]:
        """Both together, each once, by start of validity."""
        return KeyStore((*self.kept, *self.listed)).held()


def read_keys(
    settings: Settings, clients: Clients, regions: Sequence[str], first: datetime, now: datetime
) -> tuple[KeptRegionKeys, ...]:
    """The keys of these regions over the time from `first` to a day from now, and what is kept already."""
    account = settings.source_account_ids[0]

    def of(region: str) -> KeptRegionKeys:
        kept, unusable = read_kept(settings, region)
        asked = pages(
            clients.client("cloudtrail", account, region),
            "list_public_keys",
            "PublicKeyList",
            StartTime=first,
            EndTime=now + timedelta(days=1),
        )
        if isinstance(asked, Unread):
            return KeptRegionKeys(region, (), kept, (), unusable, f"ListPublicKeys: {asked.why}")
        try:
            given = KeyStore(load({"PublicKeyList": asked.value}, region))
        except KeyStoreError as err:
            return KeptRegionKeys(region, (), kept, (), unusable, f"ListPublicKeys: {err}")
        bad = {key.fingerprint: why for key, why in given.faults()}
        good = tuple(key for key in given.held() if key.fingerprint not in bad)
        return KeptRegionKeys(region, good, kept, tuple(f"{name}: {why}" for name, why in bad.items()), unusable)

    return tuple(clients.each(of, sorted(set(regions))))


def read_kept(settings: Settings, region: str) -> tuple[tuple[PublicKey, ...], str]:
    """The good keys kept for a region, and why its file cannot be used; nothing of both where there is no file."""
    path = settings.run_folder / FOLDER / f"{region}.json"
    if not os.path.lexists(path):
        return (), ""
    try:
        held = KeyStore(load(read_json(path), region))
    except FileRefused as err:
        return (), str(err)
    except (ValueError, KeyStoreError) as err:
        return (), f"{path.name} cannot be used: {err}"
    bad = [f"{key.fingerprint}: {why}" for key, why in held.faults()]
    if bad:
        return (), f"{path.name} cannot be used: {bad[0]}"
    return held.held(), ""


def keep(settings: Settings, found: KeptRegionKeys) -> Path | None:
    """Write a region's keys, those kept before among them; a file that cannot be used is put aside, never overwritten.

    None where there is no key to keep.
    """
    if not found.all:
        return None
    path = settings.run_folder / FOLDER / f"{found.region}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    if found.unusable:
        path.replace(path.with_name(f"{found.region}.unusable-{_mark_of(path)}"))
    replaced(path, json.dumps(dump(found.all, found.region), indent=4).encode() + b"\n")
    return path


def _mark_of(path: Path) -> str:
    """What tells one unusable file from another: the start of its hash, or why there is none."""
    try:
        return sha256(read_bytes(path)).hexdigest()[:8]
    except FileRefused as err:
        return sha256(err.line.encode()).hexdigest()[:8]


def replaced(path: Path, content: bytes) -> None:
    """Put a file in place at once: readers see the old one or the new one, never a part."""
    temporary = path.with_name(path.name + ".new")
    with temporary.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)
