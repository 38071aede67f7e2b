"""One old bucket looked through: its whole listing once, a log read as a probe, and what it holds beside its
objects."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from onetrail import looked
from onetrail.aws import Clients, look, pages
from onetrail.aws.refused import error_code, error_message
from onetrail.cloudtrail.records import LogFormatError, iter_records
from onetrail.cloudtrail.unread import UnreadBytes
from onetrail.errors import OnetrailError
from onetrail.estate.backlog.backlog import direction_of
from onetrail.estate.backlog.direction import Direction
from onetrail.estate.old_estate import OldBucket
from onetrail.looked import There, known, unread
from onetrail.progress import Count, Progress
from onetrail.s3.http import calls
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.session import hot
from onetrail.s3.listing.streams import list_objects, list_versions
from onetrail.s3.rows import ObjectRow
from onetrail.settings import Settings
from onetrail.steps.inventory.draft import InventoryDraft, InventoryPart
from onetrail.steps.inventory.lifecycle import rules_of
from onetrail.steps.inventory.predecessors import named_before
from onetrail.steps.inventory.public_access import NOT_PUBLIC, PublicAccess, read_public_access
from onetrail.steps.inventory.survey import Survey, Surveyor


class ReadProbe(StrEnum):
    """How the reading of a probe ended."""

    READ = "read"
    UNFIT = "unfit"
    """It was read, and is no log with records."""
    ARCHIVED = "archived"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True)
class ProbeRead:
    """One small log read as the named identity. `records` are those in it; `why` says why it could not be read, or not
    be understood."""

    key: str
    size: int = 0
    records: int = 0
    why: str = ""
    ended: ReadProbe = ReadProbe.READ


@dataclass(frozen=True)
class BucketInventory:
    """One old bucket: what its listing came to, how it can be copied, and unfinished uploads.

    `survey` is None where the listing could not be finished, with the reason in `could_not_look`. `probes` are the
    logs that were tried: one, and a second where the first was not read as a log; none where the bucket holds no log.
    """

    bucket: OldBucket
    survey: Survey | None
    direction: Direction | None = None
    why_direction: str = ""
    uploads: int | looked.Unread = 0
    probes: tuple[ProbeRead, ...] = ()
    public: PublicAccess = NOT_PUBLIC
    before: tuple[str, ...] = ()
    """Other buckets that its first digests name as their predecessor's."""
    could_not_look: tuple[str, ...] = ()

    @property
    def reading(self) -> ReadProbe | None:
        """The best end of any of them; None where none was tried."""
        return min((one.ended for one in self.probes), key=list(ReadProbe).index, default=None)


def look_through(
    settings: Settings, clients: Clients, bucket: OldBucket, draft: InventoryDraft, number: int, now: datetime
) -> BucketInventory:
    """List the bucket, count it, and read its probe. What cannot be read is reported, and the rest goes on."""
    owner = {"Bucket": bucket.name, "ExpectedBucketOwner": bucket.account}
    client = clients.client("s3", bucket.account, bucket.region)
    acl = look(client.get_bucket_acl, **owner)
    uploads = pages(client, "list_multipart_uploads", "Uploads", **owner)
    public, missed = read_public_access(clients, client, bucket, acl)
    failed = [*unread({"GetBucketAcl": acl, "ListMultipartUploads": uploads}), *missed]
    counted = uploads if isinstance(uploads, looked.Unread) else len(uploads.value)
    account_id = acl.value["Owner"]["ID"] if isinstance(acl, There) else ""
    surveyor = Surveyor(account_id, rules_of(known(bucket.lifecycle)), settings.retention_years, now)
    transport = hot(clients, bucket.account, bucket.region)
    try:
        with draft.part(number, bucket.name, bucket.account) as part:
            _stream(transport, bucket, surveyor, part, Count(clients.tell, to_list(bucket)))
    except (ClientError, BotoCoreError, OnetrailError) as err:
        failed.append(f"listing: {err}")
        return BucketInventory(bucket, None, uploads=counted, public=public, could_not_look=tuple(failed))
    survey = surveyor.survey()
    direction, why = direction_of(settings, bucket, survey.foreign_owned)
    probes = _tried(transport, bucket, survey.probes)
    before, missed = named_before(transport, bucket, survey.first_digests)
    failed += missed
    return BucketInventory(bucket, survey, direction, why, counted, probes, public, before, tuple(failed))


def to_list(bucket: OldBucket) -> Progress:
    """Nothing of the bucket is listed yet."""
    return Progress("listed", bucket.name, 0, reads=True)


def _stream(transport: S3Client, bucket: OldBucket, surveyor: Surveyor, part: InventoryPart, count: Count) -> None:
    """A bucket with versions is listed by versions, which tells the current objects too: one listing either way."""
    if not bucket.versioned:
        for row in count.through(list_objects(transport, bucket.name, bucket.account, "", owners=True)):
            part.add(row, surveyor.add(row), surveyor.is_owner(row))
        return
    for found in count.through(list_versions(transport, bucket.name, bucket.account, "")):
        if found.is_marker or not found.is_latest:
            surveyor.add_old_version(marker=found.is_marker)
            continue
        row = ObjectRow(found.key, found.size, found.etag, found.last_modified, found.storage_class, found.owner_id)
        part.add(row, surveyor.add(row), surveyor.is_owner(row))


def _tried(transport: S3Client, bucket: OldBucket, keys: Iterable[str]) -> tuple[ProbeRead, ...]:
    """One after the other until one is read as a log."""
    tried: list[ProbeRead] = []
    for key in keys:
        tried.append(read_probe(transport, bucket, key))
        if tried[-1].ended is ReadProbe.READ:
            break
    return tuple(tried)


def read_probe(transport: S3Client, bucket: OldBucket, key: str) -> ProbeRead:
    """GetObject of one log. Its records are counted and forgotten."""
    try:
        body = transport.do(calls.get_object(bucket.name, bucket.account, key)).content
    except ClientError as err:
        code, message = error_code(err), error_message(err)
        why = f"{err.operation_name}: {code}: {message}".rstrip(": ")
        return ProbeRead(key, why=why, ended=_ENDED.get(code, ReadProbe.FAILED))
    except OnetrailError as err:
        return ProbeRead(key, why=err.line, ended=ReadProbe.FAILED)
    try:
        return ProbeRead(key, len(body), sum(1 for _ in iter_records(body)))
    except LogFormatError as err:
        return ProbeRead(key, len(body), why=_UNFIT.get(err.unread, err.unread.value), ended=ReadProbe.UNFIT)


_ENDED: Final = {
    "AccessDenied": ReadProbe.REFUSED,
    "AllAccessDisabled": ReadProbe.REFUSED,
    "Forbidden": ReadProbe.REFUSED,
    "403": ReadProbe.REFUSED,
    "InvalidObjectState": ReadProbe.ARCHIVED,
}
"""Code of S3 -> what it means; any other is a failure."""
_UNFIT: Final = {
    UnreadBytes.EMPTY: "an empty object under a log's key",
    UnreadBytes.TRUNCATED: "a log that is cut short",
    UnreadBytes.NOT_GZIP: "no gzip file under a log's key",
    UnreadBytes.NOT_JSON: "a gzip file under a log's key that holds no JSON",
    UnreadBytes.NO_RECORDS: "a gzip file under a log's key that holds no Records",
}
