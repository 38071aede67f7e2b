"""Makes `requests.jsonl.gz` and `run-folders.tar.xz` anew: a move by the version checked out in another folder, in five
states.

That version is not changed. It was commit 4ed40ad, in a worktree with a `.venv` of its own:

    git worktree add ../4ed40ad 4ed40ad && (cd ../4ed40ad && .ci/venv .venv)
    ../4ed40ad/.venv/bin/python tests/integration/under_way/make.py ../4ed40ad

The estate of scenario tiny writes down each request that counts as it comes in, and each move of its clock.
Processes of the runbook are killed at given requests: the estate sends the signal, and hears nothing more from who is
dead.
"""

import asyncio
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DROPPED = {
    "accept-encoding",
    "amz-sdk-invocation-id",
    "amz-sdk-request",
    "authorization",
    "connection",
    "content-length",
    "expect",
    "host",
    "x-amz-date",
    "x-amz-security-token",
}
"""Headers that say nothing of the call, or that whoever sends it makes anew."""
STEPS = {
    "02": "account_lockdown",
    "03": "bucket_creation",
    "04": "trail_cutover",
    "05": "copy_history",
    "06": "verification",
    "07": "retirement",
    "08": "evidence",
}
KEYS_A_CALL = 20
"""Deletions a call in the run of 07 that is killed: the 50 objects of a bucket would all go in one call otherwise."""


def serve(folder: Path) -> None:
    """The estate, in this process; what comes in is appended to `requests.jsonl` of its folder."""
    # Modules of commit 4ed40ad, some of which have other names now.
    # isort: off
    from onetrail.practice.clock import iso
    from onetrail.practice.control import Control
    from onetrail.practice.door import Door
    from onetrail.practice.http import Reply
    from onetrail.practice.s3_routes import DATA_OPERATIONS
    from onetrail.practice.serve import serve as opened
    # isort: on

    log = (folder / "requests.jsonl").open("a", encoding="utf-8")
    handle, control = Door.handle, Control.__call__
    counts, dead = Counter[str](), set[str]()

    def write(line: dict[str, Any]) -> None:
        print(json.dumps(line), file=log, flush=True)

    def handled(door: Door, request: Any) -> Any:
        if request.raw_path.startswith("/_practice/"):
            return handle(door, request)
        order = folder / "order.json"
        if dead and order.exists() and order.read_text() in dead:
            return Reply(0, drop=True)
        reply = handle(door, request)
        logged = door.world.requests.since(10**9)["next"] - 1
        (entry,) = door.world.requests.since(logged)["requests"]
        if not entry["mutating"] and entry["operation"] in DATA_OPERATIONS:
            return reply
        scope = request.headers["authorization"].partition("Credential=")[2].split("/")
        write(
            {
                "at": iso(door.world.clock.now()),
                "service": scope[3],
                "operation": entry["operation"],
                "resource": entry["resource"],
                "status": entry["status"],
                "key": scope[0],
                "region": scope[2],
                "method": request.method,
                "path": request.raw_path,
                "query": request.raw_query,
                "headers": {n: v for n, v in request.headers.items() if n not in DROPPED},
                "body": request.body.decode("utf-8"),
            }
        )
        given = order.read_text() if order.exists() else ""
        if given and entry["operation"] == json.loads(given)["operation"]:
            counts[given] += 1
            if counts[given] == json.loads(given)["count"]:
                ends(given)
        return Reply(0, drop=True) if given in dead else reply

    def ends(given: str) -> None:
        os.kill(int((folder / "pid").read_text()), json.loads(given)["signal"])
        if json.loads(given)["signal"] == signal.SIGKILL:
            dead.add(given)

    def controlled(self: Control, request: Any) -> Any:
        if request.raw_path == "/_practice/wait":
            write({"wait": json.loads(request.body)["seconds"]})
        if request.raw_path == "/_practice/snapshot":
            write({"state": Path(json.loads(request.body)["path"]).stem})
        return control(self, request)

    Door.handle = handled  # type: ignore[method-assign]
    Control.__call__ = controlled  # type: ignore[method-assign]
    asyncio.run(opened("tiny", 7, 0, folder))


def step(number: str, keys_a_call: str = "") -> None:
    """One step from looking to applying, in this process."""
    import importlib

    from onetrail.aws import Clients, open_gate
    from onetrail.s3 import removal
    from onetrail.settings import Settings

    if keys_a_call:
        removal.KEYS_A_CALL = int(keys_a_call)  # type: ignore[misc]
    home = Path(os.environ["ONETRAIL_PRACTICE_DIR"])
    (home / "pid").write_text(str(os.getpid()))
    module = importlib.import_module(f"onetrail.steps.{STEPS[number]}")
    settings = Settings.from_file("parameters/practice.yaml")
    settings = settings.with_values(scenario="tiny", runs_dir=str(home / "runs"))
    clients = Clients.connect(settings)
    observation = module.observe(settings, clients)
    plan = module.propose(settings, observation)
    with open_gate(clients, "any") as gate:
        if number == "08":
            from onetrail.show import evidence as seen

            page = seen.page(settings, observation)
            module.save(settings, page, observation.custody.check.lines, gate.record, observation.keys)
        print(number, module.apply(plan, gate).line, flush=True)


def make(version: Path) -> None:
    """All five states, one after the other."""
    home = Path(tempfile.mkdtemp())
    environment = {
        **os.environ,
        "PYTHONPATH": str(version / "lib"),
        "ONETRAIL_PRACTICE_DIR": str(home),
        "ONETRAIL_LIVE": "0",
        "PYTHONHASHSEED": "0",
    }
    ours = [sys.executable, str(Path(__file__).resolve())]
    door = subprocess.Popen([*ours, "serve", str(home)], env=environment, cwd=version)
    while not (home / "estate.json").exists() and door.poll() is None:
        pass

    def runs(number: str, *words: str, ends: int = 0, **order: Any) -> None:
        (home / "order.json").unlink(missing_ok=True)
        if order:
            (home / "order.json").write_text(json.dumps({"step": number, **order}))
        done = subprocess.run([*ours, "step", number, *words], env=environment, cwd=version, check=False)
        assert done.returncode == ends, (number, done.returncode)

    def kept(state: str) -> None:
        from onetrail.aws.estate import PracticeEstate

        os.environ["ONETRAIL_PRACTICE_DIR"] = str(home)
        PracticeEstate.running().control("POST", "snapshot", {"path": str(home / f"{state}.snapshot")})
        shutil.copytree(home / "runs" / "practice", home / "folders" / state)

    sys.path.insert(0, str(version / "lib"))
    try:
        for number in ("02", "03", "04"):
            runs(number)
        runs("05", ends=-signal.SIGKILL, operation="CopyObject", count=75, signal=int(signal.SIGKILL))
        kept("grant_open")
        runs("05", ends=-signal.SIGTERM, operation="CopyObject", count=30, signal=int(signal.SIGTERM))
        kept("half_copied")
        runs("05")
        runs("06")
        kept("sealed")
        how = {"operation": "DeleteObjects", "count": 1, "signal": int(signal.SIGKILL)}
        runs("07", str(KEYS_A_CALL), ends=-signal.SIGKILL, **how)
        kept("half_emptied")
        runs("07")
        runs("08")
        kept("retired")
    finally:
        door.terminate()
        door.wait(30)
    _write(home)


def _write(home: Path) -> None:
    """Both files, the same bytes for the same content."""
    with (HERE / "requests.jsonl.gz").open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        out.write((home / "requests.jsonl").read_bytes())
    with tarfile.open(HERE / "run-folders.tar.xz", "w:xz", preset=9) as tar:
        for path in sorted((home / "folders").rglob("*")):
            if path.is_file() and path.suffix != ".lock":
                info = tarfile.TarInfo(str(path.relative_to(home / "folders")))
                info.size = path.stat().st_size
                with path.open("rb") as content:
                    tar.addfile(info, content)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", folder]:
            serve(Path(folder))
        case ["step", *words]:
            step(*words)
        case [version]:
            make(Path(version).resolve())
