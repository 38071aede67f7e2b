"""Old buckets beside the archive, object by object, as two streams in key order: constant memory however many keys.

An object's key in the archive is its old key from `AWSLogs/` on, below the archive's own key prefix: its plain key.
Where other bytes have that, or are to have it, the copy has a key beside it: below the folder for conflicts, by old
bucket and full old key.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from onetrail.aws import Clients
from onetrail.cloudtrail.digests.conflict import conflict_key, fits
from onetrail.cloudtrail.object_key import below_prefix
from onetrail.cloudtrail.partitions import partition_of_key
from onetrail.estate.history.claims import Claims, Rivals
from onetrail.estate.history.old_objects import NoncurrentCounts, old_objects, with_tiers
from onetrail.estate.old_estate import OldBucket
from onetrail.names import CONFLICTS_FOLDER
from onetrail.s3.decisions.decide import same_bytes
from onetrail.s3.decisions.placing import Spot, spot_by_archive
from onetrail.s3.http.pace import Pace
from onetrail.s3.http.session import hot
from onetrail.s3.listing.lookup import Lookup
from onetrail.s3.listing.ranges import KeyRange, Place, Side, beside, key_ranges, matched, placed, rising
from onetrail.s3.listing.streams import list_objects
from onetrail.s3.rows import ObjectRow
from onetrail.settings import Settings


class ObjectPair(NamedTuple):
    """One object of an old bucket and what the archive has under the key it gets there; `folder` is the partition, `""`
    outside of one.

    `contested`: another old object wants the plain key, or other bytes have it.
    """

    source: ObjectRow
    target: ObjectRow | None
    target_key: str
    folder: str
    contested: bool = False

    @property
    def beside(self) -> bool:
        """Whether its copy has a key beside the plain one."""
        return self.target_key.startswith(CONFLICTS_FOLDER)


def archive_key(settings: Settings, key: str) -> str:
    """The plain key of an old object in the archive."""
    below = below_prefix(key)
    return f"{settings.key_prefix}/{below}" if settings.key_prefix else below


def name_of(key: str) -> str:
    """How a copy is named whatever the archive's key prefix: its key from `AWSLogs/` on; one beside a plain key by its
    whole key."""
    return key if key.startswith(CONFLICTS_FOLDER) else below_prefix(key)


def stored_key(settings: Settings, name: str) -> str:
    """The key in the archive of a copy named so."""
    return name if name.startswith(CONFLICTS_FOLDER) else archive_key(settings, name)


def prefix_of(key: str) -> str:
    """What stands before `AWSLogs/` in an old key, slash included; two prefixes of one bucket are two listings in key
    order."""
    return key[: len(key) - len(below_prefix(key))]


def folder_of(key: str) -> str:
    """The listing prefix of the account, kind and region a log or digest is in, without any key prefix; `""` for
    anything else."""
    return below_prefix(_folder(key)) if partition_of_key(key) else ""


def etags_prove(settings: Settings, kms: bool) -> bool:
    """Whether the ETags of old objects and copies are comparable: under a KMS key, as old objects with `kms` are, they
    are no MD5."""
    return not kms and settings.kms_key == "none"


class Pairing:
    """Pairs of one old bucket, in key order. `comparable` says whether equal bytes have equal ETags. `claims` knows who
    else wants a free key; without it, a free key is the object's own."""

    def __init__(
        self, settings: Settings, clients: Clients, bucket: str, comparable: bool, claims: Claims | None = None
    ) -> None:
        self._settings, self._clients, self._bucket, self._claims = settings, clients, bucket, claims
        self._comparable = comparable
        self._beside: dict[str, Lookup] = {}
        self._rivals: dict[str, Rivals] = {}

    def pair(self, source: ObjectRow, plain: ObjectRow | None) -> ObjectPair:
        """The object and its counterpart; `plain` is the object that has its plain key. Raises what a listing
        raises."""
        key = source.key
        plain_key, folder = archive_key(self._settings, key), folder_of(key)
        if not folder or (plain is not None and self._same(source, plain)):
            return ObjectPair(source, plain, plain_key, folder)
        beside_key = conflict_key(self._bucket, key)
        beside = self._lookup(_folder(beside_key)).find(beside_key)
        spot = spot_by_archive(source, plain, beside, self._comparable)
        contested = spot is Spot.BESIDE
        if self._claims is not None and (spot is None or (spot is Spot.PLAIN and plain is not None)):
            rivals = self._rivals_of(key)
            others = rivals.of(source)
            contested = bool(others)
            if spot is None:
                spot = rivals.spot(source, others) if others else Spot.PLAIN
            elif others and plain is not None and not self._claims.is_copy(self._bucket, source, plain):
                spot = Spot.BESIDE
        if spot is Spot.BESIDE or not fits(plain_key):
            return ObjectPair(source, beside, beside_key, folder, contested)
        return ObjectPair(source, plain, plain_key, folder, contested)

    def _same(self, source: ObjectRow, plain: ObjectRow) -> bool:
        return same_bytes(source.size, source.etag, plain.size, plain.etag, self._comparable) is True

    def _lookup(self, folder: str) -> Lookup:
        """What the archive has in one folder beside the plain keys."""
        if folder not in self._beside:
            account = self._settings.log_account.account_id
            client = hot(self._clients, account, self._settings.home_region)
            self._beside[folder] = Lookup(
                lambda after: list_objects(client, self._settings.bucket_name, account, folder, after)
            )
        return self._beside[folder]

    def _rivals_of(self, key: str) -> Rivals:
        assert self._claims is not None
        folder = _folder(key)
        if folder not in self._rivals:
            self._rivals[folder] = self._claims.rivals(self._bucket, folder)
        return self._rivals[folder]


def pairs(
    settings: Settings,
    clients: Clients,
    bucket: OldBucket,
    behind: NoncurrentCounts | None = None,
    claims: Claims | None = None,
) -> Iterator[ObjectPair]:
    """Every object of the old bucket beside its counterpart. Raises what the listings raise: half a listing is no
    listing.

    `behind` counts older versions and delete markers on the way.
    """
    client = hot(clients, bucket.account, bucket.region)
    pairing = Pairing(settings, clients, bucket.name, etags_prove(settings, bucket.kms), claims)
    rows = old_objects(client, bucket, behind)
    yield from with_tiers(client, bucket, (pairing.pair(*found) for found in _joined(settings, clients, bucket, rows)))


def _joined(
    settings: Settings, clients: Clients, bucket: OldBucket, rows: Iterator[ObjectRow]
) -> Iterator[tuple[ObjectRow, ObjectRow | None]]:
    """Each row beside the object that has its plain key."""
    for where, group in groupby(rising(rows, bucket.name), key=placed(_place(settings))):
        if where is None:
            yield from ((row, None) for row in group if row is not None)
            continue
        here, there = where
        copies = rising(archived(settings, clients, below_prefix(here)), settings.bucket_name)
        for found in matched(group, copies, len(here), len(there)):
            if found is not None:
                yield found


def ranges_of(clients: Clients, bucket: OldBucket, pace: Pace | None = None) -> Iterator[KeyRange | None]:
    """The old bucket cut into ranges that can be read side by side; None says 'not yet'. Raises what listing raises."""
    return key_ranges(_old(clients, bucket), pace)


def rows_of_range(
    settings: Settings, clients: Clients, bucket: OldBucket, key_range: KeyRange, pace: Pace | None = None
) -> Iterator[tuple[ObjectRow, ObjectRow | None] | None]:
    """Every object of the range beside the object that has its plain key, without owners and without waiting: None says
    'not yet'."""
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
    """The folder of account, kind and region that a log or digest is in, and the archive's."""

    def place(key: str) -> tuple[str, str] | None:
        if partition_of_key(key) is None:
            return None
        folder = _folder(key)
        return folder, archive_key(settings, folder)

    return place


def _folder(key: str) -> str:
    return key.rsplit("/", 4)[0] + "/"
