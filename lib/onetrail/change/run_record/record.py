"""The run record: every change before and after it was sent, in a file where each line holds the hash of the one
before.

`record.jsonl` is append-only and fsynced. `record.head` repeats the last hash, so that a cut-off end shows too.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from onetrail.change.clock import Clock
from onetrail.change.interrupt import uninterrupted
from onetrail.change.run_record.chain_check import START, RecordError, entries, verify_record
from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.run_record.lines import LONGEST, NotALine, end_of_lines, written
from onetrail.change.run_record.lock import FolderBusy, FolderLock
from onetrail.change.values import iso, plain
from onetrail.errors import WrongUse

_SECRET = ("secret", "token", "password", "signature", "credential")


class RunFolderBusy(WrongUse):
    """Another process writes to this run folder; the line says which one, as far as it is known."""

    def __init__(self, folder: Path, busy: FolderBusy) -> None:
        self.holder = busy.line
        super().__init__(
            f"{folder}: another process is writing this run: {busy.line}; wait for it to end, or stop it with Ctrl-C"
            " where it runs; onetrail status shows how far it is"
        )


class RunRecord:
    """One writer to one run folder. Use as a context manager; `append` returns the new head hash.

    `estate` names the estate whose changes it holds: `aws`, or one start of the practice estate. With `if_free`, a
    folder that another process writes is no error: `busy` says who does, and `append` raises it.
    """

    def __init__(self, folder: Path, run_name: str, clock: Clock, *, estate: str = "", if_free: bool = False) -> None:
        self.folder, self.run_name, self._clock = folder, run_name, clock
        self.busy: RunFolderBusy | None = None
        self._estate, self._if_free = estate, if_free
        self._path, self._head_path = folder / "record.jsonl", folder / "record.head"
        self._lock = FolderLock(folder, "writer")
        self.head, self.at, self._lines = START, "", 0
        self._size, self._torn = 0, False

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
        except FolderBusy as err:
            busy = RunFolderBusy(self.folder, err)
            if not self._if_free:
                raise busy from err
            self.busy = busy
            return self
        except OSError as err:
            raise RecordError(
                f"{self.folder}: the run folder cannot be written: {err.strerror}; nothing was sent"
            ) from err
        try:
            self._resume()
        except OSError as err:
            self._lock.release()
            raise RecordError(
                f"{self._path}: the record cannot be written: {err.strerror}; free space there, then run again: nothing"
                " was sent"
            ) from err
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._lock.release()

    def in_step(self, step: str) -> None:
        """Tell a process that finds the folder busy which step is at work."""
        self._lock.in_step(step)

    @property
    def lines(self) -> int:
        """How many lines the record holds."""
        return self._lines

    def append(self, kind: LineKind, **fields: Any) -> str:
        """Write one line durably, then return its hash. Raises RecordError when the disk refuses, before anything is
        sent, and RunFolderBusy."""
        if self.busy:
            raise self.busy
        at = iso(self._clock.now())
        if self._estate and kind in (LineKind.PLAN, LineKind.STEP):
            fields["estate"] = self._estate
        said = {"n": self._lines + 1, "at": at, "run": self.run_name, "kind": str(kind)}
        try:
            line, hash_ = written({**said, **without_secrets(plain(fields)), "previous": self.head})
            with uninterrupted():
                self._write(line, hash_, at)
        except NotALine as err:
            raise RecordError(f"{self._path}: a line of kind {kind} {err}: no further call was sent") from err
        except OSError as err:
            raise RecordError(
                f"{self._path}: the record cannot be written: {err.strerror}; free space there, then run again: no"
                " further call was sent"
            ) from err
        return self.head

    def _write(self, line: bytes, hash_: str, at: str) -> None:
        """The line is on disk before the head names it, and the head before this returns; or neither is there."""
        if self._torn:
            self._undo()
        self._torn = True
        try:
            with self._path.open("ab") as out:
                out.write(line)
                out.flush()
                os.fsync(out.fileno())
            _replace(self._head_path, hash_ + "\n")
        except BaseException:
            with suppress(OSError):
                self._undo()
            raise
        self._torn = False
        self.head, self.at, self._lines, self._size = hash_, at, self._lines + 1, self._size + len(line)

    def _undo(self) -> None:
        """Leave the file as it was before a line that could not be written, so that the next one does not follow half
        of it."""
        _cut(self._path, self._size)
        if self._lines:
            _replace(self._head_path, self.head + "\n")
        else:
            self._head_path.unlink(missing_ok=True)
        self._torn = False

    def _resume(self) -> None:
        if not os.path.lexists(self._path):
            if os.path.lexists(self._head_path):
                raise RecordError(
                    f"{self._path} is gone but {self._head_path.name} is there: restore it or use another run_name"
                )
            return
        check = verify_record(self.folder)
        if not check.whole:
            raise RecordError(f"{self._path}: {check.problems[0]}; keep it as evidence and use another run_name")
        first = next(entries(self.folder), None)
        if first is not None and first.get("run") != self.run_name:
            raise WrongUse(
                f"{self.folder} belongs to the run {first.get('run')!r}, not {self.run_name!r}: use another run_name or"
                " runs_dir"
            )
        self._size = self._without_torn_end() if check.torn else self._path.stat().st_size
        self.head, self._lines = check.head, check.lines
        if check.lines:
            _replace(self._head_path, self.head + "\n")

    def _without_torn_end(self) -> int:
        """Put what is left of an unfinished line aside, and return how many bytes the whole lines have."""
        whole = end_of_lines(self._path)
        with self._path.open("rb") as record, (self.folder / "record.torn").open("ab") as aside:
            record.seek(whole)
            aside.write(record.read(LONGEST))
        if whole:
            _cut(self._path, whole)
        else:
            self._path.unlink()
        return whole


def _cut(path: Path, size: int) -> None:
    if path.exists():
        with path.open("r+b") as out:
            out.truncate(size)
            os.fsync(out.fileno())


def _replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    with temporary.open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)


def without_secrets(value: Any) -> Any:
    """The value with each text withheld whose name suggests a secret."""
    if isinstance(value, dict):
        return {
            key: (
                "(withheld)"
                if isinstance(item, str) and any(word in key.lower() for word in _SECRET)
                else without_secrets(item)
            )
            for key, item in value.items()
        }
    return [without_secrets(item) for item in value] if isinstance(value, list) else value
