"""Measuring: wall time, the process's own CPU time, and the most memory it held."""

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """One measurement: objects done, wall and CPU seconds, and the process's peak memory so far in MB."""

    name: str
    objects: int
    wall: float
    cpu: float
    megabytes: float

    @property
    def cpu_ms_per_1k(self) -> float:
        """CPU milliseconds for 1,000 objects: the figure that other work on the machine disturbs least."""
        return self.cpu * 1e6 / self.objects

    def line(self, beside: "Measured | None" = None) -> str:
        """The figures as a line; with `beside`, how many times its CPU this takes."""
        ratio = f"  {self.cpu_ms_per_1k / beside.cpu_ms_per_1k:>6.1f} x" if beside else ""
        return (
            f"{self.name:<34} {self.objects:>9,} objects  {self.objects / self.wall:>9,.0f}/s  "
            f"{self.cpu_ms_per_1k:>7.1f} CPU ms/1k  {self.megabytes:>5.0f} MB{ratio}"
        )


def measured(name: str, what: Callable[[], int], beside: Measured | None = None) -> Measured:
    """Do it once; it returns how many objects it did. Prints the line."""
    wall, cpu = time.perf_counter(), time.process_time()
    objects = what()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024 * 1024 if sys.platform == "darwin" else 1024
    )
    done = Measured(name, objects, wall, cpu, peak)
    print(done.line(beside), flush=True)
    return done


@contextmanager
def null_s3(keys: int) -> Iterator[str]:
    """A null S3 with so many objects a bucket, in a process of its own; gives its address."""
    command = [sys.executable, str(Path(__file__).with_name("null_s3.py")), "0", str(keys)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{server.stdout.readline().split()[-1]}"
        finally:
            server.kill()
