"""The public keys that a check goes by: a folder of saved ones, what CloudTrail answers now, or both; the result says
which."""

import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws.refused import error_code
from onetrail.cloudtrail.digests.publickeys import (
    LIST_PUBLIC_KEYS,
    KeyStore,
    KeyStoreError,
    PublicKey,
    dump,
    load,
)
from onetrail.errors import OnetrailError, WrongUse
from onetrail.files import FileRefused, NotJson, json_value, opened

FIRST_DIGESTS: Final = datetime(2015, 10, 1, tzinfo=UTC)
"""Log file validation began on 1 October 2015 (CloudTrail release notes)."""
MAX_STORE_BYTES: Final = 32 * 2**20
_REGION: Final = re.compile(r"[a-z]{2,5}(?:-[a-z]+){1,2}-\d{1,2}", re.ASCII)
Ask = Callable[[str], Any]
"""A CloudTrail client of a region, as boto3 makes it."""


class UnfitStore(WrongUse):
    """A saved list of public keys cannot be used; nothing was proven with it."""


@dataclass(frozen=True, slots=True)
class RegionKeys:
    """One region's keys. `source` says where they come from in words; `why` says why there are none, `""` where there
    are."""

    region: str
    store: KeyStore
    source: str
    why: str = ""


class PublicKeys:
    """Keys by region. `folder` holds `REGION.json` files, None: none are saved; `ask` makes CloudTrail clients, None:
    nobody is asked.

    `keep` is a folder into which the keys of every region that is asked for are written, with those that it has
    already.
    """

    def __init__(self, folder: Path | None, ask: Ask | None, keep: Path | None = None) -> None:
        if folder is not None and not folder.is_dir():
            raise UnfitStore(f"there is no directory {folder} with public keys: one REGION.json each")
        self._folder, self._ask, self._keep = folder, ask, keep
        self._saved = {} if folder is None else read_store(folder)
        self.used: dict[str, RegionKeys] = {}

    def of(self, region: str) -> RegionKeys:
        """The keys of a region; asked for once. Raises UnfitStore where saved and given keys contradict each other."""
        if region not in self.used:
            self.used[region] = self._region(region)
        return self.used[region]

    def store(self, region: str) -> KeyStore:
        """The keys of a region, with those saved for others: a digest that names another region's key is reported as
        such."""
        others = (key for name, keys in self._saved.items() if name != region for key in keys)
        return KeyStore([*self.of(region).store.held(), *others])

    def _region(self, region: str) -> RegionKeys:
        saved = self._saved.get(region, ())
        if self._ask is None:
            why = "" if saved else f"{self._folder} has no {region}.json"
            return RegionKeys(region, KeyStore(saved), "saved", why)
        given, why = _given(self._ask, region)
        try:
            every = KeyStore([*saved, *given])
        except KeyStoreError as err:
            raise UnfitStore(f"saved and given public keys contradict each other: {err}") from err
        if self._keep is not None and not why:
            save(self._keep, region, every)
        source = "saved, and CloudTrail asked too" if saved and given else "saved" if saved else "CloudTrail"
        return RegionKeys(region, every, source, "" if every.held() else why or "CloudTrail gives none")


def read_store(folder: Path) -> dict[str, tuple[PublicKey, ...]]:
    """The keys of every `REGION.json` in a folder; files of other names are passed over. Raises UnfitStore with the
    file and what is wrong with it."""
    return {path.stem: _file(path) for path in sorted(folder.glob("*.json")) if _REGION.fullmatch(path.stem)}


def save(folder: Path, region: str, keys: KeyStore) -> Path:
    """Write a region's keys, those already in the file among them; raises UnfitStore where that file cannot be used."""
    path = folder / f"{region}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = _file(path) if path.exists() else ()
        document = dump([*held, *keys.held()], region)
        with tempfile.NamedTemporaryFile("w", dir=folder, prefix=".new-", delete=False) as out:
            json.dump(document, out, indent=4)
            out.write("\n")
        os.chmod(out.name, 0o644)
        Path(out.name).replace(path)
    except KeyStoreError as err:
        raise UnfitStore(f"{path}: {err}; put it aside and run again") from err
    except OSError as err:
        raise OnetrailError(f"{path} cannot be written: {err.strerror}") from err
    return path


def _file(path: Path) -> tuple[PublicKey, ...]:
    region = path.stem
    try:
        with opened(path) as file:
            text = file.read(MAX_STORE_BYTES + 1)
        if len(text) > MAX_STORE_BYTES:
            raise ValueError(f"more than {MAX_STORE_BYTES} bytes")
        document = json_value(text)
        store = KeyStore(load(document if isinstance(document, Mapping) else {}, region))
    except FileRefused as err:
        raise UnfitStore(f"{path}: {err.why}") from err
    except (ValueError, NotJson, KeyStoreError) as err:
        raise UnfitStore(f"{path} is not what `{LIST_PUBLIC_KEYS.format(region=region)}` prints: {err}") from err
    for key, why in store.faults():
        raise UnfitStore(f"{path}: the key {key.fingerprint} cannot be trusted: {why}")
    return store.held()


def _given(ask: Ask, region: str) -> tuple[list[PublicKey], str]:
    """What CloudTrail answers for a region, and why there is nothing; keys that do not fit their own fingerprint are
    left out."""
    try:
        client, token = ask(region), ""
        found: list[PublicKey] = []
        while True:
            answer = client.list_public_keys(StartTime=FIRST_DIGESTS, **({"NextToken": token} if token else {}))
            found += load({"PublicKeyList": answer.get("PublicKeyList")}, region)
            token = answer.get("NextToken", "")
            if not token:
                return [key for key in found if not key.fault()], ""
    except ClientError as err:
        return [], f"ListPublicKeys in {region}: {error_code(err)}"
    except (BotoCoreError, OnetrailError) as err:
        return [], f"ListPublicKeys in {region}: {err}"
