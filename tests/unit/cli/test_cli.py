"""The command line: one line for every error, exit codes that mean something, and help that is documented."""

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import onetrail
from onetrail import iam
from onetrail.change import RunRecord, WallClock
from onetrail.cli import main
from onetrail.cli.reference import reference
from onetrail.workspace.version import laid_out_by_another

ROOT = Path(__file__).resolve().parents[3]
PRACTICE = str(ROOT / "parameters" / "practice.yaml")


def _onetrail(*words, **how):
    return CliRunner().invoke(main, words, **how)


@pytest.fixture(autouse=True)
def _no_estate(tmp_path, monkeypatch):
    monkeypatch.setenv("ONETRAIL_PRACTICE_DIR", str(tmp_path / "practice"))
    monkeypatch.chdir(tmp_path)


def _parameters(folder, text):
    path = folder / "x.yaml"
    path.write_text(text)
    return str(path)


def test_help_is_documented():
    """docs/cli.md is what --help prints."""
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == reference()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "-f", "none.yaml"], "no such file"),
        (["run", "-f", PRACTICE], "onetrail practice start"),  # the estate is not running
        (["run", "-f", PRACTICE, "--from", "11"], "there is no notebook '11'"),
        (["run", "-f", PRACTICE, "--approve", "yes"], "approve"),
        (["practice", "status"], "onetrail practice start"),
        (["practice", "wait", "soon"], "PT6H"),
        (["policies", "-f", "none.yaml"], "no such file"),
        # An option that no policy can be made of is wrong use as a parameter would be, though the builder finds it.
        (["policies", "-f", PRACTICE, "--expires", "soon"], "instant of expiry"),
        (["policies", "-f", PRACTICE, "--old-bucket", "acme-*"], "exact old bucket names"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(words, said):
    """The line says what to do; there is no traceback, and nothing on standard output."""
    result = _onetrail(*words)
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""
    assert result.exit_code == 2


@pytest.mark.parametrize("words", [["run"], ["nothing"], ["practice", "wait"], ["policies", "-f"]])
def test_a_command_that_cannot_be_read_is_wrong_use(words):
    """click's own errors have the same exit code."""
    assert _onetrail(*words).exit_code == 2


@pytest.mark.parametrize("verb", ["run", "policies"])
def test_parameters_that_contradict_each_other_are_refused_by_every_verb(tmp_path, verb):
    """Jobs that are to push stop before anything is looked at, with what to write; jobs that pull get past it."""
    text = Path(PRACTICE).read_text()
    engine, direction = 'copy_engine: "auto"', 'copy_direction: "auto"'
    assert engine in text and direction in text
    jobs = text.replace(engine, 'copy_engine: "s3-batch"')
    refused = _onetrail(verb, "-f", _parameters(tmp_path, jobs.replace(direction, 'copy_direction: "push"')))
    assert refused.exit_code == 2
    assert 'copy_engine is "s3-batch"' in refused.stderr
    assert 'write copy_direction: "auto"' in refused.stderr
    taken = _onetrail(verb, "-f", _parameters(tmp_path, jobs))
    assert "copy_engine" not in taken.stderr


def test_half_written_parameters_are_named_with_their_line(tmp_path):
    """A file that was cut off in the middle is refused before anything runs."""
    result = _onetrail("run", "-f", _parameters(tmp_path, 'estate: "practice"\nscenario: "def'))
    assert (result.exit_code, "line" in result.stderr) == (2, True)


def test_the_unforeseen_is_one_line_and_a_file(monkeypatch):
    """A traceback helps nobody at a prompt, and is not lost either."""

    def broken(*args, **how):
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("onetrail.settings.Settings.from_file", broken)
    result = _onetrail("policies", "-f", PRACTICE)
    assert result.exit_code == 1
    assert result.stderr.startswith("onetrail: unexpected ZeroDivisionError: by zero; the traceback is in ")
    kept = Path(result.stderr.strip().rsplit(" ", 1)[1])
    assert "Traceback" in kept.read_text()
    kept.unlink()


def test_policies_are_one_json_object():
    """Every name of the contract is there, and each is a policy document."""
    result = _onetrail(
        "policies",
        "-f",
        PRACTICE,
        "--old-bucket",
        "acme-audit-us-east-1",
        "--expires",
        "2026-01-12T15:00:00Z",
    )
    documents = json.loads(result.stdout)
    names = {
        "central_bucket",
        "central_bucket_open",
        "old_bucket_open",
        "kms_key",
        "access_log_bucket",
        "work_bucket",
        "scp",
        "rcp",
    }
    assert names <= set(documents)
    assert all(document["Statement"] for document in documents.values())
    assert "acme-audit-us-east-1" in json.dumps(documents["old_bucket_open"])


def test_policies_explain_themselves():
    """Each request with its verdict and the statement that decides; all as they must be."""
    result = _onetrail("policies", "-f", PRACTICE, "--explain")
    assert result.exit_code == 0
    assert "✗" not in result.stdout
    assert "ReadsOnly" in result.stdout
    tables, totals = result.stdout.split("Requests evaluated\n")
    every = next(line for line in totals.splitlines() if line.startswith("all")).replace(",", "").split()
    let_in = len(re.findall(r"^✓.*  allow  ", tables, re.MULTILINE))
    assert every == ["all", str(tables.count("✓")), str(let_in), str(tables.count("✓") - let_in), "0"]
    assert totals.endswith("Every request gets the expected verdict.\n")


def test_policies_explain_themselves_in_the_width_of_the_terminal(monkeypatch):
    """No line is wider, and nothing is cut. Twin: a wider terminal is used."""
    printed = {}
    for terminal in (80, 120, 240):
        monkeypatch.setenv("COLUMNS", str(terminal))
        printed[terminal] = _onetrail("policies", "-f", PRACTICE, "--explain").stdout
    widest = {terminal: max(map(len, text.splitlines())) for terminal, text in printed.items()}
    assert widest[80] <= 80
    assert widest[120] <= 120 < widest[240] <= 240
    letters = [Counter("".join(printed[terminal].split()).replace("-", "")) for terminal in (120, 240)]
    assert letters[0] == letters[1]


def test_requests_that_are_decided_wrongly_are_in_the_totals(monkeypatch):
    """The twin: one that is let in though it must not be, in each document."""

    def judged(*args):
        first, *others = iam.judge(*args)
        return [
            replace(first, expectation=replace(first.expectation, wanted=not first.expectation.wanted)),
            *others,
        ]

    monkeypatch.setattr("onetrail.cli.printing.iam", SimpleNamespace(**{**vars(iam), "judge": judged}))
    result = _onetrail("policies", "-f", PRACTICE, "--explain")
    rows = [line.split() for line in result.stdout.split("Requests evaluated\n")[1].splitlines()[2:]]
    assert {row[-1] for row in rows if row and row[0].startswith("central")} == {"1"}
    assert next(row for row in rows if row and row[0] == "all")[-1] == str(result.stdout.count("✗"))
    assert (result.exit_code, "requests get unexpected verdicts" in result.stderr) == (3, True)


def test_a_whole_record_is_verified_and_a_changed_one_is_not(tmp_path):
    """Exit code 0 and 3."""
    folder = tmp_path / "runs" / "trial"
    with RunRecord(folder, "trial", WallClock()) as record:
        record.append("note", line="one")
        record.append("note", line="two")
    whole = _onetrail("record", "verify", str(folder))
    assert (whole.exit_code, "is whole. 2 lines" in whole.stdout) == (0, True)
    path = folder / "record.jsonl"
    path.write_text(path.read_text().replace('"one"', '"ten"'))
    changed = _onetrail("record", "verify", str(folder))
    assert changed.exit_code == 3
    assert "line 1 was changed" in changed.stdout


def test_a_folder_is_laid_out_and_says_what_to_do_next(tmp_path):
    """A line per file, that outputs are cleared, and the next commands. Twin: the second time it says only what
    changed."""
    result = _onetrail("init", "mine")
    assert result.exit_code == 0
    head, *lines = result.stdout.splitlines()
    assert head == f"mine has the files of onetrail {onetrail.__version__}:"
    assert lines[0].split() == ["new", "notebooks/00_start_here.ipynb"]
    assert "Outputs in the notebooks are cleared" in result.stdout
    assert "fill in parameters/mine.yaml" in lines[-1]
    assert "onetrail run -f parameters/practice.yaml" in lines[-1]
    chosen = "All notebooks take parameters/mine.yaml; another one: onetrail init mine --parameters FILE."
    assert chosen in lines
    (tmp_path / "mine" / "parameters" / "practice.yaml").write_text("mine")
    again = _onetrail("init", "mine").stdout.splitlines()
    assert (len(again), again[-1]) == (14, chosen)
    assert "  edited     parameters/practice.yaml: kept as you have it" in again
    assert {line.split()[0] for line in again[1:-1]} == {"unchanged", "edited"}


def test_a_folder_to_practise_in_says_so(tmp_path):
    """Its notebooks take the practice estate's parameters. Twin: a file elsewhere is refused in one line."""
    result = _onetrail("init", "mine", "--parameters", "parameters/practice.yaml")
    assert result.stdout.splitlines()[-1].startswith("Next: cd mine, then onetrail practice start, then onetrail run")
    for notebook in sorted((tmp_path / "mine" / "notebooks").iterdir()):
        assert 'parameters_file: str = \\"parameters/practice.yaml\\"  #' in notebook.read_text()
    refused = _onetrail("init", "other", "--parameters", "../mine.yaml")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert not (tmp_path / "other").exists()


def test_the_commands_to_go_on_with_can_be_pasted(tmp_path, monkeypatch):
    """A name with a space in it is one word, also in what a later version says."""
    assert "Next: cd 'my move', then" in _onetrail("init", "my move").stdout
    monkeypatch.setattr(onetrail, "__version__", "99.0")
    assert f"onetrail init '{tmp_path}/my move' brings" in laid_out_by_another(tmp_path / "my move")


def test_a_folder_of_somebody_else_is_not_laid_out(tmp_path):
    """One line, exit code 2, and nothing was written."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "x").touch()
    result = _onetrail("init", "theirs")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("onetrail: theirs is not empty")
    assert len(list((tmp_path / "theirs").iterdir())) == 1
