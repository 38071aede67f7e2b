"""The keys that a ledger has rows of, in key order, however many: parts are read row group by row group, as each one's
turn comes."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from onetrail.lazily import later
from onetrail.s3.ledger.form import check_form
from onetrail.s3.ledger.parts import FORMAT, LedgerTorn, schema

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq
else:
    pa = later("pyarrow")
    pc = later("pyarrow.compute")
    pq = later("pyarrow.parquet")

_READ = ["source_bucket", "key", "action", "outcome"]


class _Group(NamedTuple):
    """One row group; `first` is the least key in it, `about` what its file says of all of them, read once a file."""

    first: str
    path: Path
    number: int
    about: pq.FileMetaData


def keys_in_order(parts: Iterable[Path], bucket: str, action: str, outcomes: Iterable[str]) -> Iterator[str]:
    """Every key of the old bucket that has a row of that action and one of these outcomes, once for each row.

    Row groups overlap only as far as calls overtook each other, so that few of them are in memory at a time. Raises
    LedgerTorn, LaterForm.
    """
    groups = sorted((group for part in parts for group in _groups(part)), key=lambda group: group[:3])
    wanted = pa.array(list(outcomes), pa.string())
    open_: list[tuple[str, int, Iterator[str]]] = []
    for order, group in enumerate(groups):
        yield from _until(open_, group.first)
        keys = iter(_keys(group, bucket, action, wanted))
        if (first := next(keys, None)) is not None:
            heapq.heappush(open_, (first, order, keys))
    yield from _until(open_, None)


def _until(open_: list[tuple[str, int, Iterator[str]]], limit: str | None) -> Iterator[str]:
    """What the open groups have below the limit; a group that is read is dropped."""
    while open_ and (limit is None or open_[0][0] < limit):
        key, order, keys = open_[0]
        yield key
        following = next(keys, None)
        if following is None:
            heapq.heappop(open_)
        else:
            heapq.heapreplace(open_, (following, order, keys))


def _groups(path: Path) -> Iterator[_Group]:
    try:
        metadata = pq.read_metadata(path)
    except (pa.ArrowInvalid, pa.ArrowException, OSError) as error:
        raise LedgerTorn(path, f"not a whole Parquet file ({error})") from error
    check_form(path, metadata, FORMAT)
    for number in range(metadata.num_row_groups):
        about = metadata.row_group(number).column(schema().get_field_index("key")).statistics
        first = str(about.min) if about is not None and about.has_min_max else ""
        yield _Group(first, path, number, metadata)


def _keys(group: _Group, bucket: str, action: str, outcomes: pa.Array) -> list[str]:
    try:
        table = pq.ParquetFile(group.path, metadata=group.about).read_row_group(group.number, columns=_READ)
    except (pa.ArrowInvalid, pa.ArrowException, OSError) as error:
        raise LedgerTorn(group.path, f"not a whole Parquet file ({error})") from error
    mine = pc.and_(pc.equal(table["source_bucket"], bucket), pc.equal(table["action"], action))
    kept = table.filter(pc.and_(mine, pc.is_in(table["outcome"], value_set=outcomes)))
    return sorted(kept["key"].to_pylist())
