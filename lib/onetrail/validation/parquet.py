"""Every file's state as a Parquet file, written as the verdicts come."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from onetrail.cloudtrail.digests.verdict import FileVerdict
from onetrail.errors import OnetrailError

ROWS_AT_ONCE: Final = 10_000
SCHEMA: Final = pa.schema(
    [
        (name, pa.string())
        for name in ("key", "kind", "state", "why", "original_bucket", "original_key", "proof", "hash")
    ]
)
"""`key` is where a file lies now, `original_bucket` and `original_key` where CloudTrail delivered it, as far as a
signature says so."""


def write(path: Path, verdicts: Iterable[FileVerdict]) -> None:
    """Write all of them; the file is in place once it is whole. Raises OnetrailError where it cannot be written."""
    rest = iter(verdicts)
    try:
        with TemporaryDirectory(prefix=".new-", dir=path.parent) as own:
            new = Path(own) / "files.parquet"
            with pq.ParquetWriter(new, SCHEMA, compression="zstd") as out:
                while rows := list(islice(_rows(rest), ROWS_AT_ONCE)):
                    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
                    out.write_table(pa.table(columns, SCHEMA))
            new.replace(path)
    except OSError as err:
        raise OnetrailError(f"{path} cannot be written: {err.strerror or err}") from err


def _rows(verdicts: Iterator[FileVerdict]) -> Iterator[tuple[str, ...]]:
    for one in verdicts:
        texts = (
            one.key,
            one.kind.value,
            one.state.value,
            one.why,
            one.original_bucket,
            one.original_key,
            one.proof.value,
            one.hash,
        )
        yield tuple(text.encode("utf-8", "backslashreplace").decode() for text in texts)
