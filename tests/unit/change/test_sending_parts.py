"""Each part of sending, of waiting and of closing has its own case, which fails where that part is taken away."""

import os
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from onetrail.change import (
    After,
    Caller,
    ChangeFailed,
    RecordError,
    Requirement,
    Restores,
    StillOpen,
    Texts,
    entries,
    run_plan,
)
from onetrail.change.close import close_what_is_open
from onetrail.change.orphan import outlives_parent
from onetrail.change.send import Sending
from onetrail.looked import There
from tests.unit.change.given import (
    NOON,
    Expired,
    Gone,
    MovableClock,
    Refused,
    given_a_change,
    given_a_gate,
    given_a_plan,
)

OURS = '{"Version":"2012-10-17","Statement":[{"Sid":"Ours","Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}'
THEIRS = '{"Version":"2012-10-17","Statement":[{"Sid":"Theirs","Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}'


def lines(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [line for line in entries(folder) if line["kind"] == kind]


def sending(
    folder: Path, *changes: Any, failing: Any = None, clock: Any = None, bulk: Any = None
) -> tuple[Sending, Any, list[str]]:
    """The changes of an approved plan on their way, who gets them, and what is said meanwhile."""
    gate, estate = given_a_gate(folder, failing=failing, clock=clock)
    said: list[str] = []
    gate.say = said.append
    return Sending(given_a_plan(*changes), gate, bulk), estate, said


@pytest.mark.parametrize(
    ("error", "cure"), [(OSError("no"), "mend the cause"), (Expired("no"), "sign in again")]
)
def test_a_failure_says_what_to_do_first(tmp_path: Path, error: Exception, cure: str) -> None:
    """By its cause."""
    work, _, _ = sending(tmp_path, change := given_a_change(), failing={"put": error})
    with pytest.raises(ChangeFailed, match=f"failed: no; {cure} and run this step again"):
        work.send(change)


def test_only_an_opening_has_an_instant_from_which_it_refuses_by_itself(tmp_path: Path) -> None:
    """The latest of the durations in its parameters, in lists and documents too; twin: its closing has none, and a change without one."""
    until = {"a": [{"x": After("PT1H")}], "b": {"y": After("PT6H")}, "c": (After("PT2H"),)}
    opening = given_a_change("open", parameters={"Bucket": "old", "Policy": until})
    closing = given_a_change("close", parameters={"Bucket": "old", "Policy": until}, closes="open")
    bare = given_a_change("bare")
    work, _, _ = sending(tmp_path, opening, closing, bare)
    for change in (opening, closing, bare):
        work.send(change)
    assert work.until == {"open": "2026-01-12T18:00:00Z"}


def test_a_bulk_rule_is_carried_out_and_every_other_change_is_sent(tmp_path: Path) -> None:
    """The doer gets the rule alone; twin: without one the rule is sent as any call, and is refused as such."""
    rule = given_a_change("rule", bulk=SimpleNamespace(meaning=dict))
    done: list[str] = []

    def doer(change: Any) -> dict[str, Any]:
        done.append(change.key)
        return {"outcomes": 1}

    work, estate, _ = sending(tmp_path, rule, plain := given_a_change(), bulk=doer)
    work.send(rule)
    work.send(plain)
    assert (done, [key for key, _ in estate.sent]) == (["rule"], ["put"])
    assert [line["result"] for line in lines(tmp_path, "done")] == [{"outcomes": 1}, {}]


def test_what_was_gone_already_is_said_and_done(tmp_path: Path) -> None:
    """Twin: a canary whose thing is gone proves nothing: it must be refused, and is not."""
    work, _, said = sending(tmp_path / "a", change := given_a_change(), failing={"put": Gone("no")})
    work.send(change)
    assert "old: was gone already (NoSuchEntity)" in said
    assert lines(tmp_path / "a", "done")[0]["result"] == {"was_gone_already": "NoSuchEntity"}
    work, _, _ = sending(
        tmp_path / "b", canary := given_a_change(expects="refused"), failing={"put": Gone("no")}
    )
    with pytest.raises(ChangeFailed):
        work.send(canary)


def test_each_call_is_said_with_what_a_closing_puts_back(tmp_path: Path) -> None:
    """By resource, and byte for byte or made of what is there."""
    closing = given_a_change("close", restores=Restores(frozenset({"Ours"})))
    work, estate, said = sending(tmp_path, closing)
    estate.held["close"] = Texts(There(OURS), THEIRS)
    work.send(closing)
    assert said == [
        "s3:DeleteBucketPolicy old",
        "old: our statements are taken out of what is there; no policy of before says the same",
    ]
    assert work.restored["close"].text is None
    assert lines(tmp_path, "intent")[0]["call"] == "DeleteBucketPolicy"


def test_a_closing_goes_without_the_record_s_texts(tmp_path: Path) -> None:
    """Where the record is gone or cannot be read, our statements are taken out all the same, and what the disk lacks is raised after it."""
    opening, closing = (
        given_a_change("open"),
        given_a_change("close", closes="open", restores=Restores(frozenset({"Ours"}))),
    )
    work, estate, _ = sending(tmp_path, opening, closing)
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
        work, estate, _ = sending(tmp_path / name, change := given_a_change("close", restores=restores))
        if held:
            estate.held["close"] = held
        work.send(change)
        assert (estate.sent, work.restored) == ([("close", {"Bucket": "old", "Policy": "{}"})], {})


def test_who_sends_is_named_again_only_where_it_is_another(tmp_path: Path) -> None:
    """With the plan that it is for; nobody is named where nobody is known."""
    work, estate, _ = sending(tmp_path, change := given_a_change())
    work.send(change)
    assert lines(tmp_path, "caller") == []
    one, other = Caller("arn:one", "role one"), Caller("arn:other", "role one")
    for who in (one, one, other, other):
        estate.callers[(change.account, change.actor)] = who
        work.send(change)
    named = lines(tmp_path, "caller")
    assert [line["arn"] for line in named] == ["arn:one", "arn:other"]
    assert {line["plan"] for line in named} == {work.plan.id}


def test_a_change_that_comes_after_a_while_is_waited_for(tmp_path: Path) -> None:
    """So long as it says; twin: one that says nothing goes at once."""
    clock = MovableClock()
    work, _, _ = sending(tmp_path, given_a_change(), clock=clock)
    work.wait_for(given_a_change())
    assert clock.moment == NOON
    work.wait_for(given_a_change(after="PT2M"))
    assert clock.moment == NOON + timedelta(minutes=2)


def test_a_requirement_without_time_stops_and_one_that_lacks_time_says_when(tmp_path: Path) -> None:
    """After the looks that it gets; the record names the step, the check and how it stood."""
    asked: list[int] = []

    def late() -> Requirement:
        asked.append(1)
        return Requirement(False, "quiet hours", NOON + timedelta(days=1 + len(asked)))

    gate, estate = given_a_gate(tmp_path)
    outcome = run_plan(given_a_plan(given_a_change(requires="late")), gate, {"late": late})
    assert (outcome.state, estate.sent, len(asked)) == ("not_yet", [], 9)
    assert outcome.line == "not yet: quiet hours: again after 2026-01-22T12:00:00Z"
    (line,) = lines(tmp_path, "requirement")
    assert (line["step"], line["name"], line["met"], line["why"]) == ("03", "late", False, "quiet hours")


def opened_and_closed(folder: Path, prior: str, put: str, found: str) -> str:
    """What a plan says at its end that put a policy over another one, and found a third in its place when it closed it."""
    gate, estate = given_a_gate(folder)
    opening = given_a_change("open")
    closing = given_a_change("close", closes="open", restores=Restores(frozenset({"Ours"})))
    estate.held |= {"open": Texts(There(prior), put), "close": Texts(There(found), prior)}
    outcome = run_plan(given_a_plan(opening, closing), gate)
    return outcome.line.removeprefix(f"Applied 2 changes of plan {outcome.plan.id}.").strip()


def test_the_end_says_what_became_of_each_policy(tmp_path: Path) -> None:
    """Back byte for byte, made of what is there, or changed by somebody else meanwhile; nothing is said of a plan that opened none."""
    both = OURS[:-2] + "," + THEIRS[THEIRS.index("[") + 1 :]
    whole = opened_and_closed(tmp_path / "a", THEIRS, both, both)
    assert whole == "1 policy is again what it was, byte for byte."
    made = opened_and_closed(tmp_path / "b", OURS, both, both)
    assert made == "Our statements were taken out of what was there in old."
    other = opened_and_closed(tmp_path / "c", THEIRS, both, both.replace("Theirs", "Else"))
    assert other.startswith("Somebody else changed the policy of old meanwhile, which is kept: ")
    gate, _ = given_a_gate(tmp_path / "d")
    bare = run_plan(given_a_plan(given_a_change()), gate)
    assert bare.line == f"Applied 1 change of plan {bare.plan.id}."


def test_a_closing_that_no_line_tells_of_ends_the_plan_with_that(tmp_path: Path) -> None:
    """It is closed, and what the record lacks is raised; also where what it takes away was gone already. Twin: one that fails stays open."""
    for name, error, raised in (
        ("a", None, RecordError),
        ("b", Gone("no"), RecordError),
        ("c", OSError("down"), StillOpen),
    ):
        closing = given_a_change("close", closes="open")
        work, estate, said = sending(tmp_path / name, given_a_change("open"), closing)
        work.sent.add("open")
        estate.failing = {"close": error} if error else {}

        def full(*_: Any, **__: Any) -> str:
            raise RecordError("the disk is full")

        work.gate.record.append = full  # type: ignore[method-assign]
        with pytest.raises(raised):
            close_what_is_open(work, lambda name: "")
        assert ("closed without a record line: s3:PutBucketPolicy old" in said) == (name != "c")
        assert ("close" in work.closed) == (name != "c")


def test_a_closing_is_tried_again_after_longer_and_longer_pauses(tmp_path: Path) -> None:
    """5, 15, 45 and 90 seconds, then it is told; twins: where AWS refused nothing is waited for, and what is closed is not waited for either."""
    for error, passed in ((OSError("down"), 155), (Refused("no"), 0), (None, 0)):
        clock = MovableClock()
        closing = given_a_change("close", closes="open")
        work, _, _ = sending(
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


def test_nothing_is_closed_where_nothing_was_opened_or_all_is_closed(tmp_path: Path) -> None:
    """A closing goes once, and only behind its opening."""
    work, estate, _ = sending(tmp_path, given_a_change("open"), given_a_change("close", closes="open"))
    close_what_is_open(work, lambda name: "")
    assert estate.sent == []
    work.sent.add("open")
    for _ in range(2):
        close_what_is_open(work, lambda name: "")
    assert [key for key, _ in estate.sent] == ["close"]


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
    known = SimpleNamespace(
        IPKernelApp=SimpleNamespace(initialized=lambda: kernels != "idle", instance=lambda: app)
    )
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", None if kernels == "none" else known)
    told: list[int] = []
    with outlives_parent(lambda: told.append(1)):
        assert type(poller.parent_pid) is (type(poller.parent_pid) if kept else int)
        changed = [poller.parent_pid != 1, poller.parent_pid != 1, poller.parent_pid != 4711]
        same = poller.parent_pid == 1
    assert changed == ([False, False, False] if kept else [True, True, False])
    assert (same, told) == ((True, [1]) if kept else (False, []))
    assert (type(poller.parent_pid), poller.parent_pid) == (int, 4711)


def test_a_kernel_whose_parent_is_unknown_watches_the_present_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """An id of nought is none."""
    poller = Poller(0)
    app = SimpleNamespace(initialized=lambda: True, instance=lambda: SimpleNamespace(poller=poller))
    monkeypatch.setitem(sys.modules, "ipykernel.kernelapp", SimpleNamespace(IPKernelApp=app))
    with outlives_parent(lambda: None):
        assert int(poller.parent_pid) == os.getppid()
