"""A file that somebody else may have written is a value or a named refusal."""

import json
import os

import pytest

from onetrail.files import FileRefused, read_bytes, read_json


def _loop(path):
    path.symlink_to(path.name)


def _holding(content):
    return lambda path: path.write_bytes(content)


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        (_loop, "Too many levels of symbolic links"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: os.mkfifo(path), "is not a regular file"),
        (lambda path: None, "No such file"),
        (_holding(b'{"a": "' + b"x" * 100 + b'"}'), "is larger than 100 bytes"),
        (_holding(b""), "is not JSON"),
        (_holding(b"{"), "is not JSON"),
        (_holding(b"\xff\xfe{}"), "is not text in UTF-8"),
        (_holding(b'{"a": "\\ud800"}'), "is not text in UTF-8"),
        (_holding(b'{"\\udfff": 1}'), "is not text in UTF-8"),
        (_holding(b'{"a": 1, "a": 2}'), "the name 'a' stands twice"),
        (_holding(b'{"a": NaN}'), "NaN is no JSON number"),
        (_holding(b"-Infinity"), "-Infinity is no JSON number"),
    ],
)
def test_what_is_planted_is_refused_by_name(tmp_path, planted, said):
    """Whatever lies there, the refusal names the file and says why in one line."""
    planted(tmp_path / "receipt.json")
    with pytest.raises(FileRefused) as refused:
        read_json(tmp_path / "receipt.json", limit=100)
    assert said in str(refused.value)
    assert str(refused.value).startswith("receipt.json cannot be used: ")
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("content", [b"[" * 200_000, b'{"a":' * 200_000, b"9" * 10_000])
def test_what_a_parser_gives_up_on_is_refused(tmp_path, content):
    """Deep brackets and endless numbers are refusals, not the parser's own errors."""
    (tmp_path / "receipt.json").write_bytes(content)
    with pytest.raises(FileRefused, match=r"nested too deep|is not JSON"):
        read_json(tmp_path / "receipt.json")


def test_a_name_that_no_file_has_is_refused(tmp_path):
    """A NUL in a name is no crash."""
    with pytest.raises(FileRefused, match="no file can have this name"):
        read_bytes(tmp_path / "a\0b")


@pytest.mark.parametrize("value", [{"a": [1, 2.5, None, "ü𝄞"]}, [], "text", 7])
def test_what_is_written_is_read(tmp_path, value):
    """A good file gives its value, whether its letters are escaped or not, and through a link as well."""
    for number, plain in enumerate((True, False)):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(value, ensure_ascii=plain), encoding="utf-8")
        (tmp_path / f"link-{number}.json").symlink_to(path.name)
        assert read_json(path) == read_json(tmp_path / f"link-{number}.json") == value
