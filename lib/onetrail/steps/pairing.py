"""Old buckets beside the archive, object by object, as two streams in key order: constant memory however many keys.

An object's key in the archive is its old key from `AWSLogs/` on, below the archive's own key prefix.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from onetrail.aws import Clients
from onetrail.cloudtrail.key import below_prefix, partition_of_key
from onetrail.s3.listing import list_objects, merge_join
from onetrail.s3.rows import ObjectRow
from onetrail.s3.session import hot
from onetrail.settings import Settings
from onetrail.steps.old_estate import OldBucket
from onetrail.steps.old_objects import Behind, old_objects, with_tiers


class Pair(NamedTuple):
    """One object of an old bucket and what the archive has under the key it gets there; `folder` is the partition, `""` outside of one."""

    source: ObjectRow
    target: ObjectRow | None
    target_key: str
    folder: str


def archive_key(settings: Settings, key: str) -> str:
    """The key an old object gets in the archive."""
    below = below_prefix(key)
    return f"{settings.key_prefix}/{below}" if settings.key_prefix else below


def prefix_of(key: str) -> str:
    """What stands before `AWSLogs/` in an old key, slash included; two prefixes of one bucket are two listings in key order."""
    return key[: len(key) - len(below_prefix(key))]


def folder_of(key: str) -> str:
    """The listing prefix of the account, kind and region a log or digest lies in, without any key prefix; `""` for anything else."""
    if partition_of_key(key) is None:
        return ""
    below = below_prefix(key)
    return "/".join(below.split("/")[:-4]) + "/"


def pairs(
    settings: Settings, clients: Clients, bucket: OldBucket, behind: Behind | None = None
) -> Iterator[Pair]:
    """Every object of the old bucket beside its counterpart. Raises what the listings raise: half a listing is no listing.

    `behind` is told of older versions and delete markers on the way.
    """
    client = hot(clients, bucket.account, bucket.region)
    yield from with_tiers(client, bucket, _pairs(settings, clients, old_objects(client, bucket, behind)))


def _pairs(settings: Settings, clients: Clients, rows: Iterator[ObjectRow]) -> Iterator[Pair]:
    for (_, folder), group in groupby(rows, key=lambda row: (prefix_of(row.key), folder_of(row.key))):
        if folder:
            yield from _beside(settings, clients, folder, group)
        else:
            yield from (Pair(row, None, archive_key(settings, row.key), "") for row in group)


def archived(settings: Settings, clients: Clients, folder: str) -> Iterator[ObjectRow]:
    """What the archive holds in one folder, in key order."""
    account = settings.log_account.account_id
    return list_objects(
        hot(clients, account, settings.home_region),
        settings.bucket_name,
        account,
        archive_key(settings, folder),
    )


def _beside(settings: Settings, clients: Clients, folder: str, group: Iterable[ObjectRow]) -> Iterator[Pair]:
    def key(row: ObjectRow) -> str:
        return below_prefix(row.key)

    for source, target in merge_join(group, archived(settings, clients, folder), key=key):
        if source is not None:
            yield Pair(source, target, archive_key(settings, source.key), folder)
