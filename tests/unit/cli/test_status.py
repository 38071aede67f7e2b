"""`onetrail status`: where a run is, from its record alone, while anything else goes on."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock

from onetrail.change import RunRecord
from onetrail.cli import main
from tests.unit.change.given import MovableClock
from tests.unit.steps.test_recorded import AT, P, begun, ended, everything_before

PRACTICE = Path(__file__).parents[3] / "parameters" / "practice.yaml"
RUN = "runs/practice"


def status(folder, *lines):
    """What `onetrail status` prints for a run whose record has these lines, and its exit code."""
    file = folder / "mine.yaml"
    file.write_text(PRACTICE.read_text())
    with RunRecord(folder / RUN, "practice", MovableClock()) as record:
        for line in lines:
            record.append(**line)
    done = CliRunner().invoke(main, ["status", "-f", str(file)])
    return done.exit_code, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ([], 0),
        ([ended("02", "planned")], 0),
        ([begun("02"), ended("02", "failed", "AccessDenied")], 1),
        ([ended("02", "refused", "another")], 2),
        ([begun("02"), ended("02", "stopped", "Stopped: why.")], 3),
        ([ended("02", "not_yet", "not yet: again after 2026-01-14T10:00:00Z")], 4),
    ],
)
def test_the_exit_code_is_that_of_the_step_that_comes_next(tmp_path, lines, code):
    """As everywhere: 0 done, 1 failed, 2 wrong use, 3 findings, 4 not yet."""
    assert status(tmp_path, *everything_before("02"), *lines)[0] == code


def test_it_shows_nine_steps_and_what_comes_next_while_another_process_writes_there(tmp_path):
    """No estate runs, no credentials are there, the folder is locked. Twin: of a run without a record it says that
    nothing was begun, and makes no folder."""
    (tmp_path / RUN).mkdir(parents=True)
    status(tmp_path, *everything_before("02"), ended("02", "planned"))
    with FileLock(tmp_path / RUN / ".writer.lock"):
        done = CliRunner().invoke(main, ["status", "-f", str(tmp_path / "mine.yaml")])
    assert len([line for line in done.stdout.split("\n") if line[:2].isdigit()]) == 9
    assert f"02 Account lockdown  planned, waiting for approval  {P}" in done.stdout
    assert done.stdout.endswith(f"approve {P}. Only 00 asks AWS how far each step is.\n")
    other = tmp_path / "other.yaml"
    other.write_text(PRACTICE.read_text().replace('run_name: "practice"', 'run_name: "other"'))
    done = CliRunner().invoke(main, ["status", "-f", str(other)])
    assert (done.exit_code, done.stdout.count("not begun")) == (0, 10)
    assert AT not in done.stdout
    assert not (tmp_path / "runs/other").exists()


def test_a_record_that_cannot_be_read_is_one_line_and_exit_code_1(tmp_path):
    """Never a map of a run that has not begun."""
    (tmp_path / RUN / "record.jsonl").mkdir(parents=True)
    file = tmp_path / "mine.yaml"
    file.write_text(PRACTICE.read_text())
    done = CliRunner().invoke(main, ["status", "-f", str(file)])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("onetrail: ")
    assert done.stderr.count("\n") == 1


def test_without_a_file_it_takes_the_only_run_of_the_folder_and_says_which(tmp_path, monkeypatch):
    """One that is put aside is none. Twins: with a second run, and with none, one line asks for -f."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["status"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"onetrail: {tmp_path / 'runs'} holds no run: name its parameters file with -f\n"
    status(tmp_path, *everything_before("02"), ended("02", "planned"))
    (tmp_path / RUN).rename(tmp_path / "runs/one")
    aside = tmp_path / "runs/old.20261130T150000Z"
    aside.mkdir()
    (aside / "record.jsonl").write_text("")
    done = CliRunner().invoke(main, ["status"])
    assert (done.exit_code, done.stderr) == (0, f"The run of {tmp_path / 'runs/one'}:\n")
    assert f"02 Account lockdown  planned, waiting for approval  {P}" in done.stdout
    with RunRecord(tmp_path / "runs/two", "two", MovableClock()) as record:
        record.append(**ended("02", "planned"))
    done = CliRunner().invoke(main, ["status"])
    assert done.stderr == (
        f"onetrail: {tmp_path / 'runs'} holds 2 runs (one, two): name the parameters file of one with -f\n"
    )


def test_in_a_laid_out_folder_it_takes_the_file_that_the_notebooks_take(tmp_path, monkeypatch):
    """From below it too. Twin: with -f it takes the named one."""
    home = tmp_path / "mine"
    assert CliRunner().invoke(main, ["init", str(home), "--parameters", "parameters/practice.yaml"]).exit_code == 0
    monkeypatch.chdir(home / "notebooks")
    done = CliRunner().invoke(main, ["status"])
    assert (done.exit_code, done.stderr) == (0, f"The run of {home / 'parameters/practice.yaml'}:\n")
    assert CliRunner().invoke(main, ["status", "-f", str(home / "parameters/practice.yaml")]).stderr == ""
