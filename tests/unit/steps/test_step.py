"""A step is a package: its row in the registry, its functions, the steps it waits for, and its notebook."""

import ast
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from onetrail.steps.registry import COPY_HISTORY, RETIREMENT, STEPS, package_of

ROOT = Path(__file__).resolve().parents[3]
LIBRARY = ROOT / "lib" / "onetrail" / "steps"

each = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.number)


def asked_of(step):
    """The other steps that a step's package imports."""
    known = {one.name: one.number for one in STEPS}
    found = set()
    for path in (LIBRARY / step.name).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "onetrail.steps":
                found |= {known[alias.name] for alias in node.names}
    return sorted(found)


@each
def test_a_package_is_the_step_that_its_row_says(step):
    """With the same functions in each; one that only looks has no state of its own."""
    package = package_of(step)
    assert package.ABOUT is step
    missing = [name for name in ("observe", "propose", "apply", "check") if not hasattr(package, name)]
    assert (missing, hasattr(package, "done")) == ([], not step.looks_only)
    assert package.__doc__.startswith((f"Step {step.number}: ", f"{step.number}: "))


@each
def test_a_step_asks_those_that_its_row_names(step):
    """Each earlier than itself. 08 reads every step again, which are no prerequisites."""
    changing = [one.number for one in STEPS if not one.looks_only]
    assert asked_of(step) == (changing if step.number == "08" else list(step.after))
    assert all(number in changing and number < step.number for number in step.after)


def test_a_row_that_leaves_a_prerequisite_out_is_seen():
    """The twin: what the code asks is not what such a row says."""
    assert asked_of(COPY_HISTORY) == ["02", "04"] != list(replace(COPY_HISTORY, after=("04",)).after)
    assert asked_of(RETIREMENT) == ["06"]


@each
def test_a_notebook_is_named_and_headed_as_its_step_and_calls_its_package(step):
    """One name for one thing, in the file's name, in its first line and in its first cell."""
    cells = json.loads((ROOT / "notebooks" / f"{step.notebook}.ipynb").read_text(encoding="utf-8"))["cells"]
    assert "".join(cells[0]["source"]).splitlines()[0] == f"# {step.number} {step.title}"
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert f"from onetrail.steps import {step.name} as step\n" in code + "\n"


def test_there_is_no_notebook_beside_those_of_the_steps():
    """A notebook that no row names would never be run."""
    found = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
    assert found == [step.notebook for step in STEPS]


def test_the_registry_imports_no_step():
    """A run's list and a page's table cost nothing. Twin: the package of a step, asked for, is imported."""
    code = (
        "import sys; from onetrail.steps.registry import STEPS, package_of;"
        "print(sorted(m for m in sys.modules if m.startswith('onetrail.steps.')));"
        "package_of(STEPS[1]); print('onetrail.steps.inventory' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == ["['onetrail.steps.registry', 'onetrail.steps.step']", "True"]


def test_the_number_of_a_step_stands_in_the_registry_alone():
    """What a step's code calls STEP is its row's number. Twin: the row itself, which is written out."""
    numbers = re.compile(r"STEP\b[^=\n]*= \"|Plan\(\s*\"\d\d\"|Status\(\s*\"\d\d\"")
    written = [path.name for path in LIBRARY.rglob("*.py") if numbers.search(path.read_text(encoding="utf-8"))]
    assert written == []
    assert numbers.search('STEP: Final = "05"') and numbers.search('Plan("05", ')
