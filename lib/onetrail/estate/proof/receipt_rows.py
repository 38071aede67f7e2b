"""The list that a receipt binds: one row per object of the old bucket, with the version of the archive that holds its
bytes.

A row of today's format says all that a later proof needs: which version it is, what its bytes hash to, who read them,
and how the version is encrypted and locked. Lists of earlier releases are parts of the ledger and say only what was in
the old bucket.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, TYPE_CHECKING, Final, NamedTuple, Self

from onetrail.errors import OnetrailError
from onetrail.files import copied, sha256_of
from onetrail.lazily import later

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq
else:
    pa = later("pyarrow")
    pq = later("pyarrow.parquet")

_EARLIER: Final = ["key", "size", "source_etag", "source_last_modified"]
_ROWS_A_GROUP: Final = 10_000


@cache
def _schema() -> pa.Schema:
    text, time = pa.string(), pa.timestamp("us", "UTC")
    return pa.schema(
        [
            ("key", text),
            ("size", pa.int64()),
            ("etag", text),
            ("last_modified", time),
            ("archive_key", text),
            ("version_id", text),
            ("archive_etag", text),
            ("sha256", text),
            ("content_sha256", text),
            ("digest", text),
            ("read_by", text),
            ("encryption", text),
            ("kms_key", text),
            ("lock_mode", text),
            ("retain_until", time),
        ],
        {"onetrail.format": "2"},
    )


class ReceiptError(OnetrailError):
    """A receipt, or the list of what it proves, cannot be believed."""


class ProvenRow(NamedTuple):
    """One object of the old bucket as it was proven, and the version of the archive that holds its bytes.

    `size` in bytes, on both sides; ETags without quotes. `archive_key` is empty for what was not moved, such as a
    folder's marker, and in lists of earlier releases. `sha256` is of the stored bytes, `content_sha256` of the inflated
    ones (empty where they are not one gzip file), both hex. `digest` is the key of the signed digest that names a log,
    empty where none does. `read_by` is the ARN of who read the bytes. `lock_mode` and `retain_until` are the version's
    lock when it was read, empty and None for none.
    """

    key: str
    size: int
    etag: str
    last_modified: datetime | None
    archive_key: str = ""
    version_id: str = ""
    archive_etag: str = ""
    sha256: str = ""
    content_sha256: str = ""
    digest: str = ""
    read_by: str = ""
    encryption: str = ""
    kms_key: str = ""
    lock_mode: str = ""
    retain_until: datetime | None = None


class ListPart(NamedTuple):
    """A list by its path below the run folder (of an earlier release: below `ledger/`), the SHA-256 (hex) of its bytes,
    its rows."""

    part: str
    sha256: str
    rows: int


class RowList:
    """Writes the list of one bucket, which appears whole or not at all; an earlier list keeps its name. Use as a
    context manager."""

    def __init__(self, run_folder: Path, folder: str, bucket: str) -> None:
        self._run_folder, self._folder, self._bucket = run_folder, run_folder / folder, bucket
        self._folder.mkdir(parents=True, exist_ok=True)
        self._hidden = self._folder / f".{bucket}.parquet.unfinished"
        self._writer = pq.ParquetWriter(self._hidden, _schema(), compression="zstd", write_page_checksum=True)
        self._rows: list[ProvenRow] = []
        self._count = 0

    def add(self, row: ProvenRow) -> None:
        """The next row in key order."""
        self._rows.append(row)
        if len(self._rows) == _ROWS_A_GROUP:
            self._flush()

    def finish(self) -> ListPart:
        """Give the list its name, durably."""
        self._flush()
        self._writer.close()
        with self._hidden.open("rb") as written:
            os.fsync(written.fileno())
        path = self._folder / f"{self._bucket}.parquet"
        number = 1
        while path.exists():
            number += 1
            path = self._folder / f"{self._bucket}.{number}.parquet"
        digest = sha256_of(self._hidden)
        os.link(self._hidden, path)
        return ListPart(str(path.relative_to(self._run_folder)), digest, self._count)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        self._hidden.unlink(missing_ok=True)

    def _flush(self) -> None:
        columns = zip(*self._rows, strict=True) if self._rows else [[] for _ in _schema()]
        arrays = [pa.array(column, kind.type) for column, kind in zip(columns, _schema(), strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=_schema()))
        self._count += len(self._rows)
        self._rows = []


def read_rows(run_folder: Path, bucket: str, part: ListPart, *, earlier: bool) -> Iterator[ProvenRow]:
    """The rows of a list in key order, with constant memory. ReceiptError where it is not the list that the receipt
    binds.

    The rows come from the very bytes that were hashed: from a copy without a name, made in the run folder while
    hashing, so that nobody can put another list in between.
    """
    path = run_folder / "ledger" / part.part if earlier else run_folder / part.part
    if not path.is_file():
        raise ReceiptError(f"{path}: the list of what was proven of {bucket} is gone; verify it again")
    with _without_name(run_folder) as own:
        if copied(path, own) != part.sha256:
            raise ReceiptError(f"{path}: the list of what was proven of {bucket} was changed; verify it again")
        with pq.ParquetFile(own, page_checksum_verification=True) as file:
            for batch in file.iter_batches(columns=_EARLIER if earlier else None):
                yield from _rows(batch.columns)


def _without_name(folder: Path) -> IO[bytes]:
    try:
        return TemporaryFile(dir=folder)
    except OSError as err:
        raise ReceiptError(
            f"{folder}: a list cannot be copied into it, to be read undisturbed: {err.strerror}"
        ) from err


def _rows(columns: Iterable[pa.Array]) -> Iterator[ProvenRow]:
    yield from (ProvenRow(*row) for row in zip(*(column.to_pylist() for column in columns), strict=True))


class ListingHash:
    """The hash of a listing: SHA-256 over one line (key, size, ETag) per object, in key order; and its sums.

    Where a version is what would be deleted, its id ends the line.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.objects = self.size = self._undated = 0
        self._newest: datetime | None = None

    def add(self, key: str, size: int, etag: str, last_modified: datetime | None = None, version_id: str = "") -> None:
        """The next object in key order."""
        version = f"\t{version_id}" if version_id else ""
        self._hash.update(f"{key}\t{size}\t{etag}{version}\n".encode())
        self.objects += 1
        self.size += size
        if last_modified is None:
            self._undated += 1
        elif self._newest is None or last_modified > self._newest:
            self._newest = last_modified

    @property
    def newest(self) -> datetime | None:
        """When the newest object came; None for an empty listing, and where one of the objects has no date."""
        return None if self._undated else self._newest

    def hexdigest(self) -> str:
        """The hash so far."""
        return self._hash.hexdigest()
