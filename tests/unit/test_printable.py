"""No character that a terminal obeys, that turns a line around or that nobody sees leaves onetrail as it is, and no
letter is lost."""

import ast
import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onetrail.errors import OnetrailError
from onetrail.printable import json_safe, printable, printable_lines

LIB = Path(__file__).parents[2] / "lib" / "onetrail"
ESCAPED = (
    ("esc\x1b[31mEVIL\x1b]0;pwn\x07", r"esc\x1b[31mEVIL\x1b]0;pwn\x07"),  # a colour, and the title of the window
    ("seen\rhidden", r"seen\rhidden"),  # back to the first column
    ("one\ntwo", r"one\ntwo"),  # a line of its own
    ("a\tb", r"a\tb"),
    ("del\x7f", r"del\x7f"),
    ("csi\x9b2J", r"csi\x9b2J"),  # C1, which UTF-8 terminals obey too
    ("next\x85line", r"next\x85line"),
    *(
        (f"a{mark}b", f"a\\u{ord(mark):04x}b")
        for mark in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
    ),
    *(
        (f"a{none}b", f"a\\u{ord(none):04x}b")
        for none in "\u200b\u200c\u200d\u2060\ufeff\u180e\u034f\u115f\u3164\uffa0\u2800\ufe0f"
    ),
    ("soft\xadhyphen", r"soft\xadhyphen"),
    ("no\xa0break", r"no\xa0break"),  # looks like a space and is none
    ("wide\u3000space", r"wide\u3000space"),
    ("two\u2028lines\u2029", r"two\u2028lines\u2029"),
    ("half\ud800", r"half\ud800"),
    ("byte\udcff", r"byte\udcff"),  # what Python makes of a file name that is no UTF-8
    ("none\ufffe\uffff\U0010ffff", r"none\ufffe\uffff\U0010ffff"),
    ("tag\U000e0041", r"tag\U000e0041"),
    ("e" + "\u0301" * 9, "e" + "\u0301" * 4 + r"\u0301" * 5),  # a pile that covers the lines above
    ("\u0301e", r"\u0301e"),  # would stand on what is before it
)
KEPT = (
    "AWSLogs/111122223333/CloudTrail/us-east-1/2026/01/a.json.gz",
    "Prüfung_é_e\u0301.json",  # composed, and with a mark
    "監査ログ/한국어",
    "תיקייה/سجل",  # from right to left: letters, not controls
    "Tiếng Việt, ไทย, हिन्दी",
    "‹on what› – … → ✓ ✗ 💾",
    r"C:\logs\x1b",  # a backslash of its own stays single
    "",
)


@pytest.mark.parametrize(("text", "said"), ESCAPED, ids=[ascii(text) for text, _ in ESCAPED])
def test_what_is_not_seen_or_is_obeyed_is_spelled_out(text: str, said: str) -> None:
    assert printable(text) == said
    assert printable(said) == said


@pytest.mark.parametrize("text", KEPT)
def test_letters_of_every_script_stay(text: str) -> None:
    """The twin: nothing is spelled out that a reader can read."""
    assert printable(text) == text


def unsafe(text: str, layout: str = "\n") -> list[str]:
    """Characters that must not be printed, found without the code that is tested."""
    return [
        ascii(c)
        for c in text
        if c not in layout
        and (
            unicodedata.category(c) in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")
            or c in "\u034f\u115f\u3164\ufe0f\u2800"
        )
    ]


@given(st.text())
def test_nothing_else_is_printed_either(text: str) -> None:
    assert unsafe(printable(text), "") == []
    assert unsafe(printable_lines(text)) == []
    assert printable_lines(text).count("\n") == text.count("\n")


def test_the_check_bites() -> None:
    """Its twin: each of the table above is found where it is let through."""
    spaces = {"no\xa0break", "wide\u3000space", "e" + "\u0301" * 9, "\u0301e", "a\uffa0b"}
    assert [text for text, _ in ESCAPED if not unsafe(text, "") and text not in spaces] == []


@given(st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_that_is_safe_to_print_means_the_same(value: object) -> None:
    """Exact names stay in it, and only what a terminal would obey is an escape."""
    for how in ({}, {"indent": 2}):
        text = json_safe(json.dumps(value, ensure_ascii=False, **how))  # type: ignore[arg-type]
        assert unsafe(text) == []
        assert json.loads(text) == value


def test_json_keeps_its_letters() -> None:
    """The twin: escapes stand for what cannot be seen alone."""
    assert json_safe(json.dumps("é 監 א \x9b", ensure_ascii=False)) == '"é 監 א \\u009b"'


def test_an_error_is_one_line_whatever_stands_in_it() -> None:
    err = OnetrailError("AWS said: no\n  such\x1b[2J key\u202e")
    assert err.line == r"AWS said: no such\x1b[2J key\u202e"
    assert err._render_traceback_() == [f"OnetrailError: {err.line}"]


# --- every place that prints

PRINTS = ("print", "echo", "secho")
SAFE = ("printable", "printable_lines", "json_safe")


def prints(source: str) -> Iterator[str]:
    """Calls that print something else than a fixed text or what a door has made printable."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _name(node.func) in PRINTS and not _is_safe(node.args):
            yield f"line {node.lineno}: {ast.unparse(node)}"


def _name(func: ast.expr) -> str:
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""


def _is_safe(args: list[ast.expr]) -> bool:
    return all(isinstance(arg, ast.Constant) or (isinstance(arg, ast.Call) and _name(arg.func) in SAFE) for arg in args)


def test_whatever_prints_makes_its_text_printable_first() -> None:
    """Each `print` and `click.echo` of the library; notebooks of a move are shown by `Shown`, which has its own
    test."""
    ours = {
        "recording.py",
        "cli/reference.py",
    }  # for who develops onetrail: names of its own files and commands
    found = {path.relative_to(LIB).as_posix(): list(prints(path.read_text())) for path in LIB.rglob("*.py")}
    assert {path: calls for path, calls in found.items() if calls and path not in ours} == {}


def test_a_stream_is_written_to_by_one_known_place_alone() -> None:
    """`sys.stdout.write` would go past the doors; `validate --json` writes ASCII by it."""
    pattern = re.compile(r"sys\.std(?:out|err)\.write\w*")
    found = [path.relative_to(LIB).as_posix() for path in LIB.rglob("*.py") if pattern.search(path.read_text())]
    assert found == ["cli/validating.py"]


@pytest.mark.parametrize(
    "line",
    ["print(name)", 'click.echo(f"{name}")', "click.echo(err.line, err=True)", "print(printable(a), b)"],
)
def test_a_place_that_prints_a_name_as_it_is_would_be_named(line: str) -> None:
    """The twin."""
    assert len(list(prints(line))) == 1
    assert list(prints('print("fixed")')) == list(prints("click.echo(printable(name))")) == []
