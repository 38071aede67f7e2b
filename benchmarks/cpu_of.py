"""CPU seconds of a command with everything it started, processes that went on without it among them: `python -m
benchmarks.cpu_of COMMAND...`.

Wall time says little on a machine that others use as well; CPU time depends on that much less. Linux alone.
"""

import ctypes
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

_SET_CHILD_SUBREAPER = 36
"""prctl(2): processes whose parent is gone become children of this one, which can then wait for them."""


def cpu_of(command: Sequence[str]) -> tuple[int, float]:
    """The command's exit code, and the user and system time of all that it started, in seconds, once all of it has
    ended."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    code = subprocess.run(command, check=False).returncode
    with suppress(ChildProcessError):
        while True:
            os.wait()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return code, used.ru_utime + used.ru_stime


if __name__ == "__main__":
    code, seconds = cpu_of(sys.argv[1:])
    print(f"{seconds:,.1f} CPU seconds", file=sys.stderr)
    sys.exit(code)
