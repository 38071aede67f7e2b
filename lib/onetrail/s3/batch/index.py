"""The objects of one job and what its report says of each: looked up by key, on disk, so that ten million of them take no memory."""

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from onetrail.s3.batch.report import TaskResult

_AT_ONCE: Final = 10_000


class JobIndex:
    """The keys of one manifest with their results. The file is a scratch file: it goes when the `with` block is left."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._path = path
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE task (key TEXT PRIMARY KEY, said INTEGER, ok INTEGER, code TEXT, status INTEGER, message TEXT) WITHOUT ROWID"
        )

    def add_keys(self, keys: Iterable[str]) -> int:
        """The keys of the manifest; returns how many there are."""
        self._many("INSERT OR IGNORE INTO task VALUES (?, 0, 0, '', 0, '')", ((key,) for key in keys))
        return int(self._db.execute("SELECT count(*) FROM task").fetchone()[0])

    def add_results(self, results: Iterable[TaskResult]) -> None:
        """What a result file says; a key that the manifest does not hold is left out."""
        rows = ((one.succeeded, one.code, one.status, one.message, one.key) for one in results)
        self._many("UPDATE task SET said = 1, ok = ?, code = ?, status = ?, message = ? WHERE key = ?", rows)

    def find(self, key: str) -> tuple[bool, TaskResult | None]:
        """Whether the job held this key, and what its report says of it: None where it says nothing."""
        row = self._db.execute(
            "SELECT said, ok, code, status, message FROM task WHERE key = ?", (key,)
        ).fetchone()
        if row is None:
            return False, None
        return True, TaskResult(key, bool(row[1]), row[2], row[3], row[4]) if row[0] else None

    def _many(self, statement: str, rows: Iterator[tuple[object, ...]]) -> None:
        while part := list(islice(rows, _AT_ONCE)):
            self._db.execute("BEGIN")
            self._db.executemany(statement, part)
            self._db.execute("COMMIT")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._path.unlink(missing_ok=True)
