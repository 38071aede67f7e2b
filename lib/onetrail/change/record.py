"""The run record: every change before and after it was sent, in a file where each line holds the hash of the one before.

`record.jsonl` is append-only and fsynced. `record.head` repeats the last hash, so that a cut-off end shows too.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from onetrail.change.clock import Clock
from onetrail.change.interrupt import uninterrupted
from onetrail.change.values import canonical_json, iso, plain
from onetrail.errors import OnetrailError, WrongUse

_START = "0" * 64
_SECRET = ("secret", "token", "password", "signature", "credential")


class RecordError(OnetrailError):
    """The record cannot be written or is not whole."""


class RunFolderBusy(WrongUse):
    """Another process writes to this run folder."""


@dataclass(frozen=True)
class RecordCheck:
    """`whole` says whether the chain holds; `problems` names each line that does not, in order; `head` is the last hash."""

    whole: bool
    lines: int
    head: str
    problems: tuple[str, ...]


class RunRecord:
    """One writer to one run folder. Use as a context manager; `append` returns the new head hash."""

    def __init__(self, folder: Path, run_name: str, clock: Clock) -> None:
        self.folder, self.run_name, self._clock = folder, run_name, clock
        self._path, self._head_path = folder / "record.jsonl", folder / "record.head"
        self._lock = FileLock(folder / ".writer.lock")
        self.head, self._lines = _START, 0

    def __enter__(self) -> Self:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout as err:
            raise RunFolderBusy(
                f"{self.folder}: another process is writing this run; wait for it to end, or use another run_name"
            ) from err
        except OSError as err:
            raise RecordError(
                f"{self.folder}: the run folder cannot be written: {err.strerror}; nothing was sent"
            ) from err
        try:
            self._resume()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self._lock.release()

    @property
    def lines(self) -> int:
        """How many lines the record holds."""
        return self._lines

    def append(self, kind: str, **fields: Any) -> str:
        """Write one line durably, then return its hash. Raises RecordError when the disk refuses, before anything is sent."""
        entry = {
            "n": self._lines + 1,
            "at": iso(self._clock.now()),
            "run": self.run_name,
            "kind": kind,
            **_without_secrets(plain(fields)),
            "previous": self.head,
        }
        entry["hash"] = _hash(entry)
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"
        try:
            with uninterrupted():
                self._write(line, str(entry["hash"]))
        except OSError as err:
            raise RecordError(
                f"{self._path}: the record cannot be written: {err.strerror}; free space there, then run again: no further call was sent"
            ) from err
        return self.head

    def _write(self, line: str, head: str) -> None:
        with self._path.open("ab") as out:
            out.write(line.encode())
            out.flush()
            os.fsync(out.fileno())
        _replace(self._head_path, head + "\n")
        self.head, self._lines = head, self._lines + 1

    def _resume(self) -> None:
        if not self._path.exists():
            if self._head_path.exists():
                raise RecordError(
                    f"{self._path} is gone but {self._head_path.name} is there: restore it or use another run_name"
                )
            return
        raw = self._path.read_bytes()
        if raw and not raw.endswith(b"\n"):
            keep = raw.rfind(b"\n") + 1
            (self.folder / "record.torn").write_bytes(raw[keep:])
            with self._path.open("r+b") as out:
                out.truncate(keep)
                os.fsync(out.fileno())
        check = verify_record(self.folder)
        if not check.whole:
            raise RecordError(
                f"{self._path}: {check.problems[0]}; keep it as evidence and use another run_name"
            )
        first = next(entries(self.folder), None)
        if first is not None and first.get("run") != self.run_name:
            raise WrongUse(
                f"{self.folder} belongs to the run {first.get('run')!r}, not {self.run_name!r}: use another run_name or runs_dir"
            )
        self.head, self._lines = check.head, check.lines
        if check.lines:
            _replace(self._head_path, self.head + "\n")


def entries(folder: Path, mark: bytes = b"") -> Any:
    """The record's lines as dicts, in order; with a mark, those alone whose bytes hold it: the others are not parsed."""
    path = folder / "record.jsonl"
    if path.exists():
        with path.open("rb") as lines:
            for line in lines:
                if mark in line:
                    yield json.loads(line)


def verify_record(folder: Path, anchored: Mapping[int, str] | None = None) -> RecordCheck:
    """Check the chain of `folder/record.jsonl`: removed, changed, re-ordered and cut-off lines are each named.

    `anchored` maps line numbers to head hashes that were stored elsewhere (in the locked work bucket).
    """
    path, head_path = folder / "record.jsonl", folder / "record.head"
    if not path.exists():
        return RecordCheck(
            False, 0, _START, (f"{path} is not there: no step was run here, or it was taken away",)
        )
    problems, previous, count, hashes = [], _START, 0, [_START]
    try:
        whole = path.read_bytes()
    except OSError as err:
        raise RecordError(
            f"{path} cannot be read: {err.strerror}: nothing was checked; mend that and try again"
        ) from err
    for number, raw in enumerate(whole.split(b"\n"), start=1):
        if not raw:
            continue
        count += 1
        try:
            entry = json.loads(raw)
            said, body = entry["hash"], {key: value for key, value in entry.items() if key != "hash"}
        except (ValueError, KeyError, TypeError, AttributeError):
            problems.append(f"line {number} is not a record line")
            continue
        if _hash(body) != said:
            problems.append(f"line {number} was changed: its hash does not fit its content")
        if entry.get("previous") != previous:
            problems.append(
                f"line {number} does not follow the line before it: a line was removed, added or moved"
            )
        if entry.get("n") != count:
            problems.append(f"line {number} says it is number {entry.get('n')}")
        previous = said
        hashes.append(said)
    head = head_path.read_text(errors="replace").strip() if head_path.exists() else ""
    if head not in hashes[-2:]:
        problems.append("the end is cut off or replaced: record.head names a line that is not the last")
    for number, wanted in sorted((anchored or {}).items()):
        if number >= len(hashes) or hashes[number] != wanted:
            problems.append(f"line {number} differs from the head that was stored in the work bucket")
    return RecordCheck(not problems, count, previous, tuple(problems))


def _hash(entry: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(entry).encode()).hexdigest()


def _replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    with temporary.open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: "(withheld)"
            if isinstance(item, str) and any(word in key.lower() for word in _SECRET)
            else _without_secrets(item)
            for key, item in value.items()
        }
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value
