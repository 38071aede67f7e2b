"""The real processes that a user has in the middle of 05: `onetrail run` on a terminal with its kernel, and a kernel
under a Jupyter server."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import yaml
from jupyter_client.blocking.client import BlockingKernelClient

from onetrail.aws import Clients
from onetrail.change import verify_record
from onetrail.estate.old_estate import read_old_estate
from onetrail.steps.left_open import left_open
from tests.integration.by_hand import by_hand
from tests.integration.conftest import ROOT, Estate

PATIENCE_SECONDS = 300
COPIER = "onetrail-copier"


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait for it, within bounds."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, f"it did not come to that: {what}"
        time.sleep(0.1)


def standing(clients: Clients) -> dict[str, str]:
    """The policy of every bucket, and of every key of a source account, as its text, and each copier role, read as
    somebody else reads them."""
    settings, found = clients.settings, {}
    ours = [(settings.log_account.account_id, name) for name in (settings.bucket_name, settings.work_bucket)]
    theirs = [(one.account, one.name) for one in read_old_estate(settings, clients).buckets]
    for account, bucket in [*ours, *theirs]:
        s3 = by_hand(clients, "s3", account)
        with suppress(s3.exceptions.ClientError):
            found[bucket] = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    for account in settings.source_account_ids:
        kms = by_hand(clients, "kms", account)
        for key in kms.list_keys()["Keys"]:
            found[key["KeyArn"]] = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
        iam = by_hand(clients, "iam", account)
        with suppress(iam.exceptions.NoSuchEntityException):
            found[f"{COPIER} {account}"] = iam.get_role(RoleName=COPIER)["Role"]["Arn"]
    return found


def parameters(clients: Clients, folder: Path) -> Path:
    """A file with what these clients know, that approves everything."""
    path = folder / "parameters.yaml"
    path.write_text(yaml.safe_dump(clients.settings.with_values(approve="any").parameters()))
    return path


def copying_stalls(estate: Estate, after: int = 4) -> Callable[[], bool]:
    """From the so-many-th copy on S3 asks for less, always; returns what says that 05 is in the middle of its copy."""
    since = estate.mark()
    estate.fault("slowdown", operation="CopyObject", probability=1.0, after=after)

    def stalled() -> bool:
        said = [one["operation"] for one in estate.requests(since)]
        return said.count("CopyObject") > after

    return stalled


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and is not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def kernel_below(pid: int) -> int:
    """The kernel that a process has started; 0 while there is none."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            if path.read_text().rpartition(")")[2].split()[1] == str(pid):
                child = int(path.parent.name)
                command = (path.parent / "cmdline").read_bytes()
                if b"kernel_process.py" in command or b"ipykernel_launcher" in command:  # of a run, and of papermill
                    return child
    return 0


class Terminal:
    """`onetrail run` of 05 as the first process of a terminal; `pid` is the runner's."""

    def __init__(self, parameters: Path) -> None:
        words = ["run", "-f", str(parameters), "--from", "05", "--to", "05"]
        self.pid, self._end = pty.fork()
        if not self.pid:
            os.environ["PYTHONPATH"] = str(ROOT / "lib")
            os.environ["ONETRAIL_LIVE"] = "1"
            os.execv(sys.executable, [sys.executable, "-m", "onetrail.cli", *words])
        self.code: int | None = None

    @property
    def kernel(self) -> int:
        """The kernel's process id; 0 while there is none."""
        self.read()
        return kernel_below(self.pid)

    def read(self) -> None:
        """Take what is on the screen, so that nobody waits for it to be read."""
        with suppress(OSError):
            waiting = select.poll()
            waiting.register(self._end, select.POLLIN) if self._end >= 0 else None
            while self._end >= 0 and waiting.poll(0):
                if not os.read(self._end, 65536):
                    return

    def hang_up(self) -> None:
        """The window is closed, or the SSH session drops."""
        os.close(self._end)
        self._end = -1

    def ended(self) -> bool:
        """Whether the runner has ended; `code` is then its exit code, or a signal's number below 0."""
        self.read()
        if self.code is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if done else None
        return self.code is not None

    def close(self) -> None:
        """Whatever is left goes."""
        for pid in (self.kernel, self.pid):
            if pid and not self.ended():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if self._end >= 0:
            self.hang_up()


def dies_in_the_middle(estate: Estate, clients: Clients, folder: Path, who: str, number: int) -> Terminal:
    """A run of 05 on a terminal, of which somebody (`terminal`, `runner` or `kernel`) dies while it copies; returns
    once all have ended.

    At that moment something is open, and nothing is at the end: the policies are again as they were, and the record is
    whole.
    """
    before, stalled = standing(clients), copying_stalls(estate)
    with terminal(parameters(clients, folder)) as run:
        until(lambda: bool(run.kernel) and stalled(), "05 copies")
        kernel = run.kernel
        assert standing(clients) != before
        if who == "terminal":
            run.hang_up()
        else:
            os.kill(run.pid if who == "runner" else kernel, number)
        until(lambda: run.ended() and not alive(kernel), "both have ended")
    estate.fault("clear")
    assert standing(clients) == before
    assert verify_record(clients.settings.run_folder).whole
    assert left_open(clients.settings.run_folder).permissions == ()
    return run


@contextmanager
def terminal(parameters: Path) -> Iterator[Terminal]:
    """A run on a terminal of its own."""
    found = Terminal(parameters)
    try:
        yield found
    finally:
        found.close()


class Papermill:
    """papermill itself on the notebook of 05, as somebody runs it who does not use `onetrail run`; `pid` is
    papermill's."""

    def __init__(self, folder: Path, parameters: Path) -> None:
        notebook = ROOT / "notebooks" / "05_copy_history.ipynb"
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "papermill",
                str(notebook),
                str(folder / "out.ipynb"),
                "-f",
                str(parameters),
                "-k",
                "python3",
            ],
            cwd=notebook.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT / "lib"), "ONETRAIL_UNATTENDED": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.pid = self._process.pid
        until(lambda: bool(kernel_below(self.pid)), "papermill has its kernel")
        self.kernel = kernel_below(self.pid)

    def ended(self) -> bool:
        """Whether papermill has ended."""
        return self._process.poll() is not None

    def close(self) -> None:
        """Whatever is left goes."""
        for pid in (self.kernel, self.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(PATIENCE_SECONDS)


@contextmanager
def papermill(folder: Path, parameters: Path) -> Iterator[Papermill]:
    """papermill on 05."""
    found = Papermill(folder, parameters)
    try:
        yield found
    finally:
        found.close()


CELL = """
from onetrail import show
from onetrail.aws import Clients, open_gate
from onetrail.settings import Settings
from onetrail.steps import copy_history as step
settings = Settings.from_file({path!r})
clients = Clients.connect(settings)
plan = step.propose(settings, step.observe(settings, clients))
with open_gate(clients) as gate:
    step.apply(plan, gate, clients)
"""


class Jupyter:
    """A Jupyter server with one kernel, in which 05 is applied; `pid` is the server's, `kernel` the kernel's."""

    def __init__(self, folder: Path, parameters: Path) -> None:
        runtime = folder / "runtime"
        runtime.mkdir()
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyter_server",
                "--no-browser",
                "--ip=127.0.0.1",
                "--port=0",
                "--allow-root",
                "--IdentityProvider.token=t",
                f"--ServerApp.root_dir={folder}",
            ],
            env={
                **os.environ,
                "JUPYTER_RUNTIME_DIR": str(runtime),
                "JUPYTER_CONFIG_DIR": str(folder / "config"),
                "PYTHONPATH": str(ROOT / "lib"),
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.pid = self._process.pid
        until(lambda: bool(list(runtime.glob("jpserver-*.json"))), "the server is up")
        until(lambda: self._said(runtime) is not None, "the server answers")
        said = self._said(runtime)
        assert said
        made = urllib.request.Request(
            f"{said['url']}api/kernels", method="POST", headers={"Authorization": "token t"}, data=b"{}"
        )
        with urllib.request.urlopen(made) as answer:
            name = json.load(answer)["id"]
        connection = runtime / f"kernel-{name}.json"
        until(connection.exists, "the kernel has its connection file")
        self.client = BlockingKernelClient(connection_file=str(connection))
        self.client.load_connection_file()
        self.client.start_channels()
        until(self._ready, "the kernel answers")
        self.kernel = kernel_below(self.pid)
        self.client.execute(CELL.format(path=str(parameters)))

    @staticmethod
    def _said(runtime: Path) -> dict[str, str] | None:
        with suppress(OSError, ValueError, StopIteration):
            said: dict[str, str] = json.loads(next(runtime.glob("jpserver-*.json")).read_text())
            urllib.request.urlopen(f"{said['url']}api/status?token=t").close()
            return said
        return None

    def _ready(self) -> bool:
        """Whether the kernel answers; a busy machine has it miss its first heartbeats."""
        with suppress(RuntimeError):
            self.client.wait_for_ready(timeout=10)
            return True
        return False

    def ended(self) -> bool:
        """Whether the server has ended."""
        return self._process.poll() is not None

    def close(self) -> None:
        """Whatever is left goes."""
        self.client.stop_channels()
        for pid in {self.kernel, kernel_below(self.pid), self.pid} - {0}:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(PATIENCE_SECONDS)


@contextmanager
def jupyter(folder: Path, parameters: Path) -> Iterator[Jupyter]:
    """A server of its own, with a kernel that applies 05."""
    found = Jupyter(folder, parameters)
    try:
        yield found
    finally:
        found.close()
