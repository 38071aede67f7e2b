"""A stop is kept until it may be heard, and heard then."""

import os
import signal
import threading
from contextlib import suppress

import pytest

from onetrail.change.interrupt import Stopped, ended_by_signals, heed, uninterrupted


def _swallowed(number: int) -> None:
    """A signal that arrives where its exception is lost, as in a finalizer."""
    with suppress(Stopped):
        os.kill(os.getpid(), number)
        signal.sigtimedwait([], 0.01)


def test_a_stop_that_was_lost_is_raised_before_the_next_call():
    """Also in another thread. Twins: nothing was asked for, and it is over once the plan is."""
    heed()
    heard = []

    def look():
        try:
            heed()
        except Stopped as err:
            heard.append(str(err))

    with pytest.raises(Stopped, match="stopped by SIGINT"), ended_by_signals(print):
        _swallowed(signal.SIGINT)
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        heed()
    assert heard == ["stopped by SIGINT"]
    heed()


def test_while_what_is_open_is_closed_a_stop_stops_nothing():
    """The closing's own calls go through; the first call behind it does not."""
    passed = []
    with pytest.raises(Stopped), ended_by_signals(print):
        _swallowed(signal.SIGINT)
        with uninterrupted():
            heed()
            with uninterrupted():
                heed()
            heed()
            passed.append("closed")
        heed()
    assert passed == ["closed"]


def test_a_signal_during_a_closing_is_reported_and_heard_after_it():
    """One line for each; the second says the same, and the third ends even the closing."""
    reported, done = [], []
    with pytest.raises(Stopped, match="stopped by SIGINT"), ended_by_signals(print):
        with uninterrupted(reported.append):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            done.append("closed")
        done.append("never here")
    assert reported == ["what is open is closed first, then this ends"] * 2
    assert done == ["closed"]
    with pytest.raises(Stopped, match="before the end of a closing"), uninterrupted(reported.append):
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
        done.append("never here")
    assert done == ["closed"]


def test_the_handlers_are_as_they_were_afterwards():
    """Whoever started this keeps its own; what was ignored is ignored inside too."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_by_signals(print):
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is not before[signal.SIGTERM]
            with uninterrupted():
                assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before[signal.SIGHUP])
    assert {number: signal.getsignal(number) for number in before} == before


def test_another_thread_leaves_the_handlers_alone():
    """Python lets the main thread alone set them."""
    done = []

    def work():
        with ended_by_signals(print), uninterrupted():
            done.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.getsignal(signal.SIGTERM)]
