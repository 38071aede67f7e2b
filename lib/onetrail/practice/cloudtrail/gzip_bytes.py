"""gzip as CloudTrail writes it, with the same bytes on every machine.

One member, a bare header (no name, no time, OS 0). libdeflate is bundled in the `deflate` package, while zlib differs
from machine to machine.
"""

import struct
from typing import Final

import deflate

_HEADER: Final = bytes.fromhex("1f8b0800000000000000")
_LEVEL: Final = 6


def gzipped(raw: bytes) -> bytes:
    """The one-member gzip file of `raw`."""
    trailer = struct.pack("<II", deflate.crc32(raw), len(raw) & 0xFFFFFFFF)
    return _HEADER + bytes(deflate.deflate_compress(raw, _LEVEL)) + trailer


def gunzipped(body: bytes) -> bytes:
    """What a file made by `gzipped` holds. Raises `deflate.DeflateError` for other bytes."""
    size = struct.unpack("<I", body[-4:])[0]
    return bytes(deflate.deflate_decompress(body[len(_HEADER) : -8], size))
