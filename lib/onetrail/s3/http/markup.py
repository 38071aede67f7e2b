"""S3's XML answers: fast patterns for what comes by the million, one rule for what comes seldom."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from urllib.parse import unquote_plus
from xml.sax.saxutils import escape

EPOCH = datetime.fromtimestamp(0, UTC)
"""Where S3 gave no instant."""
_NAMESPACE = re.compile(rb"<(/?)[A-Za-z0-9]+:")


def content(body: bytes, name: bytes) -> bytes:
    """The content of the first element of that name as it is written; empty where there is none."""
    start = body.find(b"<%b>" % name)
    if start < 0:
        return b""
    start += len(name) + 2
    end = body.find(b"</%b>" % name, start)
    return body[start:end] if end >= 0 else b""


def text(body: bytes, name: bytes) -> str:
    """The content of the first element of that name, entities decoded; `""` where there is none."""
    return plain(content(body, name))


def plain(raw: bytes) -> str:
    """Element content as text."""
    decoded = raw.decode()
    return unescape(decoded) if "&" in decoded else decoded


def key(content: bytes, url_encoded: bool) -> str:
    """An object key as listed; S3 encodes keys like a form where `encoding-type=url` was asked for (ListObjectsV2,
    EncodingType)."""
    decoded = plain(content)
    return unquote_plus(decoded) if url_encoded and ("%" in decoded or "+" in decoded) else decoded


def instant(stamp: str) -> datetime:
    """`2026-01-12T09:00:00.000Z` as a UTC datetime; the epoch where S3 gave none."""
    return datetime.fromisoformat(stamp) if stamp else EPOCH


def etag(content: str) -> str:
    """An ETag without its quotes and without the weak mark."""
    return content.removeprefix("W/").strip('"')


def elements(body: bytes, *names: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each element of these names, in document order; they must not hold one another."""
    for found in re.finditer(rb"<(%s)>(.*?)</\1>" % b"|".join(names), body, re.DOTALL):
        yield found.group(1), found.group(2)


def without_prefixes(body: bytes) -> bytes:
    """The document with namespace prefixes taken off the tags, as some servers write them."""
    return _NAMESPACE.sub(rb"<\1", body) if b"<ns" in body[:400] or b"<s3:" in body[:400] else body


def written(content: str) -> str:
    """Text as element content. Characters that XML 1.0 cannot hold raise ValueError."""
    if any(char < " " and char not in "\t\r\n" for char in content):
        raise ValueError(f"{content!r} cannot be written in XML 1.0")
    return escape(content, {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})
