"""Trouble at the prompt: each is one line that says what is wrong, where, and what to do next."""

import http.server
import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from onetrail.change import RunRecord, WallClock
from onetrail.cli import main

ROOT = Path(__file__).resolve().parents[3]
PRACTICE = (ROOT / "parameters" / "practice.yaml").read_bytes()
STARTS = "onetrail practice start"


def _onetrail(*words: str) -> tuple[int, str]:
    """The exit code and the one line on standard error."""
    result = CliRunner().invoke(main, words, prog_name="onetrail")
    assert len(result.stderr.splitlines()) == 1, result.stderr
    return result.exit_code, result.stderr.strip()


@pytest.fixture(autouse=True)
def practice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an estate that is not there."""
    monkeypatch.setenv("ONETRAIL_PRACTICE_DIR", str(tmp_path / "practice"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "practice").mkdir()
    return tmp_path / "practice"


@pytest.fixture
def stranger() -> Iterator[str]:
    """The address of a web server that is no practice estate."""

    class Quiet(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def _address(endpoint: str) -> str:
    said = {name: "x" for name in ("plain_endpoint", "token", "access_key_id", "secret_access_key", "scenario")}
    return json.dumps({**said, "endpoint": endpoint, "number": 7, "pid": 1, "banner": "x"})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "x.yaml: is empty; parameters/template.yaml shows every key"),
        (b"- a\n", "x.yaml: holds a list instead of keys with values; parameters/template.yaml shows every key"),
        (b"a\n\nb\n", "x.yaml: holds text instead of keys with values; parameters/template.yaml shows every key"),
        (b"\xff\xfe\x00", "x.yaml: is not text in UTF-8; parameters/template.yaml shows every key"),
        (b"estate: a\0b", "x.yaml, line 1: unreadable character: fix or complete the file"),
        (
            PRACTICE + b'\nestate: "aws"\n',
            f"line {len(PRACTICE.splitlines()) + 2}: estate is written twice, first in line 5: keep one",
        ),
        (b"estate:\n\tx: 1\n", "x.yaml, line 2: found character '\\t' that cannot start any token"),
        (PRACTICE[:700], "fix or complete the file"),  # half-written
        (b"[a]: 2\n", "x.yaml, line 1: a key is a list or a mapping, and must be text"),
        (b"? {a: 1}\n: 2\n", "x.yaml, line 1: a key is a list or a mapping, and must be text"),
        (
            re.sub(rb"(?m)^run_name: .*$", b"run_name: 2020-13-45", PRACTICE),
            'run_name is written 2020-13-45, which some YAML readers read as a date: write "2020-13-45" in quotes',
        ),
    ],
)
def test_a_parameters_file_that_is_none_is_wrong_use(content: bytes, said: str) -> None:
    """The line names the file, and the line where there is one; the whole file passes in the next test."""
    Path("x.yaml").write_bytes(content)
    code, line = _onetrail("run", "-f", "x.yaml")
    assert (code, said in line) == (2, True), line


def test_the_whole_file_passes() -> None:
    """The twin: the same file, finished, is refused for the estate alone."""
    Path("x.yaml").write_bytes(PRACTICE)
    code, line = _onetrail("run", "-f", "x.yaml")
    where = f"{Path.cwd() / 'practice'}: start it there with: {STARTS}"
    assert code == 2
    assert line.startswith(f"onetrail: the practice estate is not running in {where}; if it runs elsewhere")


def test_a_folder_is_no_parameters_file() -> None:
    """Exit code 2, and the file to start with."""
    Path("x.yaml").mkdir()
    assert _onetrail("run", "-f", "x.yaml") == (
        2,
        "onetrail: x.yaml: is a folder: name the parameters file in it",
    )


@pytest.mark.parametrize(
    "words", [("practice", "snapshot"), ("copy", "s3://aaa", "s3://bbb", "--ledger")], ids=" ".join
)
@pytest.mark.parametrize("kind", ["a pipe", "a device", "a link to nothing"])
def test_an_output_never_takes_the_place_of_what_is_no_file(words: tuple[str, ...], kind: str) -> None:
    """Refused before anything is asked; the options of validate are in tests/unit/validation/test_validate.py."""
    if kind == "a pipe":
        os.mkfifo("out")
    else:
        Path("out").symlink_to(os.devnull if kind == "a device" else "nowhere")
    code, line = _onetrail(*words, "out")
    assert (code, "out exists and is not a" in line) == (2, True), line


@pytest.mark.parametrize("verb", ["run", "policies"])
@pytest.mark.parametrize("kind", ["a pipe", "a device"])
def test_what_is_no_file_is_no_parameters_file(verb: str, kind: str) -> None:
    """Opening a pipe that nobody writes to would never return, and a device never ends."""
    os.mkfifo("x.yaml") if kind == "a pipe" else Path("x.yaml").symlink_to("/dev/zero")
    assert _onetrail(verb, "-f", "x.yaml") == (
        2,
        "onetrail: x.yaml: it is not a regular file; name a file such as parameters/practice.yaml",
    )


@pytest.mark.parametrize("text", ["", '{"endpoint": "http://127', "{}", "[]", "null", '{"endpoint": 1}'])
@pytest.mark.parametrize("words", [("practice", "status"), ("practice", "reset"), ("run", "-f", "x.yaml")])
def test_a_half_written_address_says_how_to_start_again(practice: Path, text: str, words: tuple[str, ...]) -> None:
    """The cure is a command that works with such a file: start replaces it, stop removes it."""
    Path("x.yaml").write_bytes(PRACTICE)
    (practice / "estate.json").write_text(text)
    code, line = _onetrail(*words)
    assert code == 2
    assert line.endswith(f"estate.json is half-written: start the practice estate again with: {STARTS}")
    assert CliRunner().invoke(main, ["practice", "stop"]).stdout == "it was not running\n"
    assert not (practice / "estate.json").exists()


def test_a_stale_address_says_so(practice: Path) -> None:
    """The estate was killed: nothing answers."""
    (practice / "estate.json").write_text(_address("http://127.0.0.1:1"))
    said = f"onetrail: the practice estate does not answer at http://127.0.0.1:1: start it again with: {STARTS}"
    assert _onetrail("practice", "status") == (2, said)


def test_another_program_on_the_old_port_is_no_estate(practice: Path, stranger: str) -> None:
    """Its page is not shown, and stop leaves it alone."""
    (practice / "estate.json").write_text(_address(stranger))
    code, line = _onetrail("practice", "status")
    assert (code, line) == (
        2,
        f"onetrail: another program answers at {stranger}, the practice estate is gone: start it again with: {STARTS}",
    )
    assert CliRunner().invoke(main, ["practice", "stop"]).exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run",), "onetrail: Missing option '-f' / '--file': see onetrail run --help"),
        (("--BAD",), "onetrail: No such option '--BAD': see onetrail --help"),
        (("-x\nAll proven", "run"), "onetrail: No such option '-x': see onetrail --help"),
        (("practice", "--BAD"), "onetrail: No such option '--BAD': see onetrail practice --help"),
        (("rum",), "onetrail: No such command 'rum'. Did you mean 'run'?: see onetrail --help"),
        (
            ("practice", "start", "--scenario", "x"),
            "onetrail: there is no scenario 'x': give one of default, hard, members, organization, tiny",
        ),
        (("record", "verify", "none"), "onetrail: there is no run none: give the name of a folder in "),
    ],
)
def test_a_wrong_word_is_one_line(words: tuple[str, ...], said: str) -> None:
    """click's own complaints too."""
    code, line = _onetrail(*words)
    assert (code, line.startswith(said)) == (2, True), line


def test_a_practice_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file stands in its place."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ONETRAIL_PRACTICE_DIR", str(tmp_path / "file"))
    assert _onetrail("practice", "start")[0] == 1
    assert _onetrail("practice", "status")[0] == 2


def _planted(path: Path) -> Path:
    path.unlink()
    return path


def _lines(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Path], None]:
    def tamper(folder: Path) -> None:
        path = folder / "record.jsonl"
        path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))

    return tamper


@pytest.mark.parametrize(
    ("tamper", "code", "said"),
    [
        (lambda folder: None, 0, "is whole. 3 lines"),
        (_lines(lambda x: [x[0], x[2]]), 3, "line 2 does not follow the line before it"),
        (_lines(lambda x: [x[0], x[1].replace(b"two", b"ten"), x[2]]), 3, "line 2 was changed"),
        (_lines(lambda x: [x[0], x[2], x[1]]), 3, "line 2 says it is number 3"),
        (_lines(lambda x: x[:2]), 3, "the end is cut off or replaced"),
        (_lines(lambda x: [*x[:2], x[2][:-9]]), 3, "the end is cut off or replaced"),
        (_lines(lambda x: []), 3, "the record holds no line: it was emptied"),
        (lambda folder: (folder / "record.head").write_bytes(b"\xff"), 3, "the end is cut off or replaced"),
        (lambda folder: (folder / "record.jsonl").unlink(), 3, "record.jsonl is not there"),
        (_lines(lambda x: [*x, b'{"v":2,"n":4']), 0, "line 4 was never finished: a full disk or a kill"),
        (
            _lines(lambda x: [*x, b"[" * 200_000 + b"\n"]),
            3,
            "line 4 is not a record line: its brackets are nested too deep",
        ),
        (
            _lines(lambda x: [*x[:2], x[2].replace(b"three", b"\\ud800")]),
            3,
            "line 3 is not a record line: it is not text in UTF-8",
        ),
        (_lines(lambda x: [*x[:2], b"\n", x[2]]), 3, "line 3 is blank"),
        (lambda folder: _planted(folder / "record.jsonl").mkdir(), 3, "Is a directory: nothing was checked"),
        (
            lambda folder: _planted(folder / "record.jsonl").symlink_to("record.jsonl"),
            3,
            "symbolic links: nothing was checked",
        ),
        (
            lambda folder: os.mkfifo(_planted(folder / "record.jsonl")),
            3,
            "it is not a regular file: nothing was checked",
        ),
    ],
    ids=[
        "whole",
        "removed",
        "changed",
        "moved",
        "cut",
        "torn",
        "emptied",
        "head",
        "gone",
        "unfinished",
        "brackets",
        "surrogate",
        "blank",
        "folder",
        "loop",
        "pipe",
    ],
)
def test_a_record_that_is_not_whole_is_named(
    tmp_path: Path, tamper: Callable[[Path], None], code: int, said: str
) -> None:
    """What was done to it stands in a line; the first row is the whole one."""
    with RunRecord(tmp_path / "trial", "trial", WallClock()) as record:
        for word in ("one", "two", "three"):
            record.append("note", line=word)
    tamper(tmp_path / "trial")
    result = CliRunner().invoke(main, ["record", "verify", str(tmp_path / "trial")])
    assert (result.exit_code, said in result.stdout) == (code, True), result.stdout
