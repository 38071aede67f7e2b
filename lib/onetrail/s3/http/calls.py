"""The S3 calls this project makes by the million, and the few that read back what they did: how each is written and how
its answer is read. Pure.

Sources: Amazon S3 API Reference, pages of the calls' names. Both bucket owners are stated on every call.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import quote

from onetrail.instants import written
from onetrail.s3.http import listed
from onetrail.s3.http.answers import (
    copied_of,
    deletions_of,
    head_of,
    request_id_of,
    restoring_of,
    retention_of,
    tagging_of,
)
from onetrail.s3.http.bodies import NAMESPACE, delete_body, md5_of, stated
from onetrail.s3.http.transport import Answer
from onetrail.s3.rows import Body, Copied, Deletions, ObjectHead, ObjectPage, Restoring, VersionPage

T = TypeVar("T")
NULL_VERSION = "null"
"""The id of a version that was written while versioning was off or suspended; a write replaces it and keeps its id."""
Pairs = tuple[tuple[str, str], ...]


class S3Call(NamedTuple, Generic[T]):
    """One request before it is addressed and signed.

    `query` is encoded; `parameters` are the call's parameters by their names in the SDK, for the guard that permits it.
    """

    operation: str
    method: str
    bucket: str
    key: str
    query: str
    headers: Pairs
    body: bytes
    parameters: Mapping[str, Any]
    parse: Callable[[Answer], T]


def list_objects(
    bucket: str,
    owner: str,
    prefix: str,
    *,
    token: str = "",
    start_after: str = "",
    owners: bool = False,
    restores: bool = False,
    limit: int = 1000,
) -> S3Call[ObjectPage]:
    """ListObjectsV2, one page; with `restores` it says what became of restores, at no further request."""
    query = [("encoding-type", "url"), ("list-type", "2"), ("max-keys", str(limit)), ("prefix", prefix)]
    query += [("continuation-token", token)] if token else []
    query += [("fetch-owner", "true")] if owners else []
    query += [("start-after", start_after)] if start_after and not token else []
    more = _RESTORES if restores else ()
    return _reading("ListObjectsV2", "GET", bucket, "", owner, query, listed.object_page, more)


def list_folders(bucket: str, owner: str, prefix: str) -> S3Call[list[str]]:
    """ListObjectsV2 with the delimiter `/`: the folders right below the prefix, closing slash included; those of the
    first page only."""
    query = [
        ("delimiter", "/"),
        ("encoding-type", "url"),
        ("list-type", "2"),
        ("max-keys", "1000"),
        ("prefix", prefix),
    ]
    return _reading("ListObjectsV2", "GET", bucket, "", owner, query, listed.folder_page)


def list_versions(
    bucket: str,
    owner: str,
    prefix: str,
    *,
    key_marker: str = "",
    version_marker: str = "",
    restores: bool = False,
    limit: int = 1000,
) -> S3Call[VersionPage]:
    """ListObjectVersions, one page; `restores` as for `list_objects`."""
    query = [("encoding-type", "url"), ("max-keys", str(limit)), ("prefix", prefix), ("versions", "")]
    query += [("key-marker", key_marker)] if key_marker else []
    query += [("version-id-marker", version_marker)] if version_marker else []
    more = _RESTORES if restores else ()
    return _reading("ListObjectVersions", "GET", bucket, "", owner, query, listed.version_page, more)


def head_object(
    bucket: str, owner: str, key: str, *, version_id: str = "", checksums: bool = True
) -> S3Call[ObjectHead]:
    """HeadObject. Its checksums take kms:Decrypt where the object is under a KMS key; the rest does not."""
    return _reading(
        "HeadObject",
        "HEAD",
        bucket,
        key,
        owner,
        _version(version_id),
        head_of,
        (("x-amz-checksum-mode", "ENABLED"),) if checksums else (),
    )


def get_object(bucket: str, owner: str, key: str, *, version_id: str = "", if_match: str = "") -> S3Call[Body]:
    """GetObject, the whole body."""
    more = (("if-match", f'"{if_match}"'),) if if_match else ()
    return _reading(
        "GetObject",
        "GET",
        bucket,
        key,
        owner,
        _version(version_id),
        lambda answer: Body(head_of(answer), answer.body),
        more,
    )


def copy_object(
    *,
    source_bucket: str,
    source_owner: str,
    key: str,
    bucket: str,
    owner: str,
    source_etag: str = "",
    source_version_id: str = "",
    target_key: str = "",
    storage_class: str = "",
    acl: str = "",
    lock_mode: str = "",
    retain_until: datetime | None = None,
    only_if_absent: bool = False,
    kms_key_id: str = "",
) -> S3Call[Copied]:
    """CopyObject with metadata and tags kept and a SHA-256 stored; `""` and None leave a header out."""
    # Written out, not looped: this is done for each object.
    target = target_key or key
    source = path_encoded(f"{source_bucket}/{key}")
    named: dict[str, str] = {"Bucket": source_bucket, "Key": key}
    if source_version_id:
        source = f"{source}?versionId={quote(source_version_id)}"
        named["VersionId"] = source_version_id
    headers = [
        ("x-amz-copy-source", source),
        ("x-amz-expected-bucket-owner", owner),
        ("x-amz-source-expected-bucket-owner", source_owner),
        ("x-amz-checksum-algorithm", "SHA256"),
    ]
    parameters: dict[str, Any] = {
        "Bucket": bucket,
        "Key": target,
        "CopySource": named,
        "ExpectedBucketOwner": owner,
        "ExpectedSourceBucketOwner": source_owner,
        "ChecksumAlgorithm": "SHA256",
    }
    if source_etag:
        etag = parameters["CopySourceIfMatch"] = f'"{source_etag}"'
        headers.append(("x-amz-copy-source-if-match", etag))
    if only_if_absent:
        parameters["IfNoneMatch"] = "*"
        headers.append(("if-none-match", "*"))
    if storage_class:
        parameters["StorageClass"] = storage_class
        headers.append(("x-amz-storage-class", storage_class))
    if acl:
        parameters["ACL"] = acl
        headers.append(("x-amz-acl", acl))
    if lock_mode:
        parameters["ObjectLockMode"] = lock_mode
        headers.append(("x-amz-object-lock-mode", lock_mode))
    if retain_until:
        until = parameters["ObjectLockRetainUntilDate"] = stamp(retain_until)
        headers.append(("x-amz-object-lock-retain-until-date", until))
    if kms_key_id:
        parameters["ServerSideEncryption"] = "aws:kms"
        parameters["SSEKMSKeyId"] = kms_key_id
        headers.append(("x-amz-server-side-encryption", "aws:kms"))
        headers.append(("x-amz-server-side-encryption-aws-kms-key-id", kms_key_id))
    return S3Call("CopyObject", "PUT", bucket, target, "", tuple(headers), b"", parameters, copied_of)


def put_retention(
    bucket: str,
    owner: str,
    key: str,
    *,
    mode: str,
    retain_until: datetime,
    version_id: str = "",
    bypass_governance: bool = False,
) -> S3Call[str]:
    """PutObjectRetention; the result is the request id.

    To change an active governance lock to another mode takes `bypass_governance` and s3:BypassGovernanceRetention. S3
    then no longer refuses an earlier date, so the caller that sets it must.
    """
    until = stamp(retain_until)
    body = f'<Retention xmlns="{NAMESPACE}"><Mode>{mode}</Mode><RetainUntilDate>{until}</RetainUntilDate></Retention>'.encode()  # noqa: E501
    parameters = {
        "Bucket": bucket,
        "Key": key,
        "Retention": {"Mode": mode, "RetainUntilDate": until},
        "ExpectedBucketOwner": owner,
        **({"VersionId": version_id} if version_id else {}),
        **({"BypassGovernanceRetention": True} if bypass_governance else {}),
    }
    query = encoded([("retention", ""), *_version(version_id)])
    bypass = (("x-amz-bypass-governance-retention", "true"),) if bypass_governance else ()
    headers = (("x-amz-expected-bucket-owner", owner), md5_of(body), *bypass)
    return S3Call("PutObjectRetention", "PUT", bucket, key, query, headers, body, parameters, request_id_of)


def get_retention(bucket: str, owner: str, key: str, *, version_id: str = "") -> S3Call[tuple[str, str]]:
    """GetObjectRetention: mode and date as S3 writes them. It says why where HeadObject only leaves the lock out, for
    want of a permission."""
    query = [("retention", ""), *_version(version_id)]
    return _reading("GetObjectRetention", "GET", bucket, key, owner, query, retention_of)


def get_tagging(bucket: str, owner: str, key: str, *, version_id: str = "") -> S3Call[dict[str, str]]:
    """GetObjectTagging: the tags by their names."""
    query = [("tagging", ""), *_version(version_id)]
    return _reading("GetObjectTagging", "GET", bucket, key, owner, query, tagging_of)


def restore_object(
    bucket: str, owner: str, key: str, *, days: int, tier: str, version_id: str = ""
) -> S3Call[Restoring]:
    """RestoreObject. `days` is how long the readable copy stays; 0 leaves them out, as INTELLIGENT_TIERING demands.

    `tier` is `Bulk`, `Standard` or `Expedited`.
    """
    stay = f"<Days>{days}</Days>" if days else ""
    body = (
        "<RestoreRequest"
        f' xmlns="{NAMESPACE}">{stay}<GlacierJobParameters><Tier>{tier}</Tier></GlacierJobParameters></RestoreRequest>'
    ).encode()
    request: dict[str, Any] = {"GlacierJobParameters": {"Tier": tier}, **({"Days": days} if days else {})}
    parameters = {
        "Bucket": bucket,
        "Key": key,
        "RestoreRequest": request,
        "ExpectedBucketOwner": owner,
        **({"VersionId": version_id} if version_id else {}),
    }
    query = encoded([("restore", ""), *_version(version_id)])
    headers = (("x-amz-expected-bucket-owner", owner), md5_of(body))
    return S3Call("RestoreObject", "POST", bucket, key, query, headers, body, parameters, restoring_of)


def put_object(
    bucket: str, owner: str, key: str, body: bytes, *, headers: Mapping[str, str] | None = None
) -> S3Call[str]:
    """PutObject of a small body; the result is the request id."""
    parameters = {"Bucket": bucket, "Key": key, "ExpectedBucketOwner": owner, "Body": body}
    more = tuple((name.lower(), value) for name, value in (headers or {}).items())
    every = (("x-amz-expected-bucket-owner", owner), md5_of(body), *more)
    return S3Call("PutObject", "PUT", bucket, key, "", every, body, parameters, request_id_of)


def delete_objects(bucket: str, owner: str, items: Sequence[tuple[str, str, str]]) -> S3Call[Deletions]:
    """DeleteObjects of up to 1,000 (key, version id, ETag); `""` leaves the version id or the ETag out.

    A version id names exact bytes, and no ETag is sent beside it. `null` does not: while versioning is suspended a
    write replaces that version and keeps its id. ValueError for `null`, for more than 1,000, or a key XML cannot hold.
    """
    if not 0 < len(items) <= 1000:
        raise ValueError(f"DeleteObjects takes 1 to 1,000 keys, not {len(items)}")
    if any(version == NULL_VERSION for _, version, _ in items):
        raise ValueError(f"{bucket}: the version id null names no exact bytes")
    body = delete_body(items)
    objects = [stated(Key=key, VersionId=version, ETag=etag) for key, version, etag in items]
    parameters = {"Bucket": bucket, "Delete": {"Objects": objects}, "ExpectedBucketOwner": owner}
    headers = (("x-amz-expected-bucket-owner", owner), md5_of(body))
    return S3Call("DeleteObjects", "POST", bucket, "", "delete=", headers, body, parameters, deletions_of)


@lru_cache(maxsize=8192)
def stamp(moment: datetime) -> str:
    """An instant as S3 writes it in headers, to the second, UTC."""
    return written(moment)


def path_encoded(text: str) -> str:
    """Text as a path, RFC 3986 encoded, slashes kept."""
    return text if _PLAIN(text) else quote(text, safe="/~")


def encoded(query: Sequence[tuple[str, str]]) -> str:
    """A query string in canonical order, RFC 3986 encoded."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query))


_PLAIN = re.compile(r"[A-Za-z0-9/_.~-]*", re.ASCII).fullmatch
"""Text that encoding leaves as it is, as CloudTrail's keys are."""
_RESTORES: Pairs = (("x-amz-optional-object-attributes", "RestoreStatus"),)


def _reading(
    operation: str,
    method: str,
    bucket: str,
    key: str,
    owner: str,
    query: Sequence[tuple[str, str]],
    parse: Callable[[Answer], T],
    more: Pairs = (),
) -> S3Call[T]:
    headers = (("x-amz-expected-bucket-owner", owner), *more)
    parameters = {"Bucket": bucket, "ExpectedBucketOwner": owner, **({"Key": key} if key else {})}
    return S3Call(operation, method, bucket, key, encoded(query), headers, b"", parameters, parse)


def _version(version_id: str) -> list[tuple[str, str]]:
    return [("versionId", version_id)] if version_id else []
