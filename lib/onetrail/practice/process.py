"""The estate as a background process: start, stop, status, reset; found again through `.practice/estate.json`."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

from onetrail.errors import OnetrailError, WrongUse

START_SECONDS = 120
STOP_SECONDS = 15


class EstateFailed(OnetrailError):
    """The estate's process did not come up; the message names its log."""


class OtherEstateRuns(WrongUse):
    """An estate of another scenario or number is running."""


@dataclass(frozen=True)
class EstateInfo:
    """Where a living estate is. `fresh` is False when it was there already."""

    endpoint: str
    plain_endpoint: str
    pid: int
    token: str
    access_key_id: str
    secret_access_key: str
    banner: str
    number: int
    scenario: str
    directory: Path
    fresh: bool = False


def folder(directory: Path | None = None) -> Path:
    """Where estate.json lives: the argument, else ONETRAIL_PRACTICE_DIR, else `.practice` of the repository or here."""
    if directory is not None:
        return directory
    named = os.environ.get("ONETRAIL_PRACTICE_DIR")
    if named:
        return Path(named)
    here = Path.cwd()
    for parent in (here, *here.parents):
        project = parent / "pyproject.toml"
        if project.exists() and 'name = "onetrail"' in project.read_text():
            return parent / ".practice"
    return here / ".practice"


def start(scenario: str = "default", number: int = 7, port: int = 0, directory: Path | None = None) -> EstateInfo:
    """Start the estate, or return the one of that scenario and number that runs.

    Raises OtherEstateRuns, and EstateFailed when it is not up within START_SECONDS.
    """
    home = folder(directory)
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise EstateFailed(
            f"{home}: the folder of the practice estate cannot be created: {err.strerror}: "
            "fix it, or name another by ONETRAIL_PRACTICE_DIR"
        ) from err
    running = find(home)
    if running is not None:
        if (running.scenario, running.number) != (scenario, number):
            raise OtherEstateRuns(
                f"an estate of scenario {running.scenario!r} number {running.number} is running at {running.endpoint}: "
                "stop it first with: onetrail practice stop"
            )
        return running
    (home / "estate.json").unlink(missing_ok=True)
    log = home / "estate.log"
    with log.open("w") as out:
        child = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "onetrail.practice",
                "serve",
                "--scenario",
                scenario,
                "--number",
                str(number),
                "--port",
                str(port),
                "--directory",
                str(home),
            ],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**_without_aws(os.environ), "PYTHONPATH": _python_path(), "PYTHONHASHSEED": "0"},
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise EstateFailed(f"the practice estate ended while starting: {_last_line(log)}; see {log}")
        found = find(home)
        if found is not None:
            return EstateInfo(**{**found.__dict__, "fresh": True})
        time.sleep(0.05)
    child.terminate()
    raise EstateFailed(f"the practice estate was not up after {START_SECONDS} s; see {log}")


def _without_aws(environment: Any) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(("AWS_", "MOTO_"))}


def _python_path() -> str:
    ours = str(Path(__file__).resolve().parents[2])
    rest = os.environ.get("PYTHONPATH", "")
    return ours if not rest else f"{ours}{os.pathsep}{rest}"


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "without a word"


def find(directory: Path | None = None) -> EstateInfo | None:
    """The living estate of the folder, or None. A file left behind by a dead one counts as none, even if another
    process has its port now."""
    home = folder(directory)
    try:
        said = json.loads((home / "estate.json").read_text())
        info = EstateInfo(**said, directory=home)
        control(info, "GET", "clock")
    except (ValueError, TypeError, OSError, HTTPException, OnetrailError):
        return None
    return info


def control(info: EstateInfo, method: str, name: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """One control call. Raises OSError when nothing answers, OnetrailError when the estate refuses."""
    request = urllib.request.Request(
        f"{info.endpoint}/_practice/{name}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"x-practice-token": info.token, "content-type": "application/json"},
        method=method,
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=600) as answer:
            return dict(json.loads(answer.read()))
    except urllib.error.HTTPError as err:
        raise OnetrailError(f"the practice estate refused {name}: {err.read().decode(errors='replace')[:300]}") from err


def status(directory: Path | None = None) -> dict[str, Any] | None:
    """What the estate says of itself, or None when none runs."""
    info = find(directory)
    return None if info is None else {**control(info, "GET", "status"), "endpoint": info.endpoint}


def reset(directory: Path | None = None) -> str:
    """Back to the beginning of the scenario; returns the state's hash. Raises WrongUse when none runs."""
    info = find(directory)
    if info is None:
        raise WrongUse("the practice estate is not running: start it with: onetrail practice start")
    return str(control(info, "POST", "reset", {})["state"])


def stop(directory: Path | None = None) -> bool:
    """Stop the estate; True when one was running. Only a process that answers with our token is ended."""
    home = folder(directory)
    info = find(home)
    if info is None:
        (home / "estate.json").unlink(missing_ok=True)
        return False
    pid = int(control(info, "GET", "status")["pid"])
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline and _alive(pid):
        time.sleep(0.02)
    if _alive(pid):
        os.kill(pid, signal.SIGKILL)
    (home / "estate.json").unlink(missing_ok=True)
    return True


def _alive(pid: int) -> bool:
    try:
        done, _ = os.waitpid(pid, os.WNOHANG)
        return done == 0
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
