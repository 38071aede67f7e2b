"""The files of the run folder beside the hashes that the record binds them by."""

import os
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from onetrail.estate.custody.custody import BoundFile, Custody
from onetrail.estate.proof.receipts import hash_in
from onetrail.files import FileRefused, sha256_of
from onetrail.policies.texts import FOLDER as POLICIES
from onetrail.s3.ledger.parts import parts, unfinished


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
    """One file below the run folder. `sha256` is what the record says, or, where it says nothing, that of the file."""

    name: str
    fit: Fit
    sha256: str
    rows: int = 0


def read_files(folder: Path, custody: Custody) -> tuple[FileSeen, ...]:
    """Policies, ledger parts, receipts, the saved inventory and the public keys, in the order of their names; the last
    line that names a file counts."""
    named: dict[str, BoundFile] = {}
    for one in custody.files:
        named[one.name] = one
    found = [
        FileSeen(n.name, _fit(folder / n.name, n.sha256, hash_in if n.receipt else _sha256), n.sha256, n.rows)
        for n in named.values()
    ]
    return tuple(sorted([*found, *_unnamed(folder, frozenset(named))]))


def read_report(folder: Path, custody: Custody) -> FileSeen | None:
    """The page of the last time beside the record; None where the record names none."""
    if not custody.reports:
        return None
    last = custody.reports[-1]
    return FileSeen(last.name, _fit(folder / last.name, last.sha256, _sha256), last.sha256)


def _fit(path: Path, sha256: str, hash_of: Callable[[Path], str]) -> Fit:
    if not os.path.lexists(path):
        return Fit.MISSING
    found = hash_of(path)
    return Fit.UNREAD if not found else Fit.FITS if found == sha256 else Fit.CHANGED


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
            yield FileSeen(name, Fit.UNNAMED, _sha256(path))
    policies = sorted((folder / POLICIES).glob("[!.]*"))
    for path in policies:
        name = f"{POLICIES}/{path.name}"
        if name not in named:
            yield FileSeen(name, Fit.UNNAMED, _sha256(path))
    for path in (*unfinished(ledger), *unfinished(folder / POLICIES)):
        yield FileSeen(f"{path.parent.name}/{path.name}", Fit.TORN, "")
