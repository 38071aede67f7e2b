"""The logs that digests name, in key order however many they are: sorted runs on disk, merged when they are read."""

import heapq
import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Final, NamedTuple, Self

ROWS_IN_MEMORY: Final = 20_000


class NamedLog(NamedTuple):
    """A log that a digest names: its key from `AWSLogs/` on, the key under which it was read (`""`: it was not), and
    its hash."""

    below: str
    key: str
    hash: str


class NamedLogs:
    """Takes names in any order and gives them back sorted. Memory: `ROWS_IN_MEMORY` of them; the rest is in a temporary
    file."""

    def __init__(self, at_once: int = ROWS_IN_MEMORY) -> None:
        self._at_once, self._rows = at_once, list[NamedLog]()
        self._open = ExitStack()
        self._runs: list[IO[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, row: NamedLog) -> None:
        """Remember one."""
        self._rows.append(row)
        if len(self._rows) >= self._at_once:
            run = self._open.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n"))  # noqa: SIM115 - the stack closes it
            run.writelines(json.dumps(row) + "\n" for row in sorted(self._rows))
            self._runs.append(run)
            self._rows = []

    def sorted(self) -> Iterator[NamedLog]:
        """All of them by key; the same one named twice comes twice."""
        self._rows.sort()
        for run in self._runs:
            run.seek(0)
        return heapq.merge(self._rows, *map(_read, self._runs))


def _read(run: IO[str]) -> Iterator[NamedLog]:
    for line in run:
        yield NamedLog(*json.loads(line))
