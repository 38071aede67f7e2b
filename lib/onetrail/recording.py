"""Recording the notebooks: their outputs on a fresh practice estate, with everything approved, as the repository has
them.

`python -m onetrail.recording` writes them, `--check` names those that are stale, `--refresh` only renews what is
generated in their cells. Recorded twice, the files are the same byte for byte.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import nbformat

from onetrail.printable import printable_lines
from onetrail.runner import run
from onetrail.runner.notebooks import Notebook, all_notebooks, read
from onetrail.settings import Settings
from onetrail.settings.cell import FOLDED, TAG, about_parameters, parameters_cell
from onetrail.show import PLAN_MIME
from onetrail.workspace.shipped import shipped

_LEFT_OUT = ("application/vnd.jupyter.widget-view+json", PLAN_MIME)
"""What differs from run to run, and what only the runner reads."""
RECORDED: Final = (
    "In the repository, the outputs below are a recording of the practice estate; Run > Run All Cells replaces them"
    " with those of your own estate."
)
"""What each notebook says below its title."""
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def refreshed(found: list[Notebook], settings: Settings) -> dict[Path, Any]:
    """Each notebook with its parameters cell, its links and its metadata as they are generated; outputs are kept."""
    notebooks = [read(notebook.path) for notebook in found]
    titles = [_title(notebook) for notebook in notebooks]
    for number, notebook in enumerate(notebooks):
        notebook.metadata = nbformat.from_dict(deepcopy(_METADATA))
        title, sentence = notebook.cells[0].source.split("\n\n")[:2]
        notebook.cells[0].source = "\n\n".join((title, sentence, RECORDED, _links(found, titles, number)))
        for above, cell in pairwise(notebook.cells):
            if TAG in cell.metadata.get("tags", []):
                above.source = about_parameters()
                cell.source = parameters_cell(settings.parameters())
                cell.metadata["jupyter"] = dict(FOLDED)
    return {one.path: notebook for one, notebook in zip(found, notebooks, strict=True)}


def written(notebook: Any) -> str:
    """The file's text."""
    return str(nbformat.writes(notebook)).rstrip("\n") + "\n"


def with_outputs(notebook: Any, executed: Any) -> Any:
    """The notebook with the outputs of its executed twin, without whatever differs from run to run."""
    executed_cells = {cell.id: cell for cell in executed.cells}
    recorded, count = deepcopy(notebook), 0
    for cell in recorded.cells:
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.outputs = [_steady(output, count) for output in executed_cells[cell.id].outputs]
    return recorded


def record(folder: Path, parameters: Path) -> dict[Path, str]:
    """Path -> text of every notebook, run on an estate of its own; raises RuntimeError where the run does not reach its
    end."""
    settings = Settings.from_file(parameters)
    found = all_notebooks(folder)
    fresh = refreshed(found, settings)
    with tempfile.TemporaryDirectory(prefix="onetrail-record-") as work, _fresh_estate(Path(work)):
        source = Path(work) / "notebooks"
        source.mkdir()
        for path, notebook in fresh.items():
            (source / path.name).write_text(written(notebook), encoding="utf-8")
        approved = settings.with_values(approve="any", runs_dir=str(Path(work) / "runs"))
        result = run(approved, folder=source, live=False)
        if len(result.steps) < len(found) or result.steps[-1].stops_the_run:
            raise RuntimeError(f"the notebooks were not recorded: {result.steps[-1].name}: {result.steps[-1].line}")
        executed = {step.path.name: read(step.path) for step in result.steps}
    return {path: written(with_outputs(notebook, executed[path.name])) for path, notebook in fresh.items()}


def _steady(output: Any, count: int) -> Any:
    kept = deepcopy(output)
    if kept.output_type == "execute_result":
        kept.execution_count = count
    if "data" in kept:
        for kind in _LEFT_OUT:
            kept.data.pop(kind, None)
    return kept


def _title(notebook: Any) -> str:
    return str(notebook.cells[0].source.splitlines()[0].removeprefix("# "))


def _links(found: list[Notebook], titles: list[str], number: int) -> str:
    links = []
    for word, other in (("Previous", number - 1), ("Next", number + 1)):
        if 0 <= other < len(found):
            links.append(f"[{word}: {titles[other]}]({found[other].path.name})")
    return " | ".join(links)


@contextmanager
def _fresh_estate(work: Path) -> Iterator[None]:
    environment = {**os.environ, "ONETRAIL_PRACTICE_DIR": str(work / "practice")}
    command = [sys.executable, "-m", "onetrail.cli", "practice"]
    before = os.environ.get("ONETRAIL_PRACTICE_DIR")
    _call([*command, "start"], environment)
    os.environ["ONETRAIL_PRACTICE_DIR"] = environment["ONETRAIL_PRACTICE_DIR"]
    try:
        yield
    finally:
        if before is None:
            del os.environ["ONETRAIL_PRACTICE_DIR"]
        else:
            os.environ["ONETRAIL_PRACTICE_DIR"] = before
        _call([*command, "stop"], environment)


def _call(command: list[str], environment: Mapping[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:])}: {done.stderr.strip() or done.stdout.strip()}")


def main() -> int:
    """0 when written or nothing is stale, 1 when something is stale or the run failed."""
    parser = argparse.ArgumentParser(prog="python -m onetrail.recording", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail and name the notebooks that are stale"
    )
    parser.add_argument("--refresh", action="store_true", help="run nothing; renew parameters cells and links")
    asked = parser.parse_args()
    ours = shipped()
    folder, parameters = ours.notebooks, ours.parameters / "practice.yaml"
    if asked.refresh:
        fresh = refreshed(all_notebooks(folder), Settings.from_file(parameters))
        texts = {path: written(notebook) for path, notebook in fresh.items()}
    else:
        try:
            texts = record(folder, parameters)
        except RuntimeError as err:
            print(printable_lines(err), file=sys.stderr)
            return 1
    stale = [path for path, text in texts.items() if path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{path.name} is stale: run make record" if asked.check else f"{path.name} written")
        if not asked.check:
            path.write_text(texts[path], encoding="utf-8")
    return 1 if asked.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
