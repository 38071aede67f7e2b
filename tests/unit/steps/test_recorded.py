"""The map of a run: the state of each of the nine steps, read from the lines of its record alone."""

import pytest
from filelock import FileLock

from onetrail.change import RecordError, RunRecord
from onetrail.change.run_record.lock import writer_of
from onetrail.steps.recorded import read_map, run_map
from tests.unit.change.given import MovableClock

AT = "2026-01-12T09:00:00Z"
P, Q = "p-0123456789ab", "p-ba9876543210"
GO_ON = "run its notebook again: it goes on from what is there"


def ended(step, state, line="", plan=P, changes=0):
    return {"kind": "step", "step": step, "plan": plan, "state": state, "line": line, "changes": changes}


def begun(step, plan=P):
    return {"kind": "plan", "step": step, "plan": plan, "approve": "any", "changes": [{}]}


def applied(step, plan=P):
    return [begun(step, plan), ended(step, "applied", "Applied 3 changes.", plan, 3)]


def mapped(*lines):
    return run_map({"n": number, "at": AT, **line} for number, line in enumerate(lines, 1))


def row(found, number):
    one = next(one for one in found.steps if one.about.number == number)
    return one.state.value, one.plan, one.at, one.todo


CASES = [
    # no line of this step
    ("03", [], ("not begun", "", "", "run its notebook: it plans"), 0),
    # a step that only looks
    ("00", [ended("00", "nothing")], ("looked", "", AT, ""), 0),
    ("02", [ended("02", "nothing")], ("nothing to change", "", AT, ""), 0),
    (
        "02",
        [ended("02", "planned")],
        ("planned, waiting for approval", P, AT, f"review the plan, then approve {P}"),
        0,
    ),
    ("02", applied("02"), ("applied", P, AT, ""), 0),
    # the last line of a step counts
    (
        "02",
        [*applied("02"), ended("02", "planned", plan=Q)],
        ("planned, waiting for approval", Q, AT, f"review the plan, then approve {Q}"),
        0,
    ),
    # the sentence names the step that it waits for; an older one did not
    (
        "05",
        [ended("05", "waiting", "waiting for 04: it is open")],
        ("waiting for an earlier step", "", AT, "do 04 first"),
        0,
    ),
    ("05", [ended("05", "waiting", "")], ("waiting for an earlier step", "", AT, "do 02 and 04 first"), 0),
    (
        "07",
        [ended("07", "not_yet", "not yet: the cooling-off: again after 2026-01-14T10:00:00Z")],
        ("not yet", P, AT, "run its notebook again after 2026-01-14T10:00:00Z"),
        4,
    ),
    ("07", [ended("07", "not_yet", "not yet")], ("not yet", P, AT, "run its notebook again later"), 4),
    # a process that was killed wrote no end
    ("02", [begun("02")], ("interrupted", P, AT, GO_ON), 1),
    ("02", [begun("02"), ended("02", "interrupted", "interrupted")], ("interrupted", P, AT, GO_ON), 1),
    # what it had left open was closed by another process, and the plan is not done
    (
        "05",
        [begun("05"), ended("05", "closed", "What plan p had left open was closed.")],
        ("interrupted", P, AT, GO_ON),
        1,
    ),
    ("02", [begun("02"), ended("02", "failed", "AccessDenied")], ("failed", P, AT, GO_ON), 1),
    (
        "02",
        [ended("02", "refused", "the plan is now")],
        ("refused", P, AT, f"another plan was approved: review this one, then approve {P}"),
        2,
    ),
    ("02", [begun("02"), ended("02", "stopped", "Stopped: why.")], ("stopped", P, AT, "Stopped: why."), 3),
    (
        "02",
        [ended("02", "not_evaluated", "Nothing is planned: x.")],
        ("not evaluated", P, AT, "Nothing is planned: x."),
        3,
    ),
    (
        "02",
        [ended("02", "withheld", "Nothing is planned: x.")],
        ("nothing is planned", P, AT, "Nothing is planned: x."),
        0,
    ),
    # a state of a later version is not taken for done
    ("02", [ended("02", "hovering")], ("interrupted", P, AT, GO_ON), 1),
    # an earlier step was applied after it
    ("05", [ended("05", "planned"), *applied("03")], ("stale", P, AT, "03 applied since: run its notebook again"), 0),
    ("08", [ended("08", "nothing"), *applied("07")], ("stale", "", AT, "07 applied since: run its notebook again"), 0),
    # an earlier step that changed nothing, or a later one, makes nothing stale
    ("05", [*applied("05"), ended("03", "applied", changes=0)], ("applied", P, AT, ""), 0),
    ("05", [*applied("05"), *applied("06")], ("applied", P, AT, ""), 0),
    # the inventory is a picture of its day
    ("01", [ended("01", "nothing"), *applied("02")], ("looked", "", AT, ""), 0),
]


def everything_before(number):
    """The steps before it are behind us, so that it comes next."""
    return [line for n in range(int(number)) for line in ([ended(f"0{n}", "nothing")])]


@pytest.mark.parametrize(("step", "lines", "expected", "code"), CASES)
def test_each_state_of_a_step_is_read_from_its_last_line(step, lines, expected, code):
    """State, plan, when, what comes next, and the exit code while it comes next."""
    found = mapped(*everything_before(step), *lines)
    assert row(found, step) == expected
    assert found.exit_code == code


def test_what_comes_next_is_the_first_step_with_something_to_do():
    """Twin: once all nine are behind us, nothing comes next."""
    lines = [*everything_before("03"), *applied("03"), ended("04", "planned")]
    assert mapped(*lines).next.about.number == "04"
    assert mapped(*everything_before("09")).next is None
    assert [one.state.value for one in mapped().steps] == ["not begun"] * 9
    assert mapped().next.about.number == "00"


def test_a_plan_without_an_end_is_at_work_while_its_process_holds_the_folder(tmp_path):
    """Twin: once the process is gone, the step was interrupted."""
    with RunRecord(tmp_path, "practice", MovableClock()) as record:
        record.append("plan", step="02", plan=P, approve="any", changes=[])
    with FileLock(tmp_path / ".writer.lock"):
        assert row(read_map(tmp_path), "02")[::3] == ("at work", "wait for the process that applies it")
        assert writer_of(tmp_path) == "it does not say which one"
    assert row(read_map(tmp_path), "02")[::3] == ("interrupted", GO_ON)
    assert writer_of(tmp_path) == ""


def test_a_folder_without_a_record_is_a_run_that_has_not_begun_and_is_left_alone(tmp_path):
    """Not even a lock file appears. Twin: a record that cannot be read is an error, not a run that has not begun."""
    folder = tmp_path / "runs"
    assert {one.state.value for one in read_map(folder).steps} == {"not begun"}
    assert writer_of(folder) == ""
    assert not folder.exists()
    folder.mkdir()
    (folder / "record.jsonl").mkdir()
    with pytest.raises(RecordError, match="fix this and try again"):
        read_map(folder)
