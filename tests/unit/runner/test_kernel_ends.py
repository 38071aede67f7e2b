"""A run's kernel ends by itself: no thread of it waits for a reader that has gone before it."""

import runpy
import threading

import pytest
from ipykernel.kernelapp import IPKernelApp

from onetrail.runner.kernel import _PROCESS

RunKernelApp = runpy.run_path(str(_PROCESS))["RunKernelApp"]


class Outputs:
    """Publishes while it is there; what is published afterwards waits for ever."""

    def __init__(self) -> None:
        self.there = True

    def stop(self) -> None:
        self.there = False

    def close(self) -> None:
        pass


class Control(threading.Thread):
    """Publishes its last word when it is told to stop."""

    def __init__(self, outputs: Outputs) -> None:
        super().__init__(daemon=True)
        self.outputs, self.told, self.heard = outputs, threading.Event(), ""

    def run(self) -> None:
        self.told.wait()
        self.heard = "read" if self.outputs.there else "waits for ever"

    def stop(self) -> None:
        self.told.set()


@pytest.mark.parametrize(("kind", "heard"), [(RunKernelApp, "read"), (IPKernelApp, "waits for ever")])
def test_the_last_word_of_a_kernel_is_read_before_its_reader_goes(monkeypatch, kind, heard):
    """Twin: ipykernel's own order, in which a run waited 200 seconds for a signal."""
    monkeypatch.setattr(IPKernelApp, "start", lambda self: None)
    kernel = kind()
    kernel.iopub_thread = Outputs()
    kernel.control_thread = Control(kernel.iopub_thread)
    kernel.control_thread.start()
    kernel.start()
    kernel.iopub_thread.stop()  # at the end of the process, before all else
    kernel.close()
    assert kernel.control_thread.heard == heard
    assert not kernel.control_thread.is_alive()
