"""The ledger: one row per object copied, deleted or locked, in Parquet parts that appear whole or not at all.

It is evidence, not state: nothing is skipped because a ledger says so.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple, Self

from onetrail.errors import OnetrailError
from onetrail.files import FileRefused, opened, sha256_of
from onetrail.lazily import later
from onetrail.s3.ledger.form import check_form, of_form

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq
else:
    pa = later("pyarrow")
    pq = later("pyarrow.parquet")

FORMAT: Final = 1
"""The version of the form of a part."""


@cache
def schema() -> pa.Schema:
    """The columns of a part, those of LedgerRow."""
    text, time = pa.string(), pa.timestamp("ms", "UTC")
    return of_form(
        pa.schema(
            [
                ("action", text),
                ("source_bucket", text),
                ("key", text),
                ("source_version_id", text),
                ("size", pa.int64()),
                ("source_etag", text),
                ("source_last_modified", time),
                ("source_class", text),
                ("destination_bucket", text),
                ("destination_key", text),
                ("destination_version_id", text),
                ("destination_etag", text),
                ("sha256", text),
                ("destination_class", text),
                ("retain_until", time),
                ("when", time),
                ("attempt", pa.int32()),
                ("request_id", text),
                ("outcome", text),
                ("why", text),
            ]
        ),
        FORMAT,
    )


class LedgerRow(NamedTuple):
    """What was done to one object. `""` or None where it does not apply; `sha256` in base64 and over the stored bytes,
    as S3 gives it.

    `when` is S3's own time of the copy, or our clock's for other calls; `attempt` counts from 1; `why` is a sentence
    where the outcome is not the wanted one.
    """

    action: str
    source_bucket: str
    key: str
    source_version_id: str = ""
    size: int = 0
    source_etag: str = ""
    source_last_modified: datetime | None = None
    source_class: str = ""
    destination_bucket: str = ""
    destination_key: str = ""
    destination_version_id: str = ""
    destination_etag: str = ""
    sha256: str = ""
    destination_class: str = ""
    retain_until: datetime | None = None
    when: datetime | None = None
    attempt: int = 1
    request_id: str = ""
    outcome: str = ""
    why: str = ""


class FinishedPart(NamedTuple):
    """A finished part: where it is, the SHA-256 (hex) of its bytes for the record, and its rows."""

    path: Path
    sha256: str
    rows: int


class LedgerTorn(OnetrailError):
    """A part of the ledger cannot be read whole; `why` says how that shows, and the message how to fix it."""

    def __init__(self, path: Path, why: str) -> None:
        self.why = why
        super().__init__(
            f"{path}: {why}; take it from a copy of the folder, or move it out: its copies are found again by listing,"
            " its rows are not"
        )


class LedgerNotWritten(OnetrailError, OSError):
    """The ledger cannot be written, so nothing more is to be done that it would have to hold."""


class LedgerPart:
    """Writes one part. Rows go to a hidden file; `finish` gives it its name. Leaving the `with` block finishes it,
    errors or not:

    what was done was done, and its rows are true. A name that is taken gets a number, since no part is ever
    overwritten. Raises LedgerNotWritten where the disk takes no more; no part of that name is then left behind.
    """

    ROWS_A_GROUP = 10_000
    """Rows held in memory, unless somebody says otherwise."""

    def __init__(self, folder: Path, name: str, rows_a_group: int = 0) -> None:
        self._rows_a_group = rows_a_group or self.ROWS_A_GROUP
        self._path = folder / f"{name}.parquet"
        self._broken: LedgerNotWritten | None = None
        with self._in_one_line():
            folder.mkdir(parents=True, exist_ok=True)
        self._path = _free(folder, name)
        self._hidden = folder / f".{self._path.name}.{os.getpid()}.unfinished"
        self._writer: pq.ParquetWriter | None = None
        self._rows: list[LedgerRow] = []
        self._count = 0
        self._part: FinishedPart | None = None

    def add(self, row: LedgerRow) -> None:
        """Note what was done to one object."""
        self._rows.append(row)
        if len(self._rows) >= self._rows_a_group:
            with self._in_one_line():
                self._flush()

    def finish(self) -> FinishedPart:
        """Write everything to disk, then give the file its name."""
        if self._part is None:
            with self._in_one_line():
                self._part = self._finished()
        return self._part

    def _finished(self) -> FinishedPart:
        self._flush()
        self._open_writer().close()
        _sync(self._hidden)
        digest = sha256_of(self._hidden)
        # Unlike a rename, this refuses a name that another writer took meanwhile.
        os.link(self._hidden, self._path)
        self._hidden.unlink()
        _sync(self._path.parent)
        return FinishedPart(self._path, digest, self._count)

    @contextmanager
    def _in_one_line(self) -> Iterator[None]:
        """Raise what the system says as LedgerNotWritten, and the same again each time after that."""
        if self._broken is not None:
            raise self._broken
        try:
            yield
        except OSError as error:
            self._broken = LedgerNotWritten(
                f"{self._path} cannot be written ({error.strerror or error}); make room on its disk and run again: "
                "the next listing finds what was done"
            )
            raise self._broken from error

    def abandon(self) -> None:
        """Leave nothing behind: for a part that cannot be written whole."""
        with suppress(OSError, pa.ArrowException):
            if self._writer is not None:
                self._writer.close()
        self._hidden.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.finish()
        except LedgerNotWritten:
            self.abandon()
            if error is None:
                raise

    def _open_writer(self) -> pq.ParquetWriter:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._hidden, schema(), compression="zstd", write_page_checksum=True)
        return self._writer

    def _flush(self) -> None:
        if self._rows:
            self._rows.sort(key=lambda row: (row.source_bucket, row.key, row.source_version_id))
            self._open_writer().write_table(table_of(self._rows))
            self._count += len(self._rows)
            self._rows = []


def table_of(rows: Sequence[LedgerRow]) -> pa.Table:
    """Rows as a table of the ledger's schema."""
    columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else [[] for _ in schema()]
    return pa.Table.from_arrays(
        [pa.array(column, kind.type) for column, kind in zip(columns, schema(), strict=True)], schema=schema()
    )


def parts(folder: Path) -> list[Path]:
    """The finished parts, by name."""
    return sorted(path for path in folder.glob("*.parquet") if not path.name.startswith("."))


def unfinished(folder: Path) -> list[Path]:
    """What a killed run left: its rows are lost, its copies are not, and the next listing finds them."""
    return sorted(folder.glob(".*.unfinished"))


def read_part(path: Path, sha256: str = "") -> pa.Table:
    """One part, checked page by page, and against its hash in the record where that is given.

    Raises LedgerTorn where it is not whole, LaterForm where a later release wrote it.
    """
    with _read_errors(path):
        if not sha256:
            return _opened(path).read()
        with opened(path) as file:
            content = file.read()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise LedgerTorn(path, "its bytes are not those the record names")
        return _part(path, BytesIO(content)).read()  # the bytes that were hashed, not the present ones


def hashed(path: Path) -> FinishedPart:
    """A part with the SHA-256 and the rows of one and the same file, whatever comes in its place. Raises LedgerTorn,
    LaterForm."""
    with _read_errors(path), opened(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        return FinishedPart(path, digest, int(_part(path, file).metadata.num_rows))


def rows_in(path: Path) -> int:
    """How many rows a part has, by its end. Raises LedgerTorn where it cannot be opened, LaterForm."""
    with _read_errors(path):
        return int(_opened(path).metadata.num_rows)


def read(folder: Path) -> pa.Table:
    """All parts as one table; an empty table for an empty or absent folder. Raises LedgerTorn where one part is not
    whole, LaterForm."""
    found = parts(folder) if folder.is_dir() else []
    return pa.concat_tables([read_part(path) for path in found]) if found else table_of([])


def sums_of(path: Path) -> dict[str, tuple[int, int]]:
    """Objects and bytes of one part by outcome."""
    with _read_errors(path):
        columns = _opened(path).read(columns=["outcome", "size"])
    grouped = columns.group_by("outcome").aggregate([("size", "count"), ("size", "sum")])
    return {row["outcome"]: (row["size_count"], row["size_sum"]) for row in grouped.to_pylist()}


def torn(folder: Path) -> list[tuple[Path, str]]:
    """Every part that cannot be read whole, with its reason; an empty list when all are. Reads all of them."""
    return _broken(folder, read_part)


def unreadable(folder: Path) -> list[tuple[Path, str]]:
    """Every part that cannot be opened, with its reason: cut off, or none of a ledger. Reads the ends of the parts
    alone."""
    return _broken(folder, rows_in)


def _broken(folder: Path, look: Callable[[Path], Any]) -> list[tuple[Path, str]]:
    broken = []
    for path in parts(folder):
        try:
            look(path)
        except LedgerTorn as error:
            broken.append((path, error.why))
    return broken


def _opened(path: Path) -> pq.ParquetFile:
    if not path.is_file():  # opening a pipe would never return
        raise LedgerTorn(path, "it is no regular file")
    return _part(path, path)


def _part(path: Path, source: Path | IO[bytes]) -> pq.ParquetFile:
    part = pq.ParquetFile(source, page_checksum_verification=True)
    check_form(path, part.metadata, FORMAT)
    if not part.schema_arrow.equals(schema()):
        raise LedgerTorn(path, "it is not a part of a ledger")
    return part


@contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    """An error of Parquet or the disk about an incomplete part, as one error."""
    try:
        yield
    except FileRefused as error:
        raise LedgerTorn(path, f"{error}") from error
    except (pa.ArrowException, OSError) as error:
        raise LedgerTorn(path, f"it is not a complete Parquet file ({' '.join(str(error).split())})") from error


def _free(folder: Path, name: str) -> Path:
    if "/" in name or name.startswith("."):
        raise ValueError(f"{name!r} cannot be the name of a part: no slash, no leading dot")
    path, number = folder / f"{name}.parquet", 1
    while path.exists():
        number += 1
        path = folder / f"{name}.{number}.parquet"
    return path


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
