"""The record shows when it was touched."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from onetrail.change import RecordError, RunFolderBusy, RunRecord, entries, verify_record
from onetrail.change.run_record import lines
from onetrail.change.run_record.lines import written
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


def _spaced(line):
    return line.replace('"kind":', '"kind": ', 1)


def _forged(number, **said):
    """A line of today's form that follows nothing."""
    entry = {"n": number, "at": "2026-01-12T12:00:00Z", "run": "practice", "kind": "note"} | said
    previous = entry.pop("previous", "0" * 64)
    return written({**entry, "previous": previous})[0].decode().removesuffix("\n")


@pytest.mark.parametrize(
    ("touched", "first"),
    [
        # taken out, changed, moved, doubled, cut off
        (lambda lines: lines[1:], "line 1 does not follow the line before it: a line was removed, added or moved"),
        (lambda lines: lines[:1] + lines[2:], "line 2 does not follow the line before it"),
        (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "line 2 does not follow the line before it"),
        (lambda lines: [*lines, lines[-1]], "line 5 does not follow the line before it"),
        (
            lambda lines: [lines[0].replace("line 0", "line x"), *lines[1:]],
            "line 1 was changed: its hash does not fit its content",
        ),
        (lambda lines: lines[:-1], "the end is cut off or replaced: record.head names a line that is not the last"),
        (lambda lines: lines[:-2], "the end is cut off or replaced"),
        (lambda lines: [], "the record holds no line: it was emptied"),
        # bytes that a reader may take for something else than the parser does
        (
            lambda lines: [lines[0], lines[1].replace("{", '{"text":"approved","v":2,', 1), *lines[2:]],
            "line 2 is not as onetrail writes it: the name 'text' stands twice",
        ),
        (
            lambda lines: [lines[0], lines[1].replace('"text"', '"text":"approved","text"'), *lines[2:]],
            "line 2 is not as onetrail writes it: the name 'text' stands twice",
        ),
        (
            lambda lines: [lines[0], _spaced(lines[1]), *lines[2:]],
            "line 2 is not as onetrail writes it: white space, escapes",
        ),
        (
            lambda lines: [lines[0], lines[1] + "\r", *lines[2:]],
            "line 2 is not as onetrail writes it: white space, escapes",
        ),
        (
            lambda lines: [lines[0], lines[1].replace("line 1", "line \\u0031"), *lines[2:]],
            "line 2 is not as onetrail writes it: white space, escapes",
        ),
        (
            lambda lines: [lines[0], lines[1].replace('"n":2', '"n":2.0'), *lines[2:]],
            "line 2 is not a record line: it has no n",
        ),
        (
            lambda lines: [lines[0], lines[1].replace('{"v":2,"n":2,', '{"n":2,"v":2,'), *lines[2:]],
            "line 2 is not as onetrail writes it: its fields are in another order",
        ),
        (lambda lines: [lines[0], "", *lines[1:]], "line 2 is blank"),
        (lambda lines: [lines[0], " \t", *lines[1:]], "line 2 is blank"),
        # what is no line
        (lambda lines: [lines[0], "nonsense", *lines[1:]], "line 2 is not a record line: it is not JSON"),
        (lambda lines: [lines[0], "[1]", *lines[1:]], "line 2 is not a record line: it is no JSON object"),
        (lambda lines: [lines[0], "{}", *lines[1:]], "line 2 is not a record line: it has no n"),
        (
            lambda lines: [lines[0], lines[1].replace("line 1", "\\ud800"), *lines[2:]],
            "line 2 is not a record line: it is not text in UTF-8",
        ),
        (
            lambda lines: [lines[0], "[" * 200_000, *lines[1:]],
            "line 2 is not a record line: its brackets are nested too deep",
        ),
        (
            lambda lines: [lines[0], '{"a":' * 200_000, *lines[1:]],
            "line 2 is not a record line: its brackets are nested too deep",
        ),
        (lambda lines: [lines[0], "9" * 10_000, *lines[1:]], "line 2 is not a record line: it is not JSON"),
        (
            lambda lines: [lines[0], lines[1].replace('"line 1"', "NaN"), *lines[2:]],
            "line 2 is not a record line: it is not JSON",
        ),
        # lines that say something else than a record would
        (
            lambda lines: [lines[0], lines[1].replace('"v":2', '"v":3'), *lines[2:]],
            "line 2 is of format version 3, which this onetrail does not know",
        ),
        (
            lambda lines: [lines[0], lines[1].replace('"v":2', '"v":true'), *lines[2:]],
            "line 2 is of format version True",
        ),
        (lambda lines: [_forged(7), *lines[1:]], "line 1 says it is number 7"),
        (
            lambda lines: [lines[0], _forged(2, previous=_hash_of(lines[0]), run="other"), *lines[2:]],
            "line 2 is of the run 'other', not 'practice'",
        ),
        (
            lambda lines: [lines[0], _forged(2, previous=_hash_of(lines[0]), kind="rows"), *lines[2:]],
            "line 2 is no rows line of a record: it has no bucket",
        ),
        (
            lambda lines: [
                lines[0],
                _forged(2, previous=_hash_of(lines[0]), kind="done", key="k", result=[]),
                *lines[2:],
            ],
            "line 2 is no done line of a record: its result is of another type",
        ),
        (
            lambda lines: [lines[0], _anchor(lines[0], note="approved by the CISO"), *lines[2:]],
            "line 2 is no anchor as onetrail writes it",
        ),
        (
            lambda lines: [lines[0], _anchor(lines[0], request_id="approved by the CISO"), *lines[2:]],
            "line 2 is no anchor as onetrail writes it",
        ),
        (
            lambda lines: [lines[0], _anchor(lines[0], at="approved by the CISO"), *lines[2:]],
            "line 2 is no anchor as onetrail writes it",
        ),
        (
            lambda lines: [lines[0], _anchor(lines[0], head="0" * 64), *lines[2:]],
            "line 2 is no anchor as onetrail writes it",
        ),
        (lambda lines: [lines[0], _anchor(lines[0], line=3), *lines[2:]], "line 2 is no anchor as onetrail writes it"),
    ],
)
def test_the_first_problem_of_a_touched_record_is_what_was_done_to_it(tmp_path, touched, first):
    """Each thing that can be done to the bytes has its words and its line, and none of them ends in another error."""
    path = given_a_record(tmp_path)
    path.write_bytes("".join(line + "\n" for line in touched(path.read_text().splitlines())).encode())
    check = verify_record(tmp_path)
    assert not check.whole
    assert check.problems[0].startswith(first), check.problems
    for _ in entries(tmp_path):
        pass
    with pytest.raises(RecordError, match="keep it as evidence and use another run_name"):
        RunRecord(tmp_path, "practice", MovableClock()).__enter__()


def _hash_of(line):
    return json.loads(line)["hash"]


def _anchor(before, **said):
    own = {
        "previous": _hash_of(before),
        "kind": "anchor",
        "line": 1,
        "head": _hash_of(before),
        "resource": "work/records/practice/head-000001.json",
        "request_id": "R1",
    }
    named = {name: value for name, value in {**own, **said}.items() if name not in ("previous", "kind")}
    return _forged(2, **{"previous": own["previous"], "kind": "anchor"} | named)


@pytest.mark.parametrize(
    ("planted", "problem"),
    [
        (lambda path: path.mkdir(), "record.head cannot be used: it cannot be read: Is a directory"),
        (lambda path: path.symlink_to(path.name), "record.head cannot be used: it cannot be read: Too many levels"),
        (lambda path: path.write_bytes(b"\xff" * 64), "the end is cut off or replaced"),
        (lambda path: path.write_bytes(b"0" * 2000), "record.head cannot be used: it is larger than 1,024 bytes"),
        (lambda path: path.write_text("0" * 64), "the end is cut off or replaced"),
        (lambda path: None, "the end is cut off or replaced"),
    ],
)
def test_what_is_planted_as_the_head_is_named(tmp_path, planted, problem):
    """The check says what is wrong with `record.head` and does not end in an error of Python's."""
    given_a_record(tmp_path)
    (tmp_path / "record.head").unlink()
    planted(tmp_path / "record.head")
    assert verify_record(tmp_path).problems[0].startswith(problem)


def test_a_line_without_an_end_in_sight_is_passed_over(tmp_path, monkeypatch):
    """Its bytes never come into memory: it is named, and the lines behind it are still checked. Twin: one that is just
    short enough."""
    monkeypatch.setattr(lines, "LONGEST", 1_000)
    monkeypatch.setattr(lines, "_CHUNK", 64)
    path = given_a_record(tmp_path)
    first, *rest = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([first, b"x" * 5_000, *rest, b""]))
    long, *others = verify_record(tmp_path).problems
    assert long == "line 2 is longer than 1,000 bytes"
    assert all("says it is number" in other for other in others)
    path.write_bytes(b"\n".join([first, b"x" * 999, *rest, b""]))
    assert verify_record(tmp_path).problems[0].startswith("line 2 is not a record line")
    path.write_bytes(b"\n".join([first, *rest, b"x" * 5_000]))
    assert verify_record(tmp_path).whole
    given_a_record(tmp_path, lines=1)
    assert verify_record(tmp_path).lines == 5


def test_a_rewritten_record_differs_from_the_anchored_head(tmp_path):
    """An attacker who rewrites the whole file cannot rewrite the head in the work bucket."""
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


@pytest.mark.parametrize("kept", [0, 3])
@pytest.mark.parametrize("cut", [1, 2, 40, None])
def test_a_line_that_was_never_finished_is_reported_as_that_and_counts_for_nothing(tmp_path, kept, cut):
    """A full disk or a kill in the middle of a line is no tampering: the record is whole up to there, and goes on."""
    path = given_a_record(tmp_path, lines=kept + 1)
    whole = path.read_bytes().splitlines(keepends=True)
    remains = whole[-1][: cut or -1]
    path.write_bytes(b"".join(whole[:-1]) + remains)
    head = tmp_path / "record.head"
    head.write_text(_hash_of(whole[-2]) + "\n") if kept else head.unlink()
    check = verify_record(tmp_path)
    assert (check.whole, check.lines, check.problems) == (True, kept, ())
    assert check.torn.startswith(
        f"line {kept + 1} was never finished: a full disk or a kill ended the record in the middle of it"
    )
    assert len(list(entries(tmp_path))) == kept
    given_a_record(tmp_path, lines=1)
    after = verify_record(tmp_path)
    assert (after.whole, after.lines, after.torn) == (True, kept + 1, "")
    assert (tmp_path / "record.torn").read_bytes() == remains


def test_an_end_that_was_cut_from_the_last_line_is_not_taken_for_an_unfinished_one(tmp_path):
    """The head names the line that is only there in part now."""
    path = given_a_record(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    assert verify_record(tmp_path).problems == (
        "the end is cut off or replaced: record.head names a line that is not the last",
    )


def test_a_record_that_was_emptied_before_its_first_line_was_whole_is_begun_again(tmp_path):
    """A kill between making the file and its first line leaves nothing to keep."""
    (tmp_path / "record.jsonl").write_bytes(b'{"v":')
    given_a_record(tmp_path, lines=2)
    assert (verify_record(tmp_path).whole, verify_record(tmp_path).lines) == (True, 2)


def given_a_record_of_the_first_form(folder):
    path = folder / "record.jsonl"
    path.write_bytes((Path(__file__).parent / "records" / "version-1.jsonl").read_bytes())
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    (folder / "record.head").write_text(lines[-1]["hash"] + "\n")
    return path, lines


def test_a_record_of_the_first_form_stays_whole_and_goes_on(tmp_path):
    """Lines as they were written before they named a version keep their hash; those behind them are of today's form."""
    path, first = given_a_record_of_the_first_form(tmp_path)
    assert (verify_record(tmp_path).whole, verify_record(tmp_path).lines) == (True, len(first))
    given_a_record(tmp_path, lines=2)
    assert verify_record(tmp_path, {4: first[3]["hash"]}).whole
    lines = path.read_text().splitlines()
    assert [line.startswith('{"v":2,') for line in lines] == [False] * len(first) + [True] * 2


@pytest.mark.parametrize(
    ("old", "new", "first"),
    [
        ('"approve":"any"', '"approve":"p-0"', "line 1 was changed: its hash does not fit its content"),
        (
            '{"n":1,',
            '{"approve":"p-0 approved by the CISO","n":1,',
            "line 1 is not as onetrail writes it: the name 'approve' stands twice",
        ),
        ('{"n":1,', '{"n": 1,', "line 1 is not as onetrail writes it: white space, escapes"),
        ("weil ü", "weil \\u00fc", "line 2 is not as onetrail writes it: white space, escapes"),
        (
            '"n":1,"at":"2026-01-12T12:00:00Z"',
            '"at":"2026-01-12T12:00:00Z","n":1',
            "line 1 is not as onetrail writes it: its fields are in another order",
        ),
    ],
)
def test_a_record_of_the_first_form_binds_its_bytes_too(tmp_path, old, new, first):
    """What the hash of that form lets pass, the form does not."""
    path, _ = given_a_record_of_the_first_form(tmp_path)
    path.write_text(path.read_text().replace(old, new, 1))
    assert verify_record(tmp_path).problems[0].startswith(first)


def test_a_line_of_the_first_form_behind_one_of_todays_is_named(tmp_path):
    """Nobody writes that form any more."""
    path = given_a_record(tmp_path, lines=1)
    said = {
        "n": 2,
        "at": "2026-01-12T12:00:00Z",
        "run": "practice",
        "kind": "note",
        "previous": _hash_of(path.read_text()),
    }
    said["hash"] = hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    with path.open("a") as out:
        out.write(json.dumps(said, separators=(",", ":")) + "\n")
    assert verify_record(tmp_path).problems == ("line 2 is of format version 1, and the line before it of a later one",)


def test_the_hash_of_a_line_can_be_found_with_any_tool(tmp_path):
    """It is SHA-256 over the line's own bytes without the hash itself."""
    line = given_a_record(tmp_path).read_text().splitlines()[0]
    said = json.loads(line)["hash"]
    assert hashlib.sha256(line.replace(f',"hash":"{said}"', "").encode()).hexdigest() == said


def test_what_no_text_can_hold_is_written_as_what_names_it(tmp_path):
    """An answer of AWS or a name of somebody else's never ends the record. Twin: what UTF-8 holds stays as it is."""
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("note", text="half \ud800 ü", many=[float("nan"), {"\udfff": 1}])
    (line,) = entries(tmp_path)
    assert (line["text"], line["many"]) == ("half \\ud800 ü", ["nan", {"\\udfff": 1}])
    assert verify_record(tmp_path).whole


def test_a_line_is_on_disk_before_the_head_names_it_and_before_anything_goes_on(tmp_path, monkeypatch):
    """The order in which a power cut may end it: the line, then the head, then the caller."""
    seen = []
    sync, replace = os.fsync, Path.replace

    def spy_sync(handle):
        seen.append(("on disk", os.readlink(f"/proc/self/fd/{handle}").rpartition("/")[2]))
        sync(handle)

    def spy_replace(self, target):
        seen.append(("in place", Path(target).name))
        return replace(self, target)

    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        monkeypatch.setattr(os, "fsync", spy_sync)
        monkeypatch.setattr(Path, "replace", spy_replace)
        record.append("note")
        seen.append("returned")
    assert seen == [
        ("on disk", "record.jsonl"),
        ("on disk", "record.new"),
        ("in place", "record.head"),
        "returned",
    ]


@pytest.mark.parametrize("failing", ["line", "head"])
def test_a_line_that_could_not_be_written_leaves_nothing_behind(tmp_path, monkeypatch, failing):
    """The closings that come after a full disk follow the last whole line, whether the line or the head found no
    room."""
    sync = os.fsync
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("note", text="first")

        def full(handle):
            name = os.readlink(f"/proc/self/fd/{handle}").rpartition("/")[2]
            if (name == "record.jsonl") == (failing == "line"):
                raise OSError(28, "No space left on device")
            sync(handle)

        monkeypatch.setattr(os, "fsync", full)
        for _ in range(2):
            with pytest.raises(RecordError, match="No space left on device; free space there"):
                record.append("note", text="lost")
        monkeypatch.setattr(os, "fsync", sync)
        record.append("note", text="last")
    assert [line["text"] for line in entries(tmp_path)] == ["first", "last"]
    assert (verify_record(tmp_path).problems, verify_record(tmp_path).torn) == ((), "")


def test_a_full_disk_does_not_keep_a_torn_record_from_saying_so(tmp_path, monkeypatch):
    """What is left of the line cannot be put aside: one line that says what to do, and the record as it was."""
    path = given_a_record(tmp_path)
    with path.open("ab") as out:
        out.write(b'{"v":2,"n":5')
    before = path.read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RecordError, match="free space there, then run again: nothing was sent"):
        RunRecord(tmp_path, "practice", MovableClock()).__enter__()
    assert path.read_bytes().startswith(before[: before.rfind(b"\n") + 1])
    monkeypatch.undo()
    given_a_record(tmp_path, lines=1)
    assert verify_record(tmp_path).whole


def test_a_tampered_record_is_not_written_on(tmp_path):
    """Evidence is kept as it is, not healed."""
    path = given_a_record(tmp_path)
    path.write_text(path.read_text().replace("line 1", "line x"))
    with pytest.raises(RecordError, match="keep it as evidence"):
        RunRecord(tmp_path, "practice", MovableClock()).__enter__()


@pytest.mark.parametrize(
    ("done", "said"),
    [
        (
            lambda folder: (folder / "record.jsonl").unlink(),
            "record.jsonl is gone but record.head is there: restore it or use another run_name",
        ),
        (
            lambda folder: _in_its_place(folder / "record.jsonl").mkdir(),
            "record.jsonl: record.jsonl cannot be used: it cannot be read: Is a directory: nothing was checked",
        ),
        (
            lambda folder: _in_its_place(folder / "record.jsonl").symlink_to("record.jsonl"),
            "record.jsonl cannot be used: it cannot be read: Too many levels of symbolic links",
        ),
        (
            lambda folder: os.mkfifo(_in_its_place(folder / "record.jsonl")),
            "record.jsonl cannot be used: it is not a regular file",
        ),
        (
            lambda folder: _in_its_place(folder / "record.head").mkdir(),
            "record.head cannot be used: it cannot be read: Is a directory",
        ),
    ],
)
def test_a_record_that_cannot_go_on_is_refused_in_one_line(tmp_path, done, said):
    """Nothing is written beside it. Twin: left alone, it goes on."""
    given_a_record(tmp_path)
    done(tmp_path)
    there = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(RecordError) as refused:
        RunRecord(tmp_path, "practice", MovableClock()).__enter__()
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == there
    for _ in range(2):  # the lock was let go
        with pytest.raises(RecordError):
            RunRecord(tmp_path, "practice", MovableClock()).__enter__()


def _in_its_place(path):
    path.unlink()
    return path


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    """A file stands in its way."""
    (tmp_path / "runs").write_text("")
    with pytest.raises(RecordError, match=r"the run folder cannot be written: .*; nothing was sent"):
        RunRecord(tmp_path / "runs" / "trial", "trial", MovableClock()).__enter__()


def test_a_line_that_nobody_would_read_is_not_written(tmp_path, monkeypatch):
    """It is refused before anything is sent, and the record goes on without it."""
    monkeypatch.setattr(lines, "LONGEST", 1_000)
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        with pytest.raises(
            RecordError,
            match="a line of kind note would be longer than 1,000 bytes: no further call was sent",
        ):
            record.append("note", text="x" * 1_000)
        record.append("note", text="short")
    assert [line["text"] for line in entries(tmp_path)] == ["short"]
    assert verify_record(tmp_path).whole


def test_another_writers_folder_keeps_its_lock_until_it_ends(tmp_path):
    """The second writer gets in once the first is out."""
    with RunRecord(tmp_path, "practice", MovableClock()), pytest.raises(RunFolderBusy):
        RunRecord(tmp_path, "practice", MovableClock()).__enter__()
    given_a_record(tmp_path, lines=1)
    assert verify_record(tmp_path).lines == 1


def test_no_secret_reaches_the_file(tmp_path):
    """Values of names that sound secret are withheld, however deep."""
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("done", result={"Credentials": {"SecretAccessKey": "hunter2", "SessionToken": "hunter2"}})
    assert "hunter2" not in (tmp_path / "record.jsonl").read_text()


def test_a_full_disk_is_one_line_that_says_what_to_do():
    """The error names the file and the cure."""
    program = (
        "from pathlib import Path; from tests.unit.change.given import MovableClock; from onetrail.change import"
        " RunRecord\nimport resource, signal, tempfile; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nfolder ="
        " Path(tempfile.mkdtemp()); record = RunRecord(folder, 'practice',"
        " MovableClock()).__enter__()\nresource.setrlimit(resource.RLIMIT_FSIZE, (300, 300))\ntry:\n   "
        " [record.append('note', text='x' * 100) for _ in range(9)]\nexcept Exception as err: print(type(err).__name__,"
        " err)\n"
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


def test_a_record_that_was_moved_away_goes_on_once_it_is_restored(tmp_path):
    """As the refusal says. Twin: under another run_name a new record begins, and nothing of the first is touched."""
    path = given_a_record(tmp_path)
    kept, head = path.read_bytes(), (tmp_path / "record.head").read_bytes()
    path.rename(tmp_path / "moved.jsonl")
    with pytest.raises(RecordError, match=r"restore it or use another run_name"):
        RunRecord(tmp_path, "practice", MovableClock()).__enter__()
    other = tmp_path.parent / f"{tmp_path.name}-other"
    with RunRecord(other, "other", MovableClock()) as record:
        record.append("note", text="begun")
    assert ((tmp_path / "moved.jsonl").read_bytes(), (tmp_path / "record.head").read_bytes()) == (kept, head)
    (tmp_path / "moved.jsonl").rename(path)
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("note", text="on")
    assert path.read_bytes().startswith(kept)
    assert verify_record(tmp_path).whole
