"""Signals while a plan runs: being told to stop ends the work, never the closing of what is open nor a line of the
record.

Ctrl-C, SIGTERM, SIGHUP (a terminal that is gone) and the end of the process that started this one end the plan; all but
Ctrl-C then end the process. A signal is kept as a flag as well as raised: an exception can be lost, where Python runs
inside a callback of C code or in a finalizer. Every send and every bulk loop asks `heed` before its next call.
Only the main thread hears signals; in any other one the handlers are left alone. Source: Python documentation, signal.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

from onetrail.change.orphan import outlives_parent
from onetrail.printable import printable

_ENDING: Final = (signal.SIGTERM, signal.SIGHUP)
_ALL: Final = (signal.SIGINT, *_ENDING)
_PATIENCE: Final = 3
"""So many signals end even a closing: the person who sends them knows that the expiry ends the grant."""


class Stopped(KeyboardInterrupt):
    """The process was told to end. A KeyboardInterrupt, so that nothing takes it for a failure of the work."""

    def _render_traceback_(self) -> list[str]:
        """IPython shows this instead of a traceback, as for our errors: somebody asked for it, and nothing crashed."""
        said = printable(" ".join(str(self).split()))
        return [said[:1].upper() + said[1:]]


class _Request:
    """What this process was asked. `why` is empty until then; `held` counts the parts that nothing may stop; `heard`
    says that somebody listens already."""

    def __init__(self) -> None:
        self.why = ""
        self.held = 0
        self.heard = False


_REQUEST: Final = _Request()
"""Signals belong to the process, and so does this."""


def heed() -> None:
    """Raise Stopped where a stop was asked for; nothing while what is open is being closed. Asked before each call,
    from any thread."""
    if _REQUEST.why and not _REQUEST.held:
        raise Stopped(_REQUEST.why)


def stop_asked() -> bool:
    """Whether a stop was asked for that is not through yet: what is under way ends, or what is open is closed."""
    return bool(_REQUEST.why)


@contextmanager
def ended_by_signals(tell: Callable[[str], None]) -> Iterator[None]:
    """While inside, signals raise Stopped; once all is unwound up to here SIGTERM and SIGHUP end the process, and a
    stop that nobody heeded is raised.

    Of several signals the first raises; the third does again, for a person who cannot wait.
    `tell` gets the error that it ends with, since nobody is left to show it. A signal that was ignored before, as by
    nohup, is ignored.
    """
    if not _hears():
        yield
        return
    ending: list[int] = []
    tells = ""
    try:
        with _stopping(_ALL, ending), outlives_parent(lambda: os.kill(os.getpid(), signal.SIGTERM)):
            yield
    except BaseException as err:
        tells = " ".join(str(err).split())
        raise
    finally:
        if ending:
            tell(tells)
            os.kill(os.getpid(), ending[0])


@contextmanager
def interrupted_in_one_line(said: Callable[[], str]) -> Iterator[None]:
    """While inside, Ctrl-C and a kernel's interrupt end the work before the next call of any thread; it leaves as a
    Stopped whose message is what `said` returns then.

    Inside another one, and in any thread but the main one, this does nothing.
    """
    if not _hears() or _REQUEST.heard:
        yield
        return
    try:
        with _stopping((signal.SIGINT,)):
            yield
    except KeyboardInterrupt as err:
        raise Stopped(said()) from err


@contextmanager
def _stopping(numbers: tuple[signal.Signals, ...], ending: list[int] | None = None) -> Iterator[None]:
    """While inside, these signals raise Stopped and are kept for `heed`; `ending` gets those that end the process. A
    stop that nobody heeded is raised on leaving."""
    asked = 0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1
        if number in _ENDING and ending is not None:
            ending.append(number)
        if 1 < asked < _PATIENCE:
            return  # on the way to the closing, which must not be missed; the first one is kept
        _REQUEST.why = f"stopped by {signal.Signals(number).name}"
        raise Stopped(_REQUEST.why)

    held, before = _handled(numbers, stop), (_REQUEST.why, _REQUEST.heard)
    _REQUEST.heard = True
    try:
        yield
        heed()
    finally:
        _REQUEST.why, _REQUEST.heard = before
        for number, handler in held.items():
            signal.signal(number, handler)


@contextmanager
def uninterrupted(tell: Callable[[str], None] | None = None) -> Iterator[None]:
    """While inside, signals wait; the first one is heard on leaving, and `tell` gets a line for each. The third one
    interrupts all the same."""
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

    held = _handled(_ALL, wait)
    _REQUEST.held += 1
    try:
        yield
    finally:
        _REQUEST.held -= 1
        for number, handler in held.items():
            signal.signal(number, handler)
    if got:
        number, frame = got[0]
        handler = held[number]
        if callable(handler):
            handler(number, frame)
        elif handler == signal.SIG_DFL:
            os.kill(os.getpid(), number)


def _handled(numbers: tuple[signal.Signals, ...], handler: Callable[[int, FrameType | None], None]) -> dict[int, Any]:
    """Set the handler of these signals, but for those that are ignored or not Python's; returns what was there
    before."""
    heard = [number for number in numbers if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    return {number: signal.signal(number, handler) for number in heard}


def _hears() -> bool:
    return threading.current_thread() is threading.main_thread()
