"""The record's parts one by one: its lines as bytes, its lock, what a failed line leaves, and the policies that its
lines name."""

import json
import os
from pathlib import Path

import pytest
from filelock import FileLock

from onetrail.change import RecordError, RunRecord, entries, verify_record
from onetrail.change.end.ending import record_failure
from onetrail.change.run_record import lines
from onetrail.change.run_record import record as record_module
from onetrail.change.run_record.lines import end_of_lines, raw_lines, written
from onetrail.change.run_record.lock import FolderLock, holder_of
from onetrail.change.send import Sending
from tests.unit.change.given import MovableClock, given_a_change, given_a_gate, given_a_plan

# --- Lines


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"a", b"a\n", b"a\nb", b"abcdefgh\n", b"abcdefgh\nijklmnopq", b"\nabcdefghijk", b"abc\n\n"],
)
@pytest.mark.parametrize("chunk", [1, 2, 3, 4, 8, 100])
def test_the_end_of_the_last_whole_line_is_found_wherever_a_piece_begins(tmp_path, monkeypatch, content, chunk):
    """Read from the end, piece by piece; a line's end may be a piece's first byte."""
    monkeypatch.setattr(lines, "_CHUNK", chunk)
    path = tmp_path / "record.jsonl"
    path.write_bytes(content)
    assert end_of_lines(path) == content.rfind(b"\n") + 1


def test_the_sizes_of_lines_add_up_to_the_file(tmp_path, monkeypatch):
    """Also of those that are too long, so whoever reads on begins where the last one ended."""
    monkeypatch.setattr(lines, "LONGEST", 10)
    monkeypatch.setattr(lines, "_CHUNK", 4)
    path = tmp_path / "record.jsonl"
    path.write_bytes(b"short\n" + b"x" * 33 + b"\n" + b"next\n" + b"y" * 50)
    found = list(raw_lines(path))
    assert [(raw.size, raw.ended, raw.long) for raw in found] == [
        (6, True, False),
        (34, True, True),
        (5, True, False),
        (50, False, True),
    ]
    assert [raw.content for raw in raw_lines(path, 40)] == [b"next", b""]


def test_a_number_beside_text_that_nothing_can_hold_stays_a_number():
    """Only what JSON or UTF-8 cannot hold is spelled out."""
    line, _ = written({"a": 1.5, "b": "\ud800", "c": [float("nan"), float("inf"), 2.0], "previous": ""})
    said = json.loads(line)
    assert (said["a"], said["c"]) == (1.5, ["nan", "inf", 2.0])


FIRST_FORM = Path(__file__).parent / "records" / "version-1.jsonl"


def test_the_hash_is_the_last_of_a_line_and_what_it_follows_the_one_before(tmp_path):
    """A first form's hash does not depend on the order, so the form does."""
    path = tmp_path / "record.jsonl"
    first, *rest = FIRST_FORM.read_text().splitlines()
    said = json.loads(first)
    said["previous"] = said.pop("previous")  # now behind the hash
    path.write_text("\n".join([json.dumps(said, ensure_ascii=False, separators=(",", ":")), *rest, ""]))
    (tmp_path / "record.head").write_text(json.loads(rest[-1])["hash"] + "\n")
    assert verify_record(tmp_path).problems == ("line 1 is not as onetrail writes it: its fields are in another order",)


def test_a_line_of_version_0_is_of_no_form_that_is_known(tmp_path):
    """There never was one."""
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("note")
    path = tmp_path / "record.jsonl"
    path.write_text(path.read_text().replace('"v":2', '"v":0'))
    assert verify_record(tmp_path).problems[0].startswith("line 1 is of format version 0,")


# --- The lock


def test_a_process_says_since_when_it_holds_a_folder_and_in_which_step(tmp_path):
    """The step changes, the rest stays; nothing is said once the lock is given back, and nothing without it."""
    lock, said = FolderLock(tmp_path, "writer"), tmp_path / ".writer.holder"
    lock.in_step("03")
    assert holder_of(said) is None
    lock.acquire()
    begun = holder_of(said)
    assert begun and (begun.pid, begun.step) == (os.getpid(), "")
    assert begun.since
    lock.in_step("05")
    lock.in_step("06")
    held = holder_of(said)
    assert held and (held.pid, held.since, held.step) == (os.getpid(), begun.since, "06")
    said.unlink()
    lock.release()
    lock.release()
    assert not said.exists()
    FileLock(tmp_path / ".writer.lock").acquire(timeout=0)


@pytest.mark.parametrize(
    ("other", "believed"),
    [
        ({}, True),
        ({"host": "x" * 100}, True),
        ({"host": "x" * 101}, False),
        ({"host": "b\u00fcro"}, False),  # printable, and not ASCII
        ({"host": "a\x1b[2J"}, False),
        ({"since": None}, False),
        ({"step": 5}, False),
        ({"pid": 0}, False),
        ({"pid": True}, False),
        ({"pid": "7"}, False),
    ],
)
def test_what_was_planted_beside_a_lock_is_never_more_than_words(tmp_path, other, believed):
    """One field of another form, and none of it is printed."""
    path = tmp_path / ".writer.holder"
    path.write_text(json.dumps({"pid": 7, "host": "build-1", "since": "2026-11-30T15:00:00Z", "step": "", **other}))
    assert (holder_of(path) is not None) is believed


# --- What a failure leaves


@pytest.mark.parametrize("broken", ["changed", "no folder"])
def test_a_record_that_cannot_go_on_gives_its_folder_back(tmp_path, monkeypatch, broken):
    """Another process, or the next try, hears what is wrong and not that the folder is busy."""
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("note")
    if broken == "changed":
        (tmp_path / "record.jsonl").write_text("nonsense\n")
    else:
        monkeypatch.setattr(os, "fsync", _full)
    first, second = (RunRecord(tmp_path, "practice", MovableClock()) for _ in range(2))
    for record in (first, second):
        with pytest.raises(RecordError):
            record.__enter__()


def _full(handle):
    raise OSError(28, "No space left on device")


def test_half_a_line_that_could_not_be_undone_at_once_is_undone_before_the_next(tmp_path, monkeypatch):
    """The disk was full for both. Twin: the record would not be whole."""
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("note", text="first")
        monkeypatch.setattr(os, "fsync", _full)
        with pytest.raises(RecordError):
            record.append("note", text="lost")
        with pytest.raises(RecordError):
            record.append("note", text="lost too")
        monkeypatch.undo()
        record.append("note", text="last")
        record.append("note", text="and on")
    assert [line["text"] for line in entries(tmp_path)] == ["first", "last", "and on"]
    assert verify_record(tmp_path).whole


def test_half_a_line_that_not_even_the_cutting_could_remove_is_cut_before_the_next(tmp_path, monkeypatch):
    """The file could be opened by nobody for a while. Twin: the record would not be whole."""
    cut, sync = record_module._cut, os.fsync
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("note", text="first")
        monkeypatch.setattr(os, "fsync", _full)
        monkeypatch.setattr(record_module, "_cut", _full_too)
        with pytest.raises(RecordError):
            record.append("note", text="lost")
        assert b"lost" in (tmp_path / "record.jsonl").read_bytes()
        monkeypatch.setattr(os, "fsync", sync)
        monkeypatch.setattr(record_module, "_cut", cut)
        record.append("note", text="last")
    assert [line["text"] for line in entries(tmp_path)] == ["first", "last"]
    assert verify_record(tmp_path).whole


def _full_too(path, size):
    raise OSError(28, "No space left on device")


def test_nothing_is_undone_after_a_line_that_was_written(tmp_path, monkeypatch):
    """Each line costs two syncs, the second one as the first; after a failure too."""
    synced = []
    sync = os.fsync
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        monkeypatch.setattr(os, "fsync", _full)
        with pytest.raises(RecordError):
            record.append("note")
        monkeypatch.setattr(os, "fsync", lambda handle: (synced.append(handle), sync(handle)))
        record.append("note")
        synced.clear()
        record.append("note")
        record.append("note")
    assert len(synced) == 4


# --- Policies that the record names


def test_a_failure_of_a_plan_that_opened_nothing_says_nothing_of_closing(tmp_path):
    """Twin: with what was closed, in the tests of endings."""
    gate, _ = given_a_gate(tmp_path)
    change = given_a_change()
    plan = given_a_plan(change)
    record_failure(gate, plan, ValueError("wrong"), Sending(plan, gate, None))
    (line,) = entries(tmp_path, "step")
    assert (line["line"], line["closed"], line["state"]) == (
        "failed after 0 of 1 changes: wrong",
        [],
        "failed",
    )
