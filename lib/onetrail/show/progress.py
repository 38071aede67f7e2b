"""Progress of bulk work: a live table in a notebook, lines now and then elsewhere, one plain table at the end, and of a
live run a plot.

With `ONETRAIL_LIVE=0` only the last table appears, and it holds counts alone: no durations and no rates.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from onetrail.aws import environment
from onetrail.aws.telling import progress_out
from onetrail.printable import printable
from onetrail.show.html import Column, Shown
from onetrail.show.over_time import ProgressPoint, Samples, over_time
from onetrail.show.table import simple, written_column

_TABLE_SECONDS: Final = 0.5
_LINE_SECONDS: Final = 5.0
_RATE_SECONDS: Final = 1.0
_BULK: Final = ("objects", "bytes", "retries", "errors")
_HEADS: Final = {"bytes": "size (MB)"}
_LIVE: Final = ("remaining", "objects per second", "time left (s)")


class Progress:
    """Rows by name, counts by column. Safe to tell from several threads. Use as a context manager.

    `progress("bucket", objects=10, bytes=2_000)` sets that row's counts. It can be a gate's `progress` as it is.
    `of` says how many objects are expected of each row; with it the live table has what is to come, the rate and the
    time left.
    """

    def __init__(
        self,
        caption: str,
        *,
        what: str = "what",
        of: Mapping[str, int] | None = None,
        unattended: bool | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.caption, self.what, self._of = caption, what, dict(of or {})
        self._monotonic = monotonic
        self._begun: dict[str, float] = {}
        self._rows: dict[str, dict[str, int]] = {}
        self._lock = threading.Lock()
        self._live = environment.live()
        plain = environment.unattended() if unattended is None else unattended
        self._table = self._live and not plain and _in_notebook()
        self._handle: Any = None
        self._last = 0.0
        self._samples = Samples()

    def __call__(self, name: str, /, *bulk: int, **counts: int) -> None:
        """Set the counts of one row: by name, or objects, bytes, retries and errors so far, as a gate's `progress` gets
        them."""
        counts = {**dict(zip(_BULK, bulk, strict=False)), **counts}
        with self._lock:
            self._rows.setdefault(name, {}).update(counts)
            now = self._monotonic()
            self._begun.setdefault(name, now)
            self._samples.add(ProgressPoint(now - min(self._begun.values()), self._sum("objects"), self._sum("bytes")))
            due = now - self._last >= (_TABLE_SECONDS if self._table else _LINE_SECONDS)
            if self._live and due:
                self._last = now
                self._tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        shown = self.shown()
        if self._handle is not None:
            self._handle.update(shown)
        elif self._rows and _in_notebook():
            _display(shown)
        if self._table and (picture := over_time(self._samples, f"{self.caption}: objects over time")):
            _display(picture)

    @staticmethod
    def show(shown: Shown) -> None:
        """Show something more in the notebook; nowhere else."""
        if _in_notebook():
            _display(shown)

    def shown(self) -> Shown:
        """The counts so far, sorted by name, with their sum. Retries, rates and what is left are shown live only."""
        columns = list(dict.fromkeys(c for row in self._rows.values() for c in row if self._live or c != "retries"))
        names = sorted(self._rows)
        said = [written_column(self._column(names, c)) for c in columns]
        live = [self._pace(name) for name in names] if self._live and self._of else []
        rows = [[name, *(column[i] for column in said), *(live[i] if live else ())] for i, name in enumerate(names)]
        overall = self._rate(self._sum("objects"), sum(self._of.values()), min(self._begun.values())) if live else []
        total = ["all", *(column[-1] for column in said), *overall]
        heads = [Column(self.what), *(Column(_HEADS.get(c, c), right=True) for c in columns)]
        heads += [Column(head, right=True) for head in _LIVE] if live else []
        return simple(self.caption, heads, rows, total if len(rows) > 1 else None)

    def _column(self, names: Sequence[str], column: str) -> list[float]:
        """The values and their sum, bytes as millions of bytes."""
        values = [self._rows[name].get(column, 0) for name in names]
        scale = 1_000_000 if column == "bytes" else 1
        return [value / scale for value in [*values, sum(values)]]

    def _pace(self, name: str) -> list[str]:
        return self._rate(self._rows[name].get("objects", 0), self._of.get(name, 0), self._begun[name])

    def _rate(self, done: int, of: int, begun: float) -> list[str]:
        """What is still to come, objects a second since the first word, and the seconds left at that rate; no rate
        within the first second."""
        spent, left = self._monotonic() - begun, max(0, of - done)
        rate = done / spent if spent >= _RATE_SECONDS else 0.0
        return [f"{left:,}", f"{rate:,.0f}" if rate else "–", f"{left / rate:,.0f}" if rate else "–"]

    def _tell(self) -> None:
        if self._table:
            if self._handle is None:
                self._handle = _display(self.shown(), display_id=True)
            else:
                self._handle.update(self.shown())
            return
        print(printable(f"{self.caption}: {self._line()}"), file=progress_out(), flush=True)

    def _line(self) -> str:
        """The same numbers as the live table's last row."""
        columns = list(dict.fromkeys(column for row in self._rows.values() for column in row))
        sums = {column: self._sum(column) for column in columns}
        of = sum(self._of.values())
        said = []
        for column, count in sums.items():
            if column == "bytes":
                said.append(f"{count / 1_000_000:,.1f} MB")
            else:
                said.append(f"{column} {count:,}" + (f" of {of:,}" if of and column == "objects" else ""))
        if of:
            _, rate, left = self._rate(sums.get("objects", 0), of, min(self._begun.values()))
            said.append(f"{rate} per second, {left} s left")
        return ", ".join(said)

    def _sum(self, column: str) -> int:
        return sum(row.get(column, 0) for row in self._rows.values())


def progress(caption: str, *, what: str = "old bucket") -> Progress:
    """A table of progress with this caption; `what` heads its first column."""
    return Progress(caption, what=what)


def _display(shown: Any, **how: Any) -> Any:
    from IPython.display import display

    return display(shown, **how)


def _in_notebook() -> bool:
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    session = get_ipython()
    return session is not None and hasattr(session, "kernel")
