"""Digest files and log file names as CloudTrail writes them.

Source: CloudTrail User Guide, "CloudTrail digest file structure" and "Custom implementations of log file integrity
validation". Written from there alone: the verifier that reads these files shares nothing with this module.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from onetrail.practice.cloudtrail.gzip_bytes import gzipped
from onetrail.practice.cloudtrail.keys import signing_key
from onetrail.practice.state.clock import iso

ALGORITHM: Final = "SHA256withRSA"
HOUR: Final = timedelta(hours=1)
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class LoggedFile:
    """A delivered log file as a digest lists it. `sha256` is of the uncompressed content; times are ISO 8601."""

    bucket: str
    key: str
    sha256: str
    newest: str
    oldest: str


@dataclass(frozen=True, slots=True)
class DigestLink:
    """What the next digest says of this one."""

    bucket: str
    key: str
    sha256: str
    signature: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trail's files of one account and region go, and whose they are."""

    account: str
    region: str
    trail: str
    home: str
    bucket: str
    prefix: str = ""
    organization: str = ""

    @property
    def root(self) -> str:
        """`PREFIX/AWSLogs/ORG/ACCOUNT`, without what is not set."""
        parts = (self.prefix, "AWSLogs", self.organization, self.account)
        return "/".join(part for part in parts if part)

    def log_key(self, mark: datetime, nonce: bytes) -> str:
        """Key of a log file; `nonce` gives its 16 letters that only prevent overwriting."""
        unique = "".join(_LETTERS[byte % len(_LETTERS)] for byte in nonce[:16])
        day, minute = mark.strftime("%Y/%m/%d"), mark.strftime("%Y%m%dT%H%MZ")
        name = f"{self.account}_CloudTrail_{self.region}_{minute}_{unique}.json.gz"
        return f"{self.root}/CloudTrail/{self.region}/{day}/{name}"

    def digest_key(self, end: datetime) -> str:
        """Key of the digest of the hour that ends at `end`."""
        day, second = end.strftime("%Y/%m/%d"), end.strftime("%Y%m%dT%H%M%SZ")
        name = f"{self.account}_CloudTrail-Digest_{self.region}_{self.trail}_{self.home}_{second}.json.gz"
        return f"{self.root}/CloudTrail-Digest/{self.region}/{day}/{name}"


@dataclass(frozen=True, slots=True)
class SignedDigest:
    """A digest ready to be put: gzip bytes, user metadata, and what its successor will say of it."""

    body: bytes
    metadata: dict[str, str]
    link: DigestLink


def signed_digest(
    place: Place, end: datetime, files: Sequence[LoggedFile], previous: DigestLink | None
) -> SignedDigest:
    """The digest of the hour before `end` (UTC), signed with the region's key of that instant."""
    key, ended = signing_key(place.region, end), iso(end)
    link_key = place.digest_key(end)
    document: dict[str, Any] = {
        "awsAccountId": place.account,
        "digestStartTime": iso(end - HOUR),
        "digestEndTime": ended,
        "digestS3Bucket": place.bucket,
        "digestS3Object": link_key,
        "digestPublicKeyFingerprint": key.fingerprint,
        "digestSignatureAlgorithm": ALGORITHM,
        "newestEventTime": max((file.newest for file in files), default=None),
        "oldestEventTime": min((file.oldest for file in files), default=None),
        "previousDigestS3Bucket": previous.bucket if previous else None,
        "previousDigestS3Object": previous.key if previous else None,
        "previousDigestHashValue": previous.sha256 if previous else None,
        "previousDigestHashAlgorithm": "SHA-256" if previous else None,
        "previousDigestSignature": previous.signature if previous else None,
        "logFiles": [_listed(file) for file in files],
    }
    raw = json.dumps(document, separators=(",", ":")).replace("/", "\\/").encode()
    digested = sha256(raw).hexdigest()
    before = previous.signature if previous else "null"
    signature = key.signature(f"{ended}\n{place.bucket}/{link_key}\n{digested}\n{before}")
    metadata = {"signature": signature, "signature-algorithm": ALGORITHM}
    return SignedDigest(gzipped(raw), metadata, DigestLink(place.bucket, link_key, digested, signature))


def _listed(file: LoggedFile) -> dict[str, str]:
    return {
        "s3Bucket": file.bucket,
        "s3Object": file.key,
        "hashValue": file.sha256,
        "hashAlgorithm": "SHA-256",
        "newestEventTime": file.newest,
        "oldestEventTime": file.oldest,
    }
