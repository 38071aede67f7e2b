"""AWS Signature Version 4 in the Authorization header, verified; and the body as it is under aws-chunked framing.

Source: IAM User Guide, "Create a signed AWS API request"; S3 API Reference, "Signature calculations ... chunks".
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, unquote

from onetrail.practice.web.http import HttpRequest

MAX_SKEW = timedelta(minutes=15)


class NotSigned(Exception):
    """The request carries no SigV4 header."""


class BadSignature(Exception):
    """The signature does not fit. `code` is what AWS says: SignatureDoesNotMatch, RequestTimeTooSkewed, and so on."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Signed:
    """What the Authorization header states."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


def read(request: HttpRequest) -> Signed:
    """The Authorization header taken apart. Raises NotSigned or BadSignature."""
    header = request.headers.get("authorization", "")
    if not header:
        raise NotSigned
    if not header.startswith("AWS4-HMAC-SHA256 "):
        raise BadSignature("InvalidRequest", "The authorization mechanism you have provided is not supported.")
    fields = dict(part.strip().partition("=")[::2] for part in header[17:].split(","))
    try:
        key, date, region, service, end = fields["Credential"].rsplit("/", 4)
        signed = Signed(key, date, region, service, tuple(fields["SignedHeaders"].split(";")), fields["Signature"])
    except (KeyError, ValueError) as err:
        raise BadSignature("AuthorizationHeaderMalformed", "The authorization header is malformed.") from err
    if end != "aws4_request":
        raise BadSignature("AuthorizationHeaderMalformed", "The credential scope must end in aws4_request.")
    return signed


@lru_cache(maxsize=1024)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


@lru_cache(maxsize=64)
def _instant(stamp: str) -> datetime:
    """`20260112T090000Z` as aware UTC; kept, since many requests of one second have the same. Raises ValueError."""
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def verify(request: HttpRequest, signed: Signed, secret: str, now: datetime) -> None:
    """Raises BadSignature when header, body hash or time do not fit. `now` is wall time."""
    stamp = request.headers.get("x-amz-date", "")
    try:
        moment = _instant(stamp)
    except ValueError as err:
        raise BadSignature("AccessDenied", "AWS authentication requires a valid Date or x-amz-date header") from err
    if abs(now - moment) > MAX_SKEW or stamp[:8] != signed.date:
        raise BadSignature(
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
        )
    if "host" not in signed.signed_headers:
        raise BadSignature("SignatureDoesNotMatch", "The host header must be signed.")
    payload = _payload_hash(request, signed.service)
    headers = request.headers
    lines = "".join(f"{name}:{_squeezed(headers.get(name, ''))}\n" for name in signed.signed_headers)
    path = request.raw_path or "/"
    if signed.service != "s3":
        path = quote(path, safe="/~")
    canonical = "\n".join(
        (
            request.method,
            path,
            _canonical_query(request.raw_query),
            lines,
            ";".join(signed.signed_headers),
            payload,
        )
    )
    scope = f"{signed.date}/{signed.region}/{signed.service}/aws4_request"
    hashed = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}"
    key = _signing_key(secret, signed.date, signed.region, signed.service)
    if not hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), signed.signature):
        raise BadSignature(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method.",
        )


def _squeezed(value: str) -> str:
    return " ".join(value.split()) if "  " in value else value.strip()


def _payload_hash(request: HttpRequest, service: str) -> str:
    stated = request.headers.get("x-amz-content-sha256", "")
    if stated == "UNSIGNED-PAYLOAD" or stated.startswith("STREAMING-"):
        return stated
    found = hashlib.sha256(request.body).hexdigest()
    if stated and stated != found:
        raise BadSignature(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )
    return found


def _canonical_query(raw: str) -> str:
    if not raw:
        return ""
    pairs = sorted(
        (quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~"))
        for name, _, value in (part.partition("=") for part in raw.split("&") if part)
    )
    return "&".join(f"{name}={value}" for name, value in pairs)


class BadChunks(ValueError):
    """The aws-chunked framing is broken."""


def unchunked(body: bytes) -> tuple[bytes, dict[str, str]]:
    """The payload of an aws-chunked body and its trailing headers, in lower case. Raises BadChunks."""
    parts: list[bytes] = []
    at = 0
    try:
        while True:
            end = body.index(b"\r\n", at)
            size = int(body[at:end].split(b";", 1)[0], 16)
            at = end + 2
            if size == 0:
                break
            parts.append(body[at : at + size])
            at += size
            if body[at : at + 2] != b"\r\n":
                raise BadChunks("a chunk is longer than it says")
            at += 2
    except ValueError as err:
        raise BadChunks(str(err)) from err
    trailers: dict[str, str] = {}
    for line in body[at:].split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon:
            trailers[name.decode().strip().lower()] = value.decode().strip()
    return b"".join(parts), trailers
