"""What the door refuses before it knows who asks: another host's name, too much of a head, too large a body, a request
that stops.

Source: RFC 9110, 15.5 (408, 413, 421); RFC 6585, 5 (431). AWS takes less: 8 KB of headers, and 5 GB of a body in S3
alone.
"""

from collections.abc import Mapping
from typing import Final

MAX_HEAD_BYTES: Final = 64 * 1024
"""Request target and headers together."""
MAX_HEADERS: Final = 256
MAX_BODY_BYTES: Final = 512 * 1024 * 1024
WAIT_SECONDS: Final = 30.0
"""So long a request may take to send its head, and so long each pause in its body may last."""
HOSTS: Final = ("127.0.0.1", "localhost")
"""The names that lead to a listener on loopback; a page of a name that resolves to it is not asked for by these."""


class Refused(Exception):
    """The request is answered with `status` and the message, and its connection closed."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def check_size(size: int, count: int) -> None:
    """Raise Refused where a head of so many bytes and headers is too much."""
    if size > MAX_HEAD_BYTES:
        raise Refused(431, f"request target and headers are larger than {MAX_HEAD_BYTES} bytes")
    if count > MAX_HEADERS:
        raise Refused(431, f"there are more than {MAX_HEADERS} headers")


def check_head(headers: Mapping[str, str], url: str, port: int) -> None:
    """Raise Refused where a whole head names another host than this listener, or announces too large a body."""
    host = url[7:].partition("/")[0] if url.startswith("http://") else headers.get("host", "")
    known = [f"{name}:{port}" for name in HOSTS] + (list(HOSTS) if port == 80 else [])
    if host.lower() not in known:
        raise Refused(421, f"the practice estate answers as {known[0]} only, not as {host[:100]!r}")
    said = headers.get("content-length", "0")
    if not said.isascii() or not said.isdecimal():
        raise Refused(400, "the content-length is no number")
    check_body(int(said[:30]))


def check_body(size: int) -> None:
    """Raise Refused where a body of so many bytes is too large."""
    if size > MAX_BODY_BYTES:
        raise Refused(413, f"the body is larger than {MAX_BODY_BYTES} bytes")
