"""A file of the run folder is what the record binds under its own name, and nothing else will do."""

import hashlib
from pathlib import Path

import pytest

from onetrail.change import RecordCheck
from onetrail.estate.custody.custody import BoundFile, Custody, read_custody
from onetrail.steps.evidence.files import Fit, read_files
from tests.unit.estate.test_receipts import given_a_proven_bucket

PARTS = {"ledger/copy-a-001.parquet": b"rows of a", "ledger/copy-b-001.parquet": b"rows of b"}


def given_a_folder(folder):
    """Two parts of the ledger, each named by the record with its hash."""
    (folder / "ledger").mkdir()
    for name, content in PARTS.items():
        (folder / name).write_bytes(content)
    named = tuple(
        BoundFile(line, name, hashlib.sha256(content).hexdigest(), 1)
        for line, (name, content) in enumerate(PARTS.items(), 1)
    )
    return Custody(RecordCheck(True, 2, "", ()), files=named)


@pytest.mark.parametrize(
    ("harm", "fit"),
    [
        (lambda path: None, Fit.FITS),
        (lambda path: path.write_text(path.read_text() + "\n"), Fit.FITS),  # its fields say the same
        (lambda path: path.write_text(path.read_text().replace("true", "false")), Fit.CHANGED),
        (lambda path: path.write_text("{}"), Fit.UNREAD),
        (Path.unlink, Fit.MISSING),
    ],
)
def test_a_receipt_is_a_file_that_the_record_binds(tmp_path, harm, fit):
    """By the hash over its fields: one that was taken away is missing, as any other file is."""
    given_a_proven_bucket(tmp_path)
    harm(tmp_path / "receipts" / "acme.json")
    found = {seen.name: seen.fit for seen in read_files(tmp_path, read_custody(tmp_path))}
    assert found == {"receipts/acme.json": fit}


def test_two_parts_that_were_swapped_are_both_reported(tmp_path):
    """Each is whole and known to the record, under the other's name. Twin: each in its own place."""
    custody = given_a_folder(tmp_path)
    assert {seen.name: seen.fit for seen in read_files(tmp_path, custody)} == dict.fromkeys(PARTS, Fit.FITS)
    one, other = (tmp_path / name for name in PARTS)
    aside = one.rename(tmp_path / "aside")
    other.rename(one)
    aside.rename(other)
    assert {seen.name: seen.fit for seen in read_files(tmp_path, custody)} == dict.fromkeys(PARTS, Fit.CHANGED)
