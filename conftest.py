"""Notebooks named on pytest's command line run against a practice estate of their own; what belongs together runs in
one lane."""

import gc
import signal
from collections.abc import Iterator

import pytest

pytest_plugins = ["tests.exhaustive", "tests.lanes", "tests.notebooks.nbval_estate"]

gc.set_threshold(50_000)  # with what tests import, looking for garbage cycles takes a fifth of their time


def pytest_collection_finish() -> None:
    """What is imported until now stays to the end, and is not looked through."""
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c_is_heard() -> Iterator[None]:
    """What a shell starts in the background has SIGINT ignored, and the tests of Ctrl-C need it heard."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
