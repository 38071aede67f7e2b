"""A kernel whose parent is gone: ipykernel ends it within a second, without any `finally`; while a plan runs it is
notified instead.

The parent is the runner or the Jupyter server. ipykernel's poller compares the id of the parent that started the kernel
with that of the present one, once a second, and leaves by os._exit where they differ (ipykernel 7,
ParentPollerUnix.run). So while a plan runs the id is one that never differs and that reports the first difference.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class _Parent(int):
    """The id of a parent process that no comparison finds changed."""

    _notified = False
    gone: Callable[[], None]

    def __ne__(self, other: object) -> bool:
        if isinstance(other, int) and int(other) != int(self) and not self._notified:
            self._notified = True
            self.gone()
        return False

    def __eq__(self, other: object) -> bool:
        return not self != other

    __hash__ = int.__hash__


@contextmanager
def outlives_parent(gone: Callable[[], None]) -> Iterator[None]:
    """While inside, a kernel outlives its parent; `gone` is called once, from the poller's thread, when that has ended.

    Nothing in a process that is no kernel. On leaving, a kernel without a parent ends within a second, as always.
    """
    poller = _poller()
    if poller is None:
        yield
        return
    kept, parent = poller.parent_pid, _Parent(poller.parent_pid or os.getppid())
    parent.gone = gone
    poller.parent_pid = parent
    try:
        yield
    finally:
        poller.parent_pid = kept


def _poller() -> Any:
    """ipykernel's thread that watches the parent; None where there is none."""
    kernels = sys.modules.get("ipykernel.kernelapp")
    if kernels is None or not kernels.IPKernelApp.initialized():
        return None
    poller = kernels.IPKernelApp.instance().poller
    return poller if hasattr(poller, "parent_pid") else None
