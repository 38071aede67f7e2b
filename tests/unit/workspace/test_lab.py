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
from onetrail.workspace.clear import clear_outputs
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
        "--ServerApp.jpserver_extensions={'onetrail.workspace.plain_saves': True}",
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
    assert cli_lab._estate_runs() is None
    assert (started, (tmp_path / "runs/practice").exists()) == ([], True)
    monkeypatch.setattr(process, "find", lambda folder: None)
    found = cli_lab._estate_runs()
    assert (found, started) == (tmp_path / ".practice", [tmp_path / ".practice"])
    assert [path.name[:10] for path in (tmp_path / "runs").iterdir()] == ["practice.2"]


@pytest.mark.parametrize("code", [0, 3])
def test_what_was_started_for_jupyterlab_is_stopped_with_it(tmp_path, code):
    """In a process of its own, with the exit code of JupyterLab. Twin: an estate that ran before is left alone, since
    JupyterLab then takes the place of the command, above."""
    program = (
        "import sys; from pathlib import Path\n"
        "from onetrail.cli import lab\n"
        "from onetrail.practice import process\n"
        "process.stop = lambda folder: print('stopped', folder.name) or True\n"
        f"sys.exit(lab._until_it_ends([sys.executable, '-c', 'raise SystemExit({code})'], {{}}, Path('.practice')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (code, "stopped .practice\n")
    assert "its runs stay in runs/" in done.stderr


def given_a_lab_folder(tmp_path, parameters="parameters/practice.yaml"):
    """A laid-out folder in which a notebook was run."""
    home = tmp_path / "lab"
    assert CliRunner().invoke(main, ["init", str(home), "--parameters", parameters]).exit_code == 0
    path = home / "notebooks/00_start_here.ipynb"
    said = json.loads(path.read_text())
    code = next(cell for cell in said["cells"] if cell["cell_type"] == "code")
    code["outputs"], code["execution_count"] = [{"output_type": "stream", "name": "stdout", "text": ["of before"]}], 1
    code["source"] = ["mine = 1"]
    path.write_text(json.dumps(said))
    return home, path, code


def test_a_reset_takes_the_outputs_and_leaves_the_sources(tmp_path):
    """What they show is of an estate that began again. Twins: nothing in a folder whose notebooks take a file of AWS,
    and nothing in a checkout."""
    home, path, _ = given_a_lab_folder(tmp_path)
    (home / "notebooks/own.ipynb").write_text("no notebook")
    assert clear_outputs(home) == [path]
    cells = json.loads(path.read_text())["cells"]
    assert "of before" not in path.read_text() and any(cell["source"] == ["mine = 1"] for cell in cells)
    assert (clear_outputs(home), (home / "notebooks/own.ipynb").read_text()) == ([], "no notebook")
    other, path, _ = given_a_lab_folder(tmp_path / "aws", "parameters/mine.yaml")
    assert (clear_outputs(other), "of before" in path.read_text()) == ([], True)
    assert clear_outputs(Path(__file__).resolve().parents[3]) == []


def test_a_laid_out_notebook_is_no_recording(tmp_path):
    """Twin: the repository's says that it is one, and its other sentences stay."""
    home = tmp_path / "mine"
    assert CliRunner().invoke(main, ["init", str(home)]).exit_code == 0
    for path in sorted((home / "notebooks").glob("0*.ipynb")):
        first = "".join(json.loads(path.read_text())["cells"][0]["source"])
        ours = Path(__file__).resolve().parents[3] / "notebooks" / path.name
        before = "".join(json.loads(ours.read_text())["cells"][0]["source"])
        assert "In the repository, the outputs below are a recording" in before
        assert "recording" not in first
        assert [part for part in before.split("\n\n") if "recording" not in part] == first.split("\n\n")
