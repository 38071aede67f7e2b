"""Python's search for garbage cycles, held back where objects pass by the hundred thousand and few make cycles."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Look for garbage cycles less often: looking cost a tenth of a copy's time, and a fifth of a step's."""
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], 50_000), *before[1:]) if before[0] else None
    try:
        yield
    finally:
        gc.set_threshold(*before)
