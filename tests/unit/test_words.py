"""What people read has the field's words: the old ones are in old_words.toml, with what to say instead."""

import ast
import io
import json
import re
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = tomllib.loads((Path(__file__).parent / "old_words.toml").read_text(encoding="utf-8"))
HELD, WORDS = TABLE["held"], TABLE["word"]


def held_files() -> list[str]:
    """Every file that is held to the table, by its path from the repository's root."""
    found = {path.relative_to(ROOT).as_posix() for glob in HELD["files"] for path in ROOT.glob(glob)}
    return sorted(found - {*HELD["never"]})


# --- What a person reads of a file


def prose(text: str) -> str:
    """Markdown without what is quoted: fenced blocks, code spans, comments, and where links lead."""
    for quoted in (r"^ *```.*?^ *```", r"<!--.*?-->", r"`[^`\n]+`", r"(?<=\])\([^)\s]*\)", r"https?://\S+"):
        text = re.sub(quoted, _blank, text, flags=re.DOTALL | re.MULTILINE)
    return text


def _blank(found: re.Match[str]) -> str:
    """As many lines as there were, so that the number of a line stays what it is."""
    return "`" + "\n" * found[0].count("\n")


def cells(text: str) -> str:
    """The markdown cells of a notebook."""
    notebook = json.loads(text)
    return "\n\n".join(prose("".join(cell["source"])) for cell in notebook["cells"] if cell["cell_type"] == "markdown")


def comments(text: str) -> str:
    """The comments of a YAML file."""
    return "\n".join(line.partition("#")[2] for line in text.splitlines())


def code(text: str) -> str:
    """Strings, comments and names of a module, each on the line where it stands; a string without a space is a name on
    AWS or a key."""
    lines: dict[int, list[str]] = {}
    tree = ast.parse(text)
    pieces = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in pieces:
            for number, line in enumerate(prose(string_of(node)).split("\n")):
                lines.setdefault(node.lineno + number, []).append(line)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.arg | ast.Name):
            name = getattr(node, "name", None) or getattr(node, "arg", None) or getattr(node, "id", "")
            if name in HELD["names"]:
                continue
            lines.setdefault(node.lineno, []).append(in_words(name))
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            lines.setdefault(token.start[0], []).append(prose(token.string))
    return "\n".join(" | ".join(lines.get(number, [])) for number in range(1, max(lines, default=0) + 1))


def string_of(node: ast.Constant | ast.JoinedStr) -> str:
    """A string that holds more than one word, as it is written; what an f-string puts in is left open. Else nothing."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = [part.value if isinstance(part, ast.Constant) else "{}" for part in parts]
    text = "".join(one for one in texts if isinstance(one, str))
    return text if " " in text else ""


def in_words(name: str) -> str:
    """`KeptRail`, `_kept_rail` and `KEPT_RAIL` are all "kept rail"."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_+", " ", name).strip().lower()


READ = {".md": prose, ".ipynb": cells, ".yaml": comments, ".py": code}


# --- What is found in it


@cache
def patterns() -> list[tuple[re.Pattern[str], list[re.Pattern[str]], str, tuple[str, ...]]]:
    """Old words, what may stand around them, what to say, and the folders in which the word is AWS's own."""

    def whole(old: str) -> re.Pattern[str]:
        return re.compile(rf"(?<![\w-])(?:{old})(?![\w-])", re.IGNORECASE)

    return [
        (
            whole(word["old"]),
            [whole(one) for one in word.get("except", [])],
            word["say"],
            tuple(word.get("not_in", [])),
        )
        for word in WORDS
    ]


def old_words(text: str, name: str = "") -> list[str]:
    """`line: old word -> what to say` for each in the text of the file of this name."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, exceptions, say, own in patterns():
            if own and name.startswith(own):
                continue
            allowed = [span.span() for one in exceptions for span in one.finditer(line)]
            found += [
                f"{number}: {old[0]} -> {say}"
                for old in pattern.finditer(line)
                if not any(begin <= old.start() and old.end() <= end for begin, end in allowed)
            ]
    return found


@pytest.mark.parametrize("name", held_files())
def test_no_old_word_is_left(name: str) -> None:
    """Pages, notebooks and parameters files say it in the field's words."""
    path = ROOT / name
    assert old_words(READ[path.suffix](path.read_text(encoding="utf-8")), name) == []
    assert path.suffix != ".py" or old_words(in_words(path.stem)) == []


def test_an_old_word_is_found() -> None:
    """The twin: on a page, in a heading, a table and a list, whatever its case, with its line and what to say."""
    page = (
        "# The Way in\n\nA hole is closed.\n\n| rail |\n- one row an object\n`rail` [x](rail.md)"
        " \n```sh\nmend\n```\nMend it.\n"
    )
    assert old_words(prose(page)) == [
        "1: Way in -> access path; entry role",
        "3: hole -> grant",
        "5: rail -> guardrail",
        "6: one row an object -> one row per object",
        "11: Mend -> fix",
    ]


def test_what_is_quoted_or_excepted_is_let_be() -> None:
    """Names on AWS, finding ids, printed output and links keep their spelling; exceptions hold for their own place
    alone."""
    quoted = "`onetrail-trail-rail` `00.entry-role` `tokens/` [a](docs/rail.md)\n```text\nwhoever\n```\n<!-- mess -->\n"
    assert old_words(prose(quoted)) == []
    assert old_words("the grant-keeper and the way in which it is told apart, with a guardrail") == []
    assert old_words("the keeper, told apart and told") == [
        "1: told -> reported",
        "1: keeper -> owner",
    ]


def test_an_old_word_is_found_in_a_notebook_in_yaml_and_in_code() -> None:
    """The twins of the other kinds of files: a markdown cell, not an output; a comment, not a value; a string, a
    comment, a name."""
    notebook = {
        "cells": [
            {"cell_type": "markdown", "source": ["a\n", "canary"]},
            {"cell_type": "code", "source": ["canary"]},
        ]
    }
    assert old_words(cells(json.dumps(notebook))) == ["2: canary -> probe"]
    assert old_words(comments("a: mess  # what a mess\nmess: 1")) == ["1: mess -> scenario item"]
    module = (
        '"""One\nhole here."""\n\n# a shell\ndef kept_rail(canary: str) -> str:\n    return f"told {canary}"  # fine\n'
    )
    assert sorted(old_words(code(module))) == [
        "2: hole -> grant",
        "4: shell -> emptied bucket",
        "5: canary -> probe",
        "5: rail -> guardrail",
        "6: canary -> probe",
        "6: told -> reported",
    ]
    assert old_words(in_words("kept_rail")) == ["1: rail -> guardrail"]
    value = 'could_not_look: str = ""  # could not look\ncould_not_look_at = "it could not look"'
    say = "could not look -> not evaluated; could not be read"
    assert old_words(code(value)) == [f"1: {say}", f"2: {say}", f"2: {say}"]
    assert old_words(code('SID = "OnetrailHoldStill"\nKIND = "rail"\nTEXT = f"{SID} of a rail"')) == [
        "3: rail -> guardrail"
    ]


def test_a_word_of_aws_is_let_be_in_its_folders_alone() -> None:
    """A listing's token is none of step 06; the same word elsewhere, and another word in that folder, are found."""
    assert old_words("the next token", "lib/onetrail/s3/http/calls.py") == []
    assert old_words("the next token", "lib/onetrail/show/table.py") == ["1: token -> receipt"]
    assert old_words("a rail", "lib/onetrail/s3/http/calls.py") == ["1: rail -> guardrail"]
    folders = [folder for word in WORDS for folder in word.get("not_in", [])]
    assert [folder for folder in folders if not folder.endswith("/") or not (ROOT / folder).is_dir()] == []


def test_every_kind_of_held_file_can_be_read_and_every_exception_is_one() -> None:
    """A glob that finds nothing, a file left out that is not there, and an exception without its word would hold
    nothing."""
    assert {Path(name).suffix for name in held_files()} <= set(READ)
    assert [glob for glob in HELD["files"] if not list(ROOT.glob(glob))] == []
    assert [name for name in HELD["never"] if not (ROOT / name).is_file()] == []
    assert len({word["old"] for word in WORDS}) == len(WORDS)
    assert [word["old"] for word in WORDS if not word["say"] or not re.compile(word["old"])] == []


def rows() -> Iterator[tuple[str, str]]:
    """Path and name of each row of CONTRIBUTING's "Where is what"."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    part = page.split("\n## Where is what\n", 1)[1].split("\n## ", 1)[0]
    yield from re.findall(r"^\| [^|]+\? \| `([^`]+)` \| `([^`]+)` \|$", part, re.MULTILINE)


def folders() -> list[str]:
    """The folders of the library that CONTRIBUTING describes."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    part = page.split("\n## Where is what\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `(\w+)` \| ", part, re.MULTILINE)


def astray(found: Iterator[tuple[str, str]]) -> list[str]:
    """Rows whose file is not there, or does not hold the name."""
    return [
        f"{path}: {name}"
        for path, name in found
        if not (ROOT / path).is_file() or not re.search(rf"\b{name}\b", (ROOT / path).read_text(encoding="utf-8"))
    ]


def test_where_is_what_leads_there() -> None:
    """Each file is there and holds what to look for; each folder of the library has its line."""
    assert len(list(rows())) >= 6
    assert astray(rows()) == []
    library = ROOT / "lib" / "onetrail"
    assert sorted(folders()) == sorted(path.parent.name for path in library.glob("*/__init__.py"))


def test_a_row_that_leads_nowhere_is_found() -> None:
    """The twin: a file that is not there, a name that the file does not hold."""
    held = ("lib/onetrail/names.py", "OPERATOR_ROLE")
    assert astray(iter([held, ("lib/onetrail/none.py", "x"), ("lib/onetrail/names.py", "OPERATOR_ROL")])) == [
        "lib/onetrail/none.py: x",
        "lib/onetrail/names.py: OPERATOR_ROL",
    ]
