"""No verb hands a terminal what somebody else wrote: in refusals, results, progress and logs alike."""

import io
import itertools
import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from onetrail.aws.telling import say_line
from onetrail.change import RunRecord, WallClock
from onetrail.cli import copying, main
from onetrail.copy_command.telling import CopySums
from onetrail.progress import Progress
from onetrail.runner.result import from_error
from onetrail.runner.telling import RunOutput
from onetrail.show.progress import LivePanel
from tests.unit.cloudtrail.signing import given_a_chain, kept_keys, written

PRACTICE = Path(__file__).parents[3] / "parameters" / "practice.yaml"
EVIL = "k\x1b[2J\x1b]0;pwn\x07\r\x9b1m\u202e\u2066\u200bz"
SAID = r"k\x1b[2J\x1b]0;pwn\x07\r\x9b1m\u202e\u2066\u200bz"


def unsafe(said: str) -> list[str]:
    return sorted({ascii(c) for c in said if c not in "\n " and unicodedata.category(c)[0] in "CZ"})


@pytest.fixture(autouse=True)
def _no_estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONETRAIL_PRACTICE_DIR", str(tmp_path / "practice"))
    monkeypatch.chdir(tmp_path)


def onetrail(*words: str) -> Result:
    result = CliRunner().invoke(main, words)
    assert unsafe(result.output) == []
    return result


@pytest.mark.parametrize(
    "words",
    [
        ("run", "-f", EVIL),
        ("run", "-f", str(PRACTICE), "--from", EVIL),
        ("run", "-f", str(PRACTICE), "--approve", EVIL),
        ("policies", "-f", EVIL),
        ("policies", "-f", str(PRACTICE), "--expires", EVIL),
        ("copy", EVIL, "s3://a"),
        ("copy", f"s3://{EVIL}", "s3://a"),
        ("copy", "s3://aaa", "s3://bbb", "--from-owner", EVIL),
        ("copy", "s3://aaa", "s3://bbb", "--lock-mode", EVIL),
        ("copy", "s3://aaa", "s3://bbb", "--lock-mode", "governance", "--retain-until", EVIL),
        ("validate", EVIL),
        ("validate", "s3://AWSLogs", "--since", EVIL),
        ("validate", "x", "--account", EVIL),
        ("record", "verify", EVIL),
        ("record", "verify", ".", "--heads", EVIL),
        ("practice", "wait", EVIL),
        ("practice", "fault", "kind", EVIL),
        ("practice", EVIL),
        (EVIL,),
        ("--" + EVIL,),
    ],
    ids=lambda words: " ".join(words).encode("unicode_escape").decode()[-60:],
)
def test_a_refusal_shows_what_was_written_and_obeys_none_of_it(words: tuple[str, ...]) -> None:
    result = onetrail(*words)
    assert result.exit_code == 2
    assert r"\x1b[2J" in result.stderr or r"\\x1b[2J" in result.stderr or "practice start" in result.stderr


@pytest.mark.parametrize("key", ["run_name", "runs_dir", "scenario", "contacts", "home_region", EVIL])
def test_a_parameters_file_obeys_nothing_that_it_holds(tmp_path: Path, key: str) -> None:
    """Written as YAML's escapes, which stand for the characters themselves."""
    path = tmp_path / "x.yaml"
    path.write_text(PRACTICE.read_text() + f"{json.dumps(key)}: {json.dumps(EVIL)}\n")
    assert onetrail("run", "-f", str(path)).exit_code == 2


def test_what_is_proven_of_a_folder_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    scene = given_a_chain(4)
    kept_keys(scene, tmp_path / "keys")
    there = written(scene, tmp_path / f"down{EVIL}")
    digest = next(there.rglob("*CloudTrail-Digest*.json.gz"))
    digest.with_name(
        digest.name.replace("CloudTrail-Digest_", "CloudTrail-Digest_").replace(".json", f"{EVIL}.json")
    ).write_bytes(b"x")
    (there / f"foreign{EVIL}").write_bytes(b"x")
    next(there.rglob("*_CloudTrail_*.json.gz")).unlink()
    words = ("validate", str(there), "--public-keys", str(tmp_path / "keys"))
    assert SAID in onetrail(*words).stdout
    as_json = onetrail(*words, "--json")
    assert as_json.stdout.isascii()
    assert EVIL in json.loads(as_json.stdout)["summary"]["place"]


def test_an_original_bucket_says_no_line_of_its_own(tmp_path: Path) -> None:
    scene = given_a_chain(4)
    kept_keys(scene, tmp_path / "keys")
    there = written(scene, tmp_path / "down")
    words = ("validate", str(there), "--public-keys", str(tmp_path / "keys"), "--moved-from")
    said = onetrail(*words, "a\nAll proven: 1 chain.").stdout
    assert r"a\nAll proven" in said and "\nAll proven" not in said


def test_the_place_of_a_copy_says_no_line_of_its_own() -> None:
    said = copying.table(CopySums({}, {}), "s3://a/x\nall copied -> s3://b/", False)
    assert said.startswith("s3://a/x\\nall copied -> s3://b/\n")


def test_a_record_says_its_names_and_its_lines_can_be_shown_as_they_are(tmp_path: Path) -> None:
    """Exact names stay in the record: JSON's own escapes stand for what a terminal would obey."""
    with RunRecord(tmp_path / "runs" / "practice", "practice", WallClock()) as record:
        record.append("rows", bucket=EVIL, rows=1)
    text = (tmp_path / "runs" / "practice" / "record.jsonl").read_text(encoding="utf-8")
    assert unsafe(text) == []
    assert json.loads(text.splitlines()[-1])["bucket"] == EVIL
    assert "is whole" in onetrail("record", "verify", str(tmp_path / "runs" / "practice")).stdout


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (str, "is whole"),  # as it was written before: the characters themselves
        (
            lambda text: text.replace("\x9b", "\\u009b"),
            "is not whole: 1 problem",
        ),  # neither form: some are escapes
        (lambda text: json.dumps(json.loads(text), separators=(",", ":")), "is not whole: 1 problem"),
    ],
)
def test_a_line_of_an_earlier_version_is_whole_and_one_of_no_version_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: Any, said: str
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr("onetrail.change.run_record.lines.json_safe", form)
        with RunRecord(tmp_path / "practice", "practice", WallClock()) as record:
            record.append("rows", bucket=f"é{EVIL}", rows=1)
    assert said in onetrail("record", "verify", str(tmp_path / "practice")).stdout


def test_the_unforeseen_is_no_way_past_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError(EVIL)

    monkeypatch.setattr("onetrail.settings.Settings.from_file", broken)
    result = onetrail("policies", "-f", str(PRACTICE))
    kept = Path(result.stderr.strip().rsplit(" ", 1)[1])
    assert SAID in kept.read_text(encoding="utf-8")
    assert unsafe(kept.read_text(encoding="utf-8")) == []
    kept.unlink()


def test_policies_are_json_that_can_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onetrail.cli.printing.policy_documents", lambda *_, **__: {EVIL: {"Sid": f"é {EVIL}"}})
    said = onetrail("policies", "-f", str(PRACTICE)).stdout
    assert json.loads(said) == {EVIL: {"Sid": f"é {EVIL}"}}
    assert "é" in said


def test_progress_and_logs_obey_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setenv("ONETRAIL_LIVE", "1")
    say_line(EVIL)
    told = LivePanel(unattended=True, monotonic=itertools.count(0, 10).__next__)
    told(Progress(EVIL, EVIL, 1))
    told.tick()
    told.sent(EVIL, 1, 1)
    copying._say(EVIL)
    out = io.StringIO()
    with RunOutput(tmp_path / "run.log", out) as telling:
        telling.step("05", 3)
        telling.line(from_error("05", "NotYet", EVIL, Path("x")).line)
        telling.write(f"{EVIL}\n")
    said = capsys.readouterr()
    logged = (tmp_path / "run.log").read_text(encoding="utf-8")
    assert unsafe(said.out + said.err + out.getvalue() + logged) == []
    assert (said.err.count(SAID), out.getvalue().count(SAID), logged.count(SAID)) == (4, 2, 2)


def test_the_check_bites(monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin: with the one rule taken away the same refusal drives the terminal."""
    monkeypatch.setattr("onetrail.printable._SHOWN", {})
    assert unsafe(CliRunner().invoke(main, ["run", "-f", EVIL]).stderr)
