"""Verification receipts: what step 06 has proven of one old bucket, bound to the exact listing it proved.

A receipt is a file in the run folder. It may allow a deletion, it never marks a step as done by itself: it counts only
while the bucket still holds what was proven, its own hash fits, and the run record holds that hash.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from onetrail.change import canonical_json, entries, verify_record
from onetrail.change.words import counted
from onetrail.estate.proof.receipt_rows import ListingHash, ListPart, ProvenRow, read_rows
from onetrail.files import FileRefused, read_json

FOLDER: Final = "receipts"
EARLIER_FOLDER: Final = "tokens"
"""Where releases before format 2 kept them."""
FORMAT: Final = 2
"""The version of a receipt's form; 2 is the first that says its version."""
TOO_EARLY: Final = (
    "an earlier release wrote it, and it lacks what must be known before a deletion; "
    "write a new one: onetrail run -f FILE --from 06 --to 06"
)
CALL: Final = "WriteVerificationReceipt"
"""What a plan calls the writing of a receipt; it is no AWS call."""


@dataclass(frozen=True)
class Receipt:
    """What was proven of one bucket.

    `listing` is the hash of the listing, `proven` the list that holds it row by row, `ledger` the parts of the ledger
    about the copies. `archive` is the bucket that holds the proven versions, `log_account` the account that it is in,
    `work_bucket` the one whose heads vouch for the receipt; each empty where an earlier release wrote it.
    `trails` are [account, trail, home region, instant of StopLogging or empty] of every trail that wrote into the
    bucket. `at` is ISO text, UTC. `format` is the version of this form. `sha256` binds all other fields.
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
    proven: ListPart
    ledger: tuple[ListPart, ...]
    record_head: str
    archive: str = ""
    log_account: str = ""
    work_bucket: str = ""
    format: int = FORMAT
    sha256: str = ""

    def hash(self) -> str:
        """The SHA-256 (hex) over every field but `sha256`."""
        said = {**asdict(self), "sha256": ""}
        for name in ("log_account", "work_bucket"):
            if not said[name]:
                del said[name]
        if self.format == 1:
            del said["format"], said["archive"]
        return hashlib.sha256(canonical_json(said).encode()).hexdigest()


@dataclass(frozen=True)
class Receipts:
    """The receipts of one run by bucket.

    `broken` names what permits nothing, with the reason. `earlier` are those of them that an earlier release wrote and
    that are whole: they still say what a retired bucket held. `unsealed` are those of today's format that are whole and
    that nothing outside the run folder vouches for; `could_not_look` says why nobody could look whether something does,
    and `strange` names what lies among the sealed heads and is none. `missing` has, where it was asked for, each bucket
    whose receipt a sealed head names and the run folder lacks, and which head does.
    """

    held: Mapping[str, Receipt] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    earlier: Mapping[str, Receipt] = field(default_factory=dict)
    unsealed: Mapping[str, Receipt] = field(default_factory=dict)
    could_not_look: str = ""
    strange: tuple[str, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def remembered(self) -> Mapping[str, Receipt]:
        """What stands for buckets that are retired, whichever release wrote it."""
        return {**self.earlier, **self.unsealed, **self.held}


@dataclass(frozen=True)
class ReceiptCoverage:
    """Whether a receipt speaks of what the bucket holds now. `part_gone`: some proven objects are already deleted,
    nothing else differs."""

    valid: bool
    why: str
    part_gone: int = 0


def write_receipt(run_folder: Path, receipt: Receipt) -> Receipt:
    """Write `receipts/<bucket>.json` durably, and return the receipt with its hash. An earlier receipt of the bucket is
    kept beside it."""
    folder = run_folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    sealed = replace(receipt, sha256=receipt.hash())
    path = folder / f"{receipt.bucket}.json"
    if path.exists():
        number = 1
        while (kept := folder / f"{receipt.bucket}.{number}.superseded").exists():
            number += 1
        path.replace(kept)
    hidden = folder / f".{receipt.bucket}.new"
    with hidden.open("w", encoding="utf-8") as out:
        json.dump(asdict(sealed), out, indent=1, sort_keys=True)
        out.write("\n")
        out.flush()
        os.fsync(out.fileno())
    hidden.replace(path)
    return sealed


def receipt_names(run_folder: Path) -> frozenset[str]:
    """The buckets that some file of the run folder calls by name as proven, believed or not: enough to ask what became
    of them."""
    folders = (run_folder / FOLDER, run_folder / EARLIER_FOLDER)
    return frozenset(path.stem for folder in folders for path in folder.glob("[!.]*.json"))


def read_receipts(run_folder: Path) -> Receipts:
    """Every receipt of the run that is whole and that the run record holds; the others with the reason why not."""
    paths = sorted((run_folder / FOLDER).glob("[!.]*.json"))
    before = sorted((run_folder / EARLIER_FOLDER).glob("[!.]*.json"))
    if not paths and not before:
        return Receipts()
    recorded, why = _recorded(run_folder)
    held: dict[str, Receipt] = {}
    earlier: dict[str, Receipt] = {}
    broken: dict[str, str] = {}
    for path in before:
        read = _read(path, 1, f"token-{path.stem}", recorded, why)
        broken[path.stem] = read if isinstance(read, str) else f"{path.name}: {TOO_EARLY}"
        earlier |= {} if isinstance(read, str) else {path.stem: read}
    for path in paths:
        broken.pop(path.stem, None)
        read = _read(path, FORMAT, f"receipt-{path.stem}", recorded, why)
        if isinstance(read, str):
            broken[path.stem] = read
        else:
            held[path.stem] = read
    return Receipts(held, broken, earlier)


def _read(path: Path, form: int, key: str, recorded: frozenset[tuple[str, str]], why: str) -> Receipt | str:
    """The receipt in this file, or why it cannot be believed. `recorded` are (key, hash) of what the record says was
    written."""
    try:
        receipt = _receipt(read_json(path), form)
    except FileRefused as err:
        return err.line
    except (ValueError, KeyError, TypeError, AttributeError) as err:
        return f"{path.name} is no verification receipt: {err!r}"
    if receipt.bucket != path.stem or receipt.hash() != receipt.sha256:
        return f"{path.name} was changed: its hash does not fit its content"
    if (key, receipt.sha256) not in recorded:
        return why or f"{path.name} is not in the run record"
    return receipt


def hash_in(path: Path) -> str:
    """The hash over the fields of the receipt in this file, as the record names it; empty where it is no receipt that
    can be read."""
    try:
        said = read_json(path)
        return _receipt(said, said.get("format", 1)).hash()
    except (FileRefused, ValueError, KeyError, TypeError, AttributeError):
        return ""


def copied_parts(run_folder: Path, bucket: str) -> frozenset[str]:
    """Names of the ledger parts that the record binds to copies of this bucket, its pilot included; none of a bucket
    with a longer name."""
    keys = {f"pilot-{bucket}", f"copy-{bucket}"}
    return frozenset(line["part"] for line in entries(run_folder, "partition") if line.get("key") in keys) | frozenset(
        part["part"]
        for line in entries(run_folder, "done")
        if line.get("key") in keys
        for part in (line.get("result") or {}).get("ledger") or ()
    )


def lines_of(run_folder: Path) -> Mapping[str, int]:
    """Hash of each receipt that the record tells of -> the first line that does."""
    found: dict[str, int] = {}
    for line in entries(run_folder, "done"):
        found.setdefault(str((line.get("result") or {}).get("sha256", "")), int(line["n"]))
    return found


def proven_rows(run_folder: Path, receipt: Receipt) -> Iterator[ProvenRow]:
    """What the receipt proves, object by object in key order; constant memory. ReceiptError where the list is not the
    one it names."""
    return read_rows(run_folder, receipt.bucket, receipt.proven, earlier=receipt.format == 1)


def cover(run_folder: Path, receipt: Receipt, rows: Iterable[Any]) -> ReceiptCoverage:
    """Whether the bucket's listing (rows with key, size, etag, in key order) is what the receipt proved, or what is
    left of it."""
    beside = Beside(run_folder, receipt)
    for _ in beside.through(rows):
        pass
    return beside.cover()


class Beside:
    """A bucket's listing beside what its receipt proved: as a stream of what is still there, and what became of the
    rest."""

    def __init__(self, run_folder: Path, receipt: Receipt) -> None:
        self._run_folder, self._receipt = run_folder, receipt
        self._seen = ListingHash()
        self._strange, self._gone = "", 0

    def through(self, rows: Iterable[Any]) -> Iterator[tuple[Any, ProvenRow]]:
        """Each listed row that is as it was proven, with what was proven of it; to be gone through to the end. Raises
        ReceiptError."""
        if _not_enough(self._receipt):
            return
        ours = proven_rows(self._run_folder, self._receipt)
        proven = next(ours, None)
        for row in rows:
            self._seen.add(row.key, row.size, row.etag)
            while proven is not None and proven.key < row.key:
                self._gone += 1
                proven = next(ours, None)
            if proven is None or proven.key != row.key:
                self._strange = self._strange or f"{row.key} was not there when it was proven"
                continue
            if (proven.size, proven.etag) != (row.size, row.etag):
                self._strange = self._strange or f"{row.key} is not what was proven"
            else:
                yield row, proven
            proven = next(ours, None)
        self._gone += (proven is not None) + sum(1 for _ in ours)

    def cover(self) -> ReceiptCoverage:
        """What the listing came to, once it was gone through."""
        fault = _not_enough(self._receipt)
        if fault:
            return ReceiptCoverage(False, fault)
        if self._strange:
            return ReceiptCoverage(False, f"the bucket changed after it was proven: {self._strange}; run step 06 again")
        if self._gone:
            words = counted(self._gone, "of the proven objects is", "of the proven objects are")
            return ReceiptCoverage(True, f"{words} already gone", self._gone)
        if self._seen.hexdigest() != self._receipt.listing:
            return ReceiptCoverage(False, "the receipt is of another listing; run step 06 again")
        return ReceiptCoverage(True, "the bucket holds exactly what was proven")


def _not_enough(receipt: Receipt) -> str:
    if receipt.digest_check != "full":
        return f"the verification was {receipt.digest_check}, not full"
    return "" if receipt.good else "the verification did not find the bucket good"


def _recorded(run_folder: Path) -> tuple[frozenset[tuple[str, str]], str]:
    """(key, hash) of every receipt that the run record says was written; none where the record's own chain does not
    hold."""
    check = verify_record(run_folder)
    if not check.whole:
        return frozenset(), f"the run record is not whole: {check.problems[0]}"
    return frozenset(
        (str(line["key"]), str(line["result"]["sha256"]))
        for line in entries(run_folder, "done")
        if "sha256" in (line.get("result") or {})
    ), ""


def _receipt(said: Mapping[str, Any], form: int) -> Receipt:
    if said.get("format", 1) != form:
        raise ValueError(f"its format is {said.get('format', 1)}, and this release knows {FORMAT}")
    return Receipt(
        **{
            **said,
            "format": form,
            "trails": tuple(tuple(trail) for trail in said["trails"]),
            "proven": ListPart(*said["proven"]),
            "ledger": tuple(ListPart(*part) for part in said["ledger"]),
        }
    )
