"""What a person sees of a cell whose kernel is interrupted as JupyterLab does it: its process group gets the signal."""

import pytest
from jupyter_client.manager import start_new_kernel

LOOK = """
import os, signal, threading, time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from queue import SimpleQueue
from types import SimpleNamespace
from onetrail.aws.one_look import one_look
from onetrail.aws.panel import LinesPanel
from onetrail.change.interrupt import heed
clients = SimpleNamespace(remembered=SimpleNamespace(one_look=nullcontext), panel=lambda look: LinesPanel(look))

def reads_for_long():
    while True:
        heed()
        time.sleep(0.01)

def in_threads():
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: reads_for_long(), range(8)))
"""
BEGUN = "print('begun', flush=True)"
WAITS = {
    "asleep": "time.sleep(1000)",
    "for other threads": "in_threads()",
    "for an answer": "SimpleQueue().get(timeout=1000)",
}


@pytest.fixture(scope="module")
def kernel():
    """A kernel of its own, as JupyterLab starts one: it leads its process group."""
    manager, client = start_new_kernel()
    try:
        client.execute_interactive(LOOK, output_hook=lambda _: None)
        yield manager, client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def interrupted_cell(kernel, code):
    """What a cell shows as its error when its kernel is interrupted, once it has begun, as JupyterLab does: the whole
    process group."""
    manager, client = kernel
    shown = []

    def hook(message):
        if message["msg_type"] == "stream":
            manager.interrupt_kernel()
        if message["msg_type"] == "error":
            shown.append(message["content"])

    client.execute_interactive(code, output_hook=hook, timeout=120)
    return shown[0]


@pytest.mark.slow
@pytest.mark.parametrize("wait", sorted(WAITS))
def test_a_cell_that_looks_at_aws_ends_in_one_line(kernel, wait):
    """Wherever the signal arrives, the cell shows one line, and what to do. Twin: our wrapper taken away, it is a
    traceback."""
    code = f"@one_look\ndef observe(settings, clients):\n    {BEGUN}; {WAITS[wait]}\nobserve(None, clients)"
    said = interrupted_cell(kernel, code)
    line = "Interrupted while AWS was read: nothing was changed; to go on, run this cell again"
    assert (said["ename"], said["traceback"]) == ("Stopped", [line])


@pytest.mark.slow
def test_without_our_context_it_is_a_traceback(kernel):
    """The twin: what a person saw before."""
    said = interrupted_cell(kernel, f"{BEGUN}; {WAITS['asleep']}")
    assert said["ename"] == "KeyboardInterrupt"
    assert len(said["traceback"]) > 1
