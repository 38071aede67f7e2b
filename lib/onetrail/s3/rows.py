"""What S3's listings and answers say, as values."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from onetrail.instants import utc


class ObjectRow(NamedTuple):
    """One line of ListObjectsV2. `size` in bytes, `etag` without quotes, `last_modified` UTC.

    `owner_id` is the canonical id, `""` unless the listing asked for owners; `checksum_algorithm` is `""` where the
    object has none. `restore` is `""` unless the listing asked for it and the object is archived with a restore under
    way (`ongoing`) or done (`until` and the date its readable copy goes). `tier` is the archive tier of
    INTELLIGENT_TIERING, which only HeadObject tells. `version_id` is set where not the current object is meant, but the
    newest version below a delete marker.
    """

    key: str
    size: int
    etag: str
    last_modified: datetime
    storage_class: str
    owner_id: str = ""
    checksum_algorithm: str = ""
    restore: str = ""
    tier: str = ""
    version_id: str = ""


class VersionRow(NamedTuple):
    """One line of ListObjectVersions; a delete marker has size 0 and no ETag. `version_id` is `null` for objects from
    before versioning."""

    key: str
    version_id: str
    is_latest: bool
    is_marker: bool
    size: int
    etag: str
    last_modified: datetime
    storage_class: str
    owner_id: str = ""
    restore: str = ""


class ObjectPage(NamedTuple):
    """Up to 1,000 rows; `next_token` is `""` on the last page."""

    rows: list[ObjectRow]
    next_token: str


class VersionPage(NamedTuple):
    """Up to 1,000 versions and delete markers; both markers are `""` on the last page."""

    rows: list[VersionRow]
    next_key: str
    next_version: str


class ObjectHead(NamedTuple):
    """HeadObject. Lock fields, checksum and version are `""` where the answer has none; metadata names are lower
    case."""

    size: int
    etag: str
    last_modified: str
    storage_class: str
    version_id: str
    sha256: str
    lock_mode: str
    retain_until: str
    restore: str
    encryption: str
    metadata: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def kms_key(self) -> str:
        """ARN of the KMS key the object is under, `""` for none."""
        return self.headers.get("x-amz-server-side-encryption-aws-kms-key-id", "")

    @property
    def locked_until(self) -> datetime | None:
        """Until when the object is locked; None where the answer has no date that can be read: no lock, or one the
        caller may not see."""
        try:
            return utc(datetime.fromisoformat(self.retain_until))
        except ValueError:
            return None

    @property
    def tier(self) -> str:
        """`ARCHIVE_ACCESS` or `DEEP_ARCHIVE_ACCESS` where INTELLIGENT_TIERING has put the object away, else `""`."""
        return self.headers.get("x-amz-archive-status", "")


class Body(NamedTuple):
    """GetObject: the whole body and what HeadObject would say."""

    head: ObjectHead
    content: bytes


class Copied(NamedTuple):
    """CopyObject's result: `version_id` is `""` in a bucket without versions, `sha256` (base64) where it was asked for.

    `encryption` is the copy's, `""` where the answer names none.
    """

    etag: str
    last_modified: datetime
    sha256: str
    version_id: str
    source_version_id: str
    request_id: str
    encryption: str = ""


class Restoring(NamedTuple):
    """RestoreObject's answer. `begun` is False where a restored copy was there already and only its days were
    changed."""

    begun: bool
    request_id: str


class Deletion(NamedTuple):
    """What became of one key of a DeleteObjects call; `code` is `""` where it is gone."""

    key: str
    version_id: str
    code: str
    message: str


class Deletions(NamedTuple):
    """DeleteObjects' result, in the order S3 answered."""

    results: list[Deletion]
    request_id: str
