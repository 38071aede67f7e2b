"""The nine notebooks: where they are, their order, and the parameters each of them knows."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from onetrail.errors import OnetrailError, WrongUse
from onetrail.settings import Settings
from onetrail.settings.place import is_checkout
from onetrail.steps.registry import STEPS


class NotebookUnfit(OnetrailError):
    """A notebook is missing or does not fit this library."""


@dataclass(frozen=True)
class Notebook:
    """One notebook: `number` is `03`, `step` the name of its step module, `bucket_creation`."""

    number: str
    step: str
    path: Path

    @property
    def name(self) -> str:
        """`03_bucket_creation`."""
        return self.path.stem


def all_notebooks(folder: Path) -> list[Notebook]:
    """The notebooks of a folder in the order of the steps; other files of that folder are no steps.

    Raises NotebookUnfit if there are none, or if one is missing before the last.
    """
    known = [Notebook(step.number, step.name, folder / f"{step.notebook}.ipynb") for step in STEPS]
    found = [notebook for notebook in known if notebook.path.exists()]
    if not found:
        raise NotebookUnfit(f"{folder}: no notebooks there: {_cure(folder)}")
    missing = next((one for one in known[: known.index(found[-1])] if one not in found), None)
    if missing:
        raise NotebookUnfit(f"{missing.path.name} is missing: {_cure(folder, 'take it from the repository again')}")
    return found


def _cure(folder: Path, here: str = "recreate its parameters cell with: make record") -> str:
    """How notebooks come to fit again: in the repository as `here` says, elsewhere they are laid out."""
    if is_checkout(folder.parent):
        return here
    return f"lay out those of this version with: onetrail init {folder.parent}"


def between(found: Iterable[Notebook], first: str, last: str) -> list[Notebook]:
    """The notebooks from `first` to `last`, both included, each given as `03` or `3` or empty; raises WrongUse."""
    listed = list(found)
    numbers = [notebook.number for notebook in listed]
    start, end = (_number(first, numbers, numbers[0]), _number(last, numbers, numbers[-1]))
    if start > end:
        raise WrongUse(f"--from {start} comes after --to {end}: nothing would run; exchange them")
    return [notebook for notebook in listed if start <= notebook.number <= end]


def _number(given: str, numbers: list[str], default: str) -> str:
    number = given.split("_")[0].zfill(2) if given else default
    if number not in numbers:
        raise WrongUse(f"there is no notebook {given!r}: give one of {', '.join(numbers)}")
    return number


def parameter_names(path: Path) -> list[str]:
    """The names its parameters cell sets; raises NotebookUnfit without such a cell."""
    for cell in read(path).cells:
        if "parameters" in cell.metadata.get("tags", []):
            return [name for node in ast.parse(cell.source).body for name in _targets(node)]
    raise NotebookUnfit(f"{path}: no cell is tagged parameters; take the notebook from the repository again")


def _targets(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def check_parameters(found: Iterable[Notebook]) -> None:
    """Every notebook knows every parameter and no other; raises NotebookUnfit before anything runs.

    papermill itself only warns of a name that a notebook does not know, and the default stays in force.
    """
    known = set(Settings.model_fields)
    for notebook in found:
        names = set(parameter_names(notebook.path))
        odd = sorted(names ^ known)
        if odd:
            where = "does not know" if odd[0] in known else "has the unknown parameter"
            raise NotebookUnfit(f"{notebook.path.name} {where} {odd[0]}: {_cure(notebook.path.parent)}")


def read(path: Path) -> Any:
    """The notebook; raises NotebookUnfit if it is none."""
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as err:
        raise NotebookUnfit(f"{path}: cannot be read as a notebook: take it from the repository again") from err
