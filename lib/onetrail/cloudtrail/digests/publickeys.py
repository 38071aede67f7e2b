"""CloudTrail's public keys: kept with the evidence, checked against themselves, and used to verify signatures.

Keys are per region. `Value` is a DER-encoded PKCS#1 RSAPublicKey (not SubjectPublicKeyInfo). AWS does not say how long
it answers for old keys, so they are saved in the shape of `aws cloudtrail list-public-keys`.
Source: CloudTrail API reference, ListPublicKeys; the fingerprint rule was seen on every documented key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from onetrail.cloudtrail.digests.digest import SIGNATURE_ALGORITHM
from onetrail.errors import OnetrailError
from onetrail.instants import utc, written
from onetrail.lazily import later

if TYPE_CHECKING:
    from cryptography import exceptions
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
else:
    exceptions, hashes = later("cryptography.exceptions"), later("cryptography.hazmat.primitives.hashes")
    serialization = later("cryptography.hazmat.primitives.serialization")
    padding = later("cryptography.hazmat.primitives.asymmetric.padding")
    rsa = later("cryptography.hazmat.primitives.asymmetric.rsa")

SMALLEST_KEY_BITS: Final = 2048
LIST_PUBLIC_KEYS: Final = "aws cloudtrail list-public-keys --region {region} --start-time 2015-10-01 --output json"
"""Prints every key of a region. Without a start the answer is the current key alone (API reference, ListPublicKeys)."""
SAVE_PUBLIC_KEYS: Final = f"{LIST_PUBLIC_KEYS} > {{region}}.json"


class KeyStoreError(OnetrailError):
    """A saved list of public keys cannot be used; the message says which entry and why."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One public key of CloudTrail in one region. Validity is UTC, as AWS states it."""

    fingerprint: str
    value_der: bytes
    valid_from: datetime
    valid_to: datetime
    region: str

    def fault(self) -> str:
        """Why this key cannot be trusted as it stands; `""` if nothing is wrong with it."""
        if _rsa(self.value_der) is None:
            return f"not a PKCS#1 RSA key of {SMALLEST_KEY_BITS} bits or more"
        if fingerprint_of(self.value_der) != self.fingerprint:
            return "its bytes do not have its fingerprint"
        return ""


class KeyStore:
    """Public keys by region and fingerprint. Unchanging; the same key given twice is kept once."""

    def __init__(self, keys: Iterable[PublicKey] = ()) -> None:
        self._keys: dict[tuple[str, str], PublicKey] = {}
        for key in keys:
            held = self._keys.setdefault((key.region, key.fingerprint), key)
            if held.value_der != key.value_der:
                raise KeyStoreError(f"{key.region}: two different keys have the fingerprint {key.fingerprint}")
            if held != key:
                self._keys[key.region, key.fingerprint] = _widened(held, key)

    def find(self, region: str, fingerprint: str) -> PublicKey | None:
        """The key with that fingerprint in that region; None if it is not held."""
        return self._keys.get((region, fingerprint))

    def holds_time(self, region: str, instant: datetime) -> bool:
        """Whether any key of that region was valid at that instant: if so, an unknown fingerprint is suspect."""
        return any(k.region == region and k.valid_from <= instant <= k.valid_to for k in self._keys.values())

    def short_of(self, region: str, instant: datetime | None) -> str:
        """Why no key of that region is held for that instant, and what to do about it: none at all, those held begin
        later, end earlier, or leave it out."""
        held = [key for key in self._keys.values() if key.region == region]
        cure = f"save them all: {SAVE_PUBLIC_KEYS.format(region=region)}"
        if not held:
            return f"no public keys of {region} are held; {cure}"
        first, last = min(key.valid_from for key in held), max(key.valid_to for key in held)
        if instant is None:
            return f"none of the {len(held)} public keys held of {region} signed it; {cure}"
        if instant < first:
            return (
                f"it is of {written(instant)}, and the public keys held of {region} begin at {written(first)}; {cure}"
            )
        if instant > last:
            return (
                f"it is of {written(instant)}, and the public keys held of {region} end at {written(last)}: save them"
                f" again, as CloudTrail takes a new one every 30 days; {cure}"
            )
        return f"the public keys held of {region} leave out {written(instant)}, the time it is of; {cure}"

    def regions_with(self, fingerprint: str) -> tuple[str, ...]:
        """The regions that have a key with this fingerprint."""
        return tuple(sorted(region for region, held in self._keys if held == fingerprint))

    def faults(self) -> tuple[tuple[PublicKey, str], ...]:
        """Every key that does not agree with itself, with the reason."""
        return tuple((key, why) for key in self.held() if (why := key.fault()))

    def held(self) -> tuple[PublicKey, ...]:
        """All keys, by region, start of validity and fingerprint."""
        return tuple(sorted(self._keys.values(), key=lambda k: (k.region, k.valid_from, k.fingerprint)))


def fingerprint_of(der: bytes) -> str:
    """What CloudTrail calls the fingerprint: MD5 of the PKCS#1 DER bytes, as 32 hex digits."""
    return hashlib.md5(der, usedforsecurity=False).hexdigest()


def load(document: Mapping[str, Any], region: str) -> tuple[PublicKey, ...]:
    """The keys in one region's answer of ListPublicKeys: base64 `Value` (the AWS CLI) or bytes (boto3).

    Times may be ISO 8601 texts, seconds since 1970, or datetimes. `KeyStoreError` where the shape is another, or where
    one key is there twice with different bytes or times.
    """
    entries = document.get("PublicKeyList") if isinstance(document, Mapping) else None
    if not isinstance(entries, list):
        raise KeyStoreError(
            f"{region}: no PublicKeyList; save the answer of `{SAVE_PUBLIC_KEYS.format(region=region)}`"
        )
    keys = tuple(_entry(entry, f"{region}: PublicKeyList[{at}]", region) for at, entry in enumerate(entries))
    first: dict[str, PublicKey] = {}
    for at, key in enumerate(keys):
        if first.setdefault(key.fingerprint, key) != key:
            raise KeyStoreError(
                f"{region}: PublicKeyList[{at}] has other bytes or times than the one before it with the fingerprint"
                f" {key.fingerprint}"
            )
    return keys


def dump(keys: Iterable[PublicKey], region: str) -> dict[str, Any]:
    """The keys of one region in the shape of `aws cloudtrail list-public-keys`."""
    chosen = [key for key in KeyStore(keys).held() if key.region == region]
    return {
        "PublicKeyList": [
            {
                "Value": base64.b64encode(key.value_der).decode("ascii"),
                "ValidityStartTime": key.valid_from.isoformat(),
                "ValidityEndTime": key.valid_to.isoformat(),
                "Fingerprint": key.fingerprint,
            }
            for key in chosen
        ]
    }


def verify(key: PublicKey, signature_hex: str, message: bytes, algorithm: str = SIGNATURE_ALGORITHM) -> bool:
    """Whether this is the key's RSASSA-PKCS1-v1_5 signature with SHA-256 over `message`. Never raises.

    Any other algorithm name is refused; the hash is ours to say and is not taken from the signature.
    """
    public = _rsa(key.value_der)
    if public is None or algorithm != SIGNATURE_ALGORITHM:
        return False
    try:
        public.verify(binascii.unhexlify(signature_hex), message, padding.PKCS1v15(), hashes.SHA256())
    except (exceptions.InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=1024)
def _rsa(der: bytes) -> rsa.RSAPublicKey | None:
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, TypeError):
        return None
    except Exception as err:  # cryptography names its refusal of odd keys differently from version to version
        if type(err).__module__.startswith("cryptography"):
            return None
        raise
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < SMALLEST_KEY_BITS:
        return None
    return key if key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1) == der else None


def _widened(first: PublicKey, second: PublicKey) -> PublicKey:
    start, end = min(first.valid_from, second.valid_from), max(first.valid_to, second.valid_to)
    return PublicKey(first.fingerprint, first.value_der, start, end, first.region)


def _entry(entry: Any, where: str, region: str) -> PublicKey:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("Fingerprint"), str):
        raise KeyStoreError(f"{where} has no Fingerprint")
    start, end = _time(entry, "ValidityStartTime", where), _time(entry, "ValidityEndTime", where)
    return PublicKey(entry["Fingerprint"], _der(entry.get("Value"), where), start, end, region)


def _der(value: Any, where: str) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError) as err:
        raise KeyStoreError(f"{where}: Value is not base64") from err


def _time(entry: Mapping[str, Any], field: str, where: str) -> datetime:
    value = entry.get(field)
    try:
        if isinstance(value, datetime):
            found = value
        elif isinstance(value, str):
            found = datetime.fromisoformat(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value, UTC)
        else:
            raise TypeError("no time")
    except (TypeError, ValueError, OverflowError, OSError) as err:
        raise KeyStoreError(f"{where}: {field} is not a time") from err
    return utc(found)
