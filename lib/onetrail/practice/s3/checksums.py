"""Checksums of objects: computed, and those a request states checked against its body."""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable
from typing import Final

from awscrt import checksums as crt

from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.request import S3Request
from onetrail.practice.state.buckets import md5


def _crc32(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(4, "big")


CHECKSUMS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "CRC32": _crc32,
    "CRC32C": lambda body: crt.crc32c(body).to_bytes(4, "big"),
    "CRC64NVME": lambda body: crt.crc64nvme(body).to_bytes(8, "big"),
    "SHA1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "SHA256": lambda body: hashlib.sha256(body).digest(),
}


def checksum(algorithm: str, body: bytes) -> str:
    """Base64 checksum of the bytes. Raises S3Error on an unknown algorithm."""
    if algorithm not in CHECKSUMS:
        raise S3Error(
            "InvalidRequest", "Checksum algorithm provided is unsupported. Please try again with a valid one."
        )
    return base64.b64encode(CHECKSUMS[algorithm](body)).decode()


def stated_checksums(request: S3Request) -> dict[str, str]:
    """Checks Content-MD5 and every x-amz-checksum-* header against the body; returns the checksums to keep."""
    headers, body = request.headers, request.body
    stated_md5 = headers.get("content-md5")
    if stated_md5 is not None:
        try:
            digest = base64.b64decode(stated_md5, validate=True)
        except binascii.Error as err:
            raise S3Error("InvalidDigest") from err
        if len(digest) != 16:
            raise S3Error("InvalidDigest")
        if digest.hex() != md5(body):
            raise S3Error("BadDigest", "The Content-MD5 you specified did not match what we received.")
    kept: dict[str, str] = {}
    for algorithm in CHECKSUMS:
        stated = headers.get(f"x-amz-checksum-{algorithm.lower()}")
        if stated is None:
            continue
        found = checksum(algorithm, body)
        if stated != found:
            raise S3Error("BadDigest", f"The {algorithm} you specified did not match the calculated checksum.")
        kept[algorithm] = found
    return kept
