"""Whichever process dies in the middle of 05, nothing it opened stays open in silence: the survivor closes, or the next
start says so first."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from onetrail.aws import Clients
from onetrail.change import entries, verify_record
from onetrail.show import where
from onetrail.steps.left_open import left_open
from tests.integration.conftest import Estate
from tests.integration.processes import (
    alive,
    copying_stalls,
    dies_in_the_middle,
    jupyter,
    papermill,
    parameters,
    standing,
    until,
)

pytestmark = [pytest.mark.slow, pytest.mark.estate]

HUP, TERM, KILL, INT = signal.SIGHUP, signal.SIGTERM, signal.SIGKILL, signal.SIGINT
EXHAUSTIVE = pytest.mark.exhaustive


@pytest.mark.parametrize(
    ("who", "number", "survivor"),
    [
        ("terminal", HUP, "kernel"),  # a window that is closed, an SSH session that drops
        ("runner", KILL, "kernel"),  # out of memory
        ("kernel", KILL, "runner"),
        pytest.param("runner", HUP, "kernel", marks=EXHAUSTIVE),
        pytest.param("runner", TERM, "kernel", marks=EXHAUSTIVE),
        pytest.param("runner", INT, "kernel", marks=EXHAUSTIVE),
        pytest.param("kernel", HUP, "kernel", marks=EXHAUSTIVE),
        pytest.param("kernel", TERM, "kernel", marks=EXHAUSTIVE),
        pytest.param("kernel", INT, "kernel", marks=EXHAUSTIVE),
    ],
)
def test_a_run_on_a_terminal(
    estate: Estate,
    after: Callable[[str], Clients],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    who: str,
    number: int,
    survivor: str,
) -> None:
    """`onetrail run` and its kernel. Twin: at the moment of the signal the grant is open."""
    record_property("kills", 1)
    clients = after("04")
    run = dies_in_the_middle(estate, clients, tmp_path, who, number)
    folder = clients.settings.run_folder
    closed = [line for line in entries(folder) if line["kind"] == "step" and line["state"] == "closed"]
    assert bool(closed) is (survivor == "runner")
    if (who, number) != ("runner", KILL):
        assert run.code == 1
        last = (folder / "run.log").read_text().splitlines()[-1]
        assert " plan p-" in last, last


@pytest.mark.parametrize(
    ("who", "number"),
    [
        ("server", KILL),
        pytest.param("server", HUP, marks=EXHAUSTIVE),
        pytest.param("server", TERM, marks=EXHAUSTIVE),
        pytest.param("kernel", HUP, marks=EXHAUSTIVE),
        pytest.param("kernel", TERM, marks=EXHAUSTIVE),
        pytest.param("kernel", INT, marks=EXHAUSTIVE),
    ],
)
def test_a_kernel_under_a_jupyter_server(
    estate: Estate,
    after: Callable[[str], Clients],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    who: str,
    number: int,
) -> None:
    """A notebook in JupyterLab. Twins: at the moment of the signal the grant is open; and the next test."""
    record_property("kills", 1)
    clients = after("04")
    before, stalled = standing(clients), copying_stalls(estate)
    with jupyter(tmp_path, parameters(clients, tmp_path)) as lab:
        until(stalled, "05 copies")
        assert standing(clients) != before
        os.kill(lab.pid if who == "server" else lab.kernel, number)
        until(lambda: standing(clients) == before, "it is closed")
        if (who, number) != ("kernel", INT):
            until(lambda: not alive(lab.kernel), "the kernel has ended")
    estate.fault("clear")
    folder = clients.settings.run_folder
    assert verify_record(folder).whole
    assert left_open(folder).permissions == ()


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", [HUP, TERM, KILL, INT])
def test_papermill_itself(
    estate: Estate,
    after: Callable[[str], Clients],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    number: int,
) -> None:
    """Without our runner the kernel is the survivor. Twin: at the moment of the signal the grant is open."""
    record_property("kills", 1)
    clients = after("04")
    before, stalled = standing(clients), copying_stalls(estate)
    with papermill(tmp_path, parameters(clients, tmp_path)) as run:
        until(stalled, "05 copies")
        assert standing(clients) != before
        os.kill(run.pid, number)
        until(lambda: run.ended() and not alive(run.kernel), "both have ended")
    estate.fault("clear")
    assert standing(clients) == before
    assert verify_record(clients.settings.run_folder).whole
    assert left_open(clients.settings.run_folder).permissions == ()


def test_where_nobody_survives_the_next_start_says_so_first(
    estate: Estate, after: Callable[[str], Clients], tmp_path: Path
) -> None:
    """A kernel under a Jupyter server that is killed: the first table of any notebook names what is open. Twin: above,
    where it is closed."""
    clients = after("04")
    before, stalled = standing(clients), copying_stalls(estate)
    with jupyter(tmp_path, parameters(clients, tmp_path)) as lab:
        until(stalled, "05 copies")
        os.kill(lab.kernel, KILL)
        until(lambda: not alive(lab.kernel), "the kernel has ended")
        open_ = {name for name, text in standing(clients).items() if before.get(name) != text}
    estate.fault("clear")
    said = where(clients.settings, clients).text
    assert said.startswith("A run was cut off: ")
    assert all(name.split()[0] in said for name in open_), (open_, said)
