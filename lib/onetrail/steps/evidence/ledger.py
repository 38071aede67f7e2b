"""The ledger in sums: how many objects and bytes of each old bucket were copied, proven, locked and deleted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from onetrail.lazily import later
from onetrail.s3.ledger.form import check_form
from onetrail.s3.ledger.parts import FORMAT, parts

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq
else:
    pa = later("pyarrow")
    pq = later("pyarrow.parquet")

_COLUMNS = ["action", "source_bucket", "outcome", "size"]


class LedgerSum(NamedTuple):
    """`action` is `copy`, `prove`, `delete` or `lock MODE`; `outcome` how it ended; `size` in bytes."""

    action: str
    bucket: str
    outcome: str
    objects: int
    size: int


def ledger_sums(folder: Path) -> tuple[LedgerSum, ...]:
    """Over all parts that can be read, in constant memory. A part that is torn or changed is named by its hash, not
    here. Raises LaterForm."""
    objects: Counter[tuple[str, str, str]] = Counter()
    sizes: Counter[tuple[str, str, str]] = Counter()
    for path in filter(Path.is_file, parts(folder) if folder.is_dir() else []):
        try:
            part = pq.ParquetFile(path)
            check_form(path, part.metadata, FORMAT)
            for group in part.iter_batches(columns=_COLUMNS):
                _add(pa.Table.from_batches([group]), objects, sizes)
        except (pa.ArrowException, OSError):
            continue
    return tuple(LedgerSum(*key, objects[key], sizes[key]) for key in sorted(objects))


def _add(rows: pa.Table, objects: Counter[tuple[str, str, str]], sizes: Counter[tuple[str, str, str]]) -> None:
    summed = rows.group_by(_COLUMNS[:3]).aggregate([("size", "sum"), ("size", "count")])
    for row in summed.to_pylist():
        key = (row["action"], row["source_bucket"], row["outcome"])
        objects[key] += row["size_count"]
        sizes[key] += row["size_sum"] or 0
