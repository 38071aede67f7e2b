"""Everything that is measured, side by side in one run: `python -m benchmarks [--only PART,...] [--scale SHARE]`; `make
bench` calls it.

Each client is a process of its own, measured from outside; several runs take turns, and the table has their medians. A
run at full scale is kept in benchmarks/README.md, with machine and date.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.clients import AGAIN, COPY, LIST, Client, decided, marks_of, ran_by
from benchmarks.measure import Failed, Measured, in_the_middle, main_of
from benchmarks.nginx import NoServer, Server, null_s3
from benchmarks.table import flat, kept, table, targets

if TYPE_CHECKING:
    from benchmarks.validate import Found

README: Final = Path(__file__).with_name("README.md")
LATENCY_SECONDS: Final = 0.05
RUNS: Final = 3
MILLION: Final = 1_000_000

Say = Callable[[str], None]


def side_by_side(
    clients: Sequence[Client], objects: Sequence[int], scale: float, server: Server, say: Say
) -> list[Measured]:
    """The medians of each client, whose runs take turns."""
    runs: list[list[Measured]] = [[] for _ in clients]
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(RUNS):
            for client, count, found in zip(clients, objects, runs, strict=True):
                run = ran_by(client, max(1000, int(count * scale)), server, Path(folder))
                found.append(run)
                say(f"  run {turn + 1} of {RUNS}: {run.name}: {run.rate:,.0f}/s, {run.cpu_ms_per_1k:,.1f} CPU ms/1,000")
    return [in_the_middle(found) for found in runs]


def copying(scale: float, say: Say) -> str:
    """Everything into an empty bucket, beside the peers."""
    with null_s3(LATENCY_SECONDS) as server:
        rows = side_by_side(COPY, (100_000, 20_000, 3_000, 2_000, 2_000), scale, server, say)
    ours, s5cmd, tuned, sync, _ = rows
    wanted = targets(
        [
            ("copies", 3000, "a second", ours.rate, True),
            ("beside `aws s3 sync`, as it comes", 15, "times as fast", ours.rate / sync.rate, True),
            ("beside `aws s3 sync`, 64 at once", 15, "times as fast", ours.rate / tuned.rate, True),
            ("CPU for 1,000 objects", 250, "ms", ours.cpu_ms_per_1k, False),
            ("CPU beside s5cmd", 0.5, "of its", ours.cpu_ms_per_1k / s5cmd.cpu_ms_per_1k, False),
        ]
    )
    return f"{table(rows)}\n\n{wanted}"


def again(scale: float, say: Say) -> str:
    """The same when everything is there already."""
    with null_s3(LATENCY_SECONDS) as server:
        return table(side_by_side(AGAIN, (300_000, 10_000, 10_000), scale, server, say))


def listing(scale: float, say: Say) -> str:
    """Listing alone."""
    with null_s3(LATENCY_SECONDS) as server:
        rows = side_by_side(LIST, (1_000_000, 200_000, 20_000, 20_000), scale, server, say)
    return f"{table(rows)}\n\n{targets([('listing', 80_000, 'keys a second', rows[0].rate, True)])}"


def millions(scale: float, say: Say) -> str:
    """Ten million objects listed, joined with an empty target and decided: is memory constant, is the rate?"""
    objects = max(2000, int(10 * MILLION * scale))
    with null_s3(LATENCY_SECONDS) as server, tempfile.TemporaryDirectory() as folder:
        run, marks = marks_of(objects, server, Path(folder))
        step = decided(objects // 5, server, Path(folder))
    first, last = flat(marks, objects // 10)
    wanted = targets(
        [
            ("memory at any moment", 300, "MB", max(run.megabytes, step.megabytes), False),
            ("rate of the last tenth", 0.9, "of the first tenth's", last / first, True),
        ]
    )
    return f"{table([run, step], ratios=False)}\n\n{wanted}"


def chains(scale: float, say: Say) -> str:
    """Digest chains in memory."""
    return table(_apart("chain", max(100, int(5000 * scale))), ratios=False)


def validating(scale: float, say: Say) -> str:
    """Logs read, hashed and checked on one real S3 server, near and far, beside the AWS command line; then what a core
    can do at most."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return validated(pool.submit(main_of, "validate", max(200, int(10_000 * scale))).result())


def validated(found: "Found") -> str:
    """What was found near and far, as text."""
    places = (("on loopback", found.near), ("50 ms away", found.far))
    wanted = targets(
        [
            (
                f"beside `aws cloudtrail validate-logs`, {where}",
                10,
                "times as fast",
                ours.rate / theirs.rate,
                True,
            )
            for where, (ours, theirs, *_) in places
        ]
    )
    tables = [f"The server {where}:\n\n{table(rows)}" for where, rows in places]
    alone = "\n".join(f"- {name}: {rate:,.0f} MB of unpacked logs a second of one core" for name, rate in found.core)
    return "\n\n".join([*tables, wanted, alone])


def entering(scale: float, say: Say) -> str:
    """Clients of fresh sessions; an object is a client."""
    return table(_apart("sessions", max(2, int(10 * scale))))


def _apart(module: str, count: int) -> list[Measured]:
    """In a process of its own, so that memory is its own too; what is measured is not imported here, since a child's
    peak begins at ours."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found: list[Measured] = pool.submit(main_of, module, count).result()
        return found


PARTS: Final[dict[str, tuple[str, Callable[[float, Say], str]]]] = {
    "copy": ("Copying everything into an empty bucket", copying),
    "again": ("The same when everything is there already", again),
    "list": ("Listing alone", listing),
    "millions": ("Ten million objects listed, joined and decided", millions),
    "validate": (
        "Logs read, hashed and checked on a real S3 server, beside the AWS command line",
        validating,
    ),
    "chain": ("Digest chains in memory: an object is a digest and its log", chains),
    "sessions": (
        "Clients of fresh sessions, sharing what they parse and alone: an object is a client",
        entering,
    ),
}
"""Name -> heading, and what measures it."""


def machine() -> str:
    """Where and when, in a sentence."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    versions = ", ".join(f"{name} {version(name)}" for name in ("boto3", "awscrt", "awscli"))
    return (
        f"{datetime.now(UTC):%d %B %Y}, {os.cpu_count()} cores ({model}), {platform.system()}, Python"
        f" {platform.python_version()}, {versions}, s5cmd 2.3.0; load average at the start {os.getloadavg()[0]:.1f}."
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def main(words: list[str]) -> int:
    """0 when every part ran to its end, 1 when a client did not do its work, 2 for wrong use or where there is no null
    S3."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, with commas: {', '.join(PARTS)}")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the objects; kept in the README only at 1")
    asked = parser.parse_args(words)
    names = [name for name in asked.only.split(",") if name]
    if unknown := sorted(set(names) - set(PARTS)):
        print(f"there is no part {unknown[0]}: give some of {', '.join(PARTS)}", file=sys.stderr)
        return 2
    where = machine()
    print(where)
    for name in names:
        heading, part = PARTS[name]
        print(f"\n{heading}: make bench ONLY={name}", flush=True)
        try:
            text = part(asked.scale, lambda line: print(line, file=sys.stderr, flush=True))
        except (NoServer, Failed) as err:
            print(f"make bench: {err}", file=sys.stderr)
            return 2 if isinstance(err, NoServer) else 1
        print(text, flush=True)
        if asked.scale == 1:
            kept(README, name, f"`make bench ONLY={name}`, {where}\n\n{text}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
