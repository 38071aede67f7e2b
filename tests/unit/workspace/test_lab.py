"""What `onetrail lab` gives to JupyterLab: a workspace, a kernel that says what to run first, and nothing of a person's
own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from onetrail.cli import lab as cli_lab
from onetrail.cli import main
from onetrail.workspace import lab
from onetrail.workspace.new_kernel import explained


def test_everything_is_in_a_folder_of_its_own_and_written_again_is_the_same(tmp_path):
    """The home of JupyterLab's own settings is not named anywhere."""
    for _ in range(2):
        assert lab.prepare(tmp_path) == tmp_path / ".jupyter/onetrail.jupyterlab-workspace"
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert names == [".jupyter/kernels/python3/kernel.json", ".jupyter/onetrail.jupyterlab-workspace"]
    around = lab.environment(tmp_path, {"JUPYTER_PATH": "mine", "HOME": "/home/me"})
    assert around == {
        "HOME": "/home/me",
        "JUPYTER_PATH": f"{tmp_path / '.jupyter'}{os.pathsep}mine",
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / ".jupyter/workspaces"),
    }


def test_jupyterlab_takes_the_workspace(tmp_path):
    """By its own command. Twin: one without an id is refused."""
    file = lab.prepare(tmp_path)
    command = [sys.executable, "-m", "jupyterlab", "workspaces", "import"]
    around = lab.environment(tmp_path, {**os.environ, "JUPYTER_CONFIG_DIR": str(tmp_path / "config")})
    assert subprocess.run([*command, str(file)], env=around, capture_output=True, check=False).returncode == 0
    kept = json.loads(next((tmp_path / ".jupyter/workspaces").glob("onetrail*")).read_text())
    assert kept["data"] == json.loads(file.read_text())["data"]
    file.write_text('{"data": {}}')
    assert subprocess.run([*command, str(file)], env=around, capture_output=True, check=False).returncode != 0


def test_it_opens_on_loopback_in_the_folder_that_was_laid_out(tmp_path, monkeypatch):
    """From below it too. Twin: outside of one, one line says how to get one."""
    started = []
    monkeypatch.setattr(os, "execve", lambda *how: started.append(how))
    home = tmp_path / "mine"
    assert CliRunner().invoke(main, ["init", str(home)]).exit_code == 0
    monkeypatch.chdir(home / "notebooks")
    assert CliRunner().invoke(main, ["lab", "--no-browser"], catch_exceptions=False).exit_code == 0
    (_, words, around), *_ = started
    assert words[1:] == [
        "-m",
        "jupyterlab",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={home}",
        "--LabApp.default_url=/lab/workspaces/onetrail",
        "--no-browser",
    ]
    assert around["JUPYTER_PATH"].startswith(str(home / ".jupyter"))
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["lab"])
    assert (done.exit_code, "lay one out with: onetrail init DIR" in done.stderr, len(started)) == (2, True, 1)


@pytest.mark.parametrize(
    ("name", "known", "kind"),
    [
        ("open_gate", {}, "NewKernel"),
        ("plan", {"In": []}, "NewKernel"),
        ("plan", {"settings": 1}, "CellsAbove"),
        ("my_own", {}, "NoneType"),
        # it is there: the error comes from within a function
        ("plan", {"settings": 1, "plan": 2}, "NoneType"),
    ],
)
def test_only_names_that_the_notebooks_make_are_explained(name, known, kind):
    """Anything else is Python's own to say."""
    assert type(explained(NameError(name=name), known)).__name__ == kind


def test_the_folder_of_the_estate_is_asked_and_a_running_one_is_left_alone(tmp_path, monkeypatch):
    """Twin: where none runs, one is started, and the run of the one before it is put aside."""
    from onetrail.change import RunRecord
    from onetrail.practice import process
    from tests.unit.change.given import MovableClock

    monkeypatch.setenv("ONETRAIL_PRACTICE_DIR", str(tmp_path / ".practice"))
    with RunRecord(tmp_path / "runs/practice", "practice", MovableClock(), estate="practice 1") as record:
        record.append("step", step="00", plan="", state="nothing", line="")
    started: list[Path] = []
    monkeypatch.setattr(process, "start", lambda directory: started.append(directory))
    monkeypatch.setattr(process, "find", lambda folder: object())
    cli_lab._estate_runs()
    assert (started, (tmp_path / "runs/practice").exists()) == ([], True)
    monkeypatch.setattr(process, "find", lambda folder: None)
    cli_lab._estate_runs()
    assert started == [tmp_path / ".practice"]
    assert [path.name[:10] for path in (tmp_path / "runs").iterdir()] == ["practice.2"]
