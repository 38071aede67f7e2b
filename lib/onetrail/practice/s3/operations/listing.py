"""Listings: objects, versions, uploads and buckets, in key order, at most 1,000 a page."""

import base64
from collections.abc import Iterator
from urllib.parse import quote

from onetrail.practice.s3.access import canonical_id, require_bucket
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.request import S3Request
from onetrail.practice.s3.routes import BUCKET_ACTIONS
from onetrail.practice.state.buckets import Bucket, Version
from onetrail.practice.state.clock import s3_iso
from onetrail.practice.web import xml
from onetrail.practice.web.http import Reply

_XML = (("content-type", "application/xml"),)
_LAST = "\U0010ffff"


def list_objects(request: S3Request, bucket: Bucket) -> Reply:
    """ListObjectsV2 and ListObjects."""
    require_bucket(request, bucket, BUCKET_ACTIONS[request.operation])
    query = request.query
    newer = request.operation == "ListObjectsV2"
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    most = _most(query.get("max-keys"))
    token = query.get("continuation-token") if newer else None
    after = _from_token(token) if token else query.get("start-after" if newer else "marker", "")
    coded = query.get("encoding-type") == "url"
    show = _coded if coded else xml.escape
    entries, prefixes, truncated, last = _page(bucket, prefix, delimiter, after, most)
    with_owner = not newer or query.get("fetch-owner") == "true"
    parts = [
        xml.element("Name", bucket.name),
        f"<Prefix>{show(prefix)}</Prefix>",
        f"<MaxKeys>{most}</MaxKeys><IsTruncated>{'true' if truncated else 'false'}</IsTruncated>",
    ]
    if delimiter:
        parts.append(f"<Delimiter>{show(delimiter)}</Delimiter>")
    if coded:
        parts.append("<EncodingType>url</EncodingType>")
    if newer:
        parts.append(f"<KeyCount>{len(entries) + len(prefixes)}</KeyCount>")
        if token:
            parts.append(xml.element("ContinuationToken", token))
        if query.get("start-after"):
            parts.append(f"<StartAfter>{show(query['start-after'])}</StartAfter>")
        if truncated:
            parts.append(xml.element("NextContinuationToken", _to_token(last)))
    else:
        parts.append(f"<Marker>{show(query.get('marker', ''))}</Marker>")
        if truncated and delimiter:
            parts.append(f"<NextMarker>{show(last)}</NextMarker>")
    parts += [_entry(request, bucket, version, show(version.key), with_owner) for version in entries]
    parts += [f"<CommonPrefixes><Prefix>{show(found)}</Prefix></CommonPrefixes>" for found in prefixes]
    return Reply(
        200,
        xml.s3_document("ListBucketResult", "".join(parts)),
        (*_XML, ("x-amz-bucket-region", bucket.region)),
    )


def _most(text: str | None) -> int:
    if text is None:
        return 1000
    try:
        most = int(text)
    except ValueError as err:
        raise S3Error("InvalidArgument", "Provided max-keys not an integer or within integer range") from err
    if most < 0:
        raise S3Error("InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647")
    return min(most, 1000)


def _coded(text: str) -> str:
    return quote(text, safe="/-_.~*!'()")


def _to_token(key: str) -> str:
    return base64.urlsafe_b64encode(b"1" + key.encode()).decode()


def _from_token(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token)[1:].decode()
    except ValueError as err:
        raise S3Error("InvalidArgument", "The continuation token provided is incorrect") from err


def _page(
    bucket: Bucket, prefix: str, delimiter: str, after: str, most: int
) -> tuple[list[Version], list[str], bool, str]:
    """Versions, common prefixes, whether there is more, and the last key or prefix given."""
    entries: list[Version] = []
    prefixes: list[str] = []
    names = bucket.names
    index = bucket.index(after + "\0") if after and after >= prefix else bucket.index(prefix)
    if delimiter and after.endswith(delimiter) and after.startswith(prefix) and after > prefix:
        index = max(index, bucket.index(after + _LAST))
    last = ""
    while index < len(names):
        key = names[index]
        if not key.startswith(prefix):
            break
        version = bucket.versions[key][-1]
        if version.marker:
            index += 1
            continue
        if len(entries) + len(prefixes) >= most:
            return entries, prefixes, most > 0, last
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        if cut >= 0:
            last = key[: cut + len(delimiter)]
            prefixes.append(last)
            index = bucket.index(last + _LAST)
            continue
        entries.append(version)
        last = key
        index += 1
    return entries, prefixes, False, last


def _entry(request: S3Request, bucket: Bucket, version: Version, shown: str, with_owner: bool) -> str:
    owner = ""
    if with_owner:
        owner = f"<Owner><ID>{canonical_id(_owner(bucket, version))}</ID></Owner>"
    sums = "".join(f"<ChecksumAlgorithm>{name}</ChecksumAlgorithm>" for name in version.checksums)
    if sums:
        sums += f"<ChecksumType>{version.checksum_type}</ChecksumType>"
    return (
        f"<Contents><Key>{shown}</Key><LastModified>{s3_iso(version.last_modified)}</LastModified>"
        f"<ETag>&quot;{version.etag}&quot;</ETag>{sums}<Size>{version.size}</Size>{owner}"
        f"<StorageClass>{version.storage_class}</StorageClass>{_restore(request, version)}</Contents>"
    )


def _restore(request: S3Request, version: Version) -> str:
    """The RestoreStatus of an archived object, where the caller asked for it."""
    if "RestoreStatus" not in request.headers.get("x-amz-optional-object-attributes", ""):
        return ""
    if version.restoring(request.now):
        return "<RestoreStatus><IsRestoreInProgress>true</IsRestoreInProgress></RestoreStatus>"
    if version.restore_until and version.restore_until > request.now:
        until = f"<RestoreExpiryDate>{s3_iso(version.restore_until)}</RestoreExpiryDate>"
        return f"<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress>{until}</RestoreStatus>"
    return ""


def _owner(bucket: Bucket, version: Version) -> str:
    return bucket.account if bucket.ownership == "BucketOwnerEnforced" else version.owner


def list_object_versions(request: S3Request, bucket: Bucket) -> Reply:
    """ListObjectVersions: newest first within a key."""
    require_bucket(request, bucket, "s3:ListBucketVersions")
    query = request.query
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    most = _most(query.get("max-keys"))
    coded = query.get("encoding-type") == "url"
    show = _coded if coded else xml.escape
    key_marker, id_marker = query.get("key-marker", ""), query.get("version-id-marker", "")
    given, body, seen, last = 0, [], set[str](), ("", "")
    truncated = False
    for version, latest in _from_marker(bucket, prefix, key_marker, id_marker):
        cut = version.key.find(delimiter, len(prefix)) if delimiter else -1
        if cut >= 0:
            common = version.key[: cut + len(delimiter)]
            if common in seen or common == key_marker:
                continue
        if given >= most:
            truncated = most > 0
            break
        given += 1
        if cut >= 0:
            seen.add(common)
            body.append(f"<CommonPrefixes><Prefix>{show(common)}</Prefix></CommonPrefixes>")
            last = (common, "")
            continue
        body.append(_version_entry(request, bucket, version, show(version.key), latest))
        last = (version.key, version.version_id)
    parts = [
        xml.element("Name", bucket.name),
        f"<Prefix>{show(prefix)}</Prefix><KeyMarker>{show(key_marker)}</KeyMarker>",
        f"<VersionIdMarker>{id_marker}</VersionIdMarker><MaxKeys>{most}</MaxKeys>",
        f"<IsTruncated>{'true' if truncated else 'false'}</IsTruncated>",
    ]
    if delimiter:
        parts.append(f"<Delimiter>{show(delimiter)}</Delimiter>")
    if coded:
        parts.append("<EncodingType>url</EncodingType>")
    if truncated:
        parts.append(f"<NextKeyMarker>{show(last[0])}</NextKeyMarker>")
        parts.append(f"<NextVersionIdMarker>{last[1]}</NextVersionIdMarker>" if last[1] else "")
    return Reply(200, xml.s3_document("ListVersionsResult", "".join(parts + body)), _XML)


def _from_marker(bucket: Bucket, prefix: str, key_marker: str, id_marker: str) -> Iterator[tuple[Version, bool]]:
    start = max(prefix, key_marker)
    for key in list(bucket.names[bucket.index(start) :]):
        if not key.startswith(prefix):
            return
        if key == key_marker and not id_marker:
            continue
        waiting = key == key_marker
        for place, version in enumerate(reversed(bucket.versions[key])):
            if waiting:
                waiting = version.version_id != id_marker
                continue
            yield version, place == 0


def _version_entry(request: S3Request, bucket: Bucket, version: Version, shown: str, latest: bool) -> str:
    head = (
        f"<Key>{shown}</Key><VersionId>{version.version_id}</VersionId><IsLatest>{'true' if latest else 'false'}</IsLatest>"  # noqa: E501
        f"<LastModified>{s3_iso(version.last_modified)}</LastModified>"
        f"<Owner><ID>{canonical_id(_owner(bucket, version))}</ID></Owner>"
    )
    if version.marker:
        return f"<DeleteMarker>{head}</DeleteMarker>"
    sums = "".join(f"<ChecksumAlgorithm>{name}</ChecksumAlgorithm>" for name in version.checksums)
    return (
        f"<Version>{head}<ETag>&quot;{version.etag}&quot;</ETag>{sums}<Size>{version.size}</Size>"
        f"<StorageClass>{version.storage_class}</StorageClass>{_restore(request, version)}</Version>"
    )


def list_buckets(request: S3Request) -> Reply:
    """ListBuckets of the caller's account, with paging and regions."""
    query = request.query
    most = int(query.get("max-buckets", "10000"))
    prefix, region = query.get("prefix", ""), query.get("bucket-region", "")
    after = _from_token(query["continuation-token"]) if query.get("continuation-token") else ""
    found = [
        bucket
        for bucket in request.world.store.of_account(request.account)
        if bucket.name.startswith(prefix) and bucket.name > after and region in ("", bucket.region)
    ]
    page = found[:most]
    inner = "".join(
        xml.element(
            "Bucket",
            {
                "Name": bucket.name,
                "CreationDate": s3_iso(bucket.created),
                "BucketRegion": bucket.region,
                "BucketArn": bucket.arn,
            },
        )
        for bucket in page
    )
    parts = f"<Owner><ID>{canonical_id(request.account)}</ID></Owner><Buckets>{inner}</Buckets>"
    if len(found) > len(page):
        parts += xml.element("ContinuationToken", _to_token(page[-1].name))
    if prefix:
        parts += xml.element("Prefix", prefix)
    return Reply(200, xml.s3_document("ListAllMyBucketsResult", parts), _XML)
