"""`onetrail run` from a laid-out folder and from an installed package: which notebooks run, and where the run is
kept."""

import json
import shutil
from importlib import import_module
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner, Result

import onetrail
from onetrail.change import RunRecord, WallClock
from onetrail.cli import main
from onetrail.cli.output import written_whole
from onetrail.workspace.lay_out import apply, propose
from onetrail.workspace.shipped import Shipped
from tests.unit.runner.given_run import ENDS, PRACTICE, given_an_answering_estate, given_notebooks

SAYS = 'show.paragraph("these are {0}")'


@pytest.fixture(autouse=True)
def practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An estate that answers, and a working folder that has nothing to do with the run."""
    monkeypatch.setenv("ONETRAIL_PRACTICE_DIR", str(tmp_path / "practice"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with given_an_answering_estate(tmp_path / "practice"):
        yield


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shipped:
    """What is installed: one notebook, and the parameters files."""
    folder = tmp_path / "site-packages" / "onetrail"
    notebooks = given_notebooks(folder, SAYS.format("the installed ones"))
    shutil.copytree(PRACTICE.parent, folder / "parameters")
    found = Shipped(notebooks, folder / "parameters", checkout=False)
    monkeypatch.setattr(import_module("onetrail.runner.run"), "shipped", lambda: found)
    return found


@pytest.fixture
def mine(tmp_path: Path, package: Shipped) -> Path:
    """A folder that was laid out, with a notebook that a person edited."""
    apply(propose(tmp_path / "mine", package))
    given_notebooks(tmp_path / "mine", SAYS.format("my own"))
    return tmp_path / "mine"


def _run(file: Path | str, *words: str) -> Result:
    return CliRunner().invoke(main, ["run", "-f", str(file), *words], prog_name="onetrail")


def _executed(folder: Path) -> str:
    return str(nbformat.read(folder / "00_start_here.ipynb", as_version=4).cells[-1].outputs)


@pytest.mark.slow
def test_in_a_laid_out_folder_its_own_notebooks_run_and_the_run_lies_in_it(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From wherever it is called, and again from inside: one run folder. Nothing lies where we were."""
    elsewhere = Path.cwd()
    assert _run(mine / "parameters" / "practice.yaml").exit_code == 0
    assert "these are my own" in _executed(mine / "runs" / "practice")
    monkeypatch.chdir(mine / "notebooks")
    assert _run("../parameters/practice.yaml").exit_code == 0
    assert (mine / "runs" / "practice" / "earlier" / "0001" / "00_start_here.ipynb").is_file()
    assert [path for path in (elsewhere, mine / "notebooks") if (path / "runs").exists()] == []


@pytest.mark.slow
def test_without_a_laid_out_folder_the_installed_notebooks_run_and_the_run_lies_beside_the_file(
    package: Shipped, tmp_path: Path
) -> None:
    """The twin: the same file outside of the folder."""
    file = tmp_path / "lone" / "practice.yaml"
    file.parent.mkdir()
    file.write_text((package.parameters / "practice.yaml").read_text())
    assert _run(file).exit_code == 0
    assert "these are the installed ones" in _executed(tmp_path / "lone" / "runs" / "practice")
    assert not (package.notebooks.parent / "runs").exists()


@pytest.mark.slow
def test_a_folder_of_another_version_is_named_and_the_run_goes_on(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line on standard error. Twin: of the same version there is none."""
    file = mine / "parameters" / "practice.yaml"
    assert "is installed" not in _run(file).stderr
    monkeypatch.setattr(onetrail, "__version__", "99.0")
    result = _run(file)
    first = result.stderr.splitlines()[0]
    assert first.startswith(f"The files in {mine} are of onetrail ")
    assert first.endswith(
        f"and 99.0 is installed: onetrail init {mine} brings its files up to date and says what changed."
    )
    assert result.exit_code == 0


def test_notebooks_that_do_not_fit_say_how_they_come_to_fit(mine: Path) -> None:
    """A notebook of a version with another parameter is refused before anything runs."""
    given_notebooks(mine, "ok", parameters="not_yet_invented = 1")
    result = _run(mine / "parameters" / "practice.yaml")
    assert result.exit_code == 1
    assert f"lay out those of this version with: onetrail init {mine}" in result.stderr


def test_a_run_that_an_earlier_version_began_where_we_are_is_not_begun_again(tmp_path: Path) -> None:
    """0.1 kept it below the working folder, wherever the file lay: an empty record elsewhere would know nothing of
    it."""
    here = Path.cwd()
    with RunRecord(here / "runs" / "practice", "practice", WallClock()) as record:
        record.append("note", line="begun")
    file = tmp_path / "practice.yaml"
    file.write_text(PRACTICE.read_text())
    result = _run(file)
    assert (result.exit_code, (tmp_path / "runs").exists()) == (2, False)
    assert f'write runs_dir: "{here / "runs"}" to continue it' in result.stderr


def test_a_laid_out_folder_around_us_has_runs_of_its_own(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the run of one folder does not keep another folder's from beginning."""
    with RunRecord(mine / "runs" / "practice", "practice", WallClock()) as record:
        record.append("note", line="begun")
    file = tmp_path / "practice.yaml"
    file.write_text(PRACTICE.read_text())
    monkeypatch.chdir(mine)
    assert "there is no notebook '11'" in _run(file, "--from", "11").stderr


def test_every_mistake_of_a_file_is_printed_at_once(mine: Path) -> None:
    """The one that init made and nobody filled in: a line per mistake, exit code 2, and nothing ran."""
    file = mine / "parameters" / "mine.yaml"
    result = _run(file)
    head, *lines = result.stderr.splitlines()
    assert (result.exit_code, result.stdout) == (2, "")
    assert head == f"onetrail: 12 mistakes in {file}; nothing was changed:"
    assert len(lines) == 12
    assert all(line.startswith("  line ") for line in lines)
    assert not (mine / "runs").exists()


@pytest.mark.slow
def test_the_proposed_plans_are_written_where_they_are_asked_for(tmp_path: Path, package: Shipped) -> None:
    """As JSON and as Markdown, over a file that is there. Twin: without the options nothing is written."""
    given_notebooks(
        package.notebooks.parent, f"from IPython.display import display\ndisplay(show.plan(plan))\n{ENDS['planned']}"
    )
    as_json, as_markdown = Path("plan.json"), Path("plan.md")
    as_json.write_text("old")
    done = _run(PRACTICE, "--plan-json", str(as_json), "--plan-markdown", str(as_markdown))
    assert done.exit_code == 0
    said = json.loads(as_json.read_text())
    assert (said["format"], said["version"], [one["state"] for one in said["plans"]]) == (
        "onetrail-plans",
        1,
        ["planned"],
    )
    assert as_markdown.read_text().startswith(f"## Plan `{said['plans'][0]['id']}` of step 03\n")
    assert sorted(path.name for path in Path.cwd().iterdir()) == ["plan.json", "plan.md"]


@pytest.mark.parametrize("option", ["--plan-json", "--plan-markdown"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_runs(package: Shipped, option: str) -> None:
    """A missing folder, and what is no file. Twin: above."""
    missing = _run(PRACTICE, option, "no-such-folder/plan")
    assert missing.exit_code == 2
    assert "is not a folder that can be written to; name another file" in missing.output
    Path("folder").mkdir()
    assert _run(PRACTICE, option, "folder").exit_code == 2
    assert not (PRACTICE.parent / "runs").exists()


def test_a_plan_that_cannot_be_written_afterwards_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was there stays. Twin: a file that can be."""
    assert not written_whole(tmp_path / "gone" / "plan.json", "{}")
    assert "cannot be written: No such file or directory" in capsys.readouterr().err
    assert written_whole(tmp_path / "plan.json", "{}")
    assert (tmp_path / "plan.json").read_text() == "{}"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ["--approve", "p-0123456789ab", "--confirm", "10979", "--ticket", "CHG-17"],
            ("p-0123456789ab", "10979", "CHG-17"),
        ),
        ([], ("p-ba9876543210", "7", "CHG-1")),  # what the file says
        (["--ticket", ""], ("p-ba9876543210", "7", "")),
    ],
)
def test_what_approves_may_be_an_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: tuple[str, ...]
) -> None:
    """It goes before what the file says."""
    path = tmp_path / "mine.yaml"
    stated = {"approve": "p-ba9876543210", "confirm": "7", "ticket": "CHG-1"}
    kept = [line for line in PRACTICE.read_text().splitlines() if line.split(":")[0] not in stated]
    path.write_text("\n".join([*kept, *(f'{name}: "{value}"' for name, value in stated.items())]))
    heard = []

    def run(settings, **_):
        heard.append((settings.approve, settings.confirm, settings.ticket))
        raise SystemExit(0)

    monkeypatch.setattr("onetrail.runner.run", run)
    CliRunner().invoke(main, ["run", "-f", str(path), *options])
    assert heard == [said]


def test_an_account_is_released_by_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    """It sets release_accounts, and may be given several times; a source account is refused. Twin: without it, what the
    file says."""
    heard = []

    def run(settings, **_):
        heard.append(settings.release_accounts)
        raise SystemExit(0)

    monkeypatch.setattr("onetrail.runner.run", run)
    base = ["run", "-f", str(PRACTICE)]
    CliRunner().invoke(main, [*base, "--release", "222233334444", "--release", "333344445555"])
    CliRunner().invoke(main, base)
    assert heard == [("222233334444", "333344445555"), ()]
    refused = CliRunner().invoke(main, [*base, "--release", "111122223333"])
    assert refused.exit_code == 2
    assert "release_accounts[0] is 111122223333, which is a source account" in refused.output
