"""The versions of a listing exactly as they were hashed: the guard lets through these, and not what a later look would
find.

Where a bucket has no versions, the receipt's own list says what may go.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Self

from onetrail.estate.proof.receipt_rows import ListingHash
from onetrail.steps.retirement.counterparts import Original


class Reviewed:
    """Keeps key, ETag and version of each object on disk, in a file without a name; memory does not grow with their
    number."""

    def __init__(self, folder: Path) -> None:
        self._file = TemporaryFile("w+", encoding="ascii", newline="\n", dir=folder)  # noqa: SIM115 - closed by __exit__

    def add(self, listing: ListingHash, original: Original) -> None:
        """The next object that went into this hash."""
        row, version = original
        self._file.write(json.dumps([id(listing), row.key, row.etag, version]) + "\n")

    def rows(self, listing: ListingHash) -> Iterator[tuple[str, str, str]]:
        """Key, ETag and version of each object of that hash, in its order."""
        self._file.seek(0)
        for line in self._file:
            of, key, etag, version = json.loads(line)
            if of == id(listing):
                yield key, etag, version

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
