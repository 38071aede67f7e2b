"""What the S3 client costs: listing and copying against a null S3 in a process of its own, with boto3 beside it.

    python -m benchmarks.s3_engine [KEYS] [IN_FLIGHT]

Prints objects a second, the client's CPU milliseconds per 1,000 objects, peak memory so far, and boto3's CPU as a multiple of ours.
The server shares the machine, so compare CPU, not rates. boto3 does a fiftieth of the objects, since it is slow, and never less than 1,000.
"""

import sys
import tempfile
from collections import namedtuple
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.measure import measured, null_s3
from onetrail.s3 import CopyTask, HotS3, LedgerPart, Pace, copy_partition, list_objects

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
UNTIL = datetime(2028, 3, 6, tzinfo=UTC)
Frozen = namedtuple("Frozen", "access_key secret_key token")
KEYS = Frozen("AKIDNULL", "secret", "token" * 60)
SOURCE, LOG = "111122223333", "044455556666"


def copied(client: HotS3, most_a_second: float) -> int:
    """List, and copy everything listed, with the ledger written."""
    tasks = (
        CopyTask(
            "old", SOURCE, row.key, row.etag, row.size, row.last_modified, "archive", LOG, "GLACIER_IR", "GOVERNANCE", UNTIL,
        )
        for row in list_objects(client, "old", SOURCE, "AWSLogs/")
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, LedgerPart(Path(folder), "part") as part:
        return copy_partition(tasks, client, part, now=lambda: NOW, pace=Pace(most_a_second)).objects


def listed_by_boto3(client: Any, most: int) -> Iterator[dict[str, Any]]:
    """The same listing by boto3's paginator, up to `most`."""
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket="old", Prefix="AWSLogs/", ExpectedBucketOwner=SOURCE
    )
    yield from islice((found for page in pages for found in page["Contents"]), most)


def copied_by_boto3(client: Any, most: int) -> int:
    """The same copies by boto3 in 16 threads, up to `most`; no ledger."""

    def one(found: dict[str, Any]) -> None:
        client.copy_object(
            Bucket="archive", Key=found["Key"], CopySource={"Bucket": "old", "Key": found["Key"]}, CopySourceIfMatch=found["ETag"],
            IfNoneMatch="*", StorageClass="GLACIER_IR", ChecksumAlgorithm="SHA256", ObjectLockMode="GOVERNANCE",
            ObjectLockRetainUntilDate=UNTIL, ExpectedBucketOwner=LOG, ExpectedSourceBucketOwner=SOURCE,
        )  # fmt: skip

    with ThreadPoolExecutor(16) as pool:
        return sum(1 for _ in pool.map(one, listed_by_boto3(client, most)))


def main(keys: int, in_flight: int) -> None:
    """Start the null S3, measure both clients, stop it."""
    few = max(1000, keys // 50)
    with null_s3(keys) as url:
        peer = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id=KEYS.access_key, aws_secret_access_key=KEYS.secret_key,
            aws_session_token=KEYS.token, config=Config(max_pool_connections=16, s3={"addressing_style": "path"}), endpoint_url=url,
        )  # fmt: skip
        with HotS3("us-east-1", url, lambda: KEYS, permit=lambda *_: None, max_in_flight=in_flight) as client:
            listing = measured(
                "list", lambda: sum(1 for _ in list_objects(client, "old", SOURCE, "AWSLogs/"))
            )
            copying = measured("list + copy + ledger", lambda: copied(client, 1e6))
            measured("the same, paced at 3,500/s", lambda: copied(client, 3500))
            measured("boto3: list", lambda: sum(1 for _ in listed_by_boto3(peer, few)), listing)
            measured("boto3: list + copy, 16 threads", lambda: copied_by_boto3(peer, few), copying)


if __name__ == "__main__":
    main(*(int(word) for word in (*sys.argv[1:3], *("100000", "64")[len(sys.argv[1:3]) :])))
