"""Whether the unit tests notice a change: a child of a warm process makes it, runs the tests that run the changed
lines, and says how they ended.

The fast way makes the change in a process that has collected all tests: a function gets the changed code, and every
module that took a constant of that module by name gets the changed constant. What survives that, and ran while modules
were imported, is judged once more the slow way: in a process in which nothing of onetrail was imported, whose import of
the changed module finds the changed source.
"""

import ast
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

from tests.mutation.covered import LIBRARY, Covered
from tests.mutation.places import Mutant
from tests.mutation.sessions import Ended, Failures, Task, run

KILLED, SURVIVED, TIMEOUT = "killed", "survived", "timeout"
TWICE = "again"
"""It survived the fast way, and the slow one has not judged it yet."""


@dataclass(frozen=True)
class Case:
    """A mutant to be judged, in the tree of its module, which is named by its path below the library, and the tests
    that may notice it."""

    module: str
    mutant: Mutant
    tree: ast.Module
    tests: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The module's file."""
        return LIBRARY / self.module

    def changed_code(self) -> CodeType:
        """The module's code with the change. The tree is changed for good, so this belongs into a child."""
        self.mutant.edit()
        return compile(ast.fix_missing_locations(self.tree), str(self.path), "exec")

    @property
    def name(self) -> str:
        """The module's name for import."""
        return module_name(self.module)


def module_name(path: str) -> str:
    """`change/gate.py` is `onetrail.change.gate`."""
    return "onetrail." + path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


class Order:
    """Which tests come first: those that killed another mutant of that module, then those of its own file and folder,
    then the quick ones.

    Only so many are run as took `budget` seconds together when they were measured. What they miss counts as a survivor,
    so a short budget never makes the figures better.
    """

    def __init__(self, seconds: dict[str, float], budget: float) -> None:
        self._seconds = seconds
        self._budget = budget
        self._kills: dict[str, Counter[str]] = {}

    def of(self, module: str, tests: Iterable[str]) -> tuple[str, ...]:
        """These tests, the likeliest first. The rest is left out once the budget is spent."""
        kills, stem = self._kills.get(module, Counter()), f"test_{Path(module).stem}.py::"

        folder = f"tests/unit/{module.split('/')[0]}/"

        def rank(test: str) -> tuple[int, bool, bool, float, str]:
            near = test.startswith(folder)
            return (-kills[test], stem not in test, not near, self._seconds.get(test, 0.0), test)

        took = 0.0
        within = []
        for test in sorted(tests, key=rank):
            took += self._seconds.get(test, 0.0)
            if within and took > self._budget:
                break
            within.append(test)
        return tuple(within)

    def killed(self, module: str, test: str) -> None:
        """Remember who did it."""
        self._kills.setdefault(module, Counter())[test] += 1

    def limits(self, tests: Sequence[str]) -> tuple[float, float]:
        """Seconds of the processor and of the clock: several times what these tests take as things are."""
        took = sum(self._seconds.get(test, 0.1) for test in tests)
        return 3 + 5 * took, 30 + 10 * took


def decides_on_import(module: str, mutant: Mutant, covered: Covered) -> bool:
    """Whether what is changed runs when modules are imported."""
    return mutant.code is None or covered.runs_on_import(module, mutant.body)


def tests_for(case_module: str, mutant: Mutant, covered: Covered, importers: dict[str, set[str]]) -> list[str]:
    """The tests that run the changed lines; for what runs on import, those that run anything of the module or of those
    that import it."""
    if not decides_on_import(case_module, mutant, covered):
        return covered.tests_of(case_module, mutant.lines)
    found: dict[str, None] = {}
    for module in (case_module, *sorted(importers.get(case_module, ()))):
        found.update(dict.fromkeys(covered.lines.get(module, {})))
    return list(found)


def importers() -> dict[str, set[str]]:
    """For each module of the library, those that import it or something of it; a package stands for what it passes
    on."""
    paths = {path.relative_to(LIBRARY).as_posix() for path in LIBRARY.rglob("*.py")}
    by_name = {module_name(path): path for path in paths}
    direct: dict[str, set[str]] = {}
    for path in paths:
        for node in ast.walk(ast.parse((LIBRARY / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
            elif isinstance(node, ast.Import):
                names = [one.name for one in node.names]
            else:
                continue
            for name in names:
                if name in by_name:
                    direct.setdefault(by_name[name], set()).add(path)
    for path, those in list(direct.items()):
        for one in [one for one in those if one.endswith("__init__.py")]:
            those |= direct.get(one, set())
        direct[path] = those
    return direct


# --- The fast way


class Fast:
    """Judges in children of this process, which has collected the tests."""

    def __init__(self, items: Sequence[pytest.Item], failures: Failures, order: Order) -> None:
        self._items = {item.nodeid: item for item in items}
        self._failures = failures
        self._order = order
        self._functions = _live_functions()

    def tasks(self, cases: Iterable[Case]) -> Iterator[Task]:
        """One for each, made when its turn comes, so that it profits by what was learnt until then."""
        for case in cases:
            tests = self._order.of(case.module, [test for test in case.tests if test in self._items])
            yield Task(case, lambda c=case, t=tests: self._judged(c, t), *self._order.limits(tests))

    def _judged(self, case: Case, tests: Sequence[str]) -> list[str]:
        if not self._changed(case):
            return [TWICE, ""]
        failed = run([self._items[test] for test in tests], self._failures)
        return [KILLED, failed] if failed else [SURVIVED, ""]

    def _changed(self, case: Case) -> bool:
        """Make the change in this process; False where this way cannot."""
        whole, mutant = case.changed_code(), case.mutant
        if mutant.code is None:
            return self._constant_changed(case, mutant)
        code = _code_named(whole, mutant.code)
        functions = self._functions.get((str(case.path), *mutant.code), [])
        if code is None or not functions:
            return False
        try:
            for function in functions:
                function.__code__ = code
        except ValueError:  # another number of cells
            return False
        return True

    def _constant_changed(self, case: Case, mutant: Mutant) -> bool:
        module = sys.modules.get(case.name)
        statement = mutant.statement
        if module is None:
            return False
        if isinstance(statement, ast.FunctionDef):
            return self._defaults_changed(module, statement)
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            return False
        space = dict(vars(module))
        exec(compile(ast.Module([statement], []), str(module.__file__), "exec"), space)  # noqa: S102
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        for name in names:
            _put_everywhere(name, vars(module)[name], space[name])
        return bool(names)

    def _defaults_changed(self, module: ModuleType, statement: ast.FunctionDef) -> bool:
        first = min([statement.lineno, *(one.lineno for one in statement.decorator_list)])
        statement.decorator_list = []
        space = dict(vars(module))
        exec(compile(ast.Module([statement], []), str(module.__file__), "exec"), space)  # noqa: S102
        functions = self._functions.get((str(module.__file__), statement.name, first), [])
        for function in functions:
            function.__defaults__ = space[statement.name].__defaults__
            function.__kwdefaults__ = space[statement.name].__kwdefaults__
        return bool(functions)


def _live_functions() -> dict[tuple[str, str, int], list[FunctionType]]:
    found: dict[tuple[str, str, int], list[FunctionType]] = {}
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(str(LIBRARY)):
            code = one.__code__
            found.setdefault((code.co_filename, code.co_qualname, code.co_firstlineno), []).append(one)
    return found


def _code_named(code: CodeType, name: tuple[str, int]) -> CodeType | None:
    if (code.co_qualname, code.co_firstlineno) == name:
        return code
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return next((found for one in inner if (found := _code_named(one, name))), None)


def _put_everywhere(name: str, old: Any, new: Any) -> None:
    for module in list(sys.modules.values()):
        there = getattr(module, "__dict__", {})
        if there.get(name) is old and str(getattr(module, "__name__", "")).startswith(("onetrail", "tests", "test_")):
            there[name] = new


# --- The slow way


class _Changed(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Finds the changed source of one module."""

    def __init__(self, name: str, path: Path, code: CodeType) -> None:
        super().__init__(name, str(path))
        self._code = code

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(
            name, self.path, loader=self, submodule_search_locations=self._folder()
        )

    def _folder(self) -> list[str] | None:
        return [str(Path(self.path).parent)] if self.path.endswith("__init__.py") else None

    def get_code(self, fullname: str) -> CodeType:
        return self._code


class _Chosen:
    """Leaves only these tests, in this order."""

    def __init__(self, tests: Sequence[str]) -> None:
        self._place = {test: at for at, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted((one for one in items if one.nodeid in self._place), key=lambda one: self._place[one.nodeid])


def slow_tasks(cases: Iterable[Case], order: Order) -> Iterator[Task]:
    """One for each; to be done in children of a process that has imported nothing of onetrail."""
    for case in cases:
        tests = order.of(case.module, case.tests)
        cpu, clock = order.limits(tests)
        yield Task(case, lambda c=case, t=tests: _judged_slowly(c, t), cpu + 60, clock + 120)


def _judged_slowly(case: Case, tests: Sequence[str]) -> list[str]:
    sys.meta_path.insert(0, _Changed(case.name, case.path, case.changed_code()))
    first = list(dict.fromkeys(test.split("::")[0] for test in tests[:20]))[:3]
    for files in (first, [one for one in dict.fromkeys(t.split("::")[0] for t in tests) if one not in first]):
        if not files:
            continue
        failures = Failures()
        said = pytest.main(
            ["-q", "-s", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *files],
            plugins=[_Chosen([test for test in tests if test.split("::")[0] in files]), failures],
        )
        if said not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            return [KILLED, failures.failed[0] if failures.failed else "on import"]
    return [SURVIVED, ""]


def verdict(ended: Ended) -> tuple[str, str]:
    """What became of it, and which test noticed. A child that broke was noticed, as a run of the tests that breaks
    would be."""
    if ended.answer is not None:
        return ended.answer[0], ended.answer[1]
    return (TIMEOUT, "") if ended.out_of_time else (KILLED, "the process broke")
