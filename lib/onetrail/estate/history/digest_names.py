"""Whether a digest that CloudTrail signed names the content of an old object: asked of conflicts alone, before anything
is copied.

A digest is found by its time: it names the logs that were delivered in its hour. A digest file itself is named by its
own signature, or by the one that follows it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws import Clients
from onetrail.cloudtrail.digests.publickeys import KeyStore
from onetrail.cloudtrail.digests.signature import Candidate, authenticate, group_of, opened
from onetrail.cloudtrail.digests.verdict import AllowList, DigestObject
from onetrail.cloudtrail.gzipped import GzipError, gunzip_sha256
from onetrail.cloudtrail.object_key import DIGEST_KINDS, FOLDERS, KeyKind, ParsedKey, below_prefix, parse
from onetrail.errors import OnetrailError
from onetrail.estate.old_estate import OldBucket
from onetrail.estate.public_keys.read import public_keys
from onetrail.instants import day_path, moved
from onetrail.s3.decisions.placing import Claim
from onetrail.s3.http import calls
from onetrail.s3.http.session import hot
from onetrail.s3.listing.streams import list_objects
from onetrail.s3.rows import Body
from onetrail.settings import Settings

BEFORE: Final = timedelta(hours=1)
AFTER: Final = timedelta(hours=3)
"""A log's digest ends in the hour of its delivery or the one after it; the next one, which quotes that, an hour
later."""
_HELD: Final = 512
_HOURS_HELD: Final = 16
"""Times whose digests are held, with all that these name."""


class DigestNames:
    """Asks the digests of the old buckets. `with_folder` gives each bucket's folder by its name from `AWSLogs/` on."""

    def __init__(
        self,
        settings: Settings,
        clients: Clients,
        buckets: Mapping[str, OldBucket],
        with_folder: Callable[[str], Iterable[Any]],
    ) -> None:
        self._settings, self._clients, self._buckets = settings, clients, buckets
        self._with_folder = with_folder
        self.name = lru_cache(_HELD)(self._name)
        """Whether a digest names this claim's content; what cannot be read is not named."""
        self._around = lru_cache(_HOURS_HELD)(self._digests)
        self._store = lru_cache(_HELD)(self._keys)

    def _name(self, claim: Claim) -> bool:
        bucket = self._buckets[claim.bucket]
        parsed = parse(claim.row.key)
        if parsed.stamp is None:
            return False
        try:
            trusted = self._around(parsed._replace(unique="", kind=KeyKind.DIGEST, trail="", home_region=""))
            if parsed.kind in DIGEST_KINDS:
                return any((found.source.bucket, found.source.key) == (bucket.name, claim.row.key) for found in trusted)
            content = gunzip_sha256(self._read(bucket, claim.row.key, claim.row.version_id).content)
        except (ClientError, BotoCoreError, OnetrailError, GzipError):
            return False
        below = below_prefix(claim.row.key)
        return any(
            entry.hash == content and below_prefix(entry.key) == below
            for found in trusted
            for entry in (found.digest.logs if found.digest else ())
        )

    def _digests(self, about: ParsedKey) -> list[Candidate]:
        """The digests of that account and region around an instant that CloudTrail signed."""
        found = [self._opened(bucket, key) for bucket, key in self._keys_around(about)]
        quoted = [one.digest.previous for one in found if one.digest and one.digest.previous]
        for one in found:
            authenticate(one, quoted, self._allowed(one.parsed))
        return [one for one in found if one.trusted]

    def _keys_around(self, about: ParsedKey) -> Iterator[tuple[OldBucket, str]]:
        assert about.stamp is not None
        first, last = moved(about.stamp, -BEFORE), moved(about.stamp, AFTER)
        organization = f"{about.organization_id}/" if about.organization_id else ""
        below = f"AWSLogs/{organization}{about.account}/{FOLDERS[KeyKind.DIGEST]}/{about.region}/"
        for bucket, folder in self._with_folder(below):
            client = hot(self._clients, bucket.account, bucket.region)
            for day in sorted({day_path(first), day_path(last)}):
                for row in list_objects(client, bucket.name, bucket.account, f"{folder}{day}/"):
                    parsed = parse(row.key)
                    if parsed.kind in DIGEST_KINDS and parsed.stamp and first <= parsed.stamp <= last:
                        yield bucket, row.key

    def _opened(self, bucket: OldBucket, key: str) -> Candidate:
        parsed = parse(key)
        group = group_of(parsed)
        assert group is not None
        try:
            body = self._read(bucket, key)
        except (ClientError, BotoCoreError, OnetrailError) as err:
            source = DigestObject(bucket.name, key, None, why=f"{err}")
        else:
            source = DigestObject(bucket.name, key, body.content, body.head.metadata)
        return opened(source, group, self._store(parsed.region), self._allowed(parsed))

    def _allowed(self, parsed: ParsedKey) -> AllowList:
        group = group_of(parsed)
        return AllowList(frozenset(self._buckets), frozenset({group.identity} if group else ()))

    def _read(self, bucket: OldBucket, key: str, version_id: str = "") -> Body:
        call = calls.get_object(bucket.name, bucket.account, key, version_id=version_id)
        return hot(self._clients, bucket.account, bucket.region).do(call)

    def _keys(self, region: str) -> KeyStore:
        return public_keys(self._settings, self._clients, [region], self._clients.clock.now())[0]
