"""Buckets and object versions in memory, and a sorted index of keys for each bucket."""

import hashlib
from bisect import bisect_left, insort
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""Classes that cannot be read before a restore."""
NULL_VERSION = "null"


def md5(body: bytes) -> str:
    """Hexadecimal MD5, which is the ETag of a plain object."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class Version:
    """One version of an object, or a delete marker."""

    key: str
    body: bytes
    etag: str
    """Without quotes."""
    last_modified: datetime
    owner: str
    """Account id, or the name of a service that owns it."""
    version_id: str = NULL_VERSION
    marker: bool = False
    metadata: dict[str, str] = field(default_factory=dict)
    content_type: str = "binary/octet-stream"
    headers: dict[str, str] = field(default_factory=dict)
    """content-encoding, cache-control, content-disposition, content-language, expires."""
    storage_class: str = "STANDARD"
    full_control: tuple[str, ...] = ()
    """Accounts other than the owner to which the ACL gives FULL_CONTROL."""
    public_read: bool = False
    lock_mode: str = ""
    lock_until: datetime | None = None
    legal_hold: bool = False
    checksums: dict[str, str] = field(default_factory=dict)
    """Algorithm -> base64."""
    checksum_type: str = "FULL_OBJECT"
    sse: str = "AES256"
    kms_key: str = ""
    bucket_key: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    parts: int = 0
    restore_ready: datetime | None = None
    restore_until: datetime | None = None
    tier: str = ""
    """Archive tier of INTELLIGENT_TIERING to which it was moved; a restore takes it out for good."""
    customer_key: bool = False
    """Encrypted with a key that the caller must send along (SSE-C)."""

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.body)

    def locked(self, now: datetime, bypass_governance: bool) -> bool:
        """Whether this version must not be deleted now."""
        if self.legal_hold:
            return True
        if not self.lock_until or self.lock_until <= now:
            return False
        return self.lock_mode == "COMPLIANCE" or not bypass_governance

    def readable(self, now: datetime) -> bool:
        """Whether its bytes can be read: not archived, or restored and the restored copy still there."""
        if self.storage_class not in ARCHIVED:
            return not self.tiered(now)
        return bool(
            self.restore_ready and self.restore_ready <= now and self.restore_until and now < self.restore_until
        )

    def tiered(self, now: datetime) -> str:
        """The archive tier it is in now; empty where INTELLIGENT_TIERING keeps it readable."""
        return "" if self.restore_ready and self.restore_ready <= now else self.tier

    def restoring(self, now: datetime) -> bool:
        """Whether a restore is under way."""
        return bool(self.restore_ready and self.restore_ready > now)


@dataclass(frozen=True)
class Retention:
    """A bucket's default retention: a mode, and days or years."""

    mode: str
    days: int = 0
    years: int = 0

    def until(self, now: datetime) -> datetime:
        """Retain-until date of a version made now; S3 counts a year as 365 days."""
        return now + timedelta(days=self.days or 365 * self.years)


_ALL_BLOCKED = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


@dataclass(slots=True)
class Upload:
    """A multipart upload under way."""

    upload_id: str
    key: str
    headers: dict[str, str]
    owner: str
    started: datetime
    parts: dict[int, tuple[bytes, str, datetime]] = field(default_factory=dict)


class Bucket:
    """One bucket: what is set on it, and its objects in key order."""

    def __init__(
        self, name: str, account: str, region: str, created: datetime, ownership: str = "BucketOwnerEnforced"
    ) -> None:
        self.name, self.account, self.region, self.created = name, account, region, created
        self.ownership = ownership
        self.versioning = ""
        self.mfa_delete = False
        self.lock_enabled = False
        self.retention: Retention | None = None
        self.policy: bytes | None = None
        self.policy_document: dict[str, Any] | None = None
        self.public_access_block: dict[str, bool] | None = dict.fromkeys(_ALL_BLOCKED, True)
        self.sse, self.kms_key, self.bucket_key = "AES256", "", False
        self.documents: dict[str, bytes] = {}
        """Subresource (and `?id=`) -> the XML that was put."""
        self.lifecycle_minimum = "all_storage_classes_128K"
        self.acl_grants: tuple[tuple[str, str], ...] = ()
        """(grantee, permission) beside the owner's own; a grantee is an account id or a group URI."""
        self.versions: dict[str, list[Version]] = {}
        """Key -> versions, newest last."""
        self.names: list[str] = []
        """Keys in order; code points sort as UTF-8 does."""
        self.uploads: dict[str, Upload] = {}

    @property
    def arn(self) -> str:
        """`arn:aws:s3:::NAME`."""
        return f"arn:aws:s3:::{self.name}"

    def current(self, key: str) -> Version | None:
        """The newest version, which may be a delete marker."""
        found = self.versions.get(key)
        return found[-1] if found else None

    def version(self, key: str, version_id: str) -> Version | None:
        """The version of that id."""
        return next((v for v in self.versions.get(key, ()) if v.version_id == version_id), None)

    def add(self, version: Version) -> None:
        """Store a version as the newest; one with the same id (`null`) is replaced."""
        found = self.versions.get(version.key)
        if found is None:
            self.versions[version.key] = [version]
            if (self.names and version.key > self.names[-1]) or not self.names:
                self.names.append(version.key)
            else:
                insort(self.names, version.key)
            return
        if version.version_id == NULL_VERSION:
            found[:] = [v for v in found if v.version_id != NULL_VERSION]
        found.append(version)

    def remove(self, version: Version) -> None:
        """Take a version away for good."""
        found = self.versions[version.key]
        found.remove(version)
        if not found:
            del self.versions[version.key]
            del self.names[bisect_left(self.names, version.key)]

    def index(self, start: str) -> int:
        """Where `start` stands or would stand among the keys."""
        return bisect_left(self.names, start)


class Store:
    """All buckets of the partition; names are global."""

    def __init__(self) -> None:
        self.buckets: dict[str, Bucket] = {}
        self.account_blocks: dict[str, dict[str, bool]] = {}
        """Account-level public-access block."""

    def objects(self) -> int:
        """Number of current objects, delete markers not counted."""
        return sum(1 for b in self.buckets.values() for found in b.versions.values() if not found[-1].marker)

    def of_account(self, account: str) -> list[Bucket]:
        """The account's buckets by name."""
        return sorted((b for b in self.buckets.values() if b.account == account), key=lambda b: b.name)
