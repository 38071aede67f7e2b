"""One old bucket looked through: its whole listing once, one canary read, and what lies beside its objects."""

import json
import zlib
from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws import Clients, look, pages
from onetrail.errors import OnetrailError
from onetrail.looked import There, unread
from onetrail.s3 import calls
from onetrail.s3.client import HotS3
from onetrail.s3.listing import list_objects, list_versions
from onetrail.s3.rows import ObjectRow
from onetrail.s3.session import hot
from onetrail.settings import Settings
from onetrail.steps.copy_history.backlog import direction_of
from onetrail.steps.inventory.draft import Draft, Part
from onetrail.steps.inventory.lifecycle import rules_of
from onetrail.steps.inventory.survey import Survey, Surveyor
from onetrail.steps.old_estate import OldBucket

_GZIP = 31
"""zlib's word for a gzip member."""


@dataclass(frozen=True)
class Canary:
    """One small log read as the named identity. `records` are those in it; `why` says why it could not be read, or not be understood."""

    key: str
    size: int = 0
    records: int = 0
    why: str = ""


@dataclass(frozen=True)
class BucketInventory:
    """One old bucket: what its listing came to, how it can be copied, and unfinished uploads.

    `survey` is None where the listing could not be finished, with the reason in `could_not_look`. `uploads` is None where they could
    not be listed. `canary` is None where the bucket holds no log.
    """

    bucket: OldBucket
    survey: Survey | None
    direction: str = ""
    why_direction: str = ""
    uploads: int | None = None
    canary: Canary | None = None
    could_not_look: tuple[str, ...] = ()


def look_through(
    settings: Settings, clients: Clients, bucket: OldBucket, draft: Draft, number: int, now: datetime
) -> BucketInventory:
    """List the bucket, count it, and read its canary. What cannot be looked at is said, and the rest goes on."""
    owner = {"Bucket": bucket.name, "ExpectedBucketOwner": bucket.account}
    client = clients.client("s3", bucket.account, bucket.region)
    acl = look(client.get_bucket_acl, **owner)
    uploads = pages(client, "list_multipart_uploads", "Uploads", **owner)
    failed = unread({"GetBucketAcl": acl, "ListMultipartUploads": uploads})
    counted = len(uploads.value) if isinstance(uploads, There) else None
    account_id = acl.value["Owner"]["ID"] if isinstance(acl, There) else ""
    surveyor = Surveyor(account_id, rules_of(bucket.lifecycle), settings.retention_years, now)
    transport = hot(clients, bucket.account, bucket.region)
    try:
        with draft.part(number, bucket.name, bucket.account) as part:
            _stream(transport, bucket, surveyor, part)
    except (ClientError, BotoCoreError, OnetrailError) as err:
        return BucketInventory(bucket, None, uploads=counted, could_not_look=(*failed, f"listing: {err}"))
    survey = surveyor.survey()
    direction, why = direction_of(settings, bucket, survey.foreign_owned)
    canary = read_canary(transport, bucket, survey.canary) if survey.canary else None
    return BucketInventory(bucket, survey, direction, why, counted, canary, tuple(failed))


def _stream(transport: HotS3, bucket: OldBucket, surveyor: Surveyor, part: Part) -> None:
    """A bucket with versions is listed by versions, which tells the current objects too: one listing either way."""
    if not bucket.versioning:
        for row in list_objects(transport, bucket.name, bucket.account, "", owners=True):
            part.add(row, surveyor.add(row), surveyor.is_owner(row))
        return
    for found in list_versions(transport, bucket.name, bucket.account, ""):
        if found.is_marker or not found.is_latest:
            surveyor.add_old_version(marker=found.is_marker)
            continue
        row = ObjectRow(found.key, found.size, found.etag, found.last_modified, found.storage_class, found.owner_id)  # fmt: skip
        part.add(row, surveyor.add(row), surveyor.is_owner(row))


def read_canary(transport: HotS3, bucket: OldBucket, key: str) -> Canary:
    """HeadObject and GetObject of one log. Its records are counted and forgotten."""
    try:
        head = transport.do(calls.head_object(bucket.name, bucket.account, key))
        body = transport.do(calls.get_object(bucket.name, bucket.account, key)).content
    except ClientError as err:
        code, message = err.response["Error"]["Code"], err.response["Error"].get("Message", "")
        return Canary(key, why=f"{err.operation_name}: {code}: {message}".rstrip(": "))
    except OnetrailError as err:
        return Canary(key, why=str(err))
    try:
        return Canary(key, head.size, len(json.loads(zlib.decompress(body, _GZIP))["Records"]))
    except (zlib.error, ValueError, KeyError, TypeError) as err:
        return Canary(
            key, head.size, why=f"it was read, but is no gzip file of records: {type(err).__name__}"
        )
