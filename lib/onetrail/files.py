"""Checks of a file on disk, regardless of its writer.

Files of a run folder may have been written, or planted, by somebody else: they are read up to a bound, and whatever
they hold is either a value or `FileRefused`, never another error.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, Any, Final

from onetrail.errors import OnetrailError

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a JSON file of a run folder; the largest that onetrail writes itself stays far below one of these."""


_PIECE: Final = 1024 * 1024


class FileRefused(OnetrailError):
    """A file cannot be read, or does not hold what it should: `NAME cannot be used: WHY`."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path.name!a}"[1:-1] + f" cannot be used: {why}")
        self.why = why


class NotJson(OnetrailError):
    """Bytes that are no JSON which can be read and written again; the message says why."""


def sha256_of(path: Path) -> str:
    """SHA-256 of a regular file's bytes, hex. Raises FileRefused."""
    with opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copied(path: Path, into: IO[bytes]) -> str:
    """SHA-256 (hex) of a regular file's bytes, which are written into `into` as they are hashed, and read from its
    beginning next.

    Its reader gets the bytes that were hashed: a file without a name cannot be changed by others. Raises FileRefused.
    """
    digest = hashlib.sha256()
    with opened(path) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            into.write(piece)
    into.seek(0)
    return digest.hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """A regular file, open for reading; an error of the system becomes FileRefused, as for a directory, a pipe, a loop
    of links."""
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - closed below, where errors mean something else
    except OSError as err:
        raise FileRefused(path, f"it cannot be read: {err.strerror}") from err
    except ValueError as err:
        raise FileRefused(path, f"no file can have this name: {err}") from err
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise FileRefused(path, "it is not a regular file")
        try:
            yield file
        except OSError as err:
            raise FileRefused(path, f"it cannot be read: {err.strerror}") from err


def read_bytes(path: Path, limit: int = LARGEST) -> bytes:
    """The bytes of a regular file of at most `limit` bytes.

    Raises FileRefused for anything else: a directory, a pipe, a loop of symbolic links, a larger file, one that may not
    be read.
    """
    with opened(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise FileRefused(path, f"it is larger than {limit:,} bytes")
    return content


def read_json(path: Path, limit: int = LARGEST) -> Any:
    """The value of a JSON file of at most `limit` bytes; refused is what `read_bytes` and `json_value` refuse. Raises
    FileRefused."""
    try:
        return json_value(read_bytes(path, limit))
    except NotJson as err:
        raise FileRefused(path, str(err)) from err


def json_value(content: bytes) -> Any:
    """The value of JSON text in UTF-8.

    Raises NotJson, also for a name that stands twice in one object (readers differ in which one counts), NaN and
    Infinity, half of a surrogate pair, which cannot be written again, and brackets nested too deep for the parser.
    """
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError as err:
        raise NotJson("its brackets are nested too deep") from err
    except (UnicodeDecodeError, UnicodeEncodeError) as err:
        raise NotJson(f"it is not text in UTF-8: {err.reason}") from err
    except ValueError as err:
        raise NotJson(f"it is not JSON: {err}") from err
    return value


def _without_waiting(name: str, flags: int) -> int:
    """Opening a pipe that nobody writes to would never return."""
    return os.open(name, flags | os.O_NONBLOCK)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotJson(f"the name {twice[:80]!a} stands twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
