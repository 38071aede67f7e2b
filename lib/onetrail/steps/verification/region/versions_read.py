"""What was read of each version of the archive: for the rows of receipts. It is kept on disk, so that memory does not
grow with the archive."""

import hashlib
import sqlite3
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Final, NamedTuple, Self

from onetrail.cloudtrail.gzipped import GzipError, gunzip_sha256
from onetrail.s3.rows import ObjectHead

_HELD: Final = 5_000
"""So many rows are held in memory before they go to disk."""
_TABLES: Final = """
create table read (key text primary key, version_id text, etag text, sha256 text, content_sha256 text, read_by text, encryption text,
                   kms_key text, lock_mode text, retain_until text) without rowid;
create table named (key text primary key, digest text, hash text) without rowid;
"""  # noqa: E501


class VersionRead(NamedTuple):
    """One version as it was read. The fields are those of a receipt's row."""

    version_id: str
    archive_etag: str
    sha256: str
    content_sha256: str
    digest: str
    read_by: str
    encryption: str
    kms_key: str
    lock_mode: str
    retain_until: datetime | None


class VersionsRead:
    """Takes what several threads read, by the key in the archive. Use as a context manager."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="onetrail-versions-")
        self._base = sqlite3.connect(Path(self._folder.name) / "read.db", check_same_thread=False)
        self._base.executescript("pragma journal_mode = off; pragma synchronous = off;" + _TABLES)
        self._read: list[tuple[str, ...]] = []
        self._named: list[tuple[str, str, str]] = []
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()
        self._folder.cleanup()

    def add(self, key: str, head: ObjectHead, content: bytes, read_by: str, *, inflate: bool) -> None:
        """A version that was read whole. With `inflate` its content is hashed too: for what no digest gives a hash."""
        said = (
            key,
            head.version_id,
            head.etag,
            hashlib.sha256(content).hexdigest(),
            _inflated(content) if inflate else "",
            read_by,
        )
        locked = (head.encryption, head.kms_key, head.lock_mode, head.retain_until)
        with self._lock:
            self._read.append((*said, *locked))
            if len(self._read) >= _HELD:
                self._flush()

    def named(self, key: str, digest: str, content_sha256: str) -> None:
        """A log whose content has the hash that a signed digest gives; the first digest that names it counts."""
        with self._lock:
            self._named.append((key, digest, content_sha256))
            if len(self._named) >= _HELD:
                self._flush()

    def get(self, key: str) -> VersionRead | None:
        """What was read under this key; None where nothing was."""
        with self._lock:
            self._flush()
            found = self._base.execute(
                "select version_id, etag, sha256, coalesce(hash, content_sha256), coalesce(digest, ''), read_by,"
                " encryption, kms_key, lock_mode, retain_until from read left join named using (key) where key = ?",
                (key,),
            ).fetchone()
        if found is None:
            return None
        until = datetime.fromisoformat(found[-1]) if found[-1] else None
        return VersionRead._make((*found[:-1], until))

    def _flush(self) -> None:
        if self._read:
            self._base.executemany("insert or replace into read values (?,?,?,?,?,?,?,?,?,?)", self._read)
            self._read.clear()
        if self._named:
            self._base.executemany("insert or ignore into named values (?,?,?)", self._named)
            self._named.clear()


def _inflated(content: bytes) -> str:
    try:
        return gunzip_sha256(content)
    except GzipError:
        return ""
