"""A scripted S3 on loopback, and a client that knows it."""

import threading
from collections import namedtuple
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from onetrail.s3.http.client import S3Client
from onetrail.s3.http.pace import Backoff

Frozen = namedtuple("Frozen", "access_key secret_key token")
Reply = tuple[int, dict[str, str], bytes]
Seen = namedtuple("Seen", "method path headers body")


class ScriptedS3:
    """Answers each request with what `answer` says, and remembers it. `None` cuts the connection, a float stays silent
    so long."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.answer: Callable[[Seen], Any] = lambda seen: (200, {}, b"")
        self.silent = threading.Event()
        scripted = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _any(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                seen = Seen(self.command, self.path, headers, self.rfile.read(length))
                scripted.seen.append(seen)
                reply = scripted.answer(seen)
                if isinstance(reply, float):
                    scripted.silent.wait(reply)
                    reply = None
                if reply is None:
                    self.close_connection = True
                    return
                status, more, body = reply
                (self.send_response_only if "date" in more else self.send_response)(status)
                for name, value in {
                    "content-length": str(len(body)),
                    "x-amz-request-id": "R1",
                    **more,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_PUT = do_POST = do_HEAD = _any

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 128  # with fewer, a connection that comes with many others waits a second

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.silent.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[ScriptedS3]:
    scripted = ScriptedS3()
    yield scripted
    scripted.close()


@pytest.fixture
def given_a_client(server: ScriptedS3) -> Iterator[Callable[..., S3Client]]:
    made: list[S3Client] = []

    def give(**more: Any) -> S3Client:
        options = {
            "permit": lambda *_: None,
            "max_in_flight": 8,
            "deadline_seconds": 5.0,
            "max_retries": 3,
            "backoff": Backoff(0.001, 0.002),
            "jitter": lambda: 0.5,
            "credentials": lambda: Frozen("AKIDEXAMPLE", "secret", None),
            "endpoint_url": server.url,
            **more,
        }
        made.append(S3Client("eu-west-1", **options))
        return made[-1]

    yield give
    for client in made:
        client.close()
