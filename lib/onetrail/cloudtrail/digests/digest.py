"""Digest files: what one says, the string that its signature covers, and strict gzip reading.

Everything in a digest is somebody's claim until its signature has been verified, so the reader is strict
and bounded. Source: CloudTrail User Guide, "CloudTrail log file integrity validation: digest file
structure" and "Custom implementations of CloudTrail log file integrity validation".
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from onetrail.cloudtrail.gzipped import MAX_DIGEST_BYTES, sha256_hex
from onetrail.errors import OnetrailError

MAX_LOG_FILES: Final = 100_000
"""Most log files that one digest may name."""
MAX_JSON_VALUES: Final = 10 * MAX_LOG_FILES
"""Most commas, braces and brackets in a digest: what they build in memory is many times their size."""
SIGNATURE_ALGORITHM: Final = "SHA256withRSA"
HASH_ALGORITHM: Final = "SHA-256"
_HEX: Final = re.compile(r"(?:[0-9a-f]{2}){1,1024}", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{8,128}", re.ASCII)
_ACCOUNT: Final = re.compile(r"\d{12}", re.ASCII)
_BUCKET: Final = re.compile(r"[A-Za-z0-9._-]{3,255}", re.ASCII)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z?", re.ASCII)
_UNSIGNABLE: Final = re.compile("[\x00-\x1f\ud800-\udfff]")
_PREVIOUS: Final = (
    "previousDigestS3Bucket",
    "previousDigestS3Object",
    "previousDigestHashValue",
    "previousDigestHashAlgorithm",
    "previousDigestSignature",
)


class DigestFormatError(OnetrailError):
    """The bytes are not a digest file; the message says which field is wrong and how."""


@dataclass(frozen=True, slots=True)
class LoggedFile:
    """One log file that a digest names. `hash` is SHA-256 (lower-case hex) of its uncompressed content.

    `oldest` and `newest` are event times (UTC), None where the digest gives none.
    """

    bucket: str
    key: str
    hash: str
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Previous:
    """What a digest says of the one before it: where it was delivered, the hash of its bytes, its signature
    (hex)."""

    bucket: str
    key: str
    hash: str
    signature: str


@dataclass(frozen=True, slots=True)
class Digest:
    """One digest file. Bucket and key are where CloudTrail delivered it, wherever it lies today.

    `start` and `end` (UTC) bound the delivery time of its logs, not the time of their events; `end_text` is
    the end exactly as written, since the signature covers it. `previous` is None in the first digest of a
    chain. `sha256` is over the uncompressed bytes.
    """

    account: str
    start: datetime
    end: datetime
    end_text: str
    bucket: str
    key: str
    fingerprint: str
    algorithm: str
    oldest: datetime | None
    newest: datetime | None
    previous: Previous | None
    logs: tuple[LoggedFile, ...]
    sha256: str


def digest_of(raw: bytes) -> Digest:
    """The digest in these uncompressed bytes; `DigestFormatError` where they are not exactly one."""
    if len(raw) > MAX_DIGEST_BYTES:
        raise DigestFormatError(f"a digest of more than {MAX_DIGEST_BYTES} bytes")
    if sum(map(raw.count, (b",", b"{", b"["))) > MAX_JSON_VALUES:
        raise DigestFormatError(f"a digest of more than {MAX_JSON_VALUES:,} values")
    data = _object(_json(raw), "the digest")
    end_text = _text(data, "digestEndTime", _INSTANT)
    start, end = _instant(data, "digestStartTime"), _instant(data, "digestEndTime")
    if start is None or end is None or start > end:
        raise DigestFormatError("digestStartTime is after digestEndTime")
    return Digest(
        account=_text(data, "awsAccountId", _ACCOUNT),
        start=start,
        end=end,
        end_text=end_text,
        bucket=_text(data, "digestS3Bucket", _BUCKET),
        key=_text(data, "digestS3Object"),
        fingerprint=_text(data, "digestPublicKeyFingerprint", _FINGERPRINT),
        algorithm=_text(data, "digestSignatureAlgorithm"),
        oldest=_instant(data, "oldestEventTime", optional=True),
        newest=_instant(data, "newestEventTime", optional=True),
        previous=_previous(data),
        logs=_logs(data.get("logFiles")),
        sha256=sha256_hex(raw),
    )


def signing_string(digest: Digest, raw: bytes) -> bytes:
    """The bytes that CloudTrail signs: end time, original place, hash of `raw` (uncompressed), previous
    signature.

    Joined by single line feeds with none at the end; a digest without predecessor has the word `null` there.
    """
    previous = digest.previous.signature if digest.previous else "null"
    parts = (digest.end_text, f"{digest.bucket}/{digest.key}", sha256_hex(raw), previous)
    return "\n".join(parts).encode()


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as err:
        raise DigestFormatError(f"not JSON: {err}") from err


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DigestFormatError("a field occurs twice")
    return found


def _no_constant(name: str) -> None:
    raise DigestFormatError(f"{name} is not JSON")


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DigestFormatError(f"{what} is not a JSON object")
    return value


def _text(data: dict[str, Any], field: str, shape: re.Pattern[str] | None = None) -> str:
    value = data.get(field)
    if not isinstance(value, str) or not 0 < len(value) <= 2048:
        raise DigestFormatError(f"{field} is not a text of 1 to 2048 characters")
    if shape and not shape.fullmatch(value):
        raise DigestFormatError(f"{field} is malformed")
    if _UNSIGNABLE.search(value):
        raise DigestFormatError(f"{field} holds control characters")
    return value


def _instant(data: dict[str, Any], field: str, *, optional: bool = False) -> datetime | None:
    if optional and data.get(field) is None:
        return None
    text = _text(data, field, _INSTANT)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as err:
        raise DigestFormatError(f"{field} is no instant: {text}") from err
    return found.replace(tzinfo=UTC)


def _previous(data: dict[str, Any]) -> Previous | None:
    absent = [field for field in _PREVIOUS if field not in data]
    if absent:
        raise DigestFormatError(f"{absent[0]} is absent")
    nulls = sum(data[field] is None for field in _PREVIOUS)
    if nulls == len(_PREVIOUS):
        return None
    if nulls:
        raise DigestFormatError(f"{nulls} of the 5 previousDigest fields are null; it is all or none")
    _pinned(data, "previousDigestHashAlgorithm")
    return Previous(
        bucket=_text(data, "previousDigestS3Bucket", _BUCKET),
        key=_text(data, "previousDigestS3Object"),
        hash=_text(data, "previousDigestHashValue", _SHA256),
        signature=_text(data, "previousDigestSignature", _HEX),
    )


def _logs(value: Any) -> tuple[LoggedFile, ...]:
    if not isinstance(value, list) or len(value) > MAX_LOG_FILES:
        raise DigestFormatError(f"logFiles is not a list of at most {MAX_LOG_FILES}")
    return tuple(_log(_object(entry, f"logFiles[{at}]")) for at, entry in enumerate(value))


def _log(entry: dict[str, Any]) -> LoggedFile:
    _pinned(entry, "hashAlgorithm")
    return LoggedFile(
        bucket=_text(entry, "s3Bucket", _BUCKET),
        key=_text(entry, "s3Object"),
        hash=_text(entry, "hashValue", _SHA256),
        oldest=_instant(entry, "oldestEventTime", optional=True),
        newest=_instant(entry, "newestEventTime", optional=True),
    )


def _pinned(data: dict[str, Any], field: str) -> None:
    if data.get(field) != HASH_ALGORITHM:
        raise DigestFormatError(f"{field} is not {HASH_ALGORITHM}")
