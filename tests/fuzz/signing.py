"""What CloudTrail's signer does, written from its documentation alone; nothing of onetrail is imported here.

Source: CloudTrail User Guide, "Custom implementations of CloudTrail log file integrity validation" and "CloudTrail log
file integrity validation: digest file structure". The fingerprint is the MD5 of the PKCS#1 DER bytes.
"""

import gzip
import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SIGNERS: Final = 8
"""Key pairs that CloudTrail has; each belongs to one region."""
STRANGER: Final = SIGNERS
"""The key pair of somebody else."""


@cache
def _private(number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def der(number: int) -> bytes:
    """The public key as ListPublicKeys gives it."""
    return _private(number).public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)


def fingerprint(number: int) -> str:
    """What a digest calls its key."""
    return hashlib.md5(der(number)).hexdigest()


def signature(number: int, message: bytes) -> str:
    """SHA256withRSA, in hex."""
    return _private(number).sign(message, padding.PKCS1v15(), hashes.SHA256()).hex()


def signed_text(end: str, bucket: str, key: str, raw: bytes, before: str | None) -> bytes:
    """The string that a digest's signature covers."""
    return "\n".join((end, f"{bucket}/{key}", hashlib.sha256(raw).hexdigest(), before or "null")).encode()


def sha256(data: bytes) -> str:
    """In hex."""
    return hashlib.sha256(data).hexdigest()


def packed(content: bytes) -> bytes:
    """One gzip member as CloudTrail writes it."""
    return gzip.compress(content, 6, mtime=0)


def packed_otherwise(content: bytes) -> bytes:
    """One gzip member as another program writes it: other bytes, the same content."""
    out = io.BytesIO()
    with gzip.GzipFile("name.json", "wb", 1, out, mtime=99) as file:
        file.write(content)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key of a region and its stated validity (UTC)."""

    region: str
    number: int
    start: datetime
    end: datetime
