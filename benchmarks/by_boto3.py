"""The same listing and the same copies by boto3, in a process of its own: `python -m benchmarks.by_boto3 list|copy
SOURCE TARGET`.

Copies are made by 16 threads; more of them are not faster. No ledger is written, and no target is listed.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.accounts import SOURCE_OWNER, TARGET_OWNER

THREADS = 16


def listed(client: Any, bucket: str) -> Iterator[dict[str, Any]]:
    """Every object, by the paginator."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, ExpectedBucketOwner=SOURCE_OWNER):
        yield from page.get("Contents", ())


def copied(client: Any, source: str, target: str) -> int:
    """Every object, with the class, the ACL and the conditions that ours has."""

    def one(found: dict[str, Any]) -> None:
        client.copy_object(
            Bucket=target,
            Key=found["Key"],
            CopySource={"Bucket": source, "Key": found["Key"]},
            CopySourceIfMatch=found["ETag"],
            IfNoneMatch="*",
            StorageClass="GLACIER",
            ACL="bucket-owner-full-control",
            ChecksumAlgorithm="SHA256",
            ExpectedBucketOwner=TARGET_OWNER,
            ExpectedSourceBucketOwner=SOURCE_OWNER,
        )

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(1 for _ in pool.map(one, listed(client, source)))


def main(words: list[str]) -> None:
    """Do what the first word says."""
    what, source, target = (word.removeprefix("s3://") for word in words)
    client = boto3.client("s3", config=Config(max_pool_connections=THREADS))
    print(sum(1 for _ in listed(client, source)) if what == "list" else copied(client, source, target))


if __name__ == "__main__":
    main(sys.argv[1:])
