"""Ten slips that everybody makes once: each ends in one line that says what to do, before anything is changed."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from filelock import FileLock
from jupyter_client.manager import start_new_kernel

from onetrail.aws import Clients
from onetrail.cli import main
from onetrail.errors import OnetrailError
from onetrail.settings import Settings
from onetrail.workspace import lab
from tests.integration.in_process import one_step

PRACTICE = Path(__file__).resolve().parents[2] / "parameters" / "practice.yaml"
APPLY = """
with open_gate(clients, box.approve) as gate:
    outcome = step.apply(plan, gate, clients)
show.outcome(outcome)
"""
NEW = "Run all cells first: this kernel is new, and 'open_gate' is not in it (Run > Run All Cells)."
ABOVE = "Run the cells above first: 'plan' is made there (Run > Run All Above Selected Cell, then this cell)."
pytestmark = [pytest.mark.slow, pytest.mark.estate]


@pytest.mark.parametrize(
    ("slip", "text", "line"),
    [
        ("a wrong file", None, r"x\.yaml: .*no such file"),
        ("a misspelt key", f"{PRACTICE.read_text()}run_nmae: mine\n", r"x\.yaml:.* run_nmae .*did you mean run_name"),
        (
            "an id without quotes",
            PRACTICE.read_text().replace('"044455556666"', "044455556666"),
            r'write "044455556666" in',
        ),
        ("no estate", PRACTICE.read_text(), r"not running in .*none: start it there with: onetrail practice start"),
    ],
)
def test_a_slip_in_the_parameters_or_before_the_start_is_one_line(tmp_path, monkeypatch, slip, text, line):
    """The file and the key are named. Nothing is made beside the file."""
    monkeypatch.setenv("ONETRAIL_PRACTICE_DIR", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path("x.yaml").write_text(text)
    done = CliRunner().invoke(main, ["run", "-f", "x.yaml"])
    assert done.exit_code == 2
    assert done.stderr.startswith("onetrail: ")
    assert _matches(line, done.stderr)
    assert not (tmp_path / "runs").exists()


def test_another_plan_s_id_is_one_line_with_the_right_one(fresh_estate):
    """A wrong id. Twin: the id that the line names is taken, once it was shown as the line says."""
    mark = fresh_estate.mark()
    with pytest.raises(OnetrailError) as refused:
        one_step(fresh_estate, "02", approve="p-000000000000")
    assert _matches(r"step 02: the plan is now (p-\w{12}), which is not what was approved \(p-0+\); review", refused)
    assert fresh_estate.mutating(mark) == []
    right = refused.value.line.rpartition("approve=")[2]
    assert "review it again, once step 02 has shown it without approve, and pass" in refused.value.line
    assert one_step(fresh_estate, "02", approve="").outcome.state == "planned"
    assert one_step(fresh_estate, "02", approve=right).outcome.state == "applied"


def test_two_at_once_is_one_line_and_looking_is_allowed(fresh_estate):
    """Two processes apply a plan in one run folder. Twin: a step that only looks goes on."""
    folder = fresh_estate.settings().run_folder
    folder.mkdir(parents=True, exist_ok=True)
    mark = fresh_estate.mark()
    with FileLock(folder / ".writer.lock"):
        with pytest.raises(OnetrailError) as refused:
            one_step(fresh_estate, "02")
        looked = one_step(fresh_estate, "00").outcome
    assert _matches(r"another process is writing this run: .*; wait for it to end, or stop it with Ctrl-C", refused)
    assert fresh_estate.mutating(mark) == []
    assert looked.line.endswith("writing this run (it does not say which one).")


def test_a_new_estate_over_an_old_run_folder_is_one_line_with_its_cure(fresh_estate):
    """As after `practice stop` and `start`. Twin: after `practice reset` puts the run aside, the same step runs."""
    one_step(fresh_estate, "00")
    settings = fresh_estate.settings()
    fresh_estate.door.control("POST", "reset", {})
    with pytest.raises(OnetrailError) as refused:
        one_step(fresh_estate, "00")
    assert _matches(r"of a practice estate that is gone: .*onetrail practice reset; or give another run_name$", refused)
    file = settings.run_folder.parent / "mine.yaml"
    text = PRACTICE.read_text().replace('runs_dir: "runs"', f'runs_dir: "{settings.run_folder.parent}"')
    file.write_text(text)
    done = CliRunner().invoke(main, ["practice", "reset", "-f", str(file)])
    assert (done.exit_code, "put aside: " in done.stdout) == (0, True)
    assert list(settings.run_folder.parent.glob("practice.2*/record.jsonl")) != []
    assert one_step(fresh_estate, "00").outcome.state == "nothing"


def test_from_another_folder_the_estate_of_the_parameters_file_is_asked_for(tmp_path, monkeypatch):
    """The other folder. Twin: from its own folder the same place is named."""
    monkeypatch.delenv("ONETRAIL_PRACTICE_DIR", raising=False)
    home = tmp_path / "home"
    assert CliRunner().invoke(main, ["init", str(home)]).exit_code == 0
    (tmp_path / "other").mkdir()
    for folder in ("other", "home"):
        monkeypatch.chdir(tmp_path / folder)
        done = CliRunner().invoke(main, ["run", "-f", str(home / "parameters/practice.yaml")])
        assert done.exit_code == 2
        assert f"not running in {home / '.practice'}: start it there with" in done.stderr


def test_no_credentials_is_one_line(tmp_path, monkeypatch):
    """On AWS, without any. Nothing is asked of a network."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, place in (("AWS_CONFIG_FILE", "config"), ("AWS_SHARED_CREDENTIALS_FILE", "credentials")):
        monkeypatch.setenv(name, str(tmp_path / place))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    given = Settings.from_file(PRACTICE).parameters() | {"estate": "aws", "runs_dir": str(tmp_path)}
    settings = Settings.from_mapping(given)
    with pytest.raises(OnetrailError) as refused:
        Clients.connect(settings).client("iam", settings.log_account.account_id)
    assert _matches(r"^no AWS credentials were found; sign in .* and run again$", refused)


@contextmanager
def new_kernel(home: Path, prepared: bool) -> Iterator:
    """Runs cells in a real, new kernel: of a folder that `onetrail lab` prepared, or of a plain JupyterLab; each answer
    is the error's name and what is shown of it."""
    with pytest.MonkeyPatch.context() as patch:
        if prepared:
            lab.prepare(home)
            for name, value in lab.environment(home, {}).items():
                patch.setenv(name, value)
        manager, client = start_new_kernel(kernel_name="python3", cwd=str(home))
    try:

        def run(source: str) -> tuple[str, list[str]]:
            shown: list = []
            client.execute_interactive(source, output_hook=shown.append, timeout=120)
            errors = [one["content"] for one in shown if one["msg_type"] == "error"]
            return (errors[0]["ename"], errors[0]["traceback"]) if errors else ("", [])

        yield run
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_a_restarted_kernel_and_a_cell_out_of_order_are_one_sentence_each(tmp_path):
    """The apply cell of a notebook in a kernel that is new, then with only the first cells run. Another name that is
    missing stays Python's own error."""
    with new_kernel(tmp_path, prepared=True) as run:
        assert run(APPLY) == (
            "NewKernel",
            [f"NewKernel: {NEW}"],
        )
        assert run("settings = clients = box = 1\nfrom onetrail.aws import open_gate\nplan") == (
            "CellsAbove",
            [f"CellsAbove: {ABOVE}"],
        )
        name, shown = run("my_own_slip")
        assert (name, len(shown) > 1) == ("NameError", True)


def test_a_plain_kernel_shows_a_traceback(tmp_path):
    """The twin of the test above: without what `onetrail lab` prepares, the gate's own text has to say it."""
    with new_kernel(tmp_path, prepared=False) as run:
        name, shown = run(APPLY)
    assert (name, len(shown) > 1) == ("NameError", True)


def _matches(pattern: str, said) -> bool:
    """Whether this one line, or the one of a raised error, has the pattern."""
    line = said.strip() if isinstance(said, str) else said.value.line
    assert "\n" not in line
    assert re.search(pattern, line), line
    return True
