"""A kernel whose parent ends while a plan runs is notified, and lives until what is open is closed."""

import os
import signal
import time
from types import SimpleNamespace

import pytest
from ipykernel.kernelapp import IPKernelApp
from ipykernel.parentpoller import ParentPollerUnix

from onetrail.change import orphan, run_plan
from onetrail.change.orphan import outlives_parent
from tests.unit.change.given import given_a_change, given_a_gate, given_a_plan


class Left(Exception):
    """ipykernel would have left by os._exit."""


@pytest.fixture
def poller(monkeypatch):
    """ipykernel's own poller, with a parent that ends at its second look; `looks` ends it after so many."""
    found = ParentPollerUnix(parent_pid=41)
    module = "ipykernel.parentpoller."
    parents = iter([41, 41, *[1] * 5])

    def leave(code):
        raise Left

    def parent():
        try:
            return next(parents)
        except StopIteration:
            raise TimeoutError from None

    monkeypatch.setattr(module + "os", SimpleNamespace(getppid=parent, _exit=leave))
    monkeypatch.setattr(module + "time", SimpleNamespace(sleep=lambda seconds: None))
    monkeypatch.setattr(IPKernelApp, "initialized", classmethod(lambda cls: True))
    monkeypatch.setattr(IPKernelApp, "instance", classmethod(lambda cls: SimpleNamespace(poller=found)))
    return found


def test_while_a_plan_runs_the_end_of_the_parent_is_reported_once_and_the_kernel_lives(poller):
    """Twin: outside of a plan ipykernel leaves at once, as it always does."""
    reported = []
    with outlives_parent(lambda: reported.append("gone")), pytest.raises((TimeoutError, OSError)):
        poller.run()
    assert reported == ["gone"]
    assert poller.parent_pid == 41


def test_outside_of_a_plan_a_kernel_leaves_with_its_parent(poller):
    """Twin of the test above: this is what it keeps from happening."""
    with pytest.raises(Left):
        poller.run()


@pytest.mark.parametrize("known", [41, 0])
def test_a_parent_that_was_never_known_is_taken_as_it_is(poller, known, monkeypatch):
    """Where a launcher stands between, ipykernel knows no parent and leaves when it is given to init."""
    poller.parent_pid = known
    monkeypatch.setattr(orphan.os, "getppid", lambda: 43)
    reported = []
    with outlives_parent(lambda: reported.append("gone")):
        assert poller.parent_pid == (known or 43)
        assert not (known or 43) != poller.parent_pid  # noqa: SIM202 - the comparison that the poller makes
        assert reported == []
        assert not 1 != poller.parent_pid  # noqa: SIM202
    assert (reported, poller.parent_pid) == (["gone"], known)


def test_the_end_of_the_parent_stops_the_plan_and_closes(poller, tmp_path):
    """As SIGTERM does, so that the process ends afterwards."""
    got = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: got.append(number))
    gate, estate = given_a_gate(tmp_path)
    send = estate.send

    def sends(change, parameters):
        if change.key == "work":
            assert not 1 != poller.parent_pid  # noqa: SIM202
            time.sleep(5)
        return send(change, parameters)

    estate.send = sends
    try:
        with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
            run_plan(
                given_a_plan(
                    given_a_change("open"),
                    given_a_change("work", region="eu-west-1"),
                    given_a_change("close", closes="open", region="eu-west-2"),
                ),
                gate,
            )
    finally:
        signal.signal(signal.SIGTERM, before)
    assert [key for key, _ in estate.sent] == ["open", "close"]
    assert got == [signal.SIGTERM]
    assert os.getppid() != 0
