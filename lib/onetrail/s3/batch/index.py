"""The objects of one old bucket's jobs and what the reports say of each, in key order: on disk, so that ten million
take no memory."""

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, NamedTuple, Self

from onetrail.s3.batch.report import TaskResult

_AT_ONCE: Final = 10_000


class Held(NamedTuple):
    """One object of a job: the job's id, and what its report says of it, None where it says nothing."""

    key: str
    job: str
    result: TaskResult | None


class JobIndex:
    """The keys of manifests with their results. The file is a scratch file: it goes when the `with` block is left.

    A key in two jobs is the later one's.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        self._path = path
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;CREATE TABLE task (key TEXT PRIMARY KEY, job TEXT,"
            " said INTEGER, ok INTEGER, code TEXT, status INTEGER, message TEXT) WITHOUT ROWID"
        )

    def add_keys(self, job: str, keys: Iterable[str]) -> None:
        """The keys of a job's manifest."""
        self._many("INSERT OR REPLACE INTO task VALUES (?, ?, 0, 0, '', 0, '')", ((key, job) for key in keys))

    def add_results(self, job: str, results: Iterable[TaskResult]) -> None:
        """What a result file of that job says; a key that its manifest does not hold is left out."""
        rows = ((one.succeeded, one.code, one.status, one.message, one.key, job) for one in results)
        self._many(
            "UPDATE task SET said = 1, ok = ?, code = ?, status = ?, message = ? WHERE key = ? AND job = ?",
            rows,
        )

    def rows(self) -> Iterator[Held]:
        """Every object, in the order in which S3 lists keys."""
        for key, job, said, ok, code, status, message in self._db.execute("SELECT * FROM task ORDER BY key"):
            yield Held(key, job, TaskResult(key, bool(ok), code, status, message) if said else None)

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
