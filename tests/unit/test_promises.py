"""What README says that onetrail never does is what docs/promises.md holds with tests that there are."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def promised(readme: str) -> list[str]:
    """The sentences of README's list."""
    said = re.search(r"\*\*What it will never do\*\*: (.*)\.\n", readme)
    assert said, "README has no list of what onetrail will never do"
    return said[1].split("; ")


def held(page: str) -> dict[str, list[str]]:
    """Each sentence of the page with the tests it names."""
    parts = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {part.split("\n", 1)[0]: re.findall(r"^- `([^`]+)`$", part, flags=re.MULTILINE) for part in parts}


def is_there(name: str) -> bool:
    """Whether a test of that name, `path::function`, is in this repository."""
    path, _, function = name.partition("::")
    module = ROOT / path
    if not module.is_file():
        return False
    return any(
        isinstance(one, ast.FunctionDef) and one.name == function
        for one in ast.parse(module.read_text(encoding="utf-8")).body
    )


PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")


def test_each_sentence_has_its_tests_and_there_is_no_other():
    """In README's order; a sentence without a test is no promise."""
    assert list(held(PAGE)) == promised((ROOT / "README.md").read_text(encoding="utf-8"))
    assert [sentence for sentence, tests in held(PAGE).items() if not tests] == []


def test_the_tests_are_there():
    """A test that was renamed or taken away is missed here."""
    assert [name for tests in held(PAGE).values() for name in tests if not is_there(name)] == []


def test_what_is_not_there_is_noticed():
    """Twins: a test that there is none of, a module that there is none of, a sentence without a test."""
    assert not is_there("tests/unit/test_promises.py::test_that_nobody_wrote")
    assert not is_there("tests/unit/test_nowhere.py::test_the_tests_are_there")
    assert is_there("tests/unit/test_promises.py::test_the_tests_are_there")
    assert held("# A\n## never\n\nWords.\n") == {"never": []}
