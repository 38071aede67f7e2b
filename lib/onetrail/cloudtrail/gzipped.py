"""Gzip files of CloudTrail, unpacked within bounds: one member, and why bytes are none."""

import hashlib
import zlib
from collections.abc import Iterator
from typing import Final

from onetrail.cloudtrail.unread import UnreadBytes
from onetrail.errors import OnetrailError

MAX_DIGEST_BYTES: Final = 32 * 2**20
"""Largest uncompressed digest that is read (real ones have kilobytes)."""
MAX_LOG_BYTES: Final = 2 * 2**30
"""Largest uncompressed log that is hashed (real ones reach about 100 MB)."""
GZIP_MAGIC: Final = b"\x1f\x8b"
"""What a gzip member begins with (RFC 1952)."""
_CHUNK: Final = 2**20


class GzipError(OnetrailError):
    """The bytes are not exactly one gzip member of allowed size; `why` says what they are, `unread` in a word."""

    def __init__(self, why: str, unread: UnreadBytes) -> None:
        super().__init__(why)
        self.why, self.unread = why, unread


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def gunzip_single(data: bytes, limit: int = MAX_DIGEST_BYTES) -> bytes:
    """The content of exactly one gzip member of at most `limit` bytes unpacked; else `GzipError`.

    Bytes after the member are refused: readers differ in what they make of them, and no signature covers
    them.
    """
    return b"".join(_unpacked(data, limit))


def gunzip_sha256(data: bytes, limit: int = MAX_LOG_BYTES) -> str:
    """SHA-256 (hex) of the content of exactly one gzip member, without holding the content; else
    `GzipError`."""
    rolling = hashlib.sha256()
    for piece in _unpacked(data, limit):
        rolling.update(piece)
    return rolling.hexdigest()


def gunzip_both(data: bytes, kept: int, limit: int = MAX_LOG_BYTES) -> tuple[str, bytes | None]:
    """SHA-256 (hex) of the content of exactly one gzip member, and the content itself, unpacked once; else `GzipError`.

    Content of more than `kept` bytes is hashed and not held: None.
    """
    rolling, total = hashlib.sha256(), 0
    pieces: list[bytes] = []
    for piece in _unpacked(data, limit):
        rolling.update(piece)
        total += len(piece)
        if total <= kept:
            pieces.append(piece)
        else:
            pieces.clear()
    return rolling.hexdigest(), b"".join(pieces) if total <= kept else None


def _unpacked(data: bytes, limit: int) -> Iterator[bytes]:
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
    rest, total = data, 0
    while not stream.eof:
        try:
            piece = stream.decompress(rest, _CHUNK)
        except zlib.error as err:
            found = UnreadBytes.DAMAGED if data.startswith(GZIP_MAGIC) else UnreadBytes.NOT_GZIP
            raise GzipError(f"not a whole gzip file: {err}", found) from err
        rest, total = stream.unconsumed_tail, total + len(piece)
        if total > limit:
            raise GzipError(f"unpacks to more than {limit} bytes", UnreadBytes.TOO_LARGE)
        if not piece and not rest and not stream.eof:
            raise GzipError("the gzip data ends early", UnreadBytes.TRUNCATED if data else UnreadBytes.EMPTY)
        yield piece
    if stream.unused_data.startswith(GZIP_MAGIC):
        raise GzipError("a second gzip member follows the first", UnreadBytes.SECOND)
    if stream.unused_data:
        raise GzipError(f"{len(stream.unused_data)} bytes follow the end of the gzip data", UnreadBytes.TRAILING)
