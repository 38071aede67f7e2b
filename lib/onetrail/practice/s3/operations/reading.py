"""Reading objects: the version that is meant, conditions, ranges, headers, attributes, restores."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from onetrail.practice.s3.access import require_key, require_object
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.request import S3Request
from onetrail.practice.s3.routes import OBJECT_ACTIONS
from onetrail.practice.state.buckets import ARCHIVED, Bucket, Version
from onetrail.practice.state.clock import http_date, s3_iso
from onetrail.practice.web import xml
from onetrail.practice.web.http import Reply


def found_version(request: S3Request, bucket: Bucket, action: str = "") -> Version:
    """The version the request means, after the caller was let in.

    A missing key is NoSuchKey for those who may list the bucket and AccessDenied for others, as S3 does.
    """
    action = action or OBJECT_ACTIONS[request.operation][1 if request.version_id else 0]
    version = bucket.version(request.key, request.version_id) if request.version_id else bucket.current(request.key)
    if version is None or (version.marker and not request.version_id):
        require_object(request, bucket, action, request.key)
        _require_listing(request, bucket)
        if version is not None:
            marker = (("x-amz-delete-marker", "true"), ("x-amz-version-id", version.version_id))
            raise S3Error("NoSuchKey", fields={"Key": request.key}, headers=marker)
        code = "NoSuchVersion" if request.version_id else "NoSuchKey"
        raise S3Error(code, fields={"Key": request.key})
    require_object(request, bucket, action, request.key, None if version.marker else version)
    if version.marker:
        raise S3Error("MethodNotAllowed", headers=(("x-amz-delete-marker", "true"), ("allow", "DELETE")))
    return version


def _require_listing(request: S3Request, bucket: Bucket) -> None:
    context = dict(request.base_context)
    decision = request.authorizer.decide(
        request.requester,
        "s3:ListBucket",
        bucket.arn,
        bucket.account,
        context,
        resource_policy=bucket.policy_document,
    )
    if not decision.allowed:
        raise S3Error("AccessDenied")


def needs_customer_key() -> S3Error:
    """The error for reading an object under a customer-provided key without that key."""
    return S3Error(
        "InvalidRequest",
        "The object was stored using a form of Server Side Encryption. "
        "The correct parameters must be provided to retrieve the object.",
    )


def check_read_conditions(
    headers: Mapping[str, str], version: Version, prefix: str = "", failed: str = "PreconditionFailed"
) -> bool:
    """If-Match and its kin, also with the `x-amz-copy-source-` prefix. True when nothing has changed (304)."""
    match, unmodified = headers.get(prefix + "if-match"), headers.get(prefix + "if-unmodified-since")
    none_match, modified = headers.get(prefix + "if-none-match"), headers.get(prefix + "if-modified-since")
    if match is not None and match != "*" and match.strip('"') != version.etag:
        raise S3Error(failed, fields={"Condition": prefix + "If-Match"})
    if match is None and unmodified is not None and _later(version.last_modified, unmodified):
        raise S3Error(failed, fields={"Condition": prefix + "If-Unmodified-Since"})
    if none_match is not None and none_match.strip('"') in ("*", version.etag):
        return True
    return none_match is None and modified is not None and not _later(version.last_modified, modified)


def _later(moment: datetime, header: str) -> bool:
    try:
        return moment.replace(microsecond=0) > parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return False


def get_object(request: S3Request, bucket: Bucket) -> Reply:
    """GetObject and HeadObject."""
    version = found_version(request, bucket)
    head = request.operation == "HeadObject"
    if version.customer_key:
        raise needs_customer_key()
    decrypts = not head or request.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED"
    if version.sse == "aws:kms" and decrypts:
        require_key(request, "kms:Decrypt", version.kms_key, bucket, version)
    if not head and not version.readable(request.now):
        raise S3Error("InvalidObjectState", fields={"StorageClass": version.storage_class})
    if check_read_conditions(request.headers, version):
        return Reply(304, b"", (("ETag", f'"{version.etag}"'),))
    headers = object_headers(request, bucket, version)
    body, status = version.body, 200
    wanted = request.headers.get("range")
    if wanted:
        start, end = _range(wanted, version.size)
        body, status = body[start : end + 1], 206
        headers.append(("content-range", f"bytes {start}-{end}/{version.size}"))
    return Reply(status, b"" if head else body, tuple(headers), length=len(body))


def _range(text: str, size: int) -> tuple[int, int]:
    unit, _, spec = text.partition("=")
    first, _, last = spec.split(",")[0].strip().partition("-")
    try:
        if unit != "bytes":
            return 0, size - 1
        if not first:
            start, end = max(0, size - int(last)), size - 1
        else:
            start, end = int(first), min(int(last), size - 1) if last else size - 1
    except ValueError:
        return 0, size - 1
    if start >= size or start > end:
        raise S3Error("InvalidRange", fields={"RangeRequested": text, "ActualObjectSize": str(size)})
    return start, end


def encryption_headers(version: Version) -> list[tuple[str, str]]:
    """How the object is encrypted."""
    found = [("x-amz-server-side-encryption", version.sse)]
    if version.sse != "AES256":
        if version.kms_key:
            found.append(("x-amz-server-side-encryption-aws-kms-key-id", version.kms_key))
        if version.bucket_key:
            found.append(("x-amz-server-side-encryption-bucket-key-enabled", "true"))
    return found


def object_headers(request: S3Request, bucket: Bucket, version: Version) -> list[tuple[str, str]]:
    """All headers of a read object."""
    found = [
        ("ETag", f'"{version.etag}"'),
        ("last-modified", http_date(version.last_modified)),
        ("accept-ranges", "bytes"),
        ("content-type", version.content_type),
        *version.headers.items(),
        *((f"x-amz-meta-{name}", value) for name, value in version.metadata.items()),
        *encryption_headers(version),
    ]
    if version.storage_class != "STANDARD":
        found.append(("x-amz-storage-class", version.storage_class))
    if bucket.versioning:
        found.append(("x-amz-version-id", version.version_id))
    if version.lock_mode and version.lock_until:
        found.append(("x-amz-object-lock-mode", version.lock_mode))
        found.append(("x-amz-object-lock-retain-until-date", s3_iso(version.lock_until)))
    if version.legal_hold:
        found.append(("x-amz-object-lock-legal-hold", "ON"))
    if version.tags:
        found.append(("x-amz-tagging-count", str(len(version.tags))))
    if version.parts:
        found.append(("x-amz-mp-parts-count", str(version.parts)))
    if version.tiered(request.now):
        found.append(("x-amz-archive-status", version.tier))
    if version.restoring(request.now) or (version.restore_until and version.restore_until > request.now):
        found.append(("x-amz-restore", restore_header(version, request.now)))
    whole = "range" not in request.headers
    if whole and request.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED":
        found += [(f"x-amz-checksum-{name.lower()}", value) for name, value in version.checksums.items()]
        if version.checksums:
            found.append(("x-amz-checksum-type", version.checksum_type))
    return found


def restore_header(version: Version, now: datetime) -> str:
    """The x-amz-restore header: under way, or done and kept until a date."""
    if version.restore_ready and version.restore_ready > now:
        return 'ongoing-request="true"'
    assert version.restore_until
    return f'ongoing-request="false", expiry-date="{http_date(version.restore_until)}"'


_RESTORE_HOURS: Final = {
    ("GLACIER", "Expedited"): 1,
    ("GLACIER", "Standard"): 5,
    ("GLACIER", "Bulk"): 12,
    ("DEEP_ARCHIVE", "Standard"): 12,
    ("DEEP_ARCHIVE", "Bulk"): 48,
    ("ARCHIVE_ACCESS", "Expedited"): 1,
    ("ARCHIVE_ACCESS", "Standard"): 5,
    ("ARCHIVE_ACCESS", "Bulk"): 12,
    ("DEEP_ARCHIVE_ACCESS", "Standard"): 12,
    ("DEEP_ARCHIVE_ACCESS", "Bulk"): 48,
}
"""Hours until a restored copy can be read (S3 User Guide, archive retrieval options), rounded up."""


def restore_object(request: S3Request, bucket: Bucket) -> Reply:
    """RestoreObject: 202 for a new one, 200 when only the copy's days change."""
    version = found_version(request, bucket)
    try:
        asked = xml.parse(request.body)
        days = int(xml.text(asked, "Days", "0"))
    except (xml.BadXml, ValueError) as err:
        raise S3Error("MalformedXML") from err
    now, tier_of = request.now, version.tiered(request.now)
    if version.storage_class not in ARCHIVED and not tier_of:
        raise S3Error("InvalidObjectState", "Restore is not allowed for the object's current storage class")
    tier = xml.text(asked, "GlacierJobParameters/Tier") or xml.text(asked, "Tier") or "Standard"
    hours = _RESTORE_HOURS.get((tier_of or version.storage_class, tier))
    if hours is None or (days > 0 if tier_of else days < 1):
        raise S3Error("InvalidArgument", f"Retrieval option {tier} or Days {days} does not fit {version.storage_class}")
    if version.restoring(now):
        raise S3Error("RestoreAlreadyInProgress")
    if version.readable(now):
        version.restore_until = now + timedelta(days=days)
        return Reply(200)
    version.restore_ready = now + timedelta(hours=hours)
    if tier_of:
        return Reply(202)
    version.restore_until = version.restore_ready + timedelta(days=days)
    return Reply(202)


def get_object_attributes(request: S3Request, bucket: Bucket) -> Reply:
    """GetObjectAttributes."""
    version = found_version(request, bucket)
    wanted = {part.strip() for part in request.headers.get("x-amz-object-attributes", "").split(",")}
    parts = []
    if "ETag" in wanted:
        parts.append(xml.element("ETag", version.etag))
    if "Checksum" in wanted and version.checksums:
        inner = {f"Checksum{name}": value for name, value in version.checksums.items()}
        parts.append(xml.element("Checksum", {**inner, "ChecksumType": version.checksum_type}))
    if "StorageClass" in wanted:
        parts.append(xml.element("StorageClass", version.storage_class))
    if "ObjectSize" in wanted:
        parts.append(xml.element("ObjectSize", version.size))
    headers = [("last-modified", http_date(version.last_modified)), ("content-type", "application/xml")]
    if bucket.versioning:
        headers.append(("x-amz-version-id", version.version_id))
    return Reply(200, xml.s3_document("GetObjectAttributesResponse", "".join(parts)), tuple(headers))
