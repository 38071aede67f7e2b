"""Ctrl-C while a check is printed as JSON: the document is whole, wherever it comes."""

import io
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onetrail.cli.interrupt import Interrupts
from onetrail.cli.validating import print_json
from onetrail.cloudtrail.digests.verdict import FileVerdict
from onetrail.validation import CheckScope, Directory, PlaceCheck, PublicKeys
from tests.unit.cloudtrail.signing import given_a_chain, kept_keys, written

PIECES = 1 + 5 + 2
"""Writes for three digests and two logs: the beginning, each file, and two ends."""


class _Pressed(io.StringIO):
    """A terminal where somebody presses Ctrl-C while one of the pieces is written."""

    def __init__(self, *at: int, number: signal.Signals = signal.SIGINT) -> None:
        super().__init__()
        self.writes, self._at, self._number = 0, at, number

    def write(self, text: str) -> int:
        half = len(text) // 2
        super().write(text[:half])
        if self.writes in self._at:
            signal.raise_signal(self._number)
        self.writes += 1
        return half + super().write(text[half:])


@pytest.fixture
def check(tmp_path: Path) -> PlaceCheck:
    scene = given_a_chain(3)
    kept_keys(scene, tmp_path / "keys")
    place = Directory(written(scene, tmp_path / "down"))
    return PlaceCheck(place, PublicKeys(tmp_path / "keys", None), CheckScope())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("at", range(PIECES))
def test_the_document_is_whole_wherever_ctrl_c_comes(
    check: PlaceCheck, monkeypatch: pytest.MonkeyPatch, at: int, number: signal.Signals
) -> None:
    """In the middle of each piece. Twin: the second Ctrl-C, below, cuts it off."""
    monkeypatch.setattr(sys, "stdout", out := _Pressed(at, number=number))
    before = signal.getsignal(number)
    if at < PIECES - 2:
        with pytest.raises(KeyboardInterrupt):
            print_json(check)
    else:
        print_json(check)
    said = json.loads(out.getvalue())
    ended = "KeyboardInterrupt" if at < PIECES - 2 else None
    assert (said["summary"]["ended_early"], said["summary"]["proven"]) == (ended, not ended)
    assert len(said["files"]) == min(at, 5)
    assert signal.getsignal(number) is before


def test_ctrl_c_ends_a_check_that_takes_long(check: PlaceCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is raised where the check is, and not kept until the next file."""

    def verdicts(self: PlaceCheck) -> Iterator[FileVerdict]:
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("the check went on")
        yield

    monkeypatch.setattr(PlaceCheck, "verdicts", verdicts)
    monkeypatch.setattr(sys, "stdout", out := _Pressed())
    with pytest.raises(KeyboardInterrupt):
        print_json(check)
    assert json.loads(out.getvalue())["summary"]["ended_early"] == "KeyboardInterrupt"


def test_a_second_ctrl_c_leaves_at_once(check: PlaceCheck, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody reads the output the program would otherwise wait for ever."""
    monkeypatch.setattr(sys, "stdout", out := _Pressed(2, 3))
    with pytest.raises(KeyboardInterrupt):
        print_json(check)
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(out.getvalue())


def test_nothing_is_lost_where_nobody_interrupts() -> None:
    with Interrupts() as interrupts:
        assert list(interrupts.amid(range(4))) == [0, 1, 2, 3]
