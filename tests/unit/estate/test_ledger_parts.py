"""A torn part of the ledger is reported by 05 and 06 with its cure, and a whole ledger is not spoken of."""

import os

import pytest

from onetrail.change import FindingState
from onetrail.estate.ledger_parts import LedgerSeen, ledger_findings, look_at_ledger
from onetrail.s3.ledger.parts import LedgerPart, LedgerRow, parts
from onetrail.steps.evidence.ledger import ledger_sums


def given_a_ledger(folder):
    for name in ("copy-old-001", "copy-old-002"):
        with LedgerPart(folder / "ledger", name) as part:
            part.add(LedgerRow("copy", "old", "k", outcome="copied"))


def test_a_torn_part_is_a_finding_with_its_cure(tmp_path):
    """The line names the file and both ways to fix it. Twin: before it was torn there was nothing to say."""
    given_a_ledger(tmp_path)
    assert ledger_findings("05.ledger", look_at_ledger(tmp_path)) == []
    path = parts(tmp_path / "ledger")[1]
    path.write_bytes(path.read_bytes()[:-9])
    (found,) = ledger_findings("06.ledger", look_at_ledger(tmp_path))
    assert (found.id, found.state, found.resource) == (
        "06.ledger",
        FindingState.FINDING,
        "ledger/copy-old-002.parquet",
    )
    assert "not a complete Parquet file" in found.evidence
    assert "from a copy of the run folder" in found.evidence and "run step 05 again, approved" in found.evidence


def test_what_a_killed_run_left_is_a_note(tmp_path):
    """Its rows are lost, its copies are not, so that nobody has to act. Twin: an absent ledger says nothing."""
    assert look_at_ledger(tmp_path) == LedgerSeen()
    given_a_ledger(tmp_path)
    (tmp_path / "ledger" / ".copy-old-003.parquet.7.unfinished").write_bytes(b"PAR1")
    (found,) = ledger_findings("05.ledger", look_at_ledger(tmp_path))
    assert (found.id, found.state) == ("05.ledger", FindingState.NOTE)
    assert found.evidence.startswith("1 part was never finished")


@pytest.mark.parametrize(
    "planted",
    [lambda path: path.mkdir(), lambda path: path.symlink_to(path.name), lambda path: os.mkfifo(path)],
)
def test_what_is_planted_as_a_part_is_named_as_torn(tmp_path, planted):
    """A folder, a loop of links and a pipe, which nobody waits for; the sums go on without it."""
    (tmp_path / "ledger").mkdir()
    planted(tmp_path / "ledger" / "copy-a.parquet")
    assert look_at_ledger(tmp_path).torn == (("copy-a.parquet", "it is no regular file"),)
    assert ledger_sums(tmp_path / "ledger") == ()
