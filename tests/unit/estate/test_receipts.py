"""A receipt counts only while it is whole, recorded, and the bucket holds what it proved."""

import hashlib
import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onetrail.change import RunRecord, entries
from onetrail.estate.proof import receipt_rows
from onetrail.estate.proof.receipt_rows import (
    ListingHash,
    ListPart,
    ProvenRow,
    ReceiptError,
    RowList,
)
from onetrail.estate.proof.receipts import (
    Beside,
    Receipt,
    ReceiptCoverage,
    copied_parts,
    cover,
    hash_in,
    lines_of,
    proven_rows,
    read_receipts,
    write_receipt,
)
from onetrail.s3.ledger.parts import LedgerPart, LedgerRow
from onetrail.s3.rows import ObjectRow

NOON = datetime(2026, 1, 12, 12, tzinfo=UTC)
ROWS = [ObjectRow(f"AWSLogs/{n}", n, f"etag{n}", NOON, "STANDARD") for n in range(1, 6)]


VERSION = {
    "archive_key": "AWSLogs/1",
    "version_id": "v1",
    "archive_etag": "etag1",
    "sha256": "a" * 64,
    "content_sha256": "b" * 64,
    "digest": "AWSLogs/d",
    "read_by": "arn:aws:sts::044455556666:assumed-role/onetrail-operator/x",
    "encryption": "aws:kms",
    "kms_key": "arn:aws:kms:us-east-1:044455556666:key/k",
    "lock_mode": "COMPLIANCE",
    "retain_until": NOON,
}


class Noon:
    def now(self):
        return NOON

    def wait_until(self, moment, why, say):
        raise AssertionError("nobody waits here")


def given_a_proven_bucket(folder: Path, rows=ROWS, *, recorded=True, **said) -> Receipt:
    listing = ListingHash()
    with RowList(folder, "receipts", "acme") as proven:
        for row in rows:
            listing.add(row.key, row.size, row.etag)
            proven.add(ProvenRow(row.key, row.size, row.etag, row.last_modified, **VERSION))
        part = proven.finish()
    receipt = Receipt(
        run="practice",
        bucket="acme",
        account="111122223333",
        region="eu-west-1",
        at="2026-01-12T12:00:00Z",
        listing=listing.hexdigest(),
        objects=listing.objects,
        size=listing.size,
        counts={"equal": 5},
        digest_check="full",
        lock="compliance",
        good=True,
        trails=(("111122223333", "audit", "eu-west-1", ""),),
        proven=part,
        ledger=(),
        record_head="0" * 64,
    )
    receipt = write_receipt(folder, replace(receipt, **said))
    with RunRecord(folder, "practice", Noon()) as record:
        said = {"file": "receipts/acme.json", "objects": receipt.objects}
        sha256 = receipt.sha256 if recorded else "f" * 64
        record.append("done", key="receipt-acme", intent="", request_id="", result={**said, "sha256": sha256})
    return receipt


def test_a_receipt_that_is_whole_and_recorded_is_held(tmp_path):
    receipt = given_a_proven_bucket(tmp_path)
    assert read_receipts(tmp_path).held == {"acme": receipt}
    wanted = [ProvenRow(row.key, row.size, row.etag, row.last_modified, **VERSION) for row in ROWS]
    assert list(proven_rows(tmp_path, receipt)) == wanted
    assert cover(tmp_path, receipt, ROWS).valid


def test_rows_come_from_the_very_bytes_that_were_hashed(tmp_path, monkeypatch):
    """Another list is put in its place right after the hash was taken. Twin: put there before, it is refused."""
    receipt = given_a_proven_bucket(tmp_path)
    path = tmp_path / receipt.proven.part
    with RowList(tmp_path, "receipts", "other") as forged:
        forged.add(ProvenRow("AWSLogs/forged", 1, "etag", NOON, **VERSION))
        other = (tmp_path / forged.finish().part).read_bytes()
    opens = receipt_rows.pq.ParquetFile

    def swapped(source, **said):
        path.write_bytes(other)
        return opens(source, **said)

    monkeypatch.setattr(receipt_rows.pq, "ParquetFile", swapped)
    assert [row.key for row in proven_rows(tmp_path, receipt)] == [row.key for row in ROWS]
    with pytest.raises(ReceiptError, match="was changed"):
        list(proven_rows(tmp_path, receipt))
    assert [one.name for one in tmp_path.iterdir() if "list" in one.name] == [], "the copy has no name"


@pytest.mark.parametrize("name", ["log_account", "work_bucket"])
def test_a_receipt_binds_where_it_was_written(tmp_path, name):
    """Account and work bucket are under its hash; one of an earlier release, without them, keeps its own. Twin: as
    written, it is held."""
    receipt = given_a_proven_bucket(tmp_path, log_account="044455556666", work_bucket="work")
    assert read_receipts(tmp_path).held
    assert replace(receipt, **{name: ""}).hash() != receipt.sha256
    path = tmp_path / "receipts" / "acme.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: "another"}))
    assert "was changed" in read_receipts(tmp_path).broken["acme"]


def test_a_receipt_that_the_record_does_not_hold_is_not_believed(tmp_path):
    given_a_proven_bucket(tmp_path, recorded=False)
    receipts = read_receipts(tmp_path)
    assert not receipts.held
    assert "not in the run record" in receipts.broken["acme"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("listing", "0" * 64), ("good", True), ("digest_check", "full"), ("at", "2020-01-01T00:00:00Z")],
)
def test_a_receipt_that_was_changed_is_not_believed(tmp_path, name, value):
    given_a_proven_bucket(tmp_path, good=False, digest_check="sample")
    path = tmp_path / "receipts" / "acme.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    receipts = read_receipts(tmp_path)
    assert not receipts.held
    assert "was changed" in receipts.broken["acme"]


def test_no_receipt_is_believed_beside_a_record_that_was_changed(tmp_path):
    given_a_proven_bucket(tmp_path)
    path = tmp_path / "record.jsonl"
    path.write_text(path.read_text().replace("receipt-acme", "receipt-acmf"))
    receipts = read_receipts(tmp_path)
    assert not receipts.held
    assert "record is not whole" in receipts.broken["acme"]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (
            [*ROWS, ObjectRow("AWSLogs/9", 1, "x", NOON, "STANDARD")],
            "AWSLogs/9 was not there",
        ),  # came after the proof
        (
            [ObjectRow("AWSLogs/0", 1, "x", NOON, "STANDARD"), *ROWS],
            "AWSLogs/0 was not there",
        ),  # came before all others in key order
        ([ROWS[0]._replace(etag="other"), *ROWS[1:]], "AWSLogs/1 is not what was proven"),  # overwritten
        ([*ROWS[:4], ROWS[4]._replace(size=99)], "AWSLogs/5 is not what was proven"),  # another size
        (
            [ROWS[0], ROWS[2]._replace(etag="other")],
            "AWSLogs/3 is not what was proven",
        ),  # deleted and changed
    ],
)
def test_a_bucket_that_changed_after_the_proof_is_not_covered(tmp_path, rows, why):
    said = cover(tmp_path, given_a_proven_bucket(tmp_path), rows)
    assert not said.valid
    assert why in said.why


@pytest.mark.parametrize("rows", [[], ROWS[:2], ROWS[3:], [ROWS[2]]])
def test_what_is_left_of_a_proven_bucket_is_still_covered(tmp_path, rows):
    said = cover(tmp_path, given_a_proven_bucket(tmp_path), rows)
    assert said.valid
    assert said.part_gone == 5 - len(rows)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"digest_check": "sample"}, "sample, not full"),
        ({"digest_check": "none"}, "none, not full"),
        ({"good": False}, "did not find"),
    ],
)
def test_a_receipt_of_less_than_a_full_good_verification_covers_nothing(tmp_path, said, why):
    held = cover(tmp_path, given_a_proven_bucket(tmp_path, **said), ROWS)
    assert not held.valid
    assert why in held.why


def test_a_list_of_what_was_proven_that_is_gone_or_changed_is_refused(tmp_path):
    receipt = given_a_proven_bucket(tmp_path)
    path = tmp_path / receipt.proven.part
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ReceiptError, match="was changed"):
        cover(tmp_path, receipt, ROWS)
    path.unlink()
    with pytest.raises(ReceiptError, match="is gone"):
        cover(tmp_path, receipt, ROWS)


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "done", "key": "receipt-acme-eu"},  # written for another bucket
        {"kind": "saved", "key": "receipt-acme"},  # a line that tells of something else
        {"kind": "intent", "key": "receipt-acme"},  # about to be written
    ],
)
def test_only_the_line_that_tells_of_the_writing_of_this_receipt_vouches_for_it(tmp_path, said):
    receipt = given_a_proven_bucket(tmp_path, recorded=False)
    with RunRecord(tmp_path, "practice", Noon()) as record:
        record.append(**said, result={"sha256": receipt.sha256})
    assert "not in the run record" in read_receipts(tmp_path).broken["acme"]


def given_an_earlier_release_wrote_it(folder: Path) -> Receipt:
    """What releases wrote before receipts said their format: `tokens/`, a list in the ledger, and a record line of that
    name."""
    with LedgerPart(folder / "ledger", "proven-acme") as ledger:
        for row in ROWS:
            said = {"size": row.size, "source_etag": row.etag, "source_last_modified": row.last_modified}
            ledger.add(LedgerRow("prove", "acme", row.key, **said))
    part = ledger.finish()
    receipt = given_a_proven_bucket(
        folder, format=1, archive="", proven=ListPart(part.path.name, part.sha256, part.rows)
    )
    said = json.loads((folder / "receipts" / "acme.json").read_text())
    del said["format"], said["archive"]
    (folder / "receipts" / "acme.json").unlink()
    (folder / "tokens").mkdir()
    (folder / "tokens" / "acme.json").write_text(json.dumps(said))
    with RunRecord(folder, "practice", Noon()) as record:
        record.append("done", key="token-acme", result={"sha256": receipt.sha256})
    return receipt


def test_what_an_earlier_release_wrote_permits_nothing_names_the_cure_and_is_remembered(tmp_path):
    receipt = given_an_earlier_release_wrote_it(tmp_path)
    found = read_receipts(tmp_path)
    assert (found.held, found.remembered) == ({}, {"acme": receipt})
    assert "onetrail run -f FILE --from 06 --to 06" in found.broken["acme"]
    assert [row[:4] for row in proven_rows(tmp_path, receipt)] == [row[:4] for row in ROWS]
    newer = given_a_proven_bucket(tmp_path)
    found = read_receipts(tmp_path)
    assert (found.held, found.broken, found.remembered) == ({"acme": newer}, {}, {"acme": newer})


def test_an_earlier_receipt_that_was_changed_is_not_remembered(tmp_path):
    given_an_earlier_release_wrote_it(tmp_path)
    path = tmp_path / "tokens" / "acme.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "at": "2020-01-01T00:00:00Z"}))
    found = read_receipts(tmp_path)
    assert not found.remembered
    assert "was changed" in found.broken["acme"]


@pytest.mark.parametrize("folder", ["receipts", "tokens"])
@pytest.mark.parametrize(
    "plant",
    [
        lambda path: path.mkdir(),
        lambda path: path.symlink_to(path.name),
        lambda path: path.write_text("[" * 100_000),
        lambda path: path.write_text('{"bucket":"\\ud800"}'),
        lambda path: path.write_text("[]"),
        lambda path: path.write_text('{"format": 99, "trails": 1}'),
        lambda path: path.write_text('{"format": 2, "trails": 1, "proven": 7}'),
    ],
    ids=["folder", "loop", "brackets", "surrogate", "list", "of a later release", "other types"],
)
def test_planted_files_are_named_and_crash_nothing(tmp_path, folder, plant):
    (tmp_path / folder).mkdir()
    plant(tmp_path / folder / "acme.json")
    found = read_receipts(tmp_path)
    assert not found.remembered
    assert "acme.json" in found.broken["acme"]


def test_the_parts_of_a_bucket_are_those_the_record_names_for_it_and_none_of_a_longer_name(tmp_path):
    with RunRecord(tmp_path, "practice", Noon()) as record:
        record.append("partition", key="copy-acme", part="copy-acme-001.parquet", sha256="", rows=1)
        record.append("partition", key="copy-acme-eu", part="copy-acme-eu-001.parquet", sha256="", rows=1)
        record.append("partition", key="restore-acme", part="restore-acme.parquet", sha256="", rows=1)
        record.append("done", key="pilot-acme", result={"ledger": [{"part": "copy-acme-pilot.parquet"}]})
        record.append("done", key="pilot-acme-eu", result={"ledger": [{"part": "copy-acme-eu-pilot.parquet"}]})
        record.append("done", key="window", result=None)
    assert copied_parts(tmp_path, "acme") == {"copy-acme-001.parquet", "copy-acme-pilot.parquet"}
    assert copied_parts(tmp_path, "acm") == frozenset()


def test_an_earlier_receipt_is_kept_beside_the_new_one(tmp_path):
    given_a_proven_bucket(tmp_path)
    newer = given_a_proven_bucket(tmp_path, ROWS[:3])
    assert read_receipts(tmp_path).held["acme"] == newer
    assert [path.name for path in (tmp_path / "receipts").glob("*.superseded")] == ["acme.1.superseded"]


@pytest.mark.parametrize(
    ("days", "newest"),
    [
        ([], None),
        ([3], 3),
        ([1, 2, 3], 3),
        ([3, 2, 1], 3),
        ([2, 3, 1], 3),
        ([1, None, 3], None),  # one without a date: nothing says which is the newest
        ([None], None),
    ],
)
def test_the_newest_object_is_found_whatever_the_order_of_dates_and_is_unknown_where_one_has_none(days, newest):
    listing = ListingHash()
    for number, day in enumerate(days):
        listing.add(f"AWSLogs/{number}", 1, "e", day and NOON.replace(day=day))
    assert listing.newest == (newest and NOON.replace(day=newest))


def test_the_hash_of_a_listing_is_of_key_size_and_etag():
    def hashed(*rows):
        listing = ListingHash()
        for row in rows:
            listing.add(row.key, row.size, row.etag, row.last_modified)
        return listing.hexdigest()

    assert hashed() == hashlib.sha256(b"").hexdigest()
    assert hashed(ROWS[0]) == hashed(ROWS[0]._replace(storage_class="GLACIER"))
    assert (
        len(
            {
                hashed(ROWS[0]),
                hashed(ROWS[0]._replace(key="x")),
                hashed(ROWS[0]._replace(size=7)),
                hashed(ROWS[0]._replace(etag="x")),
            }
        )
        == 4
    )


FIELDS = {
    "run": "practice",
    "bucket": "acme",
    "account": "111122223333",
    "region": "eu-west-1",
    "at": "2026-01-12T12:00:00Z",
    "listing": "1" * 64,
    "objects": 5,
    "size": 15,
    "counts": {"equal": 5},
    "digest_check": "full",
    "lock": "compliance",
    "good": True,
    "trails": [["111122223333", "audit", "eu-west-1", ""]],
    "record_head": "0" * 64,
    "sha256": "",
    "proven": ["a.parquet", "a" * 64, 5],
    "ledger": [["b.parquet", "b" * 64, 5]],
}
"""Of a receipt, as JSON has them; what later forms added is not among them."""


def given_the_receipt(**more) -> Receipt:
    said = {**FIELDS, "trails": (tuple(FIELDS["trails"][0]),), "proven": ListPart(*FIELDS["proven"])}
    return Receipt(**{**said, "ledger": (ListPart(*FIELDS["ledger"][0]),), **more})


@pytest.mark.parametrize(
    ("receipt", "also"),
    [
        # today's
        (
            given_the_receipt(archive="arc", log_account="044455556666", work_bucket="work"),
            {"archive": "arc", "log_account": "044455556666", "work_bucket": "work", "format": 2},
        ),
        # as written before a receipt bound account and work bucket
        (given_the_receipt(archive="arc"), {"archive": "arc", "format": 2}),
        (given_the_receipt(archive="arc", work_bucket="work"), {"archive": "arc", "work_bucket": "work", "format": 2}),
        # as written before a receipt said its form
        (given_the_receipt(format=1), {}),
    ],
)
def test_each_form_of_a_receipt_is_hashed_as_the_release_that_wrote_it_did(receipt, also):
    """Else a receipt that lies in a run folder would be taken for a changed one after an upgrade."""
    said = json.dumps({**FIELDS, **also}, sort_keys=True, separators=(",", ":"))
    assert receipt.hash() == hashlib.sha256(said.encode()).hexdigest()


def test_a_receipt_is_on_the_disk_before_it_has_its_name_and_reads_well(tmp_path, monkeypatch):
    """A crash leaves the old one or the new one. What is synced is the whole file; one field a line, in order, for a
    person to read."""
    folder = tmp_path / "runs" / "practice"
    synced = []

    def fsync(number):
        synced.append(
            (
                Path(os.readlink(f"/proc/self/fd/{number}")).read_text(),
                (folder / "receipts" / "acme.json").exists(),
            )
        )

    monkeypatch.setattr(os, "fsync", fsync)
    receipt = write_receipt(folder, given_the_receipt())
    text = (folder / "receipts" / "acme.json").read_text()
    assert synced == [(text, False)]
    also = {"archive": "", "log_account": "", "work_bucket": "", "format": 2, "sha256": receipt.sha256}
    assert text == json.dumps({**FIELDS, **also}, indent=1, sort_keys=True) + "\n"
    assert [path.name for path in (folder / "receipts").iterdir()] == ["acme.json"]


def test_every_earlier_receipt_is_kept_in_the_order_they_were_written(tmp_path):
    """None replaces another."""
    for run in ("first", "second", "third"):
        write_receipt(tmp_path, given_the_receipt(run=run))
    kept = {path.name: json.loads(path.read_text())["run"] for path in (tmp_path / "receipts").iterdir()}
    assert kept == {"acme.1.superseded": "first", "acme.2.superseded": "second", "acme.json": "third"}


def test_a_receipt_of_one_bucket_does_not_stand_for_another(tmp_path):
    """Though it is whole, and a line of the record has its hash under the other's name."""
    receipt = given_a_proven_bucket(tmp_path)
    folder = tmp_path / "receipts"
    (folder / "other.json").write_text((folder / "acme.json").read_text())
    with RunRecord(tmp_path, "practice", Noon()) as record:
        record.append("done", key="receipt-other", result={"sha256": receipt.sha256})
    found = read_receipts(tmp_path)
    assert found.held == {"acme": receipt}
    assert "was changed" in found.broken["other"]


def test_a_receipt_of_a_later_form_is_refused_for_its_form(tmp_path):
    """Not for a hash that does not fit: another release reads it."""
    given_a_proven_bucket(tmp_path)
    path = tmp_path / "receipts" / "acme.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 3}))
    assert "its format is 3, and this release knows 2" in read_receipts(tmp_path).broken["acme"]


def test_lines_of_other_work_are_no_receipts_and_no_parts_and_disturb_nothing(tmp_path):
    """A change that returned nothing, one that returned something else, and copies that wrote no part."""
    with RunRecord(tmp_path, "practice", Noon()) as record:
        record.append("done", key="window")
        record.append("done", key="trail", result={"arn": "x"})
        record.append("done", key="copy-acme")
        record.append("done", key="pilot-acme", result={"ledger": None})
    receipt = given_a_proven_bucket(tmp_path)
    assert read_receipts(tmp_path).held == {"acme": receipt}
    assert copied_parts(tmp_path, "acme") == frozenset()
    first = lines_of(tmp_path)[receipt.sha256]
    assert [line["n"] for line in entries(tmp_path, "done") if line["key"] == "receipt-acme"] == [first]
    with RunRecord(tmp_path, "practice", Noon()) as record:
        record.append("done", key="receipt-acme", result={"sha256": receipt.sha256})
    assert lines_of(tmp_path)[receipt.sha256] == first, "the first line that tells of it"


def test_the_hash_in_a_file_is_that_of_its_form(tmp_path):
    """Of today's, of an earlier one that does not say its form, and none where there is no receipt."""
    receipt = given_a_proven_bucket(tmp_path / "today")
    assert hash_in(tmp_path / "today" / "receipts" / "acme.json") == receipt.sha256
    earlier = given_an_earlier_release_wrote_it(tmp_path / "earlier")
    assert hash_in(tmp_path / "earlier" / "tokens" / "acme.json") == earlier.sha256
    (tmp_path / "other.json").write_text("[]")
    assert hash_in(tmp_path / "other.json") == hash_in(tmp_path / "none.json") == ""


def test_what_is_still_there_comes_as_it_was_proven_and_nothing_else_does(tmp_path):
    """These rows are what is deleted. Of a receipt of less than a full good verification none comes."""
    receipt = given_a_proven_bucket(tmp_path)
    late = ObjectRow("AWSLogs/9", 1, "x", NOON, "STANDARD")
    beside = Beside(tmp_path, receipt)
    there = [ROWS[0], ROWS[2]._replace(etag="other"), ROWS[3], late]
    found = [(row, proven.key) for row, proven in beside.through(there)]
    assert found == [(ROWS[0], ROWS[0].key), (ROWS[3], ROWS[3].key)]
    assert beside.cover() == ReceiptCoverage(
        False, "the bucket changed after it was proven: AWSLogs/3 is not what was proven; run step 06 again"
    )
    beside = Beside(tmp_path, receipt)
    assert list(beside.through([late, late._replace(key="AWSLogs/99")])) == []
    assert "AWSLogs/9 was not there" in beside.cover().why, "the first of them is named"
    beside = Beside(tmp_path, receipt)
    assert list(beside.through([ROWS[0]._replace(size=9), ROWS[1]._replace(size=9)])) == []
    assert "AWSLogs/1 is not" in beside.cover().why, "the first of them is named"
    for less in ({"digest_check": "sample"}, {"good": False}):
        assert list(Beside(tmp_path, replace(receipt, **less)).through(ROWS)) == []


def test_a_bucket_as_it_was_proven_is_covered_and_by_a_receipt_of_another_listing_it_is_not(tmp_path):
    """Twin: the list of proven objects fits the bucket, and the hash of the listing, under the receipt's own, does
    not."""
    receipt = given_a_proven_bucket(tmp_path)
    assert cover(tmp_path, receipt, ROWS) == ReceiptCoverage(True, "the bucket holds exactly what was proven", 0)
    assert cover(tmp_path, receipt, ROWS[:4]) == ReceiptCoverage(True, "1 of the proven objects is already gone", 1)
    assert cover(tmp_path, replace(receipt, listing="0" * 64), ROWS) == ReceiptCoverage(
        False, "the receipt is of another listing; run step 06 again"
    )


def test_a_list_is_written_in_groups_and_each_earlier_one_keeps_its_name(tmp_path, monkeypatch):
    """So that a list of any length takes little memory, and a receipt of before still finds its list."""
    monkeypatch.setattr(receipt_rows, "_ROWS_A_GROUP", 2)
    wanted = [ProvenRow(row.key, row.size, row.etag, row.last_modified, **VERSION) for row in ROWS]
    parts = []
    for rows in (wanted, wanted[:4], []):
        with RowList(tmp_path, "receipts", "acme") as proven:
            for row in rows:
                proven.add(row)
            parts.append(proven.finish())
    assert [(part.part, part.rows) for part in parts] == [
        ("receipts/acme.parquet", 5),
        ("receipts/acme.2.parquet", 4),
        ("receipts/acme.3.parquet", 0),
    ]
    files = [receipt_rows.pq.ParquetFile(tmp_path / part.part) for part in parts]
    assert [tuple(file.schema_arrow.names) for file in files] == [ProvenRow._fields] * 3
    groups = [file.num_row_groups for file in files]
    assert groups[:2] == [3, 3]  # two and two and the rest, which may be none
    for part, rows in zip(parts, (wanted, wanted[:4], []), strict=True):
        assert list(receipt_rows.read_rows(tmp_path, "acme", part, earlier=False)) == rows
    assert sorted(path.name for path in (tmp_path / "receipts").iterdir()) == [
        "acme.2.parquet",
        "acme.3.parquet",
        "acme.parquet",
    ]


def test_a_list_that_was_not_finished_leaves_nothing(tmp_path):
    with pytest.raises(KeyError), RowList(tmp_path, "receipts", "acme") as proven:
        proven.add(ProvenRow("AWSLogs/1", 1, "e", NOON, **VERSION))
        raise KeyError
    assert list((tmp_path / "receipts").iterdir()) == []


def test_a_list_that_cannot_be_copied_to_be_read_is_one_line(tmp_path, monkeypatch):
    """A full disk, or a folder that only reads."""
    receipt = given_a_proven_bucket(tmp_path)

    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(receipt_rows, "TemporaryFile", full)
    with pytest.raises(ReceiptError, match="to be read undisturbed: No space left on device"):
        list(proven_rows(tmp_path, receipt))
