"""Multipart uploads (S3 API Reference); the ETag of the whole is the MD5 of the parts' MD5s, and their number."""

import base64
import hashlib

from onetrail.practice.s3.access import canonical_id, check_acl, require_bucket, require_object
from onetrail.practice.s3.checksums import checksum, stated_checksums
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.operations.copy import copied_part, source_of
from onetrail.practice.s3.operations.locks import lock_of_headers
from onetrail.practice.s3.operations.writing import (
    KEPT_HEADERS,
    check_destination,
    encrypt_by_default,
    metadata_of,
    next_version_id,
    own_by_setting,
    require_write,
    storage_class_of,
    tags_of,
    written_headers,
)
from onetrail.practice.s3.request import S3Request
from onetrail.practice.state.buckets import Bucket, Upload, Version, md5
from onetrail.practice.state.clock import s3_iso
from onetrail.practice.web import xml
from onetrail.practice.web.http import Reply

_XML = (("content-type", "application/xml"),)
_LEAST = 5 * 1024 * 1024


def create(request: S3Request, bucket: Bucket) -> Reply:
    """CreateMultipartUpload."""
    require_write(request, bucket)
    check_acl(request, bucket)
    storage_class_of(request)
    upload_id = base64.b32encode(request.world.ident("s3", "upload", bucket.name, request.key)[:25]).decode()
    bucket.uploads[upload_id] = Upload(upload_id, request.key, dict(request.headers), request.account, request.now)
    inner = {"Bucket": bucket.name, "Key": request.key, "UploadId": upload_id}
    body = "".join(xml.element(name, value) for name, value in inner.items())
    return Reply(200, xml.s3_document("InitiateMultipartUploadResult", body), _XML)


def _upload(request: S3Request, bucket: Bucket) -> Upload:
    found = bucket.uploads.get(request.query["uploadId"])
    if found is None or found.key != request.key:
        raise S3Error("NoSuchUpload")
    return found


def upload_part(request: S3Request, bucket: Bucket) -> Reply:
    """UploadPart and UploadPartCopy."""
    require_object(request, bucket, "s3:PutObject", request.key)
    upload = _upload(request, bucket)
    number = int(request.query.get("partNumber", "0"))
    if not 1 <= number <= 10_000:
        raise S3Error("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
    if request.operation == "UploadPartCopy":
        _, source = source_of(request)
        body = copied_part(source, request.headers)
        upload.parts[number] = (body, md5(body), request.now)
        inner = f"<ETag>&quot;{md5(body)}&quot;</ETag><LastModified>{s3_iso(request.now)}</LastModified>"
        return Reply(200, xml.s3_document("CopyPartResult", inner), _XML)
    kept = stated_checksums(request)
    upload.parts[number] = (request.body, md5(request.body), request.now)
    headers = [("ETag", f'"{md5(request.body)}"')]
    headers += [(f"x-amz-checksum-{name.lower()}", value) for name, value in kept.items()]
    return Reply(200, b"", tuple(headers))


def complete(request: S3Request, bucket: Bucket) -> Reply:
    """CompleteMultipartUpload."""
    require_object(request, bucket, "s3:PutObject", request.key)
    upload = _upload(request, bucket)
    check_destination(request, bucket)
    bodies, digests = _chosen(request, upload)
    whole = b"".join(bodies)
    etag = f"{hashlib.md5(b''.join(digests), usedforsecurity=False).hexdigest()}-{len(bodies)}"
    version = Version(request.key, whole, etag, request.now, "", parts=len(bodies))
    asked = upload.headers
    version.metadata, version.content_type = (
        metadata_of(asked),
        asked.get("content-type") or "binary/octet-stream",
    )
    version.headers = {name: asked[name] for name in KEPT_HEADERS if name in asked}
    version.storage_class = asked.get("x-amz-storage-class", "STANDARD")
    version.tags = tags_of(asked.get("x-amz-tagging", ""))
    version.checksums = {"CRC64NVME": checksum("CRC64NVME", whole)}
    request.headers = {**request.headers, **{k: v for k, v in asked.items() if k.startswith("x-amz-")}}
    lock_of_headers(request, bucket, version)
    own_by_setting(request, bucket, version)
    encrypt_by_default(request, bucket, version)
    version.version_id = next_version_id(request, bucket, request.key)
    bucket.add(version)
    del bucket.uploads[upload.upload_id]
    inner = {
        "Location": f"/{bucket.name}/{request.key}",
        "Bucket": bucket.name,
        "Key": request.key,
        "ETag": f'"{etag}"',
    }
    body = "".join(xml.element(name, value) for name, value in inner.items())
    return Reply(
        200,
        xml.s3_document("CompleteMultipartUploadResult", body),
        (*_XML, *written_headers(bucket, version, False)),
    )


def _chosen(request: S3Request, upload: Upload) -> tuple[list[bytes], list[bytes]]:
    try:
        asked = [(int(xml.text(p, "PartNumber")), xml.text(p, "ETag").strip('"')) for p in xml.parse(request.body)]
    except (xml.BadXml, ValueError) as err:
        raise S3Error("MalformedXML") from err
    if not asked:
        raise S3Error("MalformedXML")
    numbers = [number for number, _ in asked]
    if numbers != sorted(set(numbers)):
        raise S3Error("InvalidPartOrder")
    if any(number not in upload.parts or upload.parts[number][1] != etag for number, etag in asked):
        raise S3Error("InvalidPart")
    bodies = [upload.parts[number][0] for number in numbers]
    if any(len(body) < _LEAST for body in bodies[:-1]):
        raise S3Error("EntityTooSmall")
    return bodies, [bytes.fromhex(upload.parts[number][1]) for number in numbers]


def abort(request: S3Request, bucket: Bucket) -> Reply:
    """AbortMultipartUpload."""
    require_object(request, bucket, "s3:AbortMultipartUpload", request.key)
    del bucket.uploads[_upload(request, bucket).upload_id]
    return Reply(204)


def list_parts(request: S3Request, bucket: Bucket) -> Reply:
    """ListParts, in one page."""
    require_object(request, bucket, "s3:ListMultipartUploadParts", request.key)
    upload = _upload(request, bucket)
    inner = "".join(
        xml.element("Part", {"PartNumber": n, "LastModified": s3_iso(at), "ETag": f'"{etag}"', "Size": len(body)})
        for n, (body, etag, at) in sorted(upload.parts.items())
    )
    head = {"Bucket": bucket.name, "Key": request.key, "UploadId": upload.upload_id, "IsTruncated": False}
    body = "".join(xml.element(name, value) for name, value in head.items()) + inner
    return Reply(200, xml.s3_document("ListPartsResult", body), _XML)


def list_uploads(request: S3Request, bucket: Bucket) -> Reply:
    """ListMultipartUploads, in one page."""
    require_bucket(request, bucket, "s3:ListBucketMultipartUploads")
    prefix = request.query.get("prefix", "")
    inner = "".join(
        f"<Upload>{xml.element('Key', u.key)}<UploadId>{u.upload_id}</UploadId>"
        f"<Owner><ID>{canonical_id(u.owner)}</ID></Owner><StorageClass>STANDARD</StorageClass>"
        f"<Initiated>{s3_iso(u.started)}</Initiated></Upload>"
        for u in sorted(bucket.uploads.values(), key=lambda u: (u.key, u.upload_id))
        if u.key.startswith(prefix)
    )
    head = xml.element("Bucket", bucket.name) + "<IsTruncated>false</IsTruncated>"
    return Reply(200, xml.s3_document("ListMultipartUploadsResult", head + inner), _XML)
