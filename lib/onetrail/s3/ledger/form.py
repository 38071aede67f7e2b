"""The version of a Parquet file's form, in its metadata, where every reader of Parquet finds it.

A version changes where columns come, go or change their meaning. Files of the first releases do not say theirs: they
are of version 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from onetrail.errors import OnetrailError
from onetrail.lazily import later

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq
else:
    pa = later("pyarrow")
    pq = later("pyarrow.parquet")

NAME: Final = b"onetrail.format"
_DIGITS: Final = 9


class LaterForm(OnetrailError):
    """A file was written by a later release, in a form that this one does not know."""


def of_form(schema: pa.Schema, version: int) -> pa.Schema:
    """The schema for files of that version: they say it."""
    return schema.with_metadata({NAME: str(version)})


def check_form(path: Path, about: pq.FileMetaData, known: int) -> None:
    """Pass a file of a version up to `known`, and one that says none. Raises LaterForm for any other."""
    said = (about.metadata or {}).get(NAME)
    if said is None or (said.isdigit() and len(said) <= _DIGITS and 1 <= int(said) <= known):
        return
    raise LaterForm(
        f"{path}: its format is {said[:_DIGITS]!a}, and this release knows up to {known}: use the release that wrote it"
    )
