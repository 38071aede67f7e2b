"""A look beside another process that writes the run folder: it goes on and writes nothing, and no plan is applied."""

import pytest
from filelock import FileLock

from onetrail.change import RunFolderBusy, RunRecord, StepState, entries, run_plan, verify_record
from onetrail.change.run_record import chain_check
from tests.unit.change.given import MovableClock, given_a_change, given_a_gate, given_a_plan

UNWRITTEN = "This look is not in the record: another process is writing this run (it does not say which one)."


def beside_a_writer(folder, plan, approve):
    """How the plan ends while another process holds the folder, and what was sent."""
    gate, sender = given_a_gate(folder, approve=approve)
    gate.record.__exit__(None, None, None)
    with FileLock(folder / ".writer.lock"), RunRecord(folder, "practice", MovableClock(), if_free=True) as record:
        gate.record = record
        return run_plan(plan, gate), sender.sent


@pytest.mark.parametrize("approve", ["", "any", "p-0123456789ab"])
def test_an_empty_plan_ends_beside_a_writer_and_says_what_is_not_in_the_record(tmp_path, approve):
    """One sentence, and no line of the record. Twin: in a free folder the line is there, and no such sentence."""
    outcome, sent = beside_a_writer(tmp_path, given_a_plan(), approve)
    assert (outcome.state, outcome.exit_code, sent) == (StepState.NOTHING, 0, [])
    assert outcome.line == f"Nothing to change: everything this step is for is already so. {UNWRITTEN}"
    assert list(entries(tmp_path)) == []
    gate, _ = given_a_gate(tmp_path, approve=approve)
    assert UNWRITTEN not in run_plan(given_a_plan(), gate).line
    assert [line["state"] for line in entries(tmp_path)] == ["nothing"]


def test_a_plan_that_nobody_approved_is_shown_beside_a_writer(tmp_path):
    """It sends nothing, so it needs no record. Twin: approved, it is refused before its first call."""
    outcome, sent = beside_a_writer(tmp_path, given_a_plan(given_a_change()), "")
    assert (outcome.state, sent) == (StepState.PLANNED, [])
    assert outcome.line.endswith(UNWRITTEN)
    with pytest.raises(RunFolderBusy, match="wait for it to end, or stop it with Ctrl-C where it runs"):
        beside_a_writer(tmp_path, given_a_plan(given_a_change()), "any")
    assert list(entries(tmp_path)) == []


def test_another_plan_s_approval_is_no_way_around_the_writer(tmp_path):
    """Busy comes before refused: nothing is compared that may be changing."""
    with pytest.raises(RunFolderBusy):
        beside_a_writer(tmp_path, given_a_plan(given_a_change()), "p-0123456789ab")


def test_a_record_that_grows_while_it_is_checked_is_read_again(tmp_path, monkeypatch):
    """Its head names lines that were written meanwhile. Twin: one that does not grow and whose head names no line of it
    is cut off."""
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("step", step="00", plan="", state="nothing", line="")
        read, left = chain_check.raw_lines, [3, 3]

        def while_another_writes(path, *rest):
            yield from read(path, *rest)
            for _ in range(left.pop() if left else 0):
                record.append("step", step="00", plan="", state="nothing", line="")

        monkeypatch.setattr(chain_check, "raw_lines", while_another_writes)
        check = verify_record(tmp_path)
    assert (check.whole, check.lines, check.problems) == (True, 7, ())
    (tmp_path / "record.head").write_text("0" * 63 + "1\n")
    assert verify_record(tmp_path).problems == (
        "the end is cut off or replaced: record.head names a line that is not the last",
    )
