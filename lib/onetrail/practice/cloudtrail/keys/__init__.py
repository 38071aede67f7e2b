"""The estate's signing keys: one RSA-2048 test key for each region and 30 days, as CloudTrail has them.

PRACTICE ONLY. The keys are pairs of eighty published primes, so they protect nothing and are the same on every machine.
Two thousand keys from one small file is why they are pairs: a real region never uses a key twice.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import md5, sha256
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from onetrail.practice.state.account_info import COMMERCIAL

VALIDITY: Final = timedelta(days=30)
FIRST: Final = datetime(2020, 11, 1, tzinfo=UTC)
"""No region has a key that began before this."""

_EXPONENT: Final = 65537
_PERIODS: Final = 86
"""30-day periods a region has before its keys repeat: until the end of 2027."""


@dataclass(frozen=True)
class SigningKey:
    """One key. `der` is a PKCS#1 RSAPublicKey; `fingerprint` is the MD5 of these bytes, as on AWS."""

    region: str
    valid_from: datetime
    der: bytes
    fingerprint: str
    private: RSAPrivateKey

    @property
    def valid_to(self) -> datetime:
        """The last instant of its 30 days."""
        return self.valid_from + VALIDITY

    def signature(self, text: str) -> str:
        """Hexadecimal RSASSA-PKCS1-v1_5 signature with SHA-256."""
        return self.private.sign(text.encode(), PKCS1v15(), hashes.SHA256()).hex()


def signing_key(region: str, moment: datetime) -> SigningKey:
    """The key with which CloudTrail signs in that region at that instant."""
    return _key(region, (moment - _anchor(region)) // VALIDITY)


def signing_keys(region: str, start: datetime, end: datetime) -> list[SigningKey]:
    """Every key of the region whose validity touches `start` to `end`, oldest first."""
    anchor = _anchor(region)
    first = max(0, (start - anchor) // VALIDITY)
    return [_key(region, period) for period in range(first, (end - anchor) // VALIDITY + 1)]


def _anchor(region: str) -> datetime:
    offset = int.from_bytes(sha256(region.encode()).digest()[:4], "big")
    return FIRST + timedelta(seconds=offset % int(VALIDITY.total_seconds()))


@cache
def _primes() -> tuple[int, ...]:
    found = json.loads(Path(__file__).with_name("practice_only_primes.json").read_bytes())
    return tuple(int(text, 16) for text in found["primes"])


@cache
def _key(region: str, period: int) -> SigningKey:
    p, q = _pair(COMMERCIAL.index(region) * _PERIODS + period % _PERIODS)
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    public = RSAPublicNumbers(_EXPONENT, p * q)
    numbers = RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public)
    private = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    der = private.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    began = _anchor(region) + period * VALIDITY
    return SigningKey(region, began, der, md5(der, usedforsecurity=False).hexdigest(), private)


def _pair(number: int) -> tuple[int, int]:
    primes = _primes()
    step, first = divmod(number, len(primes))
    return primes[first], primes[(first + step + 1) % len(primes)]
