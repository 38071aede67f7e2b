"""CPU seconds until onetrail has started: `python -m benchmarks.starting`.

Of each command's help with its interpreter, and of the first cell of each notebook without it, the least of several
times: what else the machine does only adds to them. `--notebooks FOLDER` and PYTHONPATH measure another checkout.
"""

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
TIMES = 5
_CELL = "import sys, time\nbegan = time.process_time()\nexec(sys.argv[1], {})\nprint(time.process_time() - began)"


def of_command(words: Sequence[str], times: int = TIMES) -> float:
    """User and system seconds of `onetrail WORDS`."""
    return min(_of_child([sys.executable, "-m", "onetrail.cli", *words]) for _ in range(times))


def of_first_cell(notebook: Path, times: int = TIMES) -> float:
    """User and system seconds of the notebook's first code cell in a fresh interpreter."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    source = "".join(next(cell for cell in cells if cell["cell_type"] == "code")["source"])
    command = [sys.executable, "-c", _CELL, source]
    return min(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(times))


def _of_child(command: Sequence[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rows(notebooks: Path, times: int = TIMES) -> Iterator[tuple[str, float]]:
    """What was started, and its seconds."""
    yield "`onetrail --help`", of_command(["--help"], times)
    for path in sorted(notebooks.glob("*.ipynb")):
        yield f"first cell of `{path.stem}`", of_first_cell(path, times)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.starting", description=__doc__)
    parser.add_argument("--notebooks", type=Path, default=NOTEBOOKS)
    parser.add_argument("--times", type=int, default=TIMES)
    asked = parser.parse_args()
    for what, seconds in rows(asked.notebooks, asked.times):
        print(f"{what:40} {seconds:.2f}", flush=True)
