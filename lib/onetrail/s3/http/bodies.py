"""The bodies of S3 requests, and the checksum that S3 asks of some."""

import base64
import hashlib
from collections.abc import Sequence

from onetrail.s3.http import markup

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"


def md5_of(body: bytes) -> tuple[str, str]:
    """The header `Content-MD5` of a body: name and value."""
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    return "content-md5", base64.b64encode(digest).decode()


def stated(**fields: str) -> dict[str, str]:
    """The fields that say something: S3 takes no empty one."""
    return {name: value for name, value in fields.items() if value}


def delete_body(items: Sequence[tuple[str, str, str]]) -> bytes:
    """The body of DeleteObjects for key, version and ETag of each object; of a version, no ETag is stated."""
    parts = [f'<Delete xmlns="{NAMESPACE}">']
    for key, version, etag in items:
        named = f"<VersionId>{markup.written(version)}</VersionId>" if version else ""
        proven = f"<ETag>{markup.written(etag)}</ETag>" if etag and not version else ""
        parts.append(f"<Object><Key>{markup.written(key)}</Key>{named}{proven}</Object>")
    return "".join([*parts, "</Delete>"]).encode()
