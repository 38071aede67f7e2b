"""A practice estate for each test module, as it begins: the real process, scenario tiny, which the modules of a lane
share."""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onetrail.aws import Clients
from onetrail.aws.estate import PracticeEstate
from onetrail.practice import process
from onetrail.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
MADE: list[Clients] = []
"""Whose connections are closed once a test has ended: each has some for every account, region and service."""
HEAD = re.compile(r"/records/[^/]+/head-")
"""A head of the record of any run."""


@dataclass(frozen=True)
class Estate:
    """A running practice estate. `fresh` is the snapshot of how it was when the module began; `stages` holds what steps
    made of it."""

    folder: Path
    fresh: Path
    door: PracticeEstate
    stages: Path

    def settings(self, **changes: Any) -> Settings:
        """Settings of the practice estate, with its runs in this estate's folder."""
        said = {"runs_dir": str(self.folder / "runs"), "scenario": self.door.scenario}
        return Settings.from_file(ROOT / "parameters" / "practice.yaml").with_values(**(said | changes))

    def clients(self, **changes: Any) -> Clients:
        """Clients made anew, as a kernel that was just started has them."""
        made = Clients.connect(self.settings(**changes))
        MADE.append(made)
        return made

    def state(self) -> str:
        """Hash of configuration, objects and clock."""
        return str(self.door.control("GET", "state")["state"])

    def snapshot(self, path: Path) -> str:
        """Write the whole state to a file; returns its hash."""
        return str(self.door.control("POST", "snapshot", {"path": str(path)})["state"])

    def restore(self, path: Path | None = None) -> None:
        """Put a snapshot back; without a path, how it was when the module began."""
        self.door.control("POST", "restore", {"path": str(path or self.fresh)})

    def wait(self, seconds: int) -> str:
        """Move the clock; returns the new instant."""
        return str(self.door.control("POST", "wait", {"seconds": seconds})["now"])

    def fault(self, kind: str, **details: Any) -> dict[str, Any]:
        """Ask for a fault."""
        return self.door.control("POST", "fault", {"kind": kind, **details})

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """What came through the door after request number `since`."""
        return list(self.door.control("GET", f"requests?since={since}")["requests"])

    def mutating(self, since: int = 0, heads: bool = False) -> list[str]:
        """`service:operation resource` of every changing request after number `since`; of those that put heads of the
        record only with `heads`."""
        said = [f"{r['service']}:{r['operation']} {r['resource']}" for r in self.requests(since) if r["mutating"]]
        return [one for one in said if heads or not HEAD.search(one)]

    def mark(self) -> int:
        """The number of the next request, to be given as `since` later."""
        return int(self.door.control("GET", "requests?since=999999999")["next"])


@pytest.fixture(scope="module")
def scenario() -> str:
    """Which estate a module gets; a module that needs another one has a fixture of this name."""
    return "tiny"


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """The folder of a running practice estate of that scenario: started when it is first asked for, stopped at the
    end."""
    folders: dict[str, Path] = {}

    def found(scenario: str) -> Path:
        if scenario not in folders:
            folders[scenario] = tmp_path_factory.mktemp("practice")
        process.start(scenario, directory=folders[scenario])
        return folders[scenario]

    yield found
    for folder in folders.values():
        process.stop(folder)


@pytest.fixture(scope="module")
def estate(scenario: str, running: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    """An estate as it begins, without faults and without requests, in a folder of the module's own;
    `ONETRAIL_PRACTICE_DIR` names it."""
    folder = tmp_path_factory.mktemp("module")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ONETRAIL_PRACTICE_DIR", str(running(scenario)))
        patch.setenv("ONETRAIL_LIVE", "0")
        door = PracticeEstate.running()
        door.control("POST", "reset", {})
        fresh = folder / "fresh.snapshot"
        door.control("POST", "snapshot", {"path": str(fresh)})
        shared = tmp_path_factory.getbasetemp()
        if os.environ.get("PYTEST_XDIST_WORKER"):
            shared = shared.parent
        stages = shared / "stages"
        stages.mkdir(exist_ok=True)
        yield Estate(folder, fresh, door, stages)


@pytest.fixture
def fresh_estate(estate: Estate) -> Estate:
    """The module's estate, as it was when the module began."""
    estate.restore()
    return estate


@pytest.fixture(autouse=True)
def connections_closed() -> Iterator[None]:
    """A process has room for 1,024 open files on many machines, and select() for no more on any."""
    yield
    while MADE:
        MADE.pop().close()


@pytest.fixture
def after(estate: Estate, tmp_path: Path) -> Callable[[str], Clients]:
    """`after("04")`: the estate as step 04 left it, its run folder below this test's own folder, and new clients for
    both."""
    from tests.integration import saved

    return lambda step: saved.after(estate, step, tmp_path)


@pytest.fixture(scope="session")
def settings_for() -> Callable[..., Settings]:
    """`settings_for(estate, approve="any")`."""
    return lambda estate, **changes: estate.settings(**changes)


@pytest.fixture
def clients(estate: Estate) -> Clients:
    """Clients of the module's estate with its plain settings, which approve nothing."""
    return estate.clients()
