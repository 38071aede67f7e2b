"""What the runner says while it runs: one moving line on a terminal, plain lines elsewhere, every line in a log."""

import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TextIO

from onetrail.printable import printable

_EVERY_SECONDS: Final = 3.0
"""Lines of the same step come no more often than this where nobody watches."""


class RunOutput:
    """Use as a context manager. Progress goes to `out`, which is standard error unless told otherwise."""

    def __init__(self, log: Path, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._log = log.open("a", encoding="utf-8")
        self._moving = self._out.isatty()
        self._width = 0
        self._last = 0.0
        self._step, self._cell, self._cells = "", 0, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()
        with suppress(OSError):
            self._log.close()

    def step(self, name: str, cells: int) -> None:
        """A notebook begins."""
        self._step, self._cell, self._cells = name, 0, cells
        self.line(f"{name} ...") if not self._moving else self._move("")

    def cell(self, number: int) -> None:
        """A code cell begins; they count from 1."""
        self._cell = number
        if self._moving:
            self._move("")

    def line(self, text: str) -> None:
        """A line that stays."""
        text = printable(text)
        self._clear()
        self._put(text + "\n")
        self._keep(text)

    def write(self, text: str) -> int:
        """What a kernel writes, its lines of progress: shown now and then, kept in the log whole."""
        for said in map(printable, filter(None, (line.strip() for line in text.split("\n")))):
            self._keep(f"{self._step}: {said}")
            if self._moving:
                self._move(said)
            elif time.monotonic() - self._last >= _EVERY_SECONDS:
                self._last = time.monotonic()
                self._put(f"{self._step}: {said}\n")
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def _move(self, said: str) -> None:
        text = f"{self._step}  cell {self._cell} of {self._cells}  {said}"[:118]
        self._put("\r" + text.ljust(self._width))
        self._width = len(text)

    def _clear(self) -> None:
        if self._moving and self._width:
            self._put("\r" + " " * self._width + "\r")
            self._width = 0

    def _put(self, text: str) -> None:
        with suppress(OSError):  # a terminal that is gone ends nothing: the log has every line
            self._out.write(text)
            self._out.flush()

    def _keep(self, text: str) -> None:
        with suppress(OSError):  # a full disk is reported by the step and the record; the log must not hide it
            self._log.write(text + "\n")
            self._log.flush()
