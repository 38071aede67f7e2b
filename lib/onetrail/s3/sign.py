"""Where a call goes and its signature (SigV4, S3's flavour: the path is encoded once and never normalised)."""

import hashlib
import io
import re
import threading
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from awscrt.auth import (
    AwsCredentialsProvider,
    AwsSignatureType,
    AwsSignedBodyHeaderType,
    AwsSignedBodyValue,
    AwsSigningAlgorithm,
    AwsSigningConfig,
    aws_sign_request,
)
from awscrt.http import HttpHeaders, HttpRequest

from onetrail import __version__
from onetrail.errors import WrongUse
from onetrail.s3.calls import Call
from onetrail.s3.transport import LOOPBACK, Origin

_LABEL = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
PRACTICE_KEYS = "OTPRACTICE"
"""Access keys of the practice estate start with this; they are sent nowhere but to this machine."""


class Credentials(Protocol):
    """What botocore's `get_frozen_credentials()` returns."""

    @property
    def access_key(self) -> str | None: ...
    @property
    def secret_key(self) -> str | None: ...
    @property
    def token(self) -> str | None: ...


class Signer:
    """Addresses and signs calls for one region and one identity; may be used by several threads."""

    REUSE_SECONDS = 0.5
    """A signing configuration holds its own instant to the second; it is used again for this long."""

    def __init__(
        self,
        region: str,
        endpoint_url: str | None,
        credentials: Callable[[], Credentials],
        partition: str,
        monotonic: Callable[[], float],
    ) -> None:
        self._region = region
        self._credentials = credentials
        self._suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
        self._monotonic = monotonic
        self._fixed = _origin(endpoint_url) if endpoint_url else None
        self._lock = threading.Lock()
        self._known: tuple[str, str, str | None] | None = None
        self._provider: Any = None
        self._empty: AwsSigningConfig | None = None
        self._empty_until = 0.0

    def signed(self, call: Call[Any]) -> tuple[Origin, HttpRequest]:
        """The request, ready to send, and where to. WrongUse where practice keys would leave this machine."""
        origin, path = self.address(call.bucket, call.key)
        headers = HttpHeaders(
            [("host", _host_header(origin)), ("user-agent", f"onetrail/{__version__}"), *call.headers]
        )
        if call.method in ("PUT", "POST"):
            headers.add("content-length", str(len(call.body)))
        body = io.BytesIO(call.body) if call.body else None
        request = HttpRequest(call.method, f"{path}?{call.query}" if call.query else path, headers, body)
        aws_sign_request(request, self._config(call.body, origin)).result()
        return origin, request

    def address(self, bucket: str, key: str) -> tuple[Origin, str]:
        """Origin and encoded path: virtual-hosted on AWS where the certificate allows it, path style otherwise."""
        named = quote(key, safe="/~")
        if self._fixed is not None:
            return self._fixed, f"/{bucket}/{named}" if key else f"/{bucket}"
        if _LABEL.fullmatch(bucket):
            return Origin("https", f"{bucket}.s3.{self._region}.{self._suffix}", 443), f"/{named}"
        return Origin(
            "https", f"s3.{self._region}.{self._suffix}", 443
        ), f"/{bucket}/{named}" if key else f"/{bucket}"

    def _config(self, body: bytes, origin: Origin) -> AwsSigningConfig:
        frozen = self._credentials()
        if not frozen.access_key or not frozen.secret_key:
            raise WrongUse("the session has no credentials; sign in, or name a profile or a role")
        known = (frozen.access_key, frozen.secret_key, frozen.token)
        with self._lock:
            if known != self._known:
                self._renew(known)
            if frozen.access_key.startswith(PRACTICE_KEYS) and origin.host not in LOOPBACK:
                raise WrongUse(
                    f"practice keys were about to be sent to {origin.host}; they are for the practice estate only"
                )
            now = self._monotonic()
            if body:
                return self._new_config(hashlib.sha256(body).hexdigest())
            if self._empty is None or now >= self._empty_until:
                self._empty = self._new_config(AwsSignedBodyValue.EMPTY_SHA256)
                self._empty_until = now + self.REUSE_SECONDS
            return self._empty

    def _renew(self, known: tuple[str, str, str | None]) -> None:
        self._known = known
        self._provider = AwsCredentialsProvider.new_static(known[0], known[1], known[2] or None)
        self._empty = None

    def _new_config(self, payload: str) -> AwsSigningConfig:
        return AwsSigningConfig(
            algorithm=AwsSigningAlgorithm.V4,
            signature_type=AwsSignatureType.HTTP_REQUEST_HEADERS,
            credentials_provider=self._provider,
            region=self._region,
            service="s3",
            use_double_uri_encode=False,
            should_normalize_uri_path=False,
            signed_body_value=payload,
            signed_body_header_type=AwsSignedBodyHeaderType.X_AMZ_CONTENT_SHA_256,
        )


def _origin(endpoint_url: str) -> Origin:
    parts = urlsplit(endpoint_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise WrongUse(f"endpoint {endpoint_url!r} is not of the form http(s)://HOST[:PORT]")
    return Origin(parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))


def _host_header(origin: Origin) -> str:
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    standard = 443 if origin.scheme == "https" else 80
    return host if origin.port == standard else f"{host}:{origin.port}"
