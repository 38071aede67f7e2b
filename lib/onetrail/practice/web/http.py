"""HTTP/1.1 on asyncio: httptools parses, keep-alive and pipelining hold, answers go out in order."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

import httptools

from onetrail.practice.web.limits import WAIT_SECONDS, Refused, check_body, check_head, check_size


@dataclass(slots=True)
class HttpRequest:
    """One request as it came. Header names are in lower case; `raw_path` and `raw_query` are undecoded."""

    method: str
    raw_path: str
    raw_query: str
    headers: dict[str, str]
    body: bytes
    secure: bool
    """Whether the listener counts as TLS."""
    source_ip: str = "127.0.0.1"
    _query: dict[str, str] | None = field(default=None, repr=False)

    @property
    def path(self) -> str:
        """Percent-decoded path."""
        return unquote(self.raw_path)

    @property
    def query(self) -> dict[str, str]:
        """Decoded query; a key without a value has the empty one."""
        if self._query is None:
            self._query = dict(parse_qsl(self.raw_query, keep_blank_values=True)) if self.raw_query else {}
        return self._query


@dataclass(slots=True)
class Reply:
    """One answer. `length` states a content length of its own, for answers to HEAD. `drop` closes without an answer."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    drop: bool = False
    silent: bool = False
    """No answer, on a connection that stays open."""
    delay: float = 0.0
    """Seconds of wall time before the answer, for faults."""


Handler = Callable[[HttpRequest], Reply]

_REASONS = {
    200: "OK",
    204: "No Content",
    206: "Partial Content",
    301: "Moved Permanently",
    304: "Not Modified",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    416: "Range Not Satisfiable",
    421: "Misdirected Request",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
}


_LINGER_SECONDS = 2.0
"""So long what is still sent is read after a refusal: a connection that is cut takes the answer with it."""


class Connection(asyncio.Protocol):
    """One client connection. A request may take `wait_seconds` for its head, and so long between two parts of its
    body."""

    def __init__(self, handler: Handler, secure: bool, banner: str, wait_seconds: float = WAIT_SECONDS) -> None:
        self._handler, self._secure, self._banner, self._wait = handler, secure, banner, wait_seconds
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._timer: asyncio.TimerHandle | None = None
        self._refusal: Refused | None = None
        self._port = 0
        self._fresh()

    def _fresh(self) -> None:
        self._url, self._headers = b"", dict[str, str]()
        self._chunks: list[bytes] = []
        self._size = 0
        self._head_bytes = self._head_size = self._head_count = 0
        self._in_body = False
        self._since = 0.0
        """When the request under way began, or its body last went on; 0 while there is none."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's protocol."""
        self._transport = transport  # type: ignore[assignment]
        transport.get_extra_info("socket").setsockopt(6, 1, 1)
        self._port = transport.get_extra_info("sockname")[1]

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio's protocol."""
        self._transport = None
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's protocol."""
        if self._refusal or not self._transport:
            return
        if self._in_body or not self._since:
            self._since = asyncio.get_running_loop().time()
            if not self._timer:
                self._watch(self._wait)
        if not self._in_body:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
            if not self._in_body:
                check_size(self._head_bytes, 0)
        except Refused as err:
            self._refuse(err)
        except (httptools.HttpParserError, httptools.HttpParserCallbackError) as err:
            inner = err.__context__
            self._refuse(inner if isinstance(inner, Refused) else Refused(400, f"bad request: {err}"))

    def _watch(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._late)

    def _late(self) -> None:
        """Refuse a request that does not go on; one timer a connection, set again only while a request is under way."""
        self._timer = None
        if not self._since or self._refusal:
            return
        left = self._since + self._wait - asyncio.get_running_loop().time()
        if left > 0:
            self._watch(left)
        else:
            self._refuse(Refused(408, f"the request did not go on for {self._wait:g} seconds"))

    def _refuse(self, refusal: Refused) -> None:
        """Answer and close; what the client still sends meanwhile is read and forgotten."""
        self._refusal = refusal
        transport = self._transport
        if transport is None:
            return
        body, kind = str(refusal).encode("utf-8", "backslashreplace"), (("content-type", "text/plain"),)
        self._chunks = []
        self._write(Reply(refusal.status, body, kind), True, "GET", closing=True)
        transport.write_eof()
        asyncio.get_running_loop().call_later(_LINGER_SECONDS, transport.close)

    def on_url(self, url: bytes) -> None:
        """Part of httptools' protocol."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Part of httptools' protocol."""
        self._head_size += len(name) + len(value) + 4
        self._head_count += 1
        check_size(self._head_size + len(self._url), self._head_count)
        known = name.decode("latin-1").lower()
        if known == "host" and known in self._headers:
            raise Refused(400, "there is more than one host header")
        self._headers[known] = value.decode("utf-8", "surrogateescape")

    def on_headers_complete(self) -> None:
        """Part of httptools' protocol."""
        check_head(self._headers, self._url.decode("latin-1"), self._port)
        self._in_body = True
        if self._headers.get("expect", "").lower() == "100-continue" and self._transport:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        """Part of httptools' protocol."""
        self._size += len(body)
        check_body(self._size)
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        """Part of httptools' protocol."""
        method = self._parser.get_method().decode()
        url = self._url.decode("latin-1")
        if url.startswith("http://"):
            url = "/" + url[7:].partition("/")[2]
        raw_path, _, raw_query = url.partition("?")
        request = HttpRequest(method, raw_path, raw_query, self._headers, b"".join(self._chunks), self._secure)
        keep = self._parser.should_keep_alive()
        self._fresh()
        reply = self._handler(request)
        if reply.silent:
            return
        if reply.delay:
            asyncio.get_running_loop().call_later(reply.delay, self._write, reply, keep, method)
        else:
            self._write(reply, keep, method)

    def _write(self, reply: Reply, keep: bool, method: str, *, closing: bool = False) -> None:
        transport = self._transport
        if transport is None:
            return
        if reply.drop:
            transport.abort()
            return
        length = len(reply.body) if reply.length is None else reply.length
        lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Answer')}"]
        lines += [f"{name}: {value}" for name, value in reply.headers]
        if reply.status != 204 and reply.status != 304:
            lines.append(f"content-length: {length}")
        lines.append(f"x-onetrail-practice: {self._banner}")
        lines.append("connection: keep-alive" if keep and not closing else "connection: close")
        head = "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n"
        transport.write(head if method == "HEAD" else head + reply.body)
        if not keep:
            transport.close()
