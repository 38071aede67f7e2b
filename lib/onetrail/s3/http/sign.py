"""Where a call goes and its signature (SigV4, S3's flavour: the path is encoded once and never normalised).

Source: Amazon S3 API Reference, "Signature Calculations for the Authorization Header". Signed here rather than by a
library, because it is done for each object, and everything but a few headers is the same each time.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from onetrail import __version__
from onetrail.errors import OnetrailError, WrongUse
from onetrail.lazily import later
from onetrail.s3.http.calls import S3Call, path_encoded
from onetrail.s3.http.transport import LOOPBACK, Endpoint

if TYPE_CHECKING:
    from awscrt import http as crt_http
else:
    crt_http = later("awscrt.http")

PRACTICE_KEYS = "OTPRACTICE"
"""Access keys of the practice estate start with this; they are sent nowhere but to this machine."""
_EMPTY: Final = hashlib.sha256(b"").hexdigest()
_AGENT: Final = ("user-agent", f"onetrail/{__version__}")


class Credentials(Protocol):
    """What botocore's `get_frozen_credentials()` returns."""

    @property
    def access_key(self) -> str | None: ...
    @property
    def secret_key(self) -> str | None: ...
    @property
    def token(self) -> str | None: ...


class CredentialsEnded(OnetrailError):
    """The session's credentials ended in the middle of a run, and asking for fresh ones did not help."""


class SignedWith(NamedTuple):
    """What a signature was made with: access key, secret and token, and how far the clock was corrected."""

    identity: tuple[str, str, str]
    skew_seconds: float


class _Where(NamedTuple):
    """A bucket's origin, its Host header, and the path before the key; `bare` is the path of the bucket itself."""

    origin: Endpoint
    host: str
    path: str
    bare: str


class Signer:
    """Addresses and signs calls for one region and one identity; may be used by several threads.

    `resolve` gives the URL of a bucket; without it, `endpoint_url` is taken path style, and None means AWS itself.
    `skew_seconds` is added to this machine's clock.
    """

    REUSE_SECONDS = 0.5
    """Credentials are asked for again after so long."""

    def __init__(
        self,
        region: str,
        endpoint_url: str | None,
        credentials: Callable[[], Credentials],
        partition: str,
        monotonic: Callable[[], float],
        *,
        resolve: Callable[[str], str] | None = None,
        wall: Callable[[], float] = time.time,  # noqa: TID251 - signatures run on wall time
    ) -> None:
        self._region = region
        self._credentials = credentials
        self._resolve = resolve or _resolver(region, endpoint_url, partition)
        self._monotonic = monotonic
        self._wall = wall
        self._lock = threading.Lock()
        self._buckets: dict[str, _Where] = {}
        self._frozen: tuple[str, str, str] = ("", "", "")
        self._ask_again = float("-inf")
        self._key = (("", "", ""), "", (hashlib.sha256(), hashlib.sha256()))
        self._stamp = (0, "")
        self.skew_seconds = 0.0

    def signed(self, call: S3Call[Any]) -> tuple[Endpoint, crt_http.HttpRequest]:
        """The request, ready to send, and where to. WrongUse where practice keys would leave this machine, or there are
        no keys;

        CredentialsEnded where the session cannot give any more.
        """
        where = self._where(call.bucket)
        path = where.path + path_encoded(call.key) if call.key else where.bare
        access, _, token = identity = self._identity()
        if access.startswith(PRACTICE_KEYS) and where.origin.host not in LOOPBACK:
            raise WrongUse(
                f"practice keys were about to be sent to {where.origin.host}; they are for the practice estate only"
            )
        stamp = self.stamp()
        day = stamp[:8]
        digest = hashlib.sha256(call.body).hexdigest() if call.body else _EMPTY
        headers = [
            ("host", where.host),
            ("x-amz-content-sha256", digest),
            ("x-amz-date", stamp),
            *call.headers,
        ]
        if token:
            headers.append(("x-amz-security-token", token))
        headers.sort()
        names = ";".join([name for name, _ in headers])
        lines = "".join([f"{name}:{value}\n" for name, value in headers])
        canonical = f"{call.method}\n{path}\n{call.query}\n{lines}\n{names}\n{digest}".encode()
        scope = f"{day}/{self._region}/s3/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical).hexdigest()}".encode()
        # HMAC by its definition, from hashes begun once: hmac.digest lets go of the interpreter each time, and waits to
        # have it back.
        inner, outer = (begun.copy() for begun in self._signing_key(identity, day))
        inner.update(to_sign)
        outer.update(inner.digest())
        signature = outer.hexdigest()
        credential = f"AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={names}, Signature={signature}"
        headers += (("authorization", credential), _AGENT)
        if call.method in ("PUT", "POST"):
            headers.append(("content-length", str(len(call.body))))
        body = io.BytesIO(call.body) if call.body else None
        target = f"{path}?{call.query}" if call.query else path
        return where.origin, crt_http.HttpRequest(call.method, target, crt_http.HttpHeaders(headers), body)

    def address(self, bucket: str, key: str) -> tuple[Endpoint, str]:
        """Origin and encoded path of an object, or of the bucket where the key is empty."""
        where = self._where(bucket)
        return where.origin, where.path + path_encoded(key) if key else where.bare

    def stamp(self) -> str:
        """Now, as signatures write it."""
        now = int(self._wall() + self.skew_seconds)
        if now != self._stamp[0]:
            self._stamp = (now, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now)))
        return self._stamp[1]

    @property
    def signed_with(self) -> SignedWith:
        """What the last signature was made with."""
        return SignedWith(self._frozen, self.skew_seconds)

    def off_by(self, server_seconds: float) -> float:
        """Seconds that the server's clock is ahead of what is signed with."""
        return server_seconds - (self._wall() + self.skew_seconds)

    def ask_again(self) -> None:
        """Ask the session for credentials at the next signature."""
        self._ask_again = float("-inf")

    def _where(self, bucket: str) -> _Where:
        found = self._buckets.get(bucket)
        if found is None:
            parts = urlsplit(self._resolve(bucket))
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise WrongUse(f"endpoint {parts.geturl()!r} is not of the form http(s)://HOST[:PORT]")
            standard = 443 if parts.scheme == "https" else 80
            origin = Endpoint(parts.scheme, parts.hostname, parts.port or standard)
            path = parts.path.rstrip("/")
            found = _Where(origin, _host_header(origin, standard), path + "/", path or "/")
            self._buckets[bucket] = found
        return found

    def _identity(self) -> tuple[str, str, str]:
        now = self._monotonic()
        if now < self._ask_again:
            return self._frozen
        try:
            frozen = self._credentials()
        except (BotoCoreError, ClientError) as error:
            raise CredentialsEnded(
                f"credentials ended: {' '.join(str(error).split())}; sign in and run again"
            ) from error
        if not frozen.access_key or not frozen.secret_key:
            raise WrongUse("the session has no credentials; sign in, or name a profile or a role")
        self._frozen = (frozen.access_key, frozen.secret_key, frozen.token or "")
        self._ask_again = now + self.REUSE_SECONDS
        return self._frozen

    def _signing_key(self, identity: tuple[str, str, str], day: str) -> tuple[hashlib._Hash, hashlib._Hash]:
        """The day's signing key, as HMAC's two hashes with the key already in them."""
        whose, when, begun = self._key
        if whose == identity and when == day:
            return begun
        key = f"AWS4{identity[1]}".encode()
        for part in (day, self._region, "s3", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        block = key.ljust(64, b"\0")
        begun = (
            hashlib.sha256(bytes(byte ^ 0x36 for byte in block)),
            hashlib.sha256(bytes(byte ^ 0x5C for byte in block)),
        )
        self._key = (identity, day, begun)
        return begun


def _resolver(region: str, endpoint_url: str | None, partition: str) -> Callable[[str], str]:
    """Buckets of one endpoint, path style; of AWS itself, virtual-hosted where the certificate allows it."""
    if endpoint_url is not None:
        parts = urlsplit(endpoint_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise WrongUse(f"endpoint {endpoint_url!r} is not of the form http(s)://HOST[:PORT]")
        return lambda bucket: f"{endpoint_url.rstrip('/')}/{bucket}"
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    host = f"s3.{region}.{suffix}"
    return lambda bucket: f"https://{bucket}.{host}" if virtual_hosted(bucket) else f"https://{host}/{bucket}"


def virtual_hosted(bucket: str) -> bool:
    """True for a name that is one DNS label, so that S3's certificate covers it."""
    return (
        3 <= len(bucket) <= 63
        and bucket.isascii()
        and bucket == bucket.lower()
        and bucket.replace("-", "").isalnum()
        and bucket[0] != "-"
        and bucket[-1] != "-"
    )


def _host_header(origin: Endpoint, standard: int) -> str:
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return host if origin.port == standard else f"{host}:{origin.port}"
