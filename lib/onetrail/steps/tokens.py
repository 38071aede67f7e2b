"""Verification tokens: what step 06 has proven of one old bucket, bound to the exact listing it proved.

A token lies in the run folder. It may allow a deletion, it never marks a step as done by itself: it counts only while the bucket
still holds what was proven, its own hash fits, and the run record holds that hash.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow.parquet as pq

from onetrail.change import canonical_json, entries, verify_record
from onetrail.change.words import counted
from onetrail.errors import OnetrailError
from onetrail.files import sha256_of

FOLDER: Final = "tokens"
CALL: Final = "WriteVerificationToken"
"""What a plan calls the writing of a token; it is no AWS call."""


class TokenError(OnetrailError):
    """A token, or the list of what it proves, cannot be believed."""


class ProvenRow(NamedTuple):
    """One object of the old bucket as it was proven. `size` in bytes, `etag` without quotes."""

    key: str
    size: int
    etag: str
    last_modified: datetime | None


class Part(NamedTuple):
    """A ledger part by name, with the SHA-256 (hex) of its bytes and its rows."""

    part: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Token:
    """What was proven of one bucket.

    `listing` is the hash of the listing, `proven` the ledger part that holds it row by row, `ledger` the parts of the copies.
    `trails` are [account, trail, home region, instant of StopLogging or empty] of every trail that wrote into the bucket.
    `at` is ISO text, UTC. `sha256` binds all other fields.
    """

    run: str
    bucket: str
    account: str
    region: str
    at: str
    listing: str
    objects: int
    size: int
    counts: Mapping[str, int]
    digest_check: str
    lock: str
    good: bool
    trails: tuple[tuple[str, str, str, str], ...]
    proven: Part
    ledger: tuple[Part, ...]
    record_head: str
    sha256: str = ""

    def hash(self) -> str:
        """The SHA-256 (hex) over every field but `sha256`."""
        return hashlib.sha256(canonical_json({**asdict(self), "sha256": ""}).encode()).hexdigest()


@dataclass(frozen=True)
class Tokens:
    """The tokens of one run by bucket; `broken` names the files that cannot be believed, with the reason."""

    held: Mapping[str, Token] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cover:
    """Whether a token speaks of what the bucket holds now. `part_gone`: some proven objects are already deleted, nothing else differs."""

    valid: bool
    why: str
    part_gone: int = 0


class ListingHash:
    """The hash of a listing: SHA-256 over one line (key, size, ETag) an object, in key order; and its sums."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.objects = self.size = 0
        self.newest: datetime | None = None

    def add(self, key: str, size: int, etag: str, last_modified: datetime | None = None) -> None:
        """The next object in key order."""
        self._hash.update(f"{key}\t{size}\t{etag}\n".encode())
        self.objects += 1
        self.size += size
        if last_modified and (self.newest is None or last_modified > self.newest):
            self.newest = last_modified

    def hexdigest(self) -> str:
        """The hash so far."""
        return self._hash.hexdigest()


EMPTY_LISTING: Final = ListingHash().hexdigest()
"""The hash of an empty bucket's listing."""


def write_token(run_folder: Path, token: Token) -> Token:
    """Write `tokens/<bucket>.json` durably, and return the token with its hash. An earlier token of the bucket is kept beside it."""
    folder = run_folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    sealed = replace(token, sha256=token.hash())
    path = folder / f"{token.bucket}.json"
    if path.exists():
        number = len(list(folder.glob(f"{token.bucket}.*.superseded"))) + 1
        path.replace(folder / f"{token.bucket}.{number}.superseded")
    hidden = folder / f".{token.bucket}.new"
    with hidden.open("w", encoding="utf-8") as out:
        json.dump(asdict(sealed), out, indent=1, sort_keys=True, default=str)
        out.write("\n")
        out.flush()
        os.fsync(out.fileno())
    hidden.replace(path)
    return sealed


def read_tokens(run_folder: Path) -> Tokens:
    """Every token of the run that is whole and that the run record holds; the others with the reason why not."""
    held: dict[str, Token] = {}
    broken: dict[str, str] = {}
    paths = sorted((run_folder / FOLDER).glob("[!.]*.json"))
    recorded, why = _recorded(run_folder) if paths else (frozenset(), "")
    for path in paths:
        try:
            token = _token(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError) as err:
            broken[path.stem] = f"{path.name} is no verification token: {err}"
            continue
        if token.bucket != path.stem or token.hash() != token.sha256:
            broken[path.stem] = f"{path.name} was changed: its hash does not fit its content"
        elif token.sha256 not in recorded:
            broken[path.stem] = why or f"{path.name} is not in the run record"
        else:
            held[token.bucket] = token
    return Tokens(held, broken)


def proven_rows(run_folder: Path, token: Token) -> Iterator[ProvenRow]:
    """What the token proves, object by object in key order; constant memory. TokenError where the list is not the one it names."""
    path = run_folder / "ledger" / token.proven.part
    if not path.exists():
        raise TokenError(f"{path}: the list of what was proven of {token.bucket} is gone; verify it again")
    if sha256_of(path) != token.proven.sha256:
        raise TokenError(
            f"{path}: the list of what was proven of {token.bucket} was changed; verify it again"
        )
    columns = ["key", "size", "source_etag", "source_last_modified"]
    for batch in pq.ParquetFile(path, page_checksum_verification=True).iter_batches(columns=columns):
        values = [column.to_pylist() for column in batch.columns]
        yield from (ProvenRow(*row) for row in zip(*values, strict=True))


def cover(run_folder: Path, token: Token, rows: Iterable[Any]) -> Cover:
    """Whether the bucket's listing (rows with key, size, etag, in key order) is what the token proved, or what is left of it."""
    fault = _not_enough(token)
    if fault:
        return Cover(False, fault)
    seen = ListingHash()
    strange, gone = "", 0
    ours = proven_rows(run_folder, token)
    proven = next(ours, None)
    for row in rows:
        seen.add(row.key, row.size, row.etag)
        while proven is not None and proven.key < row.key:
            gone += 1
            proven = next(ours, None)
        if proven is None or proven.key != row.key:
            strange = strange or f"{row.key} was not there when it was proven"
            continue
        if (proven.size, proven.etag) != (row.size, row.etag):
            strange = strange or f"{row.key} is not what was proven"
        proven = next(ours, None)
    gone += (proven is not None) + sum(1 for _ in ours)
    if strange:
        return Cover(False, f"the bucket changed after it was proven: {strange}; run step 06 again")
    if gone:
        return Cover(
            True,
            f"{counted(gone, 'of the proven objects is', 'of the proven objects are')} already gone",
            gone,
        )
    if seen.hexdigest() != token.listing:
        return Cover(False, "the token is of another listing; run step 06 again")
    return Cover(True, "the bucket holds exactly what was proven")


def _not_enough(token: Token) -> str:
    if token.digest_check != "full":
        return f"the verification was {token.digest_check}, not full"
    return "" if token.good else "the verification did not find the bucket good"


def _recorded(run_folder: Path) -> tuple[frozenset[str], str]:
    """The token hashes that the run record holds; none where the record's own chain does not hold."""
    check = verify_record(run_folder)
    if not check.whole:
        return frozenset(), f"the run record is not whole: {check.problems[0]}"
    found = (
        line.get("result", {}).get("sha256", "")
        for line in entries(run_folder)
        if line.get("kind") == "done" and str(line.get("key", "")).startswith("token-")
    )
    return frozenset(hash_ for hash_ in found if hash_), ""


def _token(said: Mapping[str, Any]) -> Token:
    return Token(
        **{
            **said,
            "trails": tuple(tuple(trail) for trail in said["trails"]),
            "proven": Part(*said["proven"]),
            "ledger": tuple(Part(*part) for part in said["ledger"]),
        }
    )
