"""Listing pages out of S3's XML: one pattern for the order S3 writes its fields in, field by field for other
servers."""

import re
from html import unescape
from urllib.parse import unquote_plus

from onetrail.errors import OnetrailError
from onetrail.s3.http import markup
from onetrail.s3.http.transport import Answer
from onetrail.s3.rows import ObjectPage, ObjectRow, VersionPage, VersionRow

# Field order as S3 writes it (API Reference, ListObjectsV2, Response Syntax).
_ROW = re.compile(
    r"<Contents><Key>([^<]*)</Key><LastModified>([^<]*)</LastModified><ETag>([^<]*)</ETag>"
    r"(?:<ChecksumAlgorithm>([^<]*)</ChecksumAlgorithm>)?(?:<ChecksumType>[^<]*</ChecksumType>)?<Size>(\d+)</Size>"
    r"(?:<Owner>(?:<DisplayName>[^<]*</DisplayName>)?<ID>([^<]*)</ID>(?:<DisplayName>[^<]*</DisplayName>)?</Owner>)?"
    r"<StorageClass>([^<]*)</StorageClass>(?:<RestoreStatus>(.*?)</RestoreStatus>)?</Contents>",
    re.DOTALL,
)
_LEAF = re.compile(r"<([A-Za-z]+)>([^<]*)</\1>")


class HalfAListing(OnetrailError, ValueError):
    """An answer that should be a page of a listing is cut off, or does not say where the listing goes on: nothing
    follows from it."""


def object_page(answer: Answer) -> ObjectPage:
    """One page of ListObjectsV2. HalfAListing where the body is no complete listing."""
    body = _whole(answer.body, b"ListBucketResult")
    encoded = markup.text(body, b"EncodingType") == "url"
    found = _ROW.findall(body.decode())
    if len(found) == body.count(b"<Contents>"):
        rows = [_row(fields, encoded) for fields in found]
    else:
        entries = body.decode().split("<Contents>")[1:]
        rows = [_row(_fields(entry.partition("</Contents>")[0]), encoded) for entry in entries]
    truncated = markup.text(body, b"IsTruncated") == "true"
    token = markup.text(body, b"NextContinuationToken")
    if truncated and not token:
        raise HalfAListing(
            "the listing says there is more but does not say where it goes on; run again, or use an endpoint that lists"
            " as S3 does"
        )
    return ObjectPage(rows, token if truncated else "")


def folder_page(answer: Answer) -> list[str]:
    """The folders on one page of ListObjectsV2 with a delimiter. HalfAListing where the body is no complete listing."""
    body = _whole(answer.body, b"ListBucketResult")
    encoded = markup.text(body, b"EncodingType") == "url"
    return [
        markup.key(name, encoded)
        for _, content in markup.elements(body, b"CommonPrefixes")
        for _, name in markup.elements(content, b"Prefix")
    ]


def version_page(answer: Answer) -> VersionPage:
    """One page of ListObjectVersions. HalfAListing where the body is no complete listing."""
    body = _whole(answer.body, b"ListVersionsResult")
    encoded = markup.text(body, b"EncodingType") == "url"
    rows = [
        _version(name == b"DeleteMarker", content, encoded)
        for name, content in markup.elements(body, b"Version", b"DeleteMarker")
    ]
    if markup.text(body, b"IsTruncated") != "true":
        return VersionPage(rows, "", "")
    next_key = markup.text(body, b"NextKeyMarker")
    if not next_key:
        raise HalfAListing(
            "the listing says there is more but does not say where it goes on; run again, or use an endpoint that lists"
            " as S3 does"
        )
    return VersionPage(rows, markup.key(next_key.encode(), encoded), markup.text(body, b"NextVersionIdMarker"))


def _whole(body: bytes, root: bytes) -> bytes:
    body = markup.without_prefixes(body)
    if b"</%s>" % root not in body[-200:]:
        raise HalfAListing(
            f"the answer is no complete {root.decode()}; run again, and look for a proxy that cuts answers off"
        )
    return body


def _row(fields: tuple[str, ...], encoded: bool) -> ObjectRow:
    key, modified, etag, algorithm, size, owner, storage_class, restore = fields
    if "&" in key:
        key = unescape(key)
    if encoded and ("%" in key or "+" in key):
        key = unquote_plus(key)
    return ObjectRow(
        key,
        int(size),
        etag[6:-6] if etag[:6] == "&quot;" else etag[5:-5] if etag[:5] == "&#34;" else markup.etag(unescape(etag)),
        markup.instant(modified),
        storage_class or "STANDARD",
        owner,
        algorithm,
        _restore(restore.encode()) if restore else "",
    )


def _restore(said: bytes) -> str:
    """`ongoing`, or `until` and the date; `""` where no restore is under way and none is done."""
    if markup.text(said, b"IsRestoreInProgress") == "true":
        return "ongoing"
    until = markup.text(said, b"RestoreExpiryDate")
    return f"until {until}" if until else ""


def _fields(entry: str) -> tuple[str, ...]:
    """The fields of one entry in any order, as they are written; of several the first."""
    found = dict(reversed(_LEAF.findall(entry))).get
    return (
        found("Key", ""),
        found("LastModified", ""),
        found("ETag", ""),
        found("ChecksumAlgorithm", ""),
        found("Size") or "0",
        found("ID", ""),
        found("StorageClass", ""),
        entry.partition("<RestoreStatus>")[2].partition("</RestoreStatus>")[0],
    )


def _version(marker: bool, content: bytes, encoded: bool) -> VersionRow:
    return VersionRow(
        key=markup.key(markup.text(content, b"Key").replace("&", "&amp;").encode(), encoded),
        version_id=markup.text(content, b"VersionId"),
        is_latest=markup.text(content, b"IsLatest") == "true",
        is_marker=marker,
        size=int(markup.text(content, b"Size") or 0),
        etag=markup.etag(markup.text(content, b"ETag")),
        last_modified=markup.instant(markup.text(content, b"LastModified")),
        storage_class=markup.text(content, b"StorageClass") or ("" if marker else "STANDARD"),
        owner_id=markup.text(content, b"ID"),
        restore=_restore(content) if b"<RestoreStatus>" in content else "",
    )
