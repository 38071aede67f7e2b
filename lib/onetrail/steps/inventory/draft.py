"""One row per object, written while the listings stream by: Parquet in a temporary folder, one file per bucket.

Reading leaves nothing behind: the folder goes away with the observation. Only `save` copies the rows into the run
folder.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from onetrail.cloudtrail.object_key import ParsedKey, below_prefix
from onetrail.lazily import later
from onetrail.s3.ledger.form import check_form, of_form
from onetrail.s3.rows import ObjectRow

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq
else:
    pa = later("pyarrow")
    pq = later("pyarrow.parquet")

FORMAT: Final = 1
"""The version of the form of `inventory.parquet`."""
_ROWS: Final = 50_000
"""Rows of a row group, and rows kept in memory for one bucket."""


@cache
def schema() -> pa.Schema:
    """Columns of `inventory.parquet`. `account` is the bucket's account; `region` and `date` are the key's, null where
    it has none."""
    word = pa.dictionary(pa.int32(), pa.string())
    return of_form(
        pa.schema(
            [
                ("bucket", word),
                ("account", word),
                ("key", pa.string()),
                ("kind", word),
                ("region", word),
                ("date", pa.date32()),
                ("size", pa.int64()),
                ("etag", pa.string()),
                ("last_modified", pa.timestamp("s", tz="UTC")),
                ("storage_class", word),
                ("owner_is_bucket", pa.bool_()),
            ]
        ),
        FORMAT,
    )


@cache
def _draft() -> pa.Schema:
    """The same with two marks, by which rows that are alike are found."""
    marks = (pa.field(name, pa.uint64()) for name in ("name_mark", "content_mark"))
    return pa.schema([*schema(), *marks])


class InventoryDraft:
    """A temporary folder with one Parquet file a bucket, numbered in the order in which they are to be joined."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="onetrail-inventory-")

    def part(self, number: int, bucket: str, account: str) -> InventoryPart:
        """A writer for one bucket's rows; use as a context manager."""
        return InventoryPart(self._path(number), bucket, account)

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        """Record batches of some columns, bucket by bucket."""
        for path in self.paths():
            with pq.ParquetFile(path) as part:
                yield from part.iter_batches(_ROWS, columns=list(columns))

    def paths(self) -> list[Path]:
        """The parts, in order."""
        return sorted(Path(self._folder.name).glob("*.parquet"))

    @property
    def rows(self) -> int:
        """How many rows all parts have together."""
        return sum(int(pq.read_metadata(path).num_rows) for path in self.paths())

    def join(self, path: Path) -> int:
        """Write all rows as one file; returns how many."""
        rows = 0
        with pq.ParquetWriter(path, schema(), compression="zstd") as out:
            for part in self.paths():
                with pq.ParquetFile(part) as rows_of:
                    for group in range(rows_of.num_row_groups):
                        table = rows_of.read_row_group(group, columns=schema().names).cast(schema())
                        out.write_table(table)
                        rows += table.num_rows
        return rows

    def close(self) -> None:
        """Remove the folder now."""
        self._folder.cleanup()

    def _path(self, number: int) -> Path:
        return Path(self._folder.name) / f"{number:05d}.parquet"


class InventoryPart:
    """The rows of one bucket, written in groups. A part whose listing broke off is not there at all."""

    def __init__(self, path: Path, bucket: str, account: str) -> None:
        self._path, self._bucket, self._account = path, bucket, account
        self._writer = pq.ParquetWriter(path, _draft(), compression="zstd")
        self._rows: list[tuple[Any, ...]] = []

    def add(self, row: ObjectRow, parsed: ParsedKey, owner_is_bucket: bool) -> None:
        """One object."""
        self._rows.append(
            (
                row.key,
                parsed.kind.value,
                parsed.region or None,
                parsed.date,
                row.size,
                row.etag,
                row.last_modified.replace(microsecond=0),
                row.storage_class,
                owner_is_bucket,
                name_mark(row.key),
                content_mark(row.etag, row.size),
            )
        )
        if len(self._rows) >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        columns = [
            [self._bucket] * len(self._rows),
            [self._account] * len(self._rows),
            *zip(*self._rows, strict=True),
        ]
        arrays = [pa.array(values, field.type) for values, field in zip(columns, _draft(), strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=_draft()))
        self._rows = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        if err is None:
            self._flush()
        self._writer.close()
        if err is not None:
            self._path.unlink()


def rows_in(path: Path) -> int | None:
    """How many rows an inventory holds; None where it is missing or is no Parquet file. Raises LaterForm."""
    try:
        about = pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return None
    check_form(path, about, FORMAT)
    return int(about.num_rows)


def name_mark(key: str) -> int:
    """A number that equal names share, whatever key prefix they are below."""
    below = below_prefix(key).encode()
    return zlib.crc32(below) << 32 | zlib.adler32(below)


def content_mark(etag: str, size: int) -> int:
    """A number that objects of equal ETag and size share."""
    said = f"{etag} {size}".encode()
    return zlib.crc32(said) << 32 | zlib.adler32(said)
