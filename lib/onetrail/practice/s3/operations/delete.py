"""DeleteObject and DeleteObjects: versions, markers, locks, and deletes bound to an ETag."""

from onetrail.practice.s3.access import require_object
from onetrail.practice.s3.checksums import stated_checksums
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.operations.locks import may_bypass
from onetrail.practice.s3.operations.writing import next_version_id
from onetrail.practice.s3.request import S3Request
from onetrail.practice.state.buckets import NULL_VERSION, Bucket, Version
from onetrail.practice.web import xml
from onetrail.practice.web.http import Reply

_LOCKED = "Access Denied because object protected by object lock."


def delete_one(request: S3Request, bucket: Bucket, key: str, version_id: str, etag: str = "") -> tuple[str, bool]:
    """Delete a key or a version. Returns the version id concerned (empty if none) and whether a marker is meant."""
    require_object(request, bucket, "s3:DeleteObjectVersion" if version_id else "s3:DeleteObject", key)
    version = bucket.version(key, version_id) if version_id else bucket.current(key)
    _check_etag(version, etag, key)
    if version_id or not bucket.versioning:
        if version is None:
            return version_id, False
        if not version.marker and version.locked(request.now, may_bypass(request, bucket, key)):
            raise S3Error("AccessDenied", _LOCKED)
        bucket.remove(version)
        return (version_id, version.marker) if version_id else ("", False)
    marker = Version(key, b"", "", request.now, request.account or bucket.account, marker=True)
    marker.version_id = next_version_id(request, bucket, key)
    if marker.version_id == NULL_VERSION:
        replaced = bucket.version(key, NULL_VERSION)
        if replaced is not None and replaced.locked(request.now, False):
            raise S3Error("AccessDenied", _LOCKED)
    bucket.add(marker)
    return marker.version_id, True


def _check_etag(version: Version | None, etag: str, key: str) -> None:
    if not etag:
        return
    if version is None or version.marker:
        raise S3Error("NoSuchKey", fields={"Key": key})
    if etag != "*" and etag.strip('"') != version.etag:
        raise S3Error("PreconditionFailed", fields={"Condition": "If-Match"})


def delete_object(request: S3Request, bucket: Bucket) -> Reply:
    """DeleteObject."""
    version_id, marker = delete_one(
        request, bucket, request.key, request.version_id, request.headers.get("if-match", "")
    )
    headers = [("x-amz-version-id", version_id)] if version_id else []
    if marker:
        headers.append(("x-amz-delete-marker", "true"))
    return Reply(204, b"", tuple(headers))


def delete_objects(request: S3Request, bucket: Bucket) -> Reply:
    """DeleteObjects: at most 1,000 keys, one result each."""
    if not stated_checksums(request) and "content-md5" not in request.headers:
        raise S3Error("InvalidRequest", "Missing required header for this request: Content-MD5")
    try:
        root = xml.parse(request.body)
    except xml.BadXml as err:
        raise S3Error("MalformedXML") from err
    asked = root.findall("Object")
    if not 1 <= len(asked) <= 1000:
        raise S3Error("MalformedXML")
    quiet = xml.text(root, "Quiet") == "true"
    parts = []
    for item in asked:
        found = item.find("Key")
        key = found.text or "" if found is not None else ""
        parts.append(_result(request, bucket, key, xml.text(item, "VersionId"), xml.text(item, "ETag"), quiet))
    return Reply(200, xml.s3_document("DeleteResult", "".join(parts)), (("content-type", "application/xml"),))


def _result(request: S3Request, bucket: Bucket, key: str, version_id: str, etag: str, quiet: bool) -> str:
    asked = {"Key": key, **({"VersionId": version_id} if version_id else {})}
    try:
        concerned, marker = delete_one(request, bucket, key, version_id, etag)
    except S3Error as err:
        return xml.element("Error", {**asked, "Code": err.code, "Message": err.message})
    if quiet:
        return ""
    if marker:
        asked |= {"DeleteMarker": "true", "DeleteMarkerVersionId": concerned}
    return xml.element("Deleted", asked)
