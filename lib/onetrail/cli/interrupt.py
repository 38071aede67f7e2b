"""Ctrl-C that ends a check and leaves what is printed of it whole."""

import signal
from collections.abc import Iterable, Iterator
from types import FrameType
from typing import Any, Final, Self, TypeVar

T = TypeVar("T")
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """While inside, the first Ctrl-C or SIGTERM raises KeyboardInterrupt where `amid` waits for the next item, and
    nowhere else.

    The second one raises it wherever the program is: the reader of the output may never read on.
    """

    def __init__(self) -> None:
        self._asked = self._waiting = False
        self._before: dict[int, Any] = {}

    def amid(self, items: Iterable[T]) -> Iterator[T]:
        """The items; an interrupt that came since the last one is raised before the next."""
        rest = iter(items)
        while True:
            try:
                self._waiting = True
                if self._asked:
                    raise KeyboardInterrupt
                one = next(rest)
            except StopIteration:
                return
            finally:
                self._waiting = False
            yield one

    def _ask(self, number: int, frame: FrameType | None) -> None:
        again, self._asked = self._asked, True
        if again or self._waiting:
            self._waiting = False
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._ask) for number in _SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
