"""pytest's sessions as this harness runs them: collected once, then a child process for each thing to be tried."""

import gc
import json
import os
import resource
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(os.environ.get("ONETRAIL_MUTATION_ROOT", Path(__file__).parents[2])).resolve()
"""The repository that is judged; this harness' own tests name a small one."""
UNIT = "tests/unit"
OUR_OWN = "tests/unit/mutation"
"""The tests of this harness judge nothing."""
MEMORY = 3 * 2**30
"""How much more memory a child may take than it began with."""


def collected(then: Callable[[pytest.Session, "Failures"], None], *paths: str) -> None:
    """Collect the unit tests in this process, then call `then` in place of running them. Raises where they cannot be
    collected."""
    failures = Failures()
    took_over = _TookOver(then, failures)
    said = pytest.main(
        [
            "-q",
            "-s",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            f"--ignore={OUR_OWN}",
            "-m",
            "not slow and not exhaustive",
            *(paths or [UNIT]),
        ],
        plugins=[took_over, failures],
    )
    if not took_over.was_called:
        raise RuntimeError(f"the unit tests could not be collected: pytest ended with {said!r}")


class Failures:
    """The tests that failed, in their order, and what each took."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """One phase of one test."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed.append(report.nodeid)


class _TookOver:
    def __init__(self, then: Callable[[pytest.Session, Failures], None], failures: Failures) -> None:
        self._then = then
        self._failures = failures
        self.was_called = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """After the collection."""
        if session.testsfailed:
            return False
        self.was_called = True
        self._then(session, self._failures)
        return True


def run(items: Sequence[pytest.Item], failures: Failures) -> str:
    """Run these tests in this process until one fails; returns that one, `""` when none did."""
    for at, item in enumerate(items):
        following = items[at + 1] if at + 1 < len(items) else None
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
        if failures.failed:
            return failures.failed[0]
    return ""


# --- Children


@dataclass(frozen=True)
class Task:
    """What a child does, and how long it may take: seconds of its own processor time, and of the clock. `do` returns
    what JSON can carry."""

    name: Any
    do: Callable[[], Any]
    cpu_seconds: float
    seconds: float


@dataclass(frozen=True)
class Ended:
    """How a child ended: with an answer, out of time, or broken (a crash, memory, an exit of its own)."""

    task: Task
    answer: Any
    out_of_time: bool
    seconds: float


@dataclass
class _Child:
    task: Task
    pid: int
    pipe: int
    folder: str
    began: float
    text: bytes = b""


def in_children(tasks: Iterable[Task], jobs: int) -> Iterator[Ended]:
    """Do each task in a child forked from this process, so many at a time; what ended first comes first."""
    gc.collect()
    gc.freeze()
    waiting = iter(tasks)
    running: dict[int, _Child] = {}
    more = True
    try:
        while more or running:
            while more and len(running) < jobs:
                task = next(waiting, None)
                if task is None:
                    more = False
                else:
                    child = _fork(task)
                    running[child.pipe] = child
            yield from _those_that_ended(running)
    finally:
        for child in running.values():
            _reap(child, at_once=True)


def _those_that_ended(running: dict[int, _Child]) -> Iterator[Ended]:
    ready, _, _ = select.select(list(running), [], [], 0.5)
    now = time.monotonic()
    for pipe, child in list(running.items()):
        late = now - child.began > child.task.seconds
        if pipe in ready:
            piece = os.read(pipe, 1 << 20)
            child.text += piece
            if piece and not child.text.endswith(b"\n"):
                continue
        elif not late:
            continue
        del running[pipe]
        by_clock = pipe not in ready
        status = _reap(child, at_once=by_clock)
        by_cpu = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
        answer = json.loads(child.text) if child.text.endswith(b"\n") else None
        yield Ended(child.task, answer, answer is None and (by_clock or by_cpu), now - child.began)


def _fork(task: Task) -> _Child:
    folder = tempfile.mkdtemp(prefix="onetrail-mutation-")
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(reading)
            _settle(task, folder)
            answer = json.dumps(task.do()).encode() + b"\n"
            while answer:
                answer = answer[os.write(writing, answer) :]
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    return _Child(task, pid, reading, folder, time.monotonic())


def _settle(task: Task, folder: str) -> None:
    """A session, limits, a folder and streams of the child's own."""
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.environ["PYTEST_DEBUG_TEMPROOT"] = folder
    seconds = int(task.cpu_seconds) + 1
    used = int(time.process_time())
    resource.setrlimit(resource.RLIMIT_CPU, (used + seconds, used + seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError, ValueError):
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _reap(child: _Child, at_once: bool) -> int:
    """End the child and what it started; returns its status."""
    os.close(child.pipe)
    status = None if at_once else _own_end(child.pid)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    if status is None:
        os.kill(child.pid, signal.SIGKILL)
        _, status = os.waitpid(child.pid, 0)
    shutil.rmtree(child.folder, ignore_errors=True)
    return status


def _own_end(pid: int) -> int | None:
    """Its status, where it ends within two seconds: it has closed its end of the pipe, or said all."""
    for _ in range(200):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        time.sleep(0.01)
    return None
