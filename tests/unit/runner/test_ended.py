"""The line that ends a stopped step says what the record says; a terminal that is gone ends nothing."""

import errno
import io
import os
import signal

import pytest

from onetrail.change import run_plan
from onetrail.runner.ended import interrupted, lines_of
from onetrail.runner.telling import RunOutput
from tests.unit.change.given import given_a_change, given_a_gate, given_a_plan


def stopped_at(folder, key):
    gate, estate = given_a_gate(folder)
    send = estate.send

    def sends(change, parameters):
        if change.key == key:
            os.kill(os.getpid(), signal.SIGINT)
        return send(change, parameters)

    estate.send = sends
    plan = given_a_plan(
        given_a_change("open", resource="old"),
        given_a_change("first", region="eu-west-3", resource="one"),
        given_a_change("second", region="eu-west-2", resource="two"),
        given_a_change("close", closes="open", region="eu-west-1", resource="old"),
    )
    with pytest.raises(KeyboardInterrupt):
        run_plan(plan, gate)
    gate.record.__exit__()
    return plan.id


def test_it_says_how_far_the_plan_came_and_what_was_closed(tmp_path):
    """Never more than happened. Twins: stopped before anything was open, and before any plan."""
    plan = stopped_at(tmp_path, "second")
    said = f"interrupted after 3 of 4 changes of plan {plan}; closed: old"
    assert interrupted(tmp_path, 0) == said
    since = lines_of(tmp_path)
    assert interrupted(tmp_path, since) == "interrupted before a plan was applied: nothing was sent"
    stopped_at(tmp_path, "open")
    assert interrupted(tmp_path, since) == f"interrupted after 1 of 4 changes of plan {plan}; closed: old"
    assert lines_of(tmp_path / "never") == 0


def test_a_record_that_cannot_be_read_does_not_end_the_line(tmp_path):
    """The steps say what is wrong with it."""
    (tmp_path / "record.jsonl").mkdir()
    assert lines_of(tmp_path) == 0
    assert interrupted(tmp_path, 0) == "interrupted before a plan was applied: nothing was sent"


class Gone(io.StringIO):
    """A terminal that went away."""

    def __init__(self, tty):
        super().__init__()
        self.isatty = lambda: tty

    def write(self, text):
        raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("tty", [True, False])
def test_a_terminal_that_is_gone_is_no_error_and_the_log_has_every_line(tmp_path, tty):
    """Twin: any other failure is raised."""
    with RunOutput(tmp_path / "run.log", Gone(tty)) as telling:
        telling.step("05_copy_history", 4)
        telling.cell(1)
        telling.write("s3:PutBucketPolicy old\n")
        telling.line("05_copy_history: interrupted")
    log = (tmp_path / "run.log").read_text()
    assert "s3:PutBucketPolicy old" in log
    assert log.endswith("05_copy_history: interrupted\n")
    broken = Gone(tty)
    broken.write = lambda text: 1 / 0
    with pytest.raises(ZeroDivisionError), RunOutput(tmp_path / "other.log", broken) as telling:
        telling.line("a line")
