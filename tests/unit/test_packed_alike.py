"""What is packed has the same bytes in every second: test ids, which hold them, are then alike in all processes."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def without_time(code: str) -> list[int]:
    """The lines that pack with gzip and leave it the time of day."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "gzip.compress"
        and not any(keyword.arg == "mtime" for keyword in node.keywords)
    ]


def test_nothing_is_packed_with_the_time_of_day():
    found = {
        str(path.relative_to(ROOT)): without_time(path.read_text(encoding="utf-8"))
        for folder in ("lib", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_one_that_is_packed_so_is_found():
    """The twin."""
    assert without_time("gzip.compress(b'', mtime=0)\nx = gzip.compress(b'')") == [2]
