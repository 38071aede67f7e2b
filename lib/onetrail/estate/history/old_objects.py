"""What an old bucket holds to be moved, version by version where it keeps versions.

A log that a delete marker hides was deleted by somebody: its newest version is moved, by its version id. Older versions
are compared with the newest and counted; what differs is named, since one of the two is not what CloudTrail wrote.
Sources: S3 User Guide, "Deleting object versions from a versioning-enabled bucket", "Retrieving object metadata"; API
Reference, HeadObject.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Final, Protocol, Self, TypeVar

from onetrail.cloudtrail.object_key import KeyKind, parse
from onetrail.estate.old_estate import OldBucket
from onetrail.s3.decisions.decide import TIERED, same_bytes
from onetrail.s3.decisions.prices import TIERING_LEAST_BYTES
from onetrail.s3.http import calls
from onetrail.s3.http.client import S3Client
from onetrail.s3.listing.streams import list_objects, list_versions
from onetrail.s3.rows import ObjectHead, ObjectRow, VersionRow

NAMED: Final = 5
AT_ONCE: Final = 256
"""Objects looked at together where the listing alone does not say enough."""


@dataclass
class NoncurrentCounts:
    """What is behind the current objects of a bucket with versions, counted while it is listed.

    `hidden` are logs and digests that a delete marker hides, `markers` all delete markers, `equal` and `other` the
    older versions of logs and digests with the bytes of the newest and with other ones. The names are the first five,
    an older version with its id.
    """

    hidden: int = 0
    markers: int = 0
    equal: int = 0
    other: int = 0
    hidden_named: list[str] = field(default_factory=list)
    other_named: list[str] = field(default_factory=list)


def old_objects(
    client: S3Client, bucket: OldBucket, behind: NoncurrentCounts | None = None, prefix: str = ""
) -> Iterator[ObjectRow]:
    """Each object below the prefix once, in key order, with its owner and the state of its restore. Raises what the
    listing raises."""
    if not bucket.versioned:
        yield from list_objects(client, bucket.name, bucket.account, prefix, owners=True, restores=True)
        return
    count = behind if behind is not None else NoncurrentCounts()
    versions = list_versions(client, bucket.name, bucket.account, prefix, restores=True)
    for key, group in groupby(versions, key=lambda version: version.key):
        yield from _of_key(key, group, count, not bucket.kms)


def _of_key(key: str, group: Iterator[VersionRow], count: NoncurrentCounts, comparable: bool) -> Iterator[ObjectRow]:
    """The newest version that is no delete marker, youngest first as S3 lists them; one hidden by a marker only where
    it is CloudTrail's."""
    ours = parse(key).kind not in (KeyKind.FOREIGN, KeyKind.MARKER)
    newest: VersionRow | None = None
    for version in group:
        if version.is_marker:
            count.markers += 1
        elif newest is None:
            newest = version
            hidden = not version.is_latest
            if hidden and ours:
                count.hidden += 1
                count.hidden_named += [key] if len(count.hidden_named) < NAMED else []
            if ours or not hidden:
                yield _row(version)
        elif ours:
            _older(newest, version, count, comparable)


def _older(newest: VersionRow, version: VersionRow, count: NoncurrentCounts, comparable: bool) -> None:
    if same_bytes(newest.size, newest.etag, version.size, version.etag, comparable):
        count.equal += 1
        return
    count.other += 1
    if len(count.other_named) < NAMED:
        count.other_named.append(f"{version.key} version {version.version_id}")


def _row(version: VersionRow) -> ObjectRow:
    return ObjectRow(
        version.key,
        version.size,
        version.etag,
        version.last_modified,
        version.storage_class,
        version.owner_id,
        restore=version.restore,
        version_id=version.version_id,
    )


class _HasSource(Protocol):
    @property
    def source(self) -> ObjectRow: ...

    @property
    def target(self) -> ObjectRow | None: ...

    def _replace(self, *, source: ObjectRow) -> Self: ...


P = TypeVar("P", bound=_HasSource)


def with_tiers(client: S3Client, bucket: OldBucket, pairs: Iterable[P]) -> Iterator[P]:
    """The pairs as they came; what INTELLIGENT_TIERING may have archived and is still to be moved is looked at by
    HeadObject first.

    Objects under 128 KB are never archived (S3 User Guide, S3 Intelligent-Tiering), so few logs cost a request.
    """
    waiting: list[P] = []
    for pair in pairs:
        if not waiting and not _may_be_away(pair):
            yield pair
            continue
        waiting.append(pair)
        if len(waiting) == AT_ONCE:
            yield from _looked_at(client, bucket, waiting)
            waiting = []
    if waiting:
        yield from _looked_at(client, bucket, waiting)


def _may_be_away(pair: _HasSource) -> bool:
    row = pair.source
    return pair.target is None and row.storage_class == TIERED and row.size >= TIERING_LEAST_BYTES


def _looked_at(client: S3Client, bucket: OldBucket, pairs: list[P]) -> Iterator[P]:
    if not pairs:
        return
    asked = [number for number, pair in enumerate(pairs) if _may_be_away(pair)]
    heads = (
        (
            calls.head_object(
                bucket.name,
                bucket.account,
                pairs[number].source.key,
                version_id=pairs[number].source.version_id,
                checksums=False,
            ),
            number,
        )
        for number in asked
    )
    for ended in client.run(heads):
        if ended.error is not None:
            raise ended.error
        head: ObjectHead = ended.result
        pair = pairs[ended.context]
        source = pair.source._replace(tier=head.tier, restore=restore_of(head))
        pairs[ended.context] = pair._replace(source=source)
    yield from pairs


def restore_of(head: ObjectHead) -> str:
    """What HeadObject says of a restore, as the listing would: `ongoing`, `until` and the date, or nothing."""
    if 'ongoing-request="true"' in head.restore:
        return "ongoing"
    return f"until {head.restore.split('expiry-date=')[1].strip(chr(34))}" if "expiry-date=" in head.restore else ""
