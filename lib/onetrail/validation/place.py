"""Where logs lie that are to be proven: a bucket or a directory, seen in the same way.

Nothing here takes a name from a digest's content: what is read are rows that the place itself listed, and no others.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, Protocol

from onetrail.cloudtrail.digests.verdict import DigestObject, LogRead, ReadStatus
from onetrail.cloudtrail.object_key import DIGEST_KINDS, parse

MAX_STORED_DIGEST: Final = 16 * 2**20
"""Largest digest object that is read, in stored bytes (real ones have kilobytes)."""
MAX_STORED_LOG: Final = 256 * 2**20
"""Largest log object that is read, in stored bytes (real ones of 5 MB exist)."""


class Stored(NamedTuple):
    """One object as listed. `size` in bytes; `fault` says why it cannot be read, `""` where nothing speaks against it.

    `beside`: another file holds its metadata. `lies_as` is the key under which it lies where that is another one:
    unpacked, without `.gz`. `mark` changes when the object is rewritten, as far as a listing shows: an ETag, or time
    and inode of the file.
    """

    key: str
    size: int
    storage_class: str = "STANDARD"
    fault: str = ""
    beside: bool = False
    lies_as: str = ""
    mark: str = ""

    @property
    def too_large(self) -> str:
        """Why it is not read for its size, `""` where it is small enough."""
        if self.size <= min(MAX_STORED_DIGEST, MAX_STORED_LOG):
            return ""
        limit = MAX_STORED_DIGEST if parse(self.key).kind in DIGEST_KINDS else MAX_STORED_LOG
        return f"{self.size:,} bytes, and more than {limit:,} are not read" if self.size > limit else ""


class LogPlace(Protocol):
    """A bucket or a directory."""

    @property
    def name(self) -> str:
        """How a person names it."""
        ...

    @property
    def bucket(self) -> str:
        """The bucket's name, `""` where the place is none."""
        ...

    @property
    def root(self) -> str:
        """What tells it from any other place, however a person names it."""
        ...

    def rows(self, prefix: str = "", after: str = "") -> Iterator[Stored]:
        """Every object under the prefix after `after`, in key order; raises OnetrailError where it cannot be listed."""
        ...

    def read(self, rows: Iterable[Stored | None]) -> Iterator[tuple[Stored, "ObjectContent | UnreadObject"]]:
        """The content of these rows, in no order, many at once; rows are asked for as requests go out, and None says
        'nothing now'."""
        ...

    def absent(self, key: str) -> LogRead:
        """Why a key is in no listing: not there, or in a part of the place that cannot be read."""
        ...


class ObjectContent(NamedTuple):
    """An object's bytes and its user metadata (names without `x-amz-meta-`). `note`: what is to be reported of it
    whatever its verdict.

    `downloaded`: what brought it here may have taken its gzip off, or put it on once more.
    """

    body: bytes
    metadata: dict[str, str]
    storage_class: str = "STANDARD"
    note: str = ""
    downloaded: bool = False


class UnreadObject(NamedTuple):
    """Why an object was not read. `status` is never found."""

    status: ReadStatus
    why: str


def refused(row: Stored) -> UnreadObject | None:
    """Why this row is not even asked for; None where it is to be read."""
    why = row.fault or row.too_large
    return UnreadObject(ReadStatus.UNREADABLE, why) if why else None


def digest_object(place: str, row: Stored, found: ObjectContent | UnreadObject) -> DigestObject:
    """A digest as the chain wants it."""
    if isinstance(found, ObjectContent):
        return DigestObject(place, row.key, found.body, found.metadata, row.size, found.storage_class)
    archived = found.status is ReadStatus.ARCHIVED
    return DigestObject(
        place,
        row.key,
        None,
        size=row.size,
        storage_class="GLACIER" if archived else "STANDARD",
        why=found.why,
    )


def log_read(row: Stored, found: ObjectContent | UnreadObject) -> LogRead:
    """A log as the chain wants it."""
    if isinstance(found, ObjectContent):
        if len(found.body) != row.size:
            return LogRead(ReadStatus.UNREADABLE, None, row.key, f"{len(found.body)} of {row.size} bytes were read")
        return LogRead(ReadStatus.FOUND, found.body, row.key)
    return LogRead(found.status, None, row.key, found.why)
