"""`make mutate`: judge a sample of mutants of the library with its unit tests, and hold what survives against the list
of reasons."""

import argparse
import importlib
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.mutation import covered, results
from tests.mutation.chosen import COUNT, SEED, Chosen, chosen
from tests.mutation.covered import LIBRARY, Covered
from tests.mutation.judging import (
    SURVIVED,
    TWICE,
    Case,
    Fast,
    Order,
    decides_on_import,
    importers,
    slow_tasks,
    tests_for,
    verdict,
)
from tests.mutation.places import mutants
from tests.mutation.sessions import Ended, Failures, collected, in_children


def main() -> int:
    """Exit code 0 where at least 95 of 100 are killed, each survivor has its reason, and every test passes as things
    are; 1 where not."""
    asked = _asked()
    failed = _in_a_process(lambda: covered.measure(paths, asked.jobs)) if (paths := covered.stale()) else []
    if failed:
        print("These tests fail as things are, and judge nothing:", *failed, sep="\n  ")
    sample = chosen(asked.seed, asked.count, asked.modules)
    measured = covered.all_that_is_kept()
    order, known = Order(measured.seconds, asked.budget), results.Results(measured)
    _judge(sample, measured, order, known, asked.jobs)
    known = results.Results(measured)
    print(results.table(sample, known))
    trouble = results.trouble(sample, known)
    print(*trouble, sep="\n")
    if asked.write and not trouble:
        results.write_page(sample, known, asked.seed, asked.count)
    return 1 if trouble or failed else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument(
        "--modules",
        default="",
        type=lambda text: text.replace(",", " ").split(),
        help="change/gate.py s3 ...",
    )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument(
        "--count",
        type=int,
        default=COUNT,
        help="size of the sample, without the modules that are changed as a whole; 0: all",
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--budget", type=float, default=20, help="seconds of tests per mutant, as they were measured")
    parser.add_argument("--write", action="store_true", help="write the table into docs/mutation.md")
    return parser.parse_args()


def _judge(sample: Chosen, measured: Covered, order: Order, known: results.Results, jobs: int) -> None:
    """First all that the fast way can, in a process that has collected the tests; then what is left, in one that
    imported nothing."""
    cases = _cases(sample, measured, known)
    fast = [case for case in cases if known.of(case.module, case.mutant.key) != TWICE]
    if fast:
        print(f"{len(fast)} mutants to be judged")
        _in_a_process(lambda: _judge_fast(fast, measured, order, known, jobs))
        known = results.Results(measured)
    slow = [case for case in cases if known.of(case.module, case.mutant.key) == TWICE]
    if slow:
        print(f"{len(slow)} of them to be judged in a new process each")
        _warm_up()
        for ended in in_children(slow_tasks(slow, order), jobs):
            _note(ended, order, known, *verdict(ended))


def _cases(sample: Chosen, measured: Covered, known: results.Results) -> list[Case]:
    """What has no verdict yet, the modules with the most of it first."""
    by_import = importers()
    found = []
    for module, keys in sample.items():
        wanted = {key for key in keys if known.of(module, key) in (None, TWICE)}
        if not wanted:
            continue
        tree, all_of_it = mutants((LIBRARY / module).read_text(encoding="utf-8"))
        for mutant in all_of_it:
            if mutant.key in wanted:
                found.append(Case(module, mutant, tree, tuple(tests_for(module, mutant, measured, by_import))))
    return found


def _judge_fast(cases: list[Case], measured: Covered, order: Order, known: results.Results, jobs: int) -> None:
    def each(session: pytest.Session, failures: Failures) -> None:
        fast = Fast(session.items, failures, order)
        for ended in in_children(fast.tasks(cases), jobs):
            case: Case = ended.task.name
            said, by = verdict(ended)
            if said == SURVIVED and decides_on_import(case.module, case.mutant, measured):
                said = TWICE
            _note(ended, order, known, said, by)

    files = sorted({test.split("::")[0] for case in cases for test in case.tests})
    collected(each, *files)


def _note(ended: Ended, order: Order, known: results.Results, said: str, by: str) -> None:
    case: Case = ended.task.name
    if by:
        order.killed(case.module, by)
    known.add(case.module, case.mutant.key, said, by, ended.seconds)
    if said == SURVIVED:
        print(f"survived: {results.as_text(case.module, case.mutant.key)}", flush=True)


def _in_a_process(do: Callable[[], Any]) -> Any:
    """Do it in a process of its own, so that what it imports is imported there alone."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        code = 1
        try:
            said = do()
            sys.stdout.flush()
            os.write(writing, "\n".join(said or []).encode()[: 1 << 16])
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        lines = pipe.read().split("\n")
    if os.waitpid(pid, 0)[1]:
        raise SystemExit("the judging process broke; what it said stands above")
    return [line for line in lines if line]


WARM = (
    "_pytest.assertion.rewrite",
    "boto3",
    "botocore.session",
    "click",
    "coverage",
    "hypothesis",
    "hypothesis.strategies",
    "httptools",
    "IPython",
    "ipywidgets",
    "matplotlib.pyplot",
    "moto",
    "nbformat",
    "nbval.plugin",
    "numpy",
    "pandas",
    "papermill",
    "pyarrow",
    "pyarrow.compute",
    "pyarrow.parquet",
    "pydantic",
    "xdist",
    "yaml",
)
"""What many tests import and nobody mutates."""


def _warm_up() -> None:
    for name in WARM:
        with suppress(ImportError):
            importlib.import_module(name)


if __name__ == "__main__":
    os.chdir(covered.ROOT)
    sys.exit(main())
