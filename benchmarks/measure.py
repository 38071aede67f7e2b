"""Measuring: a piece of work in this process, or a command as a process of its own with all that it starts."""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any, Final

_BETWEEN: Final = """
import json, os, sys, time
began = time.perf_counter()
_, status, used = os.wait4(os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ), 0)
with open(sys.argv[1], "w") as out:
    json.dump([time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss], out)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""Starts what its second word and those after it say, writes what that took into the file that the first one names, and
ends like it."""


class Failed(Exception):
    """A command did not do what was to be measured; one line."""


@dataclass(frozen=True)
class Measured:
    """One measurement: objects done, wall and CPU seconds, peak memory in MB, and requests sent (0 where nobody
    counted)."""

    name: str
    objects: int
    wall: float
    cpu: float
    megabytes: float
    requests: int = 0

    @property
    def rate(self) -> float:
        """Objects a second."""
        return self.objects / self.wall

    @property
    def cpu_ms_per_1k(self) -> float:
        """CPU milliseconds for 1,000 objects: the figure that other work on the machine disturbs least."""
        return self.cpu * 1e6 / self.objects


def in_the_middle(runs: Sequence[Measured]) -> Measured:
    """The medians of several runs of one thing, each figure by itself; memory is the most that any run held."""
    return replace(
        runs[0],
        wall=median(run.wall for run in runs),
        cpu=median(run.cpu for run in runs),
        megabytes=max(run.megabytes for run in runs),
        requests=round(median(run.requests for run in runs)),
    )


def measured(name: str, what: Callable[[], int]) -> Measured:
    """Do it once, in this process; it returns how many objects it did."""
    wall, cpu = time.perf_counter(), time.process_time()
    objects = what()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Measured(name, objects, wall, cpu, _megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def ran(name: str, objects: int, command: Sequence[str | Path], environment: Mapping[str, str]) -> tuple[Measured, str]:
    """Run a command in an empty folder and wait for it; its CPU is that of it and of all it waited for. Also its
    standard output.

    A small process starts and measures it, since the peak memory of a process begins at that of the one that starts it.
    Raises Failed where it does not exit with 0.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.TemporaryFile("w+") as said,
        tempfile.TemporaryFile("w+") as wrong,
        tempfile.NamedTemporaryFile("r") as used,
    ):
        between = [sys.executable, "-S", "-c", _BETWEEN, used.name, *command]
        code = subprocess.run(between, env=environment, cwd=folder, stdout=said, stderr=wrong, check=False).returncode
        said.seek(0)
        wrong.seek(0)
        if code:
            last = (wrong.read().strip() or said.read().strip()).splitlines()[-1:]
            raise Failed(f"{name} ended with {code}: {' '.join(last)}")
        wall, cpu, peak = json.load(used)
        return Measured(name, objects, wall, cpu, _megabytes(peak)), said.read()


def main_of(module: str, count: int) -> Any:
    """What the `main` of one of these modules measures."""
    return import_module(f"benchmarks.{module}").main(count)


def _megabytes(maxrss: int) -> float:
    return maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
