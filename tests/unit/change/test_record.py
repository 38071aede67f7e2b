"""The record shows when it was touched."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from onetrail.change import RecordError, RunFolderBusy, RunRecord, verify_record
from onetrail.errors import WrongUse
from tests.unit.change.given import MovableClock


def given_a_record(folder, lines=4):
    with RunRecord(folder, "practice", MovableClock()) as record:
        for number in range(lines):
            record.append("note", text=f"line {number}")
    return folder / "record.jsonl"


def test_a_record_left_alone_is_whole(tmp_path):
    """The chain holds from the first line to the last."""
    given_a_record(tmp_path)
    check = verify_record(tmp_path)
    assert (check.whole, check.lines, check.problems) == (True, 4, ())


@pytest.mark.parametrize(
    ("touched", "problem"),
    [
        (lambda lines: lines[:1] + lines[2:], "was removed"),
        (lambda lines: [lines[0].replace("line 0", "line x"), *lines[1:]], "was changed"),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "moved"),
        (lambda lines: lines[:-1], "cut off"),
        (lambda lines: lines[:-2], "cut off"),
        (lambda lines: lines[1:], "was removed"),
        (lambda lines: [*lines, lines[-1]], "does not follow"),
        (lambda lines: [lines[0], "nonsense", *lines[1:]], "is not a record line"),
        (lambda lines: [], "cut off"),
    ],
)
def test_a_touched_record_is_not_whole(tmp_path, touched, problem):
    """A line removed, changed, re-ordered, doubled or cut off at the end is named."""
    path = given_a_record(tmp_path)
    path.write_text("".join(line + "\n" for line in touched(path.read_text().splitlines())))
    check = verify_record(tmp_path)
    assert not check.whole
    assert any(problem in said for said in check.problems), check.problems


def test_a_rewritten_record_differs_from_the_anchored_head(tmp_path):
    """Whoever rewrites the whole file cannot rewrite the head in the work bucket."""
    given_a_record(tmp_path / "true")
    head = verify_record(tmp_path / "true").head
    given_a_record(tmp_path / "false", lines=3)
    assert verify_record(tmp_path / "true", {4: head}).whole
    assert not verify_record(tmp_path / "false", {4: head}).whole


def test_a_second_writer_is_refused(tmp_path):
    """One process writes to a run folder at a time."""
    with (
        RunRecord(tmp_path, "practice", MovableClock()),
        pytest.raises(RunFolderBusy, match="another process"),
    ):
        RunRecord(tmp_path, "practice", MovableClock()).__enter__()


def test_another_runs_folder_is_refused(tmp_path):
    """A folder belongs to one run, and the line says both ways out; the run of that name goes on in it (below)."""
    given_a_record(tmp_path)
    with pytest.raises(
        WrongUse, match=r"belongs to the run 'practice', not 'other'.* use another run_name or runs_dir"
    ):
        RunRecord(tmp_path, "other", MovableClock()).__enter__()


def test_a_later_run_goes_on_where_the_chain_ended(tmp_path):
    """A re-run appends."""
    given_a_record(tmp_path)
    given_a_record(tmp_path, lines=2)
    assert verify_record(tmp_path).lines == 6
    assert verify_record(tmp_path).whole


def test_a_line_torn_by_a_crash_is_put_aside_and_the_chain_goes_on(tmp_path):
    """A crash in the middle of a write costs that line only, and its remains are kept."""
    path = given_a_record(tmp_path)
    with path.open("ab") as out:
        out.write(b'{"n":5,"kind":"no')
    given_a_record(tmp_path, lines=1)
    assert verify_record(tmp_path).whole
    assert (tmp_path / "record.torn").read_bytes() == b'{"n":5,"kind":"no'


def test_a_tampered_record_is_not_written_on(tmp_path):
    """Evidence is kept as it is, not healed."""
    path = given_a_record(tmp_path)
    path.write_text(path.read_text().replace("line 1", "line x"))
    with pytest.raises(RecordError, match="keep it as evidence"):
        RunRecord(tmp_path, "practice", MovableClock()).__enter__()


def test_no_secret_reaches_the_file(tmp_path):
    """Values of names that sound secret are withheld, however deep."""
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append(
            "done", result={"Credentials": {"SecretAccessKey": "hunter2", "SessionToken": "hunter2"}}
        )
    assert "hunter2" not in (tmp_path / "record.jsonl").read_text()


def test_a_full_disk_is_one_line_that_says_what_to_do():
    """The error names the file and the cure."""
    program = (
        "from pathlib import Path; from tests.unit.change.given import MovableClock; from onetrail.change import RunRecord\n"
        "import resource, signal, tempfile; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "folder = Path(tempfile.mkdtemp()); record = RunRecord(folder, 'practice', MovableClock()).__enter__()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))\n"
        "try:\n    [record.append('note', text='x' * 100) for _ in range(9)]\n"
        "except Exception as err: print(type(err).__name__, err)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        check=True,
    )
    assert said.stdout.startswith("RecordError")
    assert "free space" in said.stdout
    assert len(said.stdout.splitlines()) == 1


def test_lines_are_json_with_their_number_and_time(tmp_path):
    """A person can read the record with any tool."""
    first = json.loads(given_a_record(tmp_path).read_text().splitlines()[0])
    assert (first["n"], first["at"], first["kind"], first["text"]) == (
        1,
        "2026-01-12T12:00:00Z",
        "note",
        "line 0",
    )
