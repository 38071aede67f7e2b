"""What a trail puts into its bucket, as values: records, log files, digests, and where they go."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded call in one account. `text` is the record as it is in a log file."""

    moment: datetime
    account: str
    region: str
    event_id: str
    source: str
    name: str
    read_only: bool
    username: str
    access_key_id: str
    resources: tuple[tuple[str, str], ...]
    """(type, name) pairs, as LookupEvents shows them."""
    is_global: bool
    text: str


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log file on its way, its records already in their order."""

    mark: datetime
    content: bytes
    newest: str
    oldest: str
    nonce: bytes


@dataclass(frozen=True, slots=True)
class DeliveredFile:
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
class DeliveryPlace:
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
