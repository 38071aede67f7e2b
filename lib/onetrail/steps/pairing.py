"""Old buckets beside the archive, object by object, as two streams in key order: constant memory however many keys.

An object's key in the archive is its old key from `AWSLogs/` on, below the archive's own key prefix.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from onetrail.aws import Clients
from onetrail.cloudtrail.key import below_prefix, partition_of_key
from onetrail.s3.listing import list_objects
from onetrail.s3.pace import Pace
from onetrail.s3.ranges import KeyRange, Place, Side, beside, key_ranges, matched, placed, rising
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
    return below_prefix(_folder(key)) if partition_of_key(key) else ""


def pair_of(settings: Settings, source: ObjectRow, target: ObjectRow | None) -> Pair:
    """The pair of these two rows."""
    return Pair(source, target, archive_key(settings, source.key), folder_of(source.key))


def pairs(
    settings: Settings, clients: Clients, bucket: OldBucket, behind: Behind | None = None
) -> Iterator[Pair]:
    """Every object of the old bucket beside its counterpart. Raises what the listings raise: half a listing is no listing.

    `behind` is told of older versions and delete markers on the way.
    """
    client = hot(clients, bucket.account, bucket.region)
    yield from with_tiers(
        client, bucket, _pairs(settings, clients, bucket, old_objects(client, bucket, behind))
    )


def _pairs(
    settings: Settings, clients: Clients, bucket: OldBucket, rows: Iterator[ObjectRow]
) -> Iterator[Pair]:
    for where, group in groupby(rising(rows, bucket.name), key=placed(_place(settings))):
        if where is None:
            yield from (
                Pair(row, None, archive_key(settings, row.key), "") for row in group if row is not None
            )
            continue
        here, there = where
        copies = rising(archived(settings, clients, below_prefix(here)), settings.bucket_name)
        for found in matched(group, copies, len(here), len(there)):
            if found is not None:
                yield pair_of(settings, *found)


def ranges_of(clients: Clients, bucket: OldBucket, pace: Pace | None = None) -> Iterator[KeyRange | None]:
    """The old bucket cut into ranges that can be read side by side; None says 'not yet'. Raises what listing raises."""
    return key_ranges(_old(clients, bucket), pace)


def rows_of_range(
    settings: Settings, clients: Clients, bucket: OldBucket, key_range: KeyRange, pace: Pace | None = None
) -> Iterator[tuple[ObjectRow, ObjectRow | None] | None]:
    """Every object of the range beside its counterpart, as `pairs` but without owners and without waiting: None says 'not yet'."""
    account = settings.log_account.account_id
    archive = Side(hot(clients, account, settings.home_region), settings.bucket_name, account)
    return beside(_old(clients, bucket), archive, key_range, _place(settings), pace)


def archived(settings: Settings, clients: Clients, folder: str) -> Iterator[ObjectRow]:
    """What the archive holds in one folder, in key order."""
    account = settings.log_account.account_id
    return list_objects(
        hot(clients, account, settings.home_region),
        settings.bucket_name,
        account,
        archive_key(settings, folder),
    )


def _old(clients: Clients, bucket: OldBucket) -> Side:
    return Side(hot(clients, bucket.account, bucket.region), bucket.name, bucket.account, restores=True)


def _place(settings: Settings) -> Place:
    """The folder of account, kind and region that a log or digest lies in, and the archive's."""

    def place(key: str) -> tuple[str, str] | None:
        if partition_of_key(key) is None:
            return None
        folder = _folder(key)
        return folder, archive_key(settings, folder)

    return place


def _folder(key: str) -> str:
    return key.rsplit("/", 4)[0] + "/"
