"""The kernel of a run: this very interpreter, with this very library, whatever kernels are installed."""

import logging
import os
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar, Final

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError

import onetrail

CLOSES_WITHIN_SECONDS: Final = 400.0
"""Longer than the tries of closings take together, half of which pass before a kernel gets SIGTERM."""
_PROCESS: Final = Path(__file__).with_name("kernel_process.py")
_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class OwnKernel(AsyncKernelManager):
    """Starts the interpreter that runs this, without looking for an installed kernel."""

    shutdown_wait_time = CLOSES_WITHIN_SECONDS
    """A kernel that closes what is open is not killed meanwhile."""

    running: ClassVar["list[OwnKernel]"] = []
    """The kernels that this process started and has not shut down."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """The running interpreter's ipykernel, without this folder on its path."""
        argv = [sys.executable, "-P", str(_PROCESS), "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")

    async def _async_start_kernel(self, **how: Any) -> None:
        how.setdefault("stdout", subprocess.DEVNULL)
        how.setdefault("stderr", subprocess.DEVNULL)
        await super()._async_start_kernel(**how)
        self.running.append(self)

    start_kernel = _async_start_kernel

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        if self in self.running:
            self.running.remove(self)
        await super()._async_cleanup_resources(restart=restart)

    cleanup_resources = _async_cleanup_resources

    def interrupt_now(self) -> None:
        """Raise KeyboardInterrupt in the cell that runs, so that its `finally` clauses close what is open.

        The kernel's whole process group gets the signal, as from JupyterLab's stop button (jupyter_client,
        LocalProvisioner.send_signal).
        """
        pid = getattr(self.provisioner, "pid", None)
        with suppress(ProcessLookupError):
            if pid and os.getpgid(pid) == pid:
                os.killpg(pid, signal.SIGINT)
            elif pid:
                os.kill(pid, signal.SIGINT)


class _DeadKernels(logging.Filter):
    """Leaves out what asyncio logs, traceback and all, of a task of nbclient that a kernel's death ended and that
    nobody waits for."""

    def filter(self, record: logging.LogRecord) -> bool:
        """False for a DeadKernelError; everything else passes."""
        return not (record.exc_info and isinstance(record.exc_info[1], DeadKernelError))


_DEAD_KERNELS: Final = _DeadKernels()


def report_dead_kernels_once() -> None:
    """From now on the run alone says that a kernel died, in one line. It lasts: asyncio logs such a task when it is
    collected, be it at exit."""
    logging.getLogger("asyncio").addFilter(_DEAD_KERNELS)


class Interruption:
    """Whether somebody asked the run to stop. The first request interrupts the cell; the second ends everything at
    once."""

    def __init__(self) -> None:
        self.asked = False

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """While inside, Ctrl-C, SIGTERM and a terminal that is gone reach the kernel's cell; one that was ignored stays
        so, as by nohup."""
        heard = [number for number in _STOPPING if signal.getsignal(number) not in (signal.SIG_IGN, None)]
        held = {number: signal.signal(number, self._on_signal) for number in heard}
        try:
            yield
        finally:
            for number, handler in held.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        for kernel in OwnKernel.running:
            kernel.interrupt_now()


@contextmanager
def kernel_environment(more: Mapping[str, str], practice: Path) -> Iterator[None]:
    """What kernels inherit: this library first on their path, the practice estate of that folder, no widgets that
    nobody can press."""
    said = {
        **_library_first(Path(onetrail.__file__).resolve().parents[1]),
        "ONETRAIL_PRACTICE_DIR": str(practice.resolve()),
        "ONETRAIL_UNATTENDED": "1",
        "ONETRAIL_EXPORTS_PLANS": "1",
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        **more,
    }
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _library_first(library: Path) -> dict[str, str]:
    """Nothing where it is installed, since the interpreter finds it there: on that path, other packages would come
    before Python's own modules."""
    if any(library == Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")):
        return {}
    path = os.environ.get("PYTHONPATH", "")
    return {"PYTHONPATH": f"{library}{os.pathsep}{path}" if path else str(library)}
