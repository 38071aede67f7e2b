"""Signals while a plan runs: being told to stop ends the work, never the closing of what is open nor a line of the record.

SIGTERM and SIGHUP (a terminal that is gone) end the plan as Ctrl-C does, and then the process. Only the main thread hears signals;
in any other one all of this does nothing. Source: Python documentation, signal.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)
_ALL: Final = (signal.SIGINT, *_ENDING)
_PATIENCE: Final = 3
"""So many signals end even a closing: whoever sends them knows that the expiry ends the grant."""


class Stopped(KeyboardInterrupt):
    """The process was told to end. A KeyboardInterrupt, so that nothing takes it for a failure of the work."""


@contextmanager
def ended_by_signals(tell: Callable[[str], None]) -> Iterator[None]:
    """While inside, SIGTERM and SIGHUP raise Stopped; once all is unwound up to here the process ends by that signal.

    `tell` gets the error that it ends with, since nobody is left to show it.
    """
    if not _hears():
        yield
        return
    got: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        got.append(number)
        raise Stopped(f"stopped by {signal.Signals(number).name}")

    held = {number: signal.signal(number, stop) for number in _ENDING}
    try:
        yield
    except BaseException as err:
        if got:
            tell(" ".join(str(err).split()))
        raise
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        if got:
            os.kill(os.getpid(), got[0])


@contextmanager
def uninterrupted(tell: Callable[[str], None] | None = None) -> Iterator[None]:
    """While inside, signals wait; the first one is heard on leaving, and `tell` gets a line for each. The third one interrupts all the same."""
    if not _hears():
        yield
        return
    got: list[tuple[int, FrameType | None]] = []

    def wait(number: int, frame: FrameType | None) -> None:
        got.append((number, frame))
        if len(got) >= _PATIENCE:
            raise Stopped(f"stopped by {signal.Signals(number).name} before the end of a closing")
        if tell:
            tell("what is open is closed first, then this ends")

    held: dict[int, Any] = {number: signal.signal(number, wait) for number in _ALL}
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
    if got:
        number, frame = got[0]
        handler = held[number]
        if callable(handler):
            handler(number, frame)
        elif handler == signal.SIG_DFL:
            os.kill(os.getpid(), number)


def _hears() -> bool:
    return threading.current_thread() is threading.main_thread()
