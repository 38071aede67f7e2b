"""Which test runs which lines of the library, measured once and kept until a source that counts has changed.

Each file of tests is measured in a process of its own. What was measured holds while that file, and every module whose
lines it ran, are as they were.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.mutation.sessions import ROOT, UNIT, Failures, Task, collected, in_children

LIBRARY = ROOT / "lib" / "onetrail"
KEPT = ROOT / ".mutation"
"""What was measured and judged; git ignores it."""


@cache
def digest(path: Path) -> str:
    """Of a file, `""` where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""


@dataclass
class Covered:
    """`lines[module][test]` are the lines that a test runs; `imported[module]` those that run when modules are
    imported; `seconds[test]` what it takes."""

    lines: dict[str, dict[str, frozenset[int]]] = field(default_factory=dict)
    imported: dict[str, frozenset[int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def tests_of(self, module: str, lines: range) -> list[str]:
        """The tests that run any of these lines."""
        return [test for test, ran in self.lines.get(module, {}).items() if not ran.isdisjoint(lines)]

    def runs_on_import(self, module: str, lines: range) -> bool:
        """Whether any of these lines runs when modules are imported or tests are collected."""
        return not self.imported.get(module, frozenset()).isdisjoint(lines)


def test_files() -> list[str]:
    """Every file of unit tests, but not this harness' own."""
    found = (path.relative_to(ROOT).as_posix() for path in (ROOT / UNIT).rglob("test_*.py"))
    return sorted(path for path in found if not path.startswith("tests/unit/mutation/"))


def stale() -> list[str]:
    """The files of tests that must be measured: new ones, and those of which anything that they ran has changed."""
    return [path for path in test_files() if not _holds(_kept(path))]


def measure(paths: Sequence[str], jobs: int) -> list[str]:
    """Measure these files of tests; returns the tests that fail as things are. To be called where nothing of onetrail
    was imported."""
    tracer = coverage.Coverage(
        data_file=None, config_file=False, source=[str(LIBRARY)], omit=[str(LIBRARY / "practice" / "*")]
    )
    tracer.start()
    failed: list[str] = []

    def each(session: pytest.Session, failures: Failures) -> None:
        by_file: dict[str, list[pytest.Item]] = {}
        for item in session.items:
            by_file.setdefault(item.nodeid.split("::")[0], []).append(item)
        for path in set(paths) - set(by_file):  # nothing but what is left out
            _keep(path, {"failed": [], "seconds": {}, "lines": {}, "imported": {}})
        tasks = [
            Task(path, lambda items=items: _measured(items, failures, tracer), 900, 1800)
            for path, items in by_file.items()
        ]
        for ended in in_children(tasks, jobs):
            if ended.answer is None:
                failed.append(f"{ended.task.name} (ended without an answer)")
                continue
            failed.extend(ended.answer["failed"])
            _keep(ended.task.name, ended.answer)

    collected(each, *paths)
    tracer.stop()
    return failed


def _measured(items: Sequence[pytest.Item], failures: Failures, tracer: coverage.Coverage) -> dict[str, Any]:
    for at, item in enumerate(items):
        tracer.switch_context(item.nodeid)
        item.ihook.pytest_runtest_protocol(item=item, nextitem=items[at + 1] if at + 1 < len(items) else None)
    tracer.stop()
    data = tracer.get_data()
    lines: dict[str, dict[str, list[int]]] = {}
    imported: dict[str, list[int]] = {}
    for name in data.measured_files():
        module = Path(name).relative_to(LIBRARY).as_posix()
        for line, contexts in data.contexts_by_lineno(name).items():
            for context in contexts:
                if context:
                    lines.setdefault(module, {}).setdefault(context, []).append(line)
                else:
                    imported.setdefault(module, []).append(line)
    return {"failed": failures.failed, "seconds": failures.seconds, "lines": lines, "imported": imported}


# --- What is kept


def _place(path: str) -> Path:
    return KEPT / "covered" / (path.replace("/", "+") + ".json")


def _keep(path: str, answer: dict[str, Any]) -> None:
    counted = {path, *(f"lib/onetrail/{module}" for module in answer["lines"])}
    kept = {"sources": {name: digest(ROOT / name) for name in sorted(counted)}, **answer}
    _place(path).parent.mkdir(parents=True, exist_ok=True)
    _place(path).write_text(json.dumps(kept), encoding="utf-8")


def _kept(path: str) -> dict[str, Any] | None:
    try:
        return dict(json.loads(_place(path).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _holds(kept: dict[str, Any] | None) -> bool:
    if kept is None or kept["failed"]:
        return False
    return all(digest(ROOT / name) == was for name, was in kept["sources"].items())


def all_that_is_kept() -> Covered:
    """Of every file of tests that there is, but for tests that failed: whose failure says nothing judges nothing."""
    found = Covered()
    for path in test_files():
        kept = _kept(path)
        if kept is None:
            continue
        failed = set(kept["failed"])
        found.seconds.update(kept["seconds"])
        for module, tests in kept["lines"].items():
            there = found.lines.setdefault(module, {})
            there.update({test: frozenset(lines) for test, lines in tests.items() if test not in failed})
        for module, lines in kept["imported"].items():
            found.imported[module] = found.imported.get(module, frozenset()) | frozenset(lines)
    return found
