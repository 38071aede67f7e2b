"""HTTP/1.1 to one or many hosts on awscrt: one event-loop thread, kept connections, an answer by callback."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from onetrail.errors import WrongUse
from onetrail.lazily import later

if TYPE_CHECKING:
    from urllib import request as url_request

    from awscrt import exceptions as crt_exceptions
    from awscrt import http as crt_http
    from awscrt import io as crt_io
else:
    crt_exceptions, crt_http, crt_io = later("awscrt.exceptions"), later("awscrt.http"), later("awscrt.io")
    url_request = later("urllib.request")

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


_UNTRUSTED = frozenset({"AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE", "AWS_IO_TLS_ERROR_NOT_NEGOTIATED"})


class Endpoint(NamedTuple):
    """Where a request goes."""

    scheme: str
    host: str
    port: int


class Answer(NamedTuple):
    """What came back. Header names as the server wrote them; `body` is whole."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """The first header of that lower-case name, `""` where it is absent."""
        return next((value for key, value in self.headers if key.lower() == name), "")


class Broken(NamedTuple):
    """No answer came: the connection could not be made, was cut, or took too long. Whether the server acted is unknown.

    `for_good` says that trying again cannot help, as with a certificate that nobody vouches for.
    """

    why: str
    for_good: bool = False


Ending = Callable[[Answer | Broken], None]


class Exchange:
    """One request under way; `ended` is called exactly once, on the event-loop thread or by `give_up`."""

    __slots__ = ("_ended", "_lock", "_over", "_parts", "_pool", "_status", "connection", "headers", "request")

    def __init__(self, pool: _Pool, request: crt_http.HttpRequest, ended: Ending) -> None:
        self._pool = pool
        self._ended = ended
        self._lock = threading.Lock()
        self._over = False
        self._parts: list[bytes] = []
        self._status = 0
        self.request = request
        self.headers: list[tuple[str, str]] = []
        self.connection: crt_http.HttpClientConnection | None = None

    @property
    def over(self) -> bool:
        """Whether `ended` was called."""
        return self._over

    def give_up(self) -> None:
        """End as Broken now because the deadline is over, and cut the connection.

        A connection still being made is left to itself: after a failed TLS handshake it may be silent for half a
        minute.
        """
        connection = self.connection
        if connection is not None:
            connection.close()
        self._end(Broken("no answer before the deadline"))

    def run_on(self, connection: crt_http.HttpClientConnection) -> None:
        """Send on this connection."""
        if self._over:
            self._pool.put_back(connection)
            return
        self.connection = connection
        try:
            stream = connection.request(self.request, self._on_response, self._on_body)
            stream.completion_future.add_done_callback(self._on_complete)
            stream.activate()
        except Exception as error:  # noqa: BLE001 - of several kinds; a lost one would hang the caller
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """End without an answer."""
        self._end(Broken(f"{error}", isinstance(error, crt_exceptions.AwsCrtError) and error.name in _UNTRUSTED))

    def _end(self, result: Answer | Broken) -> None:
        with self._lock:
            if self._over:
                return
            self._over = True
        self._ended(result)

    def _on_response(self, http_stream: Any, status_code: int, headers: list[tuple[str, str]], **_: Any) -> None:
        self._status = status_code
        self.headers = headers

    def _on_body(self, http_stream: Any, chunk: bytes, **_: Any) -> None:
        self._parts.append(bytes(chunk))

    def _on_complete(self, done: Future[int]) -> None:
        error = done.exception()
        if error is not None:
            self.fail(error)
            return
        connection = self.connection
        self.connection = None  # from here on give_up must not cut it: others may have it
        if connection is not None:
            self._pool.put_back(connection)
        self._end(Answer(self._status, self.headers, b"".join(self._parts)))


class _Pool:
    """Idle connections of one origin, youngest first; the caller bounds how many exchanges run at once."""

    def __init__(
        self,
        origin: Endpoint,
        bootstrap: crt_io.ClientBootstrap,
        options: crt_io.SocketOptions,
        tls: crt_io.TlsConnectionOptions | None,
        proxies: Mapping[str, str] | None,
    ):
        self._origin = origin
        self._bootstrap = bootstrap
        self._options = options
        self._tls = tls
        self._proxy = _proxy_for(origin, proxies)
        self._idle: deque[crt_http.HttpClientConnection] = deque()
        self._lock = threading.Lock()
        self._closed = False

    def send(self, exchange: Exchange) -> None:
        connection = self._take()
        if connection is not None:
            exchange.run_on(connection)
            return
        crt_http.HttpClientConnection.new(
            host_name=self._origin.host,
            port=self._origin.port,
            bootstrap=self._bootstrap,
            socket_options=self._options,
            tls_connection_options=self._tls,
            proxy_options=self._proxy,
        ).add_done_callback(lambda done: self._connected(done, exchange))

    def put_back(self, connection: crt_http.HttpClientConnection) -> None:
        with self._lock:
            if not self._closed and connection.is_open():
                self._idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            idle = list(self._idle)
            self._idle.clear()
        for connection in idle:
            connection.close()

    def _take(self) -> crt_http.HttpClientConnection | None:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if connection.is_open():
                    return connection
        return None

    @staticmethod
    def _connected(done: Future[crt_http.HttpClientConnection], exchange: Exchange) -> None:
        error = done.exception()
        if error is not None:
            exchange.fail(error)
        else:
            exchange.run_on(done.result())


class Transport:
    """Sends requests; `ca_bundle` is a PEM file that replaces the machine's trust store, `""` for the machine's own.

    `proxies` has a proxy for each scheme, as botocore's Config has it; None takes those of the environment.
    """

    def __init__(
        self, connect_timeout_seconds: float, ca_bundle: str = "", proxies: Mapping[str, str] | None = None
    ) -> None:
        # One thread: Python callbacks share the interpreter lock, two threads were measured slower.
        group = crt_io.EventLoopGroup(1)
        self._bootstrap = crt_io.ClientBootstrap(group, crt_io.DefaultHostResolver(group))
        self._options = crt_io.SocketOptions()
        self._options.connect_timeout_ms = int(connect_timeout_seconds * 1000)
        self._ca_bundle = ca_bundle
        self._proxies = proxies
        self._tls: crt_io.ClientTlsContext | None = None
        self._pools: dict[Endpoint, _Pool] = {}
        self._lock = threading.Lock()

    def send(self, origin: Endpoint, request: crt_http.HttpRequest, ended: Ending) -> Exchange:
        """Start sending; `ended` gets the answer, or Broken, on the event-loop thread."""
        pool = self._pools.get(origin) or self._new_pool(origin)
        exchange = Exchange(pool, request, ended)
        pool.send(exchange)
        return exchange

    def close(self) -> None:
        """Close idle connections; what is under way closes as it ends."""
        with self._lock:
            pools = list(self._pools.values())
            self._pools.clear()
        for pool in pools:
            pool.close()

    def _new_pool(self, origin: Endpoint) -> _Pool:
        with self._lock:
            if origin not in self._pools:
                self._pools[origin] = _Pool(
                    origin, self._bootstrap, self._options, self._tls_for(origin), self._proxies
                )
            return self._pools[origin]

    def _tls_for(self, origin: Endpoint) -> crt_io.TlsConnectionOptions | None:
        if origin.scheme != "https":
            return None
        if self._tls is None:
            options = crt_io.TlsContextOptions()
            if self._ca_bundle:
                if not Path(self._ca_bundle).is_file():
                    raise WrongUse(
                        f"the CA bundle {self._ca_bundle} is no file; correct AWS_CA_BUNDLE, or ca_bundle in the"
                        " profile"
                    )
                options.override_default_trust_store_from_path(ca_filepath=self._ca_bundle)
            self._tls = crt_io.ClientTlsContext(options)
        connection = crt_io.TlsConnectionOptions(self._tls)
        connection.set_server_name(origin.host)
        return connection


def _proxy_for(origin: Endpoint, proxies: Mapping[str, str] | None) -> crt_http.HttpProxyOptions | None:
    """The proxy for this origin, spoken to in plain HTTP; none for this machine itself.

    Without `proxies` it is the one that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name.
    """
    found = (url_request.getproxies() if proxies is None else proxies).get(origin.scheme)
    if not found or origin.host in LOOPBACK or (proxies is None and url_request.proxy_bypass(origin.host)):
        return None
    parts = urlsplit(found if "://" in found else f"http://{found}")
    if parts.scheme != "http" or not parts.hostname:
        raise WrongUse(f"the {origin.scheme} proxy of the environment is not of the form http://HOST:PORT")
    if not parts.username:
        return crt_http.HttpProxyOptions(parts.hostname, parts.port or 80)
    return crt_http.HttpProxyOptions(
        parts.hostname,
        parts.port or 80,
        auth_type=crt_http.HttpProxyAuthenticationType.Basic,
        auth_username=unquote(parts.username),
        auth_password=unquote(parts.password or ""),
    )
