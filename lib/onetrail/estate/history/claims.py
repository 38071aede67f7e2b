"""Who else wants a key of the archive: the other old buckets, and other key prefixes of the same one.

Asked only of objects whose plain key is still free. Which folders an old bucket has is found once, folder by folder;
then its objects are looked up one by one beside those that are to be copied. Nothing is remembered from one look to the
next.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from threading import Lock
from typing import NamedTuple

from onetrail.aws import Clients
from onetrail.cloudtrail.object_key import below_prefix
from onetrail.cloudtrail.partitions import partition_of_key
from onetrail.estate.history.digest_names import DigestNames
from onetrail.estate.history.old_objects import old_objects
from onetrail.estate.old_estate import OldBucket
from onetrail.s3.copying.compare import ObjectPlace, compare_bytes
from onetrail.s3.decisions.decide import same_bytes
from onetrail.s3.decisions.placing import Claim, Spot, spot_among
from onetrail.s3.http import calls
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.session import hot
from onetrail.s3.listing.lookup import Lookup
from onetrail.s3.listing.streams import list_objects
from onetrail.s3.rows import ObjectRow
from onetrail.settings import Settings

_AFTER_SLASH = "0"
"""The character after `/`: a folder's name with it in place of its slash comes after everything in that folder."""


class Rival(NamedTuple):
    """A folder of another old bucket, or of another key prefix, whose copies would go into the same folder of the
    archive."""

    bucket: OldBucket
    folder: str


class Claims:
    """The old buckets of one look. Several threads may ask at once."""

    def __init__(self, settings: Settings, clients: Clients, buckets: Sequence[OldBucket]) -> None:
        self._settings, self._clients = settings, clients
        self._buckets = {bucket.name: bucket for bucket in buckets}
        self._lock = Lock()
        self._folders: dict[str, list[Rival]] | None = None
        self._names = DigestNames(settings, clients, self._buckets, self.with_folder)

    def with_folder(self, below: str) -> list[Rival]:
        """Every old bucket and key prefix that has this folder; `below` is the folder from `AWSLogs/` on. Raises what
        listing raises."""
        with self._lock:
            if self._folders is None:
                found: dict[str, list[Rival]] = {}
                every = self._clients.each(self._of_bucket, list(self._buckets.values()), at_once=8)
                for rival in (rival for several in every for rival in several):
                    found.setdefault(below_prefix(rival.folder), []).append(rival)
                self._folders = found
        return self._folders.get(below, [])

    def rivals(self, bucket: str, folder: str) -> "Rivals":
        """Those who may want the keys of this folder of the bucket."""
        every = self.with_folder(below_prefix(folder))
        return Rivals(self, bucket, [one for one in every if (one.bucket.name, one.folder) != (bucket, folder)])

    def listing(self, rival: Rival, after: str) -> Iterator[ObjectRow]:
        """What the folder holds after a key, one that a delete marker hides among it."""
        bucket = rival.bucket
        client = hot(self._clients, bucket.account, bucket.region)
        if bucket.versioned:
            return (row for row in old_objects(client, bucket, prefix=rival.folder) if row.key > after)
        return list_objects(client, bucket.name, bucket.account, rival.folder, after)

    def same(self, one: Claim, other: Claim) -> bool:
        """Whether two have the same bytes; read where sizes and ETags cannot say. What cannot be read counts as other
        bytes, and is kept."""
        comparable = not (self._buckets[one.bucket].kms or self._buckets[other.bucket].kms)
        said = same_bytes(one.row.size, one.row.etag, other.row.size, other.row.etag, comparable)
        return said if said is not None else self._read_both(self._old(one), self._old(other))

    def is_copy(self, bucket: str, source: ObjectRow, copy: ObjectRow) -> bool:
        """Whether the archive's object has the source's bytes; both are read, for where sizes and ETags cannot
        say."""
        settings = self._settings
        account = settings.log_account.account_id
        there = (
            hot(self._clients, account, settings.home_region),
            ObjectPlace(settings.bucket_name, account, copy.key),
        )
        return self._read_both(self._old(Claim(bucket, source)), there)

    def _old(self, claim: Claim) -> tuple[S3Client, ObjectPlace]:
        bucket = self._buckets[claim.bucket]
        client = hot(self._clients, bucket.account, bucket.region)
        return client, ObjectPlace(bucket.name, bucket.account, claim.row.key, claim.row.version_id)

    def _read_both(self, one: tuple[S3Client, ObjectPlace], other: tuple[S3Client, ObjectPlace]) -> bool:
        return next(compare_bytes([(one[1], other[1])], one[0], other[0])).equal is True

    def named(self, claim: Claim) -> bool:
        """Whether a verified digest names this very content."""
        return self._names.name(claim)

    def _of_bucket(self, bucket: OldBucket) -> list[Rival]:
        return [Rival(bucket, folder) for folder in folders_of(self._clients, bucket)]


class Rivals:
    """Who wants the keys of one folder of one old bucket; asked in the order of its keys."""

    def __init__(self, claims: Claims, bucket: str, rivals: Sequence[Rival]) -> None:
        self._claims, self._bucket = claims, bucket
        self._lookups = [(one, Lookup(partial(claims.listing, one), jumps=not one.bucket.versioned)) for one in rivals]

    def of(self, source: ObjectRow) -> list[Claim]:
        """The other objects that want this one's plain key."""
        below = below_prefix(source.key)
        asked = ((one, lookup, one.folder[: -len(_folder(below))] + below) for one, lookup in self._lookups)
        found = ((one.bucket.name, lookup.find(key)) for one, lookup, key in asked)
        return [Claim(name, row) for name, row in found if row is not None]

    def spot(self, source: ObjectRow, others: Sequence[Claim]) -> Spot:
        """Where the source's copy belongs while its plain key is free."""
        mine = Claim(self._bucket, source)
        return spot_among(mine, others, self._claims.same, self._claims.named)


def folders_of(clients: Clients, bucket: OldBucket) -> Iterator[str]:
    """Every folder of an account, kind and region in an old bucket, with its key prefix; one short listing each."""
    client, after, limit = hot(clients, bucket.account, bucket.region), "", 1000
    while True:
        if bucket.versioned:
            versions = client.do(calls.list_versions(bucket.name, bucket.account, "", key_marker=after, limit=limit))
            keys, more = [row.key for row in versions.rows], bool(versions.next_key)
        else:
            page = client.do(calls.list_objects(bucket.name, bucket.account, "", start_after=after, limit=limit))
            keys, more = [row.key for row in page.rows], bool(page.next_token)
        folder = next((_folder(key) for key in keys if partition_of_key(key)), "")
        if folder:
            yield folder
            after, limit = folder[:-1] + _AFTER_SLASH, 1
        elif not more:
            return
        else:
            after, limit = keys[-1], 1000


def _folder(key: str) -> str:
    return key.rsplit("/", 4)[0] + "/"
