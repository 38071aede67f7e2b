"""What the S3 client costs: listing and copying against a null S3 in a process of its own.

    python benchmarks/s3_engine.py [KEYS] [IN_FLIGHT]

Prints objects a second, the client's CPU milliseconds per 1,000 objects, and peak memory. The server shares the machine, so compare
CPU, not rates.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from onetrail.s3 import CopyTask, HotS3, LedgerPart, Pace, copy_partition, list_objects

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
UNTIL = datetime(2028, 3, 6, tzinfo=UTC)
Frozen = namedtuple("Frozen", "access_key secret_key token")
KEYS = Frozen("AKIDNULL", "secret", "token" * 60)
SOURCE, LOG = "111122223333", "044455556666"


def measured(name: str, what: Callable[[], int]) -> None:
    """Run it once and print the figures."""
    wall, cpu = time.perf_counter(), time.process_time()
    objects = what()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{name:<22} {objects:>9,} objects  {objects / wall:>9,.0f}/s  {cpu * 1e6 / objects:>7.1f} CPU ms/1k  {rss:>5.0f} MB"
    )


def copied(client: HotS3, most_a_second: float) -> int:
    """List, and copy everything listed, with the ledger written."""
    tasks = (
        CopyTask(
            "old",
            SOURCE,
            row.key,
            row.etag,
            row.size,
            row.last_modified,
            "archive",
            LOG,
            "GLACIER_IR",
            "GOVERNANCE",
            UNTIL,
        )
        for row in list_objects(client, "old", SOURCE, "AWSLogs/")
    )
    with tempfile.TemporaryDirectory() as folder, LedgerPart(Path(folder), "part") as part:
        return copy_partition(tasks, client, part, now=lambda: NOW, pace=Pace(most_a_second)).objects


def main(keys: int, in_flight: int) -> None:
    """Start the null S3, measure, stop it."""
    here = Path(__file__).parent
    command = [sys.executable, str(here / "null_s3.py"), "0", str(keys)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{server.stdout.readline().split()[-1]}"
            with HotS3(
                "us-east-1", url, lambda: KEYS, permit=lambda *_: None, max_in_flight=in_flight
            ) as client:
                measured("list", lambda: sum(1 for _ in list_objects(client, "old", SOURCE, "AWSLogs/")))
                measured("list + copy + ledger", lambda: copied(client, 1e6))
                measured("the same at 3,500/s", lambda: copied(client, 3500))
        finally:
            server.kill()


if __name__ == "__main__":
    main(*(int(word) for word in (*sys.argv[1:3], *("100000", "64")[len(sys.argv[1:3]) :])))
