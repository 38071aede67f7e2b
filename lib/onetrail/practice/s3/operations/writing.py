"""Writing objects: what the headers ask for, who owns the result, under which lock and key."""

import base64
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from onetrail.practice.s3.access import canonical_id, check_acl, require_key, require_object
from onetrail.practice.s3.checksums import checksum, stated_checksums
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.operations.locks import lock_of_headers
from onetrail.practice.s3.operations.reading import encryption_headers
from onetrail.practice.s3.request import S3Request
from onetrail.practice.state.buckets import NULL_VERSION, Bucket, Version, md5
from onetrail.practice.web.http import Reply

STORAGE_CLASSES: Final = frozenset(
    {
        "STANDARD",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "GLACIER_IR",
        "DEEP_ARCHIVE",
        "REDUCED_REDUNDANCY",
    }
)
KEPT_HEADERS: Final = (
    "content-encoding",
    "cache-control",
    "content-disposition",
    "content-language",
    "expires",
)


def storage_class_of(request: S3Request) -> str:
    """The class asked for. Raises InvalidStorageClass."""
    asked = request.headers.get("x-amz-storage-class", "STANDARD")
    if asked not in STORAGE_CLASSES:
        raise S3Error("InvalidStorageClass", fields={"StorageClassRequested": asked})
    return asked


def metadata_of(headers: Mapping[str, str]) -> dict[str, str]:
    """User metadata by name, without the prefix."""
    return {name[11:]: value for name, value in headers.items() if name.startswith("x-amz-meta-")}


def tags_of(text: str) -> dict[str, str]:
    """The x-amz-tagging header. Raises InvalidArgument above ten tags."""
    found = dict(parse_qsl(text, keep_blank_values=True))
    if len(found) > 10:
        raise S3Error("InvalidArgument", "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded")
    return found


def next_version_id(request: S3Request, bucket: Bucket, key: str) -> str:
    """The id a new version gets: `null` unless versioning is enabled."""
    if bucket.versioning != "Enabled":
        return NULL_VERSION
    raw = request.world.ident("s3", "version", bucket.name, key)
    return base64.b32encode(raw[:20]).decode()


def own_by_setting(request: S3Request, bucket: Bucket, version: Version) -> None:
    """Owner and ACL of a new version by the bucket's ownership setting."""
    acl = request.headers.get("x-amz-acl", "")
    writer = request.account or "anonymous"
    grants = request.headers.get("x-amz-grant-full-control", "")
    gives_all = acl == "bucket-owner-full-control" or canonical_id(bucket.account) in grants
    if bucket.ownership == "BucketOwnerEnforced" or (bucket.ownership == "BucketOwnerPreferred" and gives_all):
        version.owner = bucket.account
    else:
        version.owner = writer
    if version.owner != bucket.account and gives_all:
        version.full_control = (bucket.account,)
    version.public_read = acl.startswith("public-read")


def encrypt_by_default(request: S3Request, bucket: Bucket, version: Version) -> None:
    """Encryption by header, else by the bucket's default; the key must let the caller in."""
    version.sse = request.headers.get("x-amz-server-side-encryption", bucket.sse)
    if version.sse in ("aws:kms", "aws:kms:dsse"):
        asked = request.headers.get("x-amz-server-side-encryption-aws-kms-key-id", "")
        version.kms_key = asked or (bucket.kms_key if bucket.sse == version.sse else "")
        if version.kms_key and not version.kms_key.startswith("arn:"):
            version.kms_key = f"arn:aws:kms:{bucket.region}:{bucket.account}:{_key_part(version.kms_key)}"
        version.bucket_key = bucket.bucket_key
        require_key(request, "kms:GenerateDataKey", version.kms_key, bucket)
    elif version.sse != "AES256":
        raise S3Error("InvalidArgument", "The encryption method specified is not supported")


def _key_part(key: str) -> str:
    return key if key.startswith("alias/") else f"key/{key}"


def check_destination(request: S3Request, bucket: Bucket) -> None:
    """If-None-Match and If-Match on the key to be written (S3 User Guide, conditional writes)."""
    none_match, match = request.headers.get("if-none-match"), request.headers.get("if-match")
    if none_match is None and match is None:
        return
    current = bucket.current(request.key)
    exists = current is not None and not current.marker
    if none_match is not None:
        if none_match != "*":
            raise S3Error("NotImplemented", "A header you provided implies functionality that is not implemented")
        if exists:
            raise S3Error("PreconditionFailed", fields={"Condition": "If-None-Match"})
    if match is not None:
        if current is None or not exists:
            raise S3Error("NoSuchKey", fields={"Key": request.key})
        if match.strip('"') != current.etag:
            raise S3Error("PreconditionFailed", fields={"Condition": "If-Match"})


def require_write(request: S3Request, bucket: Bucket) -> None:
    """PutObject, and what the headers need also: ACL, tags, retention, legal hold."""
    require_object(request, bucket, "s3:PutObject", request.key)
    headers = request.headers
    grants = "x-amz-acl" in headers or any(name.startswith("x-amz-grant-") for name in headers)
    if grants and headers.get("x-amz-acl") != "private":
        require_object(request, bucket, "s3:PutObjectAcl", request.key)
    if headers.get("x-amz-tagging"):
        require_object(request, bucket, "s3:PutObjectTagging", request.key)
    if "x-amz-object-lock-mode" in headers or "x-amz-object-lock-retain-until-date" in headers:
        require_object(request, bucket, "s3:PutObjectRetention", request.key)
    if "x-amz-object-lock-legal-hold" in headers:
        require_object(request, bucket, "s3:PutObjectLegalHold", request.key)


def put_object(request: S3Request, bucket: Bucket) -> Reply:
    """PutObject."""
    require_write(request, bucket)
    check_acl(request, bucket)
    storage_class = storage_class_of(request)
    kept = stated_checksums(request)
    needs_integrity = bucket.retention or "x-amz-object-lock-mode" in request.headers
    if needs_integrity and not kept and "content-md5" not in request.headers:
        raise S3Error(
            "InvalidRequest",
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock"
            " parameters",
        )
    check_destination(request, bucket)
    version = Version(request.key, request.body, md5(request.body), request.now, "")
    version.metadata = metadata_of(request.headers)
    version.content_type = request.headers.get("content-type") or "binary/octet-stream"
    version.headers = {name: request.headers[name] for name in KEPT_HEADERS if name in request.headers}
    encoding = version.headers.get("content-encoding", "")
    if "aws-chunked" in encoding:
        rest = ",".join(part for part in encoding.split(",") if part.strip() and part.strip() != "aws-chunked")
        version.headers.pop("content-encoding")
        version.headers |= {"content-encoding": rest} if rest else {}
    version.storage_class = storage_class
    version.checksums = kept or {"CRC64NVME": checksum("CRC64NVME", request.body)}
    version.tags = tags_of(request.headers.get("x-amz-tagging", ""))
    lock_of_headers(request, bucket, version)
    own_by_setting(request, bucket, version)
    encrypt_by_default(request, bucket, version)
    version.version_id = next_version_id(request, bucket, request.key)
    bucket.add(version)
    return Reply(200, b"", written_headers(bucket, version))


def written_headers(bucket: Bucket, version: Version, etag: bool = True) -> tuple[tuple[str, str], ...]:
    """Headers that tell what was stored."""
    found = [("ETag", f'"{version.etag}"')] if etag else []
    if bucket.versioning:
        found.append(("x-amz-version-id", version.version_id))
    found += encryption_headers(version)
    if etag:
        found += [(f"x-amz-checksum-{name.lower()}", value) for name, value in version.checksums.items()]
        found.append(("x-amz-checksum-type", version.checksum_type))
    return tuple(found)
