"""The files of the run folder beside the hashes that the record binds them by."""

import hashlib
import os
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from onetrail.estate.custody.custody import BoundFile, Custody
from onetrail.estate.proof.receipts import hash_in
from onetrail.files import FileRefused, opened, sha256_of
from onetrail.policies.texts import FOLDER as POLICIES
from onetrail.s3.ledger.parts import parts, unfinished

_PIECE: Final = 1024 * 1024
RECORD: Final = "record.jsonl"
"""Below the run folder."""


class Fit(StrEnum):
    """How a file compares with the record. `UNNAMED`: the record does not speak of it. `TORN`: a killed run left it
    half written."""

    FITS = "as the record says"
    CHANGED = "changed"
    MISSING = "missing"
    UNREAD = "could not be read"
    UNNAMED = "not in the record"
    TORN = "never finished"


class FileSeen(NamedTuple):
    """One file below the run folder. `sha256` is what the record says, or, where it says nothing, that of the file.

    `found` is the SHA-256 of its bytes now, empty where they cannot be read, and `size` their number. The
    record's hash of a receipt is that over its fields, so these two differ.
    """

    name: str
    fit: Fit
    sha256: str
    rows: int = 0
    size: int | None = None
    found: str = ""


def read_files(folder: Path, custody: Custody) -> tuple[FileSeen, ...]:
    """Policies, ledger parts, receipts, the saved inventory and the public keys, in the order of their names; the last
    line that names a file counts."""
    named: dict[str, BoundFile] = {}
    for one in custody.files:
        named[one.name] = one
    found = [_seen(folder, one) for one in named.values()]
    return tuple(sorted([*found, *_unnamed(folder, frozenset(named))], key=lambda one: one.name))


def read_record(folder: Path, custody: Custody) -> FileSeen | None:
    """The record up to the last line that was read; what is written after it changes neither hash nor size. None where
    there is no line."""
    lines, digest, size = custody.check.lines, hashlib.sha256(), 0
    try:
        with opened(folder / RECORD) as file:
            left = lines
            while left and (piece := file.readline(_PIECE)):
                size += len(piece)
                digest.update(piece)
                left -= piece.endswith(b"\n")
    except FileRefused:
        return None
    fit = Fit.FITS if custody.check.whole else Fit.CHANGED
    return FileSeen(RECORD, fit, "", lines, size, digest.hexdigest()) if lines else None


def read_report(folder: Path, custody: Custody) -> FileSeen | None:
    """The page of the last time beside the record; None where the record names none."""
    if not custody.reports:
        return None
    last = custody.reports[-1]
    return _seen(folder, last)


def _seen(folder: Path, one: BoundFile) -> FileSeen:
    path = folder / one.name
    if not os.path.lexists(path):
        return FileSeen(one.name, Fit.MISSING, one.sha256, one.rows)
    found = _sha256(path)
    fit = _fit(hash_in(path) if one.receipt else found, one.sha256)
    return FileSeen(one.name, fit, one.sha256, one.rows, _size(path), found)


def _fit(found: str, sha256: str) -> Fit:
    return Fit.UNREAD if not found else Fit.FITS if found == sha256 else Fit.CHANGED


def _size(path: Path) -> int | None:
    """None for what is no file."""
    return path.stat().st_size if path.is_file() else None


def _sha256(path: Path) -> str:
    """Empty for what cannot be read, such as a folder or a loop of links in a file's place."""
    try:
        return sha256_of(path)
    except FileRefused:
        return ""


def _unnamed(folder: Path, named: frozenset[str]) -> Iterator[FileSeen]:
    ledger = folder / "ledger"
    for path in parts(ledger):
        name = f"ledger/{path.name}"
        if name not in named:
            yield _unnamed_file(name, path)
    policies = sorted((folder / POLICIES).glob("[!.]*"))
    for path in policies:
        name = f"{POLICIES}/{path.name}"
        if name not in named:
            yield _unnamed_file(name, path)
    for path in (*unfinished(ledger), *unfinished(folder / POLICIES)):
        yield FileSeen(f"{path.parent.name}/{path.name}", Fit.TORN, "")


def _unnamed_file(name: str, path: Path) -> FileSeen:
    found = _sha256(path)
    return FileSeen(name, Fit.UNNAMED, found, 0, _size(path), found)
