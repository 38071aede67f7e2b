"""Files whose gzip was taken off on the way, or put on a second time, as common tools do.

What CloudTrail signs is the content, so such a file is proven by it, and its form is reported.
"""

import gzip
import zlib
from typing import Final

from onetrail.cloudtrail.digests.chain import looked_at
from onetrail.cloudtrail.digests.verdict import LogRead
from onetrail.cloudtrail.gzipped import GZIP_MAGIC, GzipError, gunzip_single, sha256_hex

UNPACKED: Final = "unpacked"
TWICE: Final = "packed twice"


def looked_into(read: LogRead, most: int) -> tuple[LogRead, str]:
    """The hash or the fault of a log's content, and what was done to its gzip, `""` for nothing; of gzip in gzip up to
    `most` bytes are unpacked."""
    if read.body is None:
        return looked_at(read), ""
    if _is_plain(read.body):
        return LogRead(read.status, None, read.key, read.why, hash=sha256_hex(read.body)), UNPACKED
    inner = _inner(read.body, most)
    if inner is not None:
        return looked_at(LogRead(read.status, inner, read.key, read.why)), TWICE
    return looked_at(read), ""


def packed_once(body: bytes, most: int) -> tuple[bytes, str]:
    """A digest as CloudTrail packs it, and what was done to its gzip."""
    if _is_plain(body):
        return gzip.compress(body, mtime=0), UNPACKED
    inner = _inner(body, most)
    return (body, "") if inner is None else (inner, TWICE)


def _is_plain(body: bytes) -> bool:
    """Whether it is JSON without unpacking."""
    return body[:1] == b"{"


def _inner(body: bytes, most: int) -> bytes | None:
    """The gzip file inside a gzip file; None where there is none."""
    try:
        begins = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, len(GZIP_MAGIC))
        return gunzip_single(body, most) if begins == GZIP_MAGIC else None
    except (zlib.error, GzipError):
        return None
