"""CopyObject: both sides authorised, all conditions held, everything copied that S3 copies.

Source: S3 API Reference, CopyObject; S3 User Guide, "Checking object integrity" (a copy keeps its source's
algorithm, or gets CRC64NVME when the source has none).
"""

from urllib.parse import unquote

from onetrail.practice.s3.access import check_acl, expected_owner, require_key, require_object
from onetrail.practice.s3.checksums import checksum
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.operations.locks import lock_of_headers
from onetrail.practice.s3.operations.reading import check_read_conditions, needs_customer_key
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
from onetrail.practice.state.buckets import Bucket, Version, md5
from onetrail.practice.state.clock import s3_iso
from onetrail.practice.web import xml
from onetrail.practice.web.http import Reply

MAX_COPY = 5 * 1024**3


def source_of(request: S3Request) -> tuple[Bucket, Version]:
    """The source named by x-amz-copy-source, after the caller was let in to read it."""
    path, _, tail = request.headers["x-amz-copy-source"].lstrip("/").partition("?")
    version_id = tail.removeprefix("versionId=") if tail.startswith("versionId=") else ""
    name, _, key = unquote(path).partition("/")
    if not key:
        raise S3Error("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
    bucket = request.world.store.buckets.get(name)
    if bucket is None:
        raise S3Error("NoSuchBucket", fields={"BucketName": name})
    expected_owner(request, "x-amz-source-expected-bucket-owner", bucket)
    context = dict(request.base_context)
    if version_id:
        context["s3:VersionId"] = version_id
    version = bucket.version(key, version_id) if version_id else bucket.current(key)
    found = None if version is None or version.marker else version
    action = "s3:GetObjectVersion" if version_id else "s3:GetObject"
    require_object(request, bucket, action, key, found, context)
    if found is None:
        raise _missing(request, bucket, key, version_id)
    version = found
    if version.customer_key:
        raise needs_customer_key()
    if not version.readable(request.now):
        raise S3Error("ObjectNotInActiveTierError")
    if version.sse == "aws:kms":
        require_key(request, "kms:Decrypt", version.kms_key, bucket, version)
    if version.tags and request.headers.get("x-amz-tagging-directive", "COPY") == "COPY":
        require_object(
            request,
            bucket,
            "s3:GetObjectVersionTagging" if version_id else "s3:GetObjectTagging",
            key,
            version,
            context,
        )
    return bucket, version


def _missing(request: S3Request, bucket: Bucket, key: str, version_id: str) -> S3Error:
    decision = request.authorizer.decide(
        request.requester,
        "s3:ListBucket",
        bucket.arn,
        bucket.account,
        request.base_context,
        resource_policy=bucket.policy_document,
    )
    if not decision.allowed:
        return S3Error("AccessDenied")
    return S3Error("NoSuchVersion" if version_id else "NoSuchKey", fields={"Key": key})


def copy_object(request: S3Request, bucket: Bucket) -> Reply:
    """CopyObject."""
    require_write(request, bucket)
    home, source = source_of(request)
    headers = request.headers
    if source.tags and "x-amz-tagging" not in headers and headers.get("x-amz-tagging-directive", "COPY") == "COPY":
        require_object(request, bucket, "s3:PutObjectTagging", request.key)
    check_acl(request, bucket)
    storage_class = storage_class_of(request)
    if source.size > MAX_COPY:
        raise S3Error(
            "InvalidRequest",
            "The specified copy source is larger than the maximum allowable size: 5368709120",
        )
    if check_read_conditions(headers, source, "x-amz-copy-source-"):
        raise S3Error("PreconditionFailed", fields={"Condition": "x-amz-copy-source-If-None-Match"})
    check_destination(request, bucket)
    replaced = headers.get("x-amz-metadata-directive", "COPY").upper() == "REPLACE"
    if home is bucket and source.key == request.key and not replaced and not _changes_something(request, source):
        raise S3Error(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes.",
        )
    version = _copied(request, bucket, source, storage_class, replaced)
    bucket.add(version)
    return Reply(200, _result(version), _answer_headers(home, source, bucket, version))


def _changes_something(request: S3Request, source: Version) -> bool:
    headers = request.headers
    if "versionId=" in headers["x-amz-copy-source"] or headers.get("x-amz-tagging-directive", "").upper() == "REPLACE":
        return True
    asked = headers.get("x-amz-storage-class")
    return (asked is not None and asked != source.storage_class) or any(
        name in headers
        for name in ("x-amz-server-side-encryption", "x-amz-checksum-algorithm", "x-amz-object-lock-mode")
    )


def _copied(request: S3Request, bucket: Bucket, source: Version, storage_class: str, replaced: bool) -> Version:
    headers = request.headers
    version = Version(request.key, source.body, source.etag if not source.parts else md5(source.body), request.now, "")
    if replaced:
        version.metadata = metadata_of(headers)
        version.content_type = headers.get("content-type") or "binary/octet-stream"
        version.headers = {name: headers[name] for name in KEPT_HEADERS if name in headers}
    else:
        version.metadata, version.content_type = source.metadata, source.content_type
        version.headers = source.headers
    version.storage_class = storage_class
    version.checksums = _checksums(request, source)
    if headers.get("x-amz-tagging-directive", "COPY").upper() == "REPLACE":
        version.tags = tags_of(headers.get("x-amz-tagging", ""))
    else:
        version.tags = dict(source.tags)
    lock_of_headers(request, bucket, version)
    own_by_setting(request, bucket, version)
    encrypt_by_default(request, bucket, version)
    if version.sse == "AES256" and source.sse != "AES256":
        version.etag = md5(version.body)
    if version.sse != "AES256" and version.sse != source.sse:
        version.etag = md5(version.sse.encode() + source.body)
    version.version_id = next_version_id(request, bucket, request.key)
    return version


def _checksums(request: S3Request, source: Version) -> dict[str, str]:
    asked = request.headers.get("x-amz-checksum-algorithm", "")
    if asked:
        kept = source.checksums.get(asked.upper()) if source.checksum_type == "FULL_OBJECT" else None
        return {asked.upper(): kept or checksum(asked.upper(), source.body)}
    if source.checksums and source.checksum_type == "FULL_OBJECT":
        return source.checksums
    algorithms = list(source.checksums) or ["CRC64NVME"]
    return {algorithm: checksum(algorithm, source.body) for algorithm in algorithms}


def _result(version: Version, root: str = "CopyObjectResult") -> bytes:
    sums = "".join(f"<Checksum{name}>{value}</Checksum{name}>" for name, value in version.checksums.items())
    return xml.s3_document(
        root,
        f"<ETag>&quot;{version.etag}&quot;</ETag><LastModified>{s3_iso(version.last_modified)}</LastModified>"
        f"<ChecksumType>FULL_OBJECT</ChecksumType>{sums}",
    )


def _answer_headers(home: Bucket, source: Version, bucket: Bucket, version: Version) -> tuple[tuple[str, str], ...]:
    found = [("content-type", "application/xml"), *written_headers(bucket, version, etag=False)]
    if home.versioning:
        found.append(("x-amz-copy-source-version-id", source.version_id))
    return tuple(found)


def copied_part(source: Version, headers: dict[str, str]) -> bytes:
    """The bytes of an UploadPartCopy, by its range."""
    wanted = headers.get("x-amz-copy-source-range", "")
    if not wanted:
        return source.body
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    if not (first.isdigit() and last.isdigit()) or int(last) >= source.size:
        raise S3Error("InvalidArgument", "The x-amz-copy-source-range value must be of the form bytes=first-last")
    return source.body[int(first) : int(last) + 1]
