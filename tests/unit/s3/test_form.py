"""Ledger parts and the inventory say the version of their form: what says none is of the first, what says a later one
is refused."""

import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from onetrail.s3.ledger import parts as ledger
from onetrail.s3.ledger.form import NAME, LaterForm
from onetrail.s3.ledger.keys import keys_in_order
from onetrail.s3.ledger.parts import LedgerPart, LedgerRow
from onetrail.steps.copy_history.local.restores import asked_at
from onetrail.steps.evidence.ledger import ledger_sums
from onetrail.steps.inventory import draft
from onetrail.steps.inventory.draft import InventoryDraft

ROW = LedgerRow("copy", "old", "AWSLogs/1", outcome="copied")
EARLIER = Path(__file__).parents[2] / "integration" / "under_way" / "run-folders.tar.xz"
"""Run folders that commit 4ed40ad wrote, which said no version in these files."""
READERS: dict[str, Callable[[Path], Any]] = {
    "read_part": ledger.read_part,
    "read": lambda path: ledger.read(path.parent),
    "rows_in": ledger.rows_in,
    "sums_of": ledger.sums_of,
    "torn": lambda path: ledger.torn(path.parent),
    "unreadable": lambda path: ledger.unreadable(path.parent),
    "keys_in_order": lambda path: list(keys_in_order([path], "old", "copy", ["copied"])),
    "ledger_sums": lambda path: ledger_sums(path.parent),
    "asked_at": lambda path: asked_at(path.parent, "old"),
}


def given_a_part(folder: Path, said: bytes | None) -> Path:
    """A part whose metadata says that version."""
    table = ledger.table_of([ROW]).replace_schema_metadata({NAME: said} if said is not None else None)
    path = folder / "restore-old-001.parquet"
    pq.write_table(table, path)
    return path


def given_an_inventory(folder: Path, said: bytes | None) -> Path:
    """An inventory without rows whose metadata says that version."""
    path = folder / "inventory.parquet"
    schema = draft.schema().with_metadata({NAME: said} if said is not None else None)
    pq.write_table(schema.empty_table(), path)
    return path


def test_what_is_written_says_its_version(tmp_path):
    """A part and the inventory, where any reader of Parquet finds it."""
    with LedgerPart(tmp_path, "copy-old-001") as part:
        part.add(ROW)
    InventoryDraft().join(tmp_path / "inventory.parquet")
    for name in ("copy-old-001.parquet", "inventory.parquet"):
        assert pq.read_metadata(tmp_path / name).metadata[NAME] == b"1"
        assert pq.read_schema(tmp_path / name).metadata[NAME] == b"1"


@pytest.mark.parametrize("said", [None, b"1"])
@pytest.mark.parametrize("name", READERS)
def test_every_reader_takes_the_first_version_said_or_not(tmp_path, name, said):
    """Twin of the refusals below."""
    READERS[name](given_a_part(tmp_path, said))


@pytest.mark.parametrize("said", [b"2", b"0", b"-1", b"", b"one", b"1" * 5000])
@pytest.mark.parametrize("name", READERS)
def test_no_reader_takes_a_version_that_it_does_not_know(tmp_path, name, said):
    """It is one line that names the file and the release to use, and never a part that is torn or not there."""
    path = given_a_part(tmp_path, said)
    with pytest.raises(LaterForm) as caught:
        READERS[name](path)
    assert caught.value.line == (
        f"{path}: its format is {said[:9]!a}, and this release knows up to 1: use the release that wrote it"
    )


def test_an_inventory_of_a_later_version_is_refused(tmp_path):
    """Neither read nor taken for none, which 01 would write over. Twins: one that says 1, one that says nothing, none
    at all."""
    with pytest.raises(LaterForm, match="use the release that wrote it"):
        draft.rows_in(given_an_inventory(tmp_path, b"2"))
    for said in (b"1", None):
        assert draft.rows_in(given_an_inventory(tmp_path, said)) == 0
    assert draft.rows_in(tmp_path / "none.parquet") is None


def test_the_files_of_an_earlier_release_are_read_beside_ours(tmp_path):
    """One ledger may hold parts that say no version and parts that say 1, and is one table."""
    with tarfile.open(EARLIER) as folders:
        members = [m for m in folders.getmembers() if m.name.startswith("half_copied/ledger/") and m.isfile()]
        folders.extractall(tmp_path, members, filter="data")
    folder = tmp_path / "half_copied" / "ledger"
    found = ledger.parts(folder)
    assert found and all(NAME not in (pq.read_metadata(path).metadata or {}) for path in found)
    before = ledger.read(folder).num_rows
    with LedgerPart(folder, "copy-old-001") as part:
        part.add(ROW)
    assert ledger.read(folder).num_rows == before + 1 > 1
    assert ledger.torn(folder) == []
