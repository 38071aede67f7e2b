"""What desktops and downloads leave among the logs, told apart from a log under such a name by its content."""

import zlib
from typing import Final

from onetrail.cloudtrail.gzipped import GZIP_MAGIC
from onetrail.cloudtrail.object_key import among_logs, is_litter

MOST_READ: Final = 256 * 2**20
"""Stored bytes of such an object that are read; a larger one is none that a desktop leaves."""
_BLANK: Final = b"\xef\xbb\xbf \t\r\n"
_AT_ONCE: Final = 2**20
_MOST: Final = 2**31


def may_hide_a_log(key: str) -> bool:
    """Whether an object has a name that is passed over and lies where a log would: what it holds says whether it is
    one."""
    return is_litter(key) and among_logs(f"{key}_")


def begins_as_log(body: bytes) -> bool:
    """Whether something begins as JSON does, as it is there or in whole gzip members; a member that was cut off is
    none."""
    if body.startswith(GZIP_MAGIC):
        body = _first_content(body)
    return body.lstrip(_BLANK).startswith((b"{", b"[", GZIP_MAGIC))


def _first_content(body: bytes) -> bytes:
    """How the first whole gzip member begins that holds something; `{` where that is more than can be looked
    through."""
    done = 0
    while body.startswith(GZIP_MAGIC):
        member, begins = zlib.decompressobj(zlib.MAX_WBITS | 16), b""
        try:
            while not member.eof:
                got = member.decompress(body, _AT_ONCE)
                begins, body, done = (
                    begins or got.lstrip(_BLANK)[:16],
                    member.unconsumed_tail,
                    done + len(got),
                )
                if done > _MOST:
                    return b"{"
                if not got and not body:
                    break
        except zlib.error:
            return b""
        if not member.eof:
            return b""
        if begins:
            return begins
        body = member.unused_data
    return b""
