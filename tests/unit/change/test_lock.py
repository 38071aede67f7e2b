"""Two processes and one run folder: the second reports who holds it, whatever is beside the lock."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock

from onetrail.change import RunFolderBusy, RunRecord
from onetrail.change.run_record.lock import FolderLock, LockHolder, holder_of
from tests.unit.change.given import MovableClock

HOLDS = """
import sys
from pathlib import Path
from onetrail.change import RunRecord, WallClock

with RunRecord(Path(sys.argv[1]), "practice", WallClock()) as record:
    record.in_step("05")
    print("held", flush=True)
    sys.stdin.read()
"""
SAID = {"pid": 7, "host": "build-1", "since": "2026-11-30T15:00:00Z", "step": ""}


@contextmanager
def held_by_another(folder: Path) -> Iterator[int]:
    """Another process holds the run folder, in step 05; its id."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout and process.stdout.readline() == b"held\n"
        yield process.pid


def refused(folder: Path) -> str:
    """What a process that wants the folder too reports."""
    with pytest.raises(RunFolderBusy) as caught:
        RunRecord(folder, "practice", MovableClock()).__enter__()
    return caught.value.line


def test_the_second_process_reports_who_holds_the_run_folder_and_what_to_do(tmp_path):
    """Its id, its host, since when, in which step. Twin: once it has ended, the folder is free, and nothing is left of
    what it said."""
    before = datetime.now(UTC).replace(microsecond=0)
    with held_by_another(tmp_path) as pid:
        line = refused(tmp_path)
        held = holder_of(tmp_path / ".writer.holder")
    assert held == LockHolder(pid, socket.gethostname(), held.since, "05")
    assert before <= datetime.fromisoformat(held.since) <= datetime.now(UTC)
    assert (
        line
        == f"{tmp_path}: another process is writing this run: process {pid} on {socket.gethostname()}, at work since"
        f" {held.since}, in step 05; wait for it to end, or stop it with Ctrl-C where it runs;"
        " onetrail status shows how far it is"
    )
    with RunRecord(tmp_path, "practice", MovableClock()):
        assert holder_of(tmp_path / ".writer.holder").pid == os.getpid()
    assert [path.name for path in tmp_path.iterdir()] == [".writer.lock"]


@pytest.mark.parametrize(
    "plant",
    [
        # an earlier version holds it, which wrote no such file
        lambda path: None,
        lambda path: path.mkdir(),
        lambda path: os.mkfifo(path),
        lambda path: path.symlink_to(path.name),
        lambda path: path.write_text("no JSON"),
        lambda path: path.write_text("[]"),
        lambda path: path.write_text(json.dumps(SAID) + " " * 5000),
        lambda path: path.write_text(json.dumps({**SAID, "pid": "7"})),
        lambda path: path.write_text(json.dumps({**SAID, "pid": True})),
        lambda path: path.write_text(json.dumps({**SAID, "host": "a\x1b[2Jb"})),
        lambda path: path.write_text(json.dumps({**SAID, "step": "0" * 101})),
        lambda path: path.write_text(json.dumps({"pid": 7})),
    ],
)
def test_what_is_planted_beside_the_lock_is_never_more_than_unknown(tmp_path, plant):
    """The line says that it is not known who holds the folder. Twin: the file of an honest holder is read out."""
    with FileLock(tmp_path / ".writer.lock"):
        plant(tmp_path / ".writer.holder")
        assert "another process is writing this run: it does not say which one; wait" in refused(tmp_path)


def test_an_honest_holder_at_no_step_is_read_out(tmp_path):
    """Twin of the planted ones."""
    with FileLock(tmp_path / ".writer.lock"):
        (tmp_path / ".writer.holder").write_text(json.dumps(SAID))
        assert "process 7 on build-1, at work since 2026-11-30T15:00:00Z; wait" in refused(tmp_path)


def test_what_a_killed_process_said_keeps_nobody_out(tmp_path):
    """The lock alone decides; the next holder says its own."""
    (tmp_path / ".writer.holder").write_text(json.dumps(SAID))
    with RunRecord(tmp_path, "practice", MovableClock()):
        assert holder_of(tmp_path / ".writer.holder").pid == os.getpid()


def test_a_lock_is_taken_where_nothing_can_be_said(tmp_path):
    """A folder in the place of the file, as a full disk, takes the words away and not the lock."""
    (tmp_path / ".writer.holder").mkdir()
    lock = FolderLock(tmp_path, "writer")
    lock.acquire()
    assert "it does not say which one" in refused(tmp_path)
    lock.release()
    with RunRecord(tmp_path, "practice", MovableClock()):
        pass
