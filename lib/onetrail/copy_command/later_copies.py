"""Some of the copies after the first ones, read back beside the copying: a server may leave unread later what it kept
to at first.

The first, the tenth, the hundredth, each thousandth and the last one. Fewer where reading takes longer than copying so
many.
"""

import threading
from contextlib import suppress
from queue import Full, Queue
from typing import Final

from onetrail.s3.copying.engine import CopyStage, CopyStep, CopyTask, call_of
from onetrail.s3.copying.read_back import read_back, said
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.retries import code_of
from onetrail.s3.ledger.parts import LedgerRow

EVERY: Final = 1000
WAITING: Final = 4
"""So many may wait to be read; one that finds no place is left out."""

Made = tuple[CopyTask, LedgerRow]


class LaterCopies:
    """Reads copies back in a thread of its own. `differs` says in one line why the copying must stop; empty while it
    may go on."""

    def __init__(self, source: S3Client, target: S3Client) -> None:
        self._source, self._target = source, target
        self._waiting: Queue[Made | None] = Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._made, self._next = 0, 1
        self._last: Made | None = None
        self._read: Made | None = None
        self._left = False
        self.differs = ""

    def saw(self, task: CopyTask, row: LedgerRow) -> None:
        """A copy that was made. This is done for each object, so nothing else is done here for most of them."""
        self._last = (task, row)
        self._made += 1
        if self._made >= self._next:
            self._next = self._made * 10 if self._made < EVERY else self._made + EVERY
            self._offer(self._last)

    def end(self) -> None:
        """Wait for what is being read, and read the last one, unless something differed already."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
        if self._last is not None and self._last is not self._read and not self.differs:
            self._look(*self._last)

    def leave(self) -> None:
        """Read nothing more, and wait for nothing."""
        self._left = True
        with suppress(Full):
            self._waiting.put_nowait(None)

    def _offer(self, made: Made) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        with suppress(Full):
            self._waiting.put_nowait(made)
            self._read = made

    def _work(self) -> None:
        while (made := self._waiting.get()) is not None:
            if self._left:
                return
            if not self.differs:
                self._look(*made)

    def _look(self, task: CopyTask, row: LedgerRow) -> None:
        name = f"a copy that was read back, s3://{row.destination_bucket}/{row.destination_key},"
        try:
            _, differing = read_back(task, row, self._source, self._target)
            why = f"is not what was asked for, and the run was stopped: {said(differing)}" if differing else ""
        except Exception as err:  # noqa: BLE001 - whatever it is, this copy was not seen, and the thread must go on
            why = f"cannot be read back, and the run was stopped: {err}"
        if why and self._same_source(task):
            self.differs = f"{name} {why}"

    def _same_source(self, task: CopyTask) -> bool:
        """False where the source was deleted or written again since: then nothing can be held against its copy."""
        try:
            return bool(self._source.do(call_of(CopyStep(task, CopyStage.SOURCE))).etag == task.etag)
        except Exception as err:  # noqa: BLE001 - nothing is known of the source, so that the first finding stays
            return code_of(err) not in ("404", "NotFound", "NoSuchKey", "NoSuchVersion")
