"""Each part of sending, of waiting and of closing has its own case, which fails where that part is taken away."""

import os
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from onetrail.change import (
    Caller,
    ChangeFailed,
    CheckKind,
    RecordError,
    RequiredCheck,
    Requirement,
    StillOpen,
    run_plan,
)
from onetrail.change.close import close_what_is_open
from onetrail.change.orphan import outlives_parent
from onetrail.looked import There
from onetrail.policies import Restores, Texts
from tests.unit.change.given import (
    NOON,
    MovableClock,
    Refused,
    given_a_change,
    given_a_gate,
    given_a_plan,
    given_a_sending,
    lines,
)

PROVEN = RequiredCheck(CheckKind.PROVEN_QUIET_COOLED, "old")
OURS = (
    '{"Version":"2012-10-17","Statement":[{"Sid":"Ours","Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}'
)
THEIRS = '{"Version":"2012-10-17","Statement":[{"Sid":"Theirs","Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}'  # noqa: E501


def test_each_call_is_reported_with_what_a_closing_puts_back(tmp_path: Path) -> None:
    """By resource, and byte for byte or made of what is there."""
    closing = given_a_change("close", restores=Restores(frozenset({"Ours"})))
    work, estate, said = given_a_sending(tmp_path, closing)
    estate.held["close"] = Texts(There(OURS), THEIRS)
    work.send(closing)
    assert said == [
        "s3:DeleteBucketPolicy old",
        "old: our statements are removed from the current policy; no previous policy equals the rest",
    ]
    assert work.restored["close"].text is None
    assert lines(tmp_path, "intent")[0]["call"] == "DeleteBucketPolicy"


def test_a_closing_goes_without_the_record_s_texts(tmp_path: Path) -> None:
    """Where the record is gone or cannot be read, our statements are taken out all the same, and what the disk lacks is
    raised after it."""
    opening, closing = (
        given_a_change("open"),
        given_a_change("close", closes="open", restores=Restores(frozenset({"Ours"}))),
    )
    work, estate, _ = given_a_sending(tmp_path, opening, closing)
    work.send(opening)
    estate.held["close"] = Texts(There(OURS), THEIRS)
    (tmp_path / "record.jsonl").unlink()
    (tmp_path / "record.jsonl").mkdir()
    with pytest.raises(RecordError):
        close_what_is_open(work, lambda name: "")
    assert [key for key, _ in estate.sent] == ["open", "close"]


def test_a_closing_without_a_policy_of_its_own_puts_what_was_reviewed(tmp_path: Path) -> None:
    """What restores nothing, and what no text belongs to, is sent as it is."""
    for name, restores, held in (
        ("a", None, Texts(There(OURS), THEIRS)),
        ("b", Restores(frozenset({"Ours"})), None),
    ):
        work, estate, _ = given_a_sending(tmp_path / name, change := given_a_change("close", restores=restores))
        if held:
            estate.held["close"] = held
        work.send(change)
        assert (estate.sent, work.restored) == ([("close", {"Bucket": "old", "Policy": "{}"})], {})


def test_who_sends_is_named_again_only_where_it_is_another(tmp_path: Path) -> None:
    """With the plan that it is for; nobody is named where nobody is known."""
    work, estate, _ = given_a_sending(tmp_path, change := given_a_change())
    work.send(change)
    assert lines(tmp_path, "caller") == []
    one, other = Caller("arn:one", "role one"), Caller("arn:other", "role one")
    for who in (one, one, other, other):
        estate.callers[(change.account, change.actor)] = who
        work.send(change)
    named = lines(tmp_path, "caller")
    assert [line["arn"] for line in named] == ["arn:one", "arn:other"]
    assert {line["plan"] for line in named} == {work.plan.id}


def test_a_requirement_without_time_stops_and_one_that_lacks_time_says_when(tmp_path: Path) -> None:
    """After the looks that it gets; the record names the step, the check and how it stood."""
    asked: list[int] = []

    def late() -> Requirement:
        asked.append(1)
        return Requirement(False, "quiet hours", NOON + timedelta(days=1 + len(asked)))

    gate, estate = given_a_gate(tmp_path)
    outcome = run_plan(given_a_plan(given_a_change(requires=PROVEN)), gate, {PROVEN: late})
    assert (outcome.state, estate.sent, len(asked)) == ("not_yet", [], 9)
    assert outcome.line == "not yet: quiet hours: again after 2026-01-22T12:00:00Z"
    (line,) = lines(tmp_path, "requirement")
    assert (line["step"], line["name"], line["met"], line["why"]) == (
        "03",
        "proven_quiet_cooled:old",
        False,
        "quiet hours",
    )


def opened_and_closed(folder: Path, prior: str, put: str, found: str) -> str:
    """What a plan says at its end that put a policy over another one, and found a third in its place when it closed
    it."""
    gate, estate = given_a_gate(folder)
    opening = given_a_change("open")
    closing = given_a_change("close", closes="open", restores=Restores(frozenset({"Ours"})))
    estate.held |= {"open": Texts(There(prior), put), "close": Texts(There(found), prior)}
    outcome = run_plan(given_a_plan(opening, closing), gate)
    return outcome.line.removeprefix(f"Applied 2 changes of plan {outcome.plan.id}.").strip()


def test_the_end_says_what_became_of_each_policy(tmp_path: Path) -> None:
    """Back byte for byte, made of what is there, or changed by somebody else meanwhile; nothing is said of a plan that
    opened none."""
    both = OURS[:-2] + "," + THEIRS[THEIRS.index("[") + 1 :]
    whole = opened_and_closed(tmp_path / "a", THEIRS, both, both)
    assert whole == "1 policy is restored byte for byte."
    made = opened_and_closed(tmp_path / "b", OURS, both, both)
    assert made == "Our statements were removed from the current policy in old."
    other = opened_and_closed(tmp_path / "c", THEIRS, both, both.replace("Theirs", "Else"))
    assert other.startswith("Someone else changed the policy of old meanwhile, and the change is kept: ")
    gate, _ = given_a_gate(tmp_path / "d")
    bare = run_plan(given_a_plan(given_a_change()), gate)
    assert bare.line == f"Applied 1 change of plan {bare.plan.id}."


def test_a_closing_is_tried_again_after_longer_and_longer_pauses(tmp_path: Path) -> None:
    """5, 15, 45 and 90 seconds, then it is reported; twins: where AWS refused nothing is waited for, and what is closed
    is not waited for either."""
    for error, passed in ((OSError("down"), 155), (Refused("no"), 0), (None, 0)):
        clock = MovableClock()
        closing = given_a_change("close", closes="open")
        work, _, _ = given_a_sending(
            tmp_path / str(passed) / type(error).__name__,
            given_a_change("open"),
            closing,
            clock=clock,
            failing={"close": error} if error else None,
        )
        work.sent.add("open")
        if error:
            with pytest.raises(StillOpen):
                close_what_is_open(work, lambda name: "")
        else:
            close_what_is_open(work, lambda name: "")
        assert (clock.moment - NOON).total_seconds() == passed


@pytest.mark.parametrize("closed", [True, False])
def test_the_line_of_a_failure_names_what_is_closed_again_and_only_that(tmp_path: Path, closed: bool) -> None:
    """Nothing is said of closings where the plan opened nothing."""
    changes = [given_a_change("open"), given_a_change("close", closes="open")] if closed else []
    gate, _ = given_a_gate(tmp_path, failing={"bad": OSError("down")})
    with pytest.raises(ChangeFailed):
        run_plan(given_a_plan(*changes, given_a_change("bad")), gate)
    (end,) = lines(tmp_path, "step")
    assert ("what was open is closed: old" in end["line"]) == closed
    assert end["closed"] == (["old"] if closed else [])


class Poller:
    """What ipykernel's thread compares: the id of the parent that started the kernel, and the present one."""

    def __init__(self, parent: int) -> None:
        self.parent_pid: Any = parent


@pytest.mark.parametrize(
    ("kernels", "kept"), [("none", False), ("idle", False), ("no poller", False), ("kernel", True)]
)
def test_only_a_kernel_outlives_its_parent(monkeypatch: pytest.MonkeyPatch, kernels: str, kept: bool) -> None:
    """Its poller finds no other parent meanwhile, tells once, and compares as before afterwards."""
    poller = Poller(4711)
    app = SimpleNamespace(poller=object() if kernels == "no poller" else poller)
    known = SimpleNamespace(IPKernelApp=SimpleNamespace(initialized=lambda: kernels != "idle", instance=lambda: app))
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", None if kernels == "none" else known)
    reported: list[int] = []
    with outlives_parent(lambda: reported.append(1)):
        assert type(poller.parent_pid) is (type(poller.parent_pid) if kept else int)
        changed = [poller.parent_pid != 1, poller.parent_pid != 1, poller.parent_pid != 4711]
        same = poller.parent_pid == 1
    assert changed == ([False, False, False] if kept else [True, True, False])
    assert (same, reported) == ((True, [1]) if kept else (False, []))
    assert (type(poller.parent_pid), poller.parent_pid) == (int, 4711)


def test_a_kernel_whose_parent_is_unknown_watches_the_present_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id of nought is none."""
    poller = Poller(0)
    app = SimpleNamespace(initialized=lambda: True, instance=lambda: SimpleNamespace(poller=poller))
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", SimpleNamespace(IPKernelApp=app))
    with outlives_parent(lambda: None):
        assert int(poller.parent_pid) == os.getppid()
