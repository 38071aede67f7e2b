"""The left side of the comparison: an old bucket as it is listed now, or, once it is retired, the list that its receipt
binds."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from onetrail.aws import Clients
from onetrail.cloudtrail.object_key import below_prefix
from onetrail.estate.history.pairing import (
    ObjectPair,
    Pairing,
    archive_key,
    archived,
    etags_prove,
    folder_of,
    prefix_of,
)
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.proof.receipts import Receipt, Receipts, cover, proven_rows
from onetrail.s3.http.session import hot
from onetrail.s3.listing.streams import list_objects, merge_join
from onetrail.s3.rows import ObjectRow
from onetrail.settings import Settings

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class OriginalSide:
    """One old bucket. `receipt` is set where the left side is what it proved, because nothing is left to list, or not
    all of it."""

    name: str
    account: str
    region: str
    bucket: OldBucket | None = None
    receipt: Receipt | None = None

    @property
    def live(self) -> bool:
        """True where the bucket itself is read."""
        return self.receipt is None

    @property
    def emptied(self) -> bool:
        """True where the bucket is emptied and closed."""
        return self.bucket is not None and self.bucket.emptied

    @property
    def etags_kept(self) -> bool:
        """True where the list that the receipt binds has the ETags of the copies; an earlier release kept none."""
        return self.receipt is not None and self.receipt.format > 1

    @property
    def half_emptied(self) -> bool:
        """True where some of what the receipt proved is deleted already, and the receipt permits no more."""
        return self.receipt is not None and self.bucket is not None and not self.bucket.emptied


def lefts(estate: OldEstate, receipts: Receipts, halves: Collection[str] = ()) -> tuple[OriginalSide, ...]:
    """Every old bucket there is or was: those that stand, those that a receipt remembers. `halves` are half emptied."""
    found = []
    for bucket in estate.buckets:
        receipt = receipts.remembered.get(bucket.name) if bucket.emptied or bucket.name in halves else None
        found.append(OriginalSide(bucket.name, bucket.account, bucket.region, bucket, receipt))
    there = {bucket.name for bucket in estate.buckets}
    found += [
        OriginalSide(t.bucket, t.account, t.region, None, t)
        for t in receipts.remembered.values()
        if t.bucket not in there
    ]
    return tuple(sorted(found, key=lambda left: (left.account, left.region, left.name)))


def half_emptied(settings: Settings, clients: Clients, estate: OldEstate, receipts: Receipts) -> frozenset[str]:
    """Old buckets of which originals are deleted already under a receipt that permits no more: an earlier release wrote
    it, say.

    What is left of such a bucket says too little, so a new receipt is about all that the earlier one proved. Raises
    what listing raises.
    """
    found = set()
    for bucket in estate.buckets:
        receipt = receipts.remembered.get(bucket.name)
        if receipt is None or bucket.emptied or bucket.name in receipts.held:
            continue
        listed = list_objects(hot(clients, bucket.account, bucket.region), bucket.name, bucket.account, "")
        said = cover(settings.run_folder, receipt, listed)
        found |= {bucket.name} if said.valid and said.part_gone else set()
    return frozenset(found)


def as_copied(settings: Settings, clients: Clients, left: OriginalSide) -> Iterator[tuple[ObjectRow, ObjectRow]]:
    """Each of its objects, and the same with the ETag by which its copy is known: of a retired bucket the one that the
    copy had when it was proven, so that keys and encryption of what is gone count no more. Raises as `rows` does."""
    if left.receipt is None or not left.etags_kept:
        for row in rows(settings, clients, left):
            yield row, row
        return
    for proven in proven_rows(settings.run_folder, left.receipt):
        row = ObjectRow(proven.key, proven.size, proven.etag, proven.last_modified or _LONG_AGO, "")
        yield row, row._replace(etag=proven.archive_etag or proven.etag)


def comparable(settings: Settings, left: OriginalSide) -> bool:
    """Whether the ETags that `as_copied` gives prove equality with what the archive has."""
    return left.etags_kept or etags_prove(settings, left.bucket is not None and left.bucket.kms)


def rows(settings: Settings, clients: Clients, left: OriginalSide, prefix: str = "") -> Iterator[ObjectRow]:
    """Its objects below a prefix, in key order. Raises what listing or reading raises: half a listing is no listing."""
    if left.receipt is None:
        yield from list_objects(hot(clients, left.account, left.region), left.name, left.account, prefix)
        return
    for row in proven_rows(settings.run_folder, left.receipt):
        if row.key.startswith(prefix):
            yield ObjectRow(row.key, row.size, row.etag, row.last_modified or _LONG_AGO, "")


def beside(
    settings: Settings, clients: Clients, left: OriginalSide, listed: Iterable[ObjectRow], comparable: bool
) -> Iterator[ObjectPair]:
    """Each object of an old bucket, as given in key order, beside what the archive has under the key it gets there.
    `comparable` says whether their ETags prove equality."""
    pairing = Pairing(settings, clients, left.name, comparable)
    for (_, folder), group in groupby(listed, key=lambda row: (prefix_of(row.key), folder_of(row.key))):
        if folder:
            yield from _joined(settings, clients, pairing, folder, group)
        else:
            yield from (ObjectPair(row, None, archive_key(settings, row.key), "") for row in group)


def _joined(
    settings: Settings, clients: Clients, pairing: Pairing, folder: str, group: Iterable[ObjectRow]
) -> Iterator[ObjectPair]:
    for source, target in merge_join(group, archived(settings, clients, folder), key=lambda row: below_prefix(row.key)):
        if source is not None:
            yield pairing.pair(source, target)
