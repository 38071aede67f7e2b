"""The benchmarks' null S3 without a web server: the same Lua, run inside Python, and for whom it is needed behind a
small HTTP door."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lupa.luajit21 import LuaRuntime

SOURCE = Path(__file__).resolve().parents[3] / "benchmarks" / "null_s3" / "s3.lua"


class LuaS3:
    """The functions of s3.lua."""

    def __init__(self) -> None:
        self._lua = LuaRuntime(unpack_returned_tuples=True)
        self.s3 = self._lua.execute(SOURCE.read_text())
        self._one_at_a_time = threading.Lock()

    def answer(
        self,
        method: str,
        target: str,
        headers: dict[str, str] | None = None,
        busy: bool = False,
        hidden: bool = False,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a request line's target."""
        parts = urlsplit(target)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        args = dict(parse_qsl(parts.query, keep_blank_values=True))
        with self._one_at_a_time:
            status, more, body = self.s3.answer(
                method, bucket, key, self._lua.table_from(args), self._lua.table_from(headers or {}), busy, hidden
            )
            return status, dict(more.items()), body.encode()


@contextmanager
def served() -> Iterator[str]:
    """The address of a null S3 in this process."""
    lua = LuaS3()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, more, body = lua.answer(self.command, self.path, headers)
            self.send_response(status)
            for name, value in {"content-length": f"{len(body)}", **more}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_PUT = do_HEAD = _any

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
