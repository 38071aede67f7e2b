"""Exceptions with their owners, the index of evidence, and the lines for signatures."""

import hashlib
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from onetrail.change import Finding, FindingState
from onetrail.looked import There
from onetrail.policies import Texts
from onetrail.show.report import page
from onetrail.show.report.accepted import ACCEPTED
from onetrail.steps.evidence import FileSeen, Fit, read_custody
from onetrail.steps.evidence.files import read_files, read_record
from tests.unit.show.test_report import ACCOUNT, SETTINGS, given, section_of, verdict_of
from tests.unit.show.test_report_plans import rows_of
from tests.unit.steps.given_record import given_a_grant, sent

LIBRARY = Path(__file__).resolve().parents[3] / "lib" / "onetrail"


def a_note(name: str, resource: str = "old", region: str = "eu-west-1", said: str = "as it was") -> Finding:
    return Finding(name, FindingState.NOTE, ACCOUNT, region, resource, said)


def exceptions(tmp_path: Path, *notes: Finding, settings=SETTINGS) -> list[list[str]]:
    text = section_of(page(settings, given(tmp_path, *notes)), "exceptions")
    return [row for row in rows_of(text, "Notes, and why each is accepted") if not row[0].startswith("08.")]


def test_each_exception_has_its_reason_its_owner_and_its_end(tmp_path: Path) -> None:
    """Alike ones of several regions are one row. Twin: without a contact the owner is not named."""
    gaps = [a_note("06.gap", "trail", region) for region in ("eu-west-1", "us-east-1")]
    row = [
        "06.gap",
        ACCOUNT,
        "2 regions",
        "trail",
        "as it was",
        "no digest exists for this time, and none can be made afterwards",
        "security@practice.example",
        "the retention of these logs ends",
    ]
    assert exceptions(tmp_path, *gaps) == [row]
    nobody = SETTINGS.with_values(contacts=[])
    assert [one[6] for one in exceptions(tmp_path, *gaps, settings=nobody)] == ["not named"]


def test_logs_that_wait_for_their_digest_are_told_from_those_that_will_never_have_one(tmp_path: Path) -> None:
    """By the bucket: the new trail's own are in the archive alone."""
    waiting = a_note("06.log-unsigned", SETTINGS.bucket_name, said="1 log of the new trail is named by no digest")
    never = a_note("06.log-unsigned", "acme-audit-sa-east-1")
    second, first = exceptions(tmp_path, waiting, never)
    assert (first[4], first[7]) == ("logs of the new trail that no digest names yet", "the next digests are delivered")
    assert second[7] == "the retention of these logs ends"


def test_a_note_without_a_stated_reason_gets_none_made_up(tmp_path: Path) -> None:
    """Its owner has to say."""
    (row,) = exceptions(tmp_path, a_note("06.something-new"))
    assert (row[5], row[7]) == ("not recorded: its owner has to say", "not recorded")


def test_every_check_whose_note_the_page_can_show_has_a_reason() -> None:
    """By the ids that stand beside a note in the steps that 08 reads again. Twin: the check finds ids at all."""
    found = set()
    for step in ("account_lockdown", "bucket_creation", "trail_cutover", "copy_history", "verification", "retirement"):
        for path in sorted((LIBRARY / "steps" / step).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            found |= set(re.findall(r'"(0\d\.[a-z-]+)",\s*FindingState\.NOTE', text))
    assert {"06.gap", "06.foreign", "07.trail", "04.old-trail", "02.role"} <= found
    assert found - set(ACCEPTED) == set()


def test_without_a_note_there_is_no_exception(tmp_path: Path) -> None:
    """Not even a table."""
    sent(tmp_path, given_a_grant(), approve="any")
    text = page(SETTINGS, given(tmp_path))
    assert "08.approval" in section_of(text, "exceptions")  # practice accepts any, and that is a note
    fine = replace(given(tmp_path), custody=replace(read_custody(tmp_path), approvals=(), sent=()))
    assert "08.approval" not in section_of(page(SETTINGS, fine), "exceptions")


def given_files(folder: Path):
    """A record that binds one policy of before and one of after, as they lie there."""
    sent(folder, given_a_grant(), held={"open-old": Texts(There('{"before": 1}'), '{"after": 1}')})
    custody = read_custody(folder)
    return given(folder, files=read_files(folder, custody), record=read_record(folder, custody))


def test_the_index_has_each_file_with_its_bytes_and_the_hash_of_its_bytes(tmp_path: Path) -> None:
    """As `wc -c` and `sha256sum` give them, the record up to the line that the page shows."""
    observation = given_files(tmp_path)
    text = section_of(page(SETTINGS, observation), "index")
    rows = rows_of(text, "Every file with its SHA-256")[:-1]
    record = (tmp_path / "record.jsonl").read_bytes()
    lines = record.count(b"\n")
    assert rows[0] == [
        f"record.jsonl, {lines} lines from the first",
        f"{len(record):,}",
        hashlib.sha256(record).hexdigest(),
        "as the record says",
    ]
    assert len(rows) > 1
    for name, size, digest, fit in rows[1:]:
        content = (tmp_path / name).read_bytes()
        assert (size, digest, fit) == (str(len(content)), hashlib.sha256(content).hexdigest(), "as the record says")


def test_a_line_that_is_written_later_changes_nothing_of_the_records_row(tmp_path: Path) -> None:
    """The page is saved before the record is complete."""
    before = given_files(tmp_path).record
    custody = read_custody(tmp_path)
    with (tmp_path / "record.jsonl").open("ab") as record:
        record.write(b'{"later": 1}\n')
    assert read_record(tmp_path, custody) == before


def test_a_file_that_was_changed_has_another_hash_and_the_index_says_so(tmp_path: Path) -> None:
    """Its row, the list of what differs, the sum and the line above. Twin: as it was, none of them is there."""
    fine = page(SETTINGS, given_files(tmp_path))
    assert "Files that differ from the record" not in fine
    path = next((tmp_path / "policies").iterdir())
    was = hashlib.sha256(path.read_bytes()).hexdigest()
    path.write_bytes(path.read_bytes() + b" ")
    now = hashlib.sha256(path.read_bytes()).hexdigest()
    custody = read_custody(tmp_path)
    seen = given(tmp_path, files=read_files(tmp_path, custody), record=read_record(tmp_path, custody))
    text = page(SETTINGS, seen)
    name = f"policies/{path.name}"
    assert rows_of(text, "Files that differ from the record") == [[name, "changed", now, was]]
    assert [row[2:] for row in rows_of(text, "Every file with its SHA-256") if row[0] == name] == [[now, "changed"]]
    assert verdict_of(text, "index").endswith(f"as the record says; not: {name}.")
    assert "08.file" in section_of(text, "findings")


@pytest.mark.parametrize("fit", [Fit.MISSING, Fit.UNREAD])
def test_a_file_that_cannot_be_read_has_no_hash_of_its_own(tmp_path: Path, fit: Fit) -> None:
    """The record's hash is not put in its place."""
    files = (FileSeen("ledger/a.parquet", fit, "a" * 64),)
    rows = rows_of(page(SETTINGS, given(tmp_path, files=files)), "Every file with its SHA-256")
    assert rows[0] == ["ledger/a.parquet", "–", "–", fit.value]


def test_the_lines_for_signatures_are_empty(tmp_path: Path) -> None:
    """Nobody signs but people."""
    rows = rows_of(page(SETTINGS, given(tmp_path)), "Signatures")
    assert [row[0] for row in rows] == ["Prepared by", "Reviewed by", "Approved by", "SHA-256 of this file"]
    assert Counter(cell for row in rows for cell in row[1:]) == {"": 12}
