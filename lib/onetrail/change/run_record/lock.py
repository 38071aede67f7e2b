"""One process at a time in a folder: a lock of the file system, and beside it a file that says who holds it.

The lock alone decides. The file is written after the lock is taken and is gone once it is given back; a killed process
leaves it, and the next process to take the lock replaces it. It may have been planted, so it is never more than words
in a line.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from onetrail.change.clock import WallClock
from onetrail.change.values import iso
from onetrail.errors import OnetrailError
from onetrail.files import FileRefused, read_json
from onetrail.lazily import later

if TYPE_CHECKING:
    import filelock
else:
    filelock = later("filelock")  # it brings asyncio

_UNKNOWN: Final = "it does not say which one"
_MOST_BYTES: Final = 4096
_LONGEST: Final = 100
"""Characters of a word of the file that are printed; a host name has at most 64 (Linux, `HOST_NAME_MAX`)."""


class FolderBusy(OnetrailError):
    """Another process holds the lock; the message says which one, as far as it is known."""


@dataclass(frozen=True)
class LockHolder:
    """A process. `since` is the instant of this machine's clock at which it took the lock; `step` is empty while it is
    at none."""

    pid: int
    host: str
    since: str
    step: str = ""

    @property
    def line(self) -> str:
        """`process 123 on HOST, at work since INSTANT, in step 05`."""
        step = f", in step {self.step}" if self.step else ""
        return f"process {self.pid} on {self.host}, at work since {self.since}{step}"


class FolderLock:
    """The lock `.NAME.lock` of a folder, with `.NAME.holder` beside it while it is held."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path, self._said = folder / f".{name}.lock", folder / f".{name}.holder"
        self._lock = filelock.FileLock(self.path)
        self._holder = LockHolder(os.getpid(), socket.gethostname(), "")

    def acquire(self) -> None:
        """Take it at once. Raises FolderBusy, OSError."""
        try:
            self._lock.acquire(timeout=0)
        except filelock.Timeout as err:
            held = holder_of(self._said)
            raise FolderBusy(held.line if held else _UNKNOWN) from err
        try:
            self._write(replace(self._holder, since=iso(WallClock().now())))
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give it back; nothing where it was not taken."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._said.unlink(missing_ok=True)
            self._lock.release()

    def in_step(self, step: str) -> None:
        """Say which step the process is in."""
        if self._lock.is_locked:
            self._write(replace(self._holder, step=step))

    def _write(self, holder: LockHolder) -> None:
        """A full disk is no reason to stop: the lock holds without words."""
        self._holder = holder
        new = self._said.with_suffix(".new")
        with suppress(OSError):
            new.unlink(missing_ok=True)
            with new.open("x") as out:
                json.dump(asdict(holder), out)
            new.replace(self._said)


def writer_of(folder: Path) -> str:
    """Who writes this run folder just now, in words; empty where nobody does, and where that cannot be asked."""
    lock = FolderLock(folder, "writer")
    if not lock.path.is_file():
        return ""
    try:
        with filelock.FileLock(lock.path).acquire(timeout=0):
            return ""
    except filelock.Timeout:
        held = holder_of(folder / ".writer.holder")
        return held.line if held else _UNKNOWN
    except OSError:
        return ""


def holder_of(path: Path) -> LockHolder | None:
    """What the file says; None where it is not there, or is not one of ours."""
    try:
        said = read_json(path, _MOST_BYTES)
    except FileRefused:
        return None
    return _parsed(said) if isinstance(said, dict) else None


def _parsed(said: dict[str, Any]) -> LockHolder | None:
    words = [said.get(name) for name in ("host", "since", "step")]
    pid = said.get("pid")
    if type(pid) is not int or pid < 1 or not all(map(_printable, words)):
        return None
    return LockHolder(pid, *map(str, words))


def _printable(word: object) -> bool:
    return isinstance(word, str) and len(word) <= _LONGEST and word.isascii() and word.isprintable()
