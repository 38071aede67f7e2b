"""Chains that were checked, kept on disk, so that a check which was cut short goes on where it was.

A chain's file is there once the chain is whole. Its name has a hash of what was asked (place, chain, its digests as
listed, time, believed buckets, public keys) and one of what it holds: another question finds nothing, and a damaged
file is nothing.
"""

import gzip
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final, Self

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass
from pydantic_core import PydanticSerializationError

from onetrail import __version__
from onetrail.cloudtrail.digests.verdict import FileVerdict
from onetrail.errors import OnetrailError
from onetrail.files import copied, sha256_of
from onetrail.validation.result import CheckedChain

_SUFFIX: Final = ".jsonl.gz"
_LEVEL: Final = 1
_HEX: Final = 32
"""Digits of a hash in a file's name: 128 bits."""


@dataclass(frozen=True)
class _End:
    """The last line of a file."""

    seen: CheckedChain
    checked: datetime


_VERDICT: Final = TypeAdapter(FileVerdict)
_END: Final = TypeAdapter(_End)


class KeptChain:
    """A chain that an earlier run has checked: iterate `verdicts` to their end, then `seen` and `checked` (UTC) are
    there.

    `own` are the bytes that were hashed, in a file that has no name: nobody can put others in between.
    """

    def __init__(self, own: IO[bytes]) -> None:
        self._own = own
        self.seen: CheckedChain
        self.checked: datetime

    def verdicts(self) -> Iterator[FileVerdict]:
        """As they came when the chain was checked."""
        with self._own, gzip.open(self._own, "rb") as lines:
            before = next(lines)
            for line in lines:
                yield _VERDICT.validate_json(before)
                before = line
        end = _END.validate_json(before)
        self.seen, self.checked = end.seen, end.checked


class Keeping:
    """A chain being checked; it is kept when `finish` is called, and nothing of it is left otherwise."""

    def __init__(self, folder: Path, name: str, checked: datetime) -> None:
        self._folder, self._name, self._checked = folder, name, checked
        self._new = folder / f"{name}.new"
        self._fit = True
        with _writing(folder):
            self._raw = self._new.open("wb")
            self._out = gzip.GzipFile("", "wb", _LEVEL, self._raw, mtime=0)

    def add(self, verdict: FileVerdict) -> None:
        """One file. A chain with a name that no JSON can hold is not kept."""
        try:
            line = _VERDICT.dump_json(verdict)
        except PydanticSerializationError:
            self._fit = False
            return
        with _writing(self._folder):
            self._out.write(line + b"\n")

    def finish(self, seen: CheckedChain) -> None:
        """The chain is whole."""
        if not self._fit:
            return
        with _writing(self._folder):
            self._out.write(_END.dump_json(_End(seen, self._checked)) + b"\n")
            self._out.close()
            self._raw.close()
            self._new.replace(self._folder / f"{self._name}-{sha256_of(self._new)[:_HEX]}{_SUFFIX}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._out, self._raw):  # the packer first: it has something to write
            with suppress(OSError):
                one.close()
        self._new.unlink(missing_ok=True)


class KeptChains:
    """The chains in a folder, which is made where it is not there. Raises OnetrailError where it cannot be written."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder, self._now = folder, now
        with _writing(folder):
            folder.mkdir(parents=True, exist_ok=True)

    @staticmethod
    def name(question: Any) -> str:
        """What a question is kept under."""
        said = json.dumps([__version__, question], default=str)
        return hashlib.sha256(said.encode()).hexdigest()[:_HEX]

    def found(self, name: str) -> KeptChain | None:
        """The chain as it was checked when the same was asked; None where nobody did, or what is kept of it is
        damaged."""
        for path in sorted(self._folder.glob(f"{name}-*{_SUFFIX}")):
            with _writing(self._folder):
                own = TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by the reader of the chain
            if copied(path, own)[:_HEX] == path.name.removesuffix(_SUFFIX).rpartition("-")[2]:
                return KeptChain(own)
            own.close()
        return None

    def keeping(self, name: str) -> Keeping:
        """Keep a chain as it is checked."""
        return Keeping(self._folder, name, self._now())


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as err:
        why = err.strerror or err
        raise OnetrailError(f"{folder}: no chain can be kept there: {why}; name a folder that can be written") from err
