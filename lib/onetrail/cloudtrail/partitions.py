"""The parts that a bucket's logs are divided into by their keys: kind, account, region, month."""

import re
from typing import Final, NamedTuple

from onetrail.cloudtrail.object_key import ACCOUNT_PART, FOLDERS, KIND_OF_FOLDER, REGION_PART, ROOT, KeyKind


class KeyPartition(NamedTuple):
    """A part of a bucket that one listing prefix covers: all objects of an account, kind, region and month.

    `kind` is never `BACKFILL_DIGEST`: those lie among the digests. `month` is `YYYY-MM` from the path.
    """

    account: str
    kind: KeyKind
    region: str
    month: str


_PARTITION_MATCH: Final = re.compile(
    ACCOUNT_PART + r"(CloudTrail(?:-[A-Za-z]+)?)/(" + REGION_PART + r")/(\d{4})/(\d\d)/\d\d/[^/]+\Z", re.ASCII
).match


def partition_of_key(key: str) -> KeyPartition | None:
    """The partition a log or digest is in, by its folders alone; None for markers and foreign folders.

    Several times faster than `parse`, and looser: the file name is not read.
    """
    at = key.rfind(ROOT)
    if at < 0 or not (found := _PARTITION_MATCH(key, at)):
        return None
    _, account, folder, region, year, month = found.groups()
    kind = KIND_OF_FOLDER.get(folder)
    return KeyPartition(account, kind, region, f"{year}-{month}") if kind else None


def month_prefix(partition: KeyPartition, key_prefix: str = "", organization_id: str = "") -> str:
    """The listing prefix of one partition, closing slash included."""
    start = f"{key_prefix}/{ROOT}" if key_prefix else ROOT
    level = f"{organization_id}/" if organization_id else ""
    folder = FOLDERS[partition.kind]
    return f"{start}{level}{partition.account}/{folder}/{partition.region}/{partition.month.replace('-', '/')}/"
