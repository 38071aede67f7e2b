"""Requests reach S3 over TLS that is checked, and through the proxy that the environment names."""

import datetime as dt
import socketserver
import ssl
import threading
from collections import namedtuple
from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from onetrail.errors import WrongUse
from onetrail.s3.http import calls
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.retries import NoAnswer

SOURCE = "111122223333"
Frozen = namedtuple("Frozen", "access_key secret_key token")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate of localhost and its key, as PEM files."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.DNSName("s3.invalid")]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "certificate.pem").write_bytes(pem)
    (folder / "key.pem").write_bytes(secret)
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture
def tls_server(server, certificate):
    """The scripted server, with TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True, do_handshake_on_connect=False)
    server._server.handle_error = lambda *_: None
    server.answer = lambda seen: (200, {}, b"body")
    return server.url.replace("http://127.0.0.1", "https://localhost")


@pytest.fixture(autouse=True)
def no_proxies_of_this_machine(monkeypatch):
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def asked(url, deadline=5.0, **more):
    client = S3Client(
        "eu-west-1",
        url,
        lambda: Frozen("AKID", "s", None),
        permit=lambda *_: None,
        max_retries=0,
        deadline_seconds=deadline,
        **more,
    )
    with client:
        return client.do(calls.get_object("old", SOURCE, "k")).content


def test_tls_with_a_bundle_that_vouches_for_the_server(tls_server, certificate):
    assert asked(tls_server, ca_bundle=str(certificate[0])) == b"body"


def test_tls_with_a_server_that_nobody_vouches_for_is_refused(server, tls_server):
    with pytest.raises(NoAnswer, match=r"deadline|TLS"):
        asked(tls_server, deadline=0.5)  # awscrt tells of a failed handshake only after 10 to 30 s
    assert server.seen == []


def test_tls_with_a_certificate_of_another_name_is_refused(server, tls_server, certificate):
    with pytest.raises(NoAnswer, match=r"deadline|TLS"):
        asked(tls_server.replace("localhost", "127.0.0.1"), ca_bundle=str(certificate[0]), deadline=0.5)
    assert server.seen == []


def test_the_proxy_of_the_environment_is_used(server, monkeypatch):
    server.answer = lambda seen: (200, {}, b"body")
    monkeypatch.setenv("http_proxy", server.url.replace("http://", "http://me:p%40ss@"))
    assert asked("http://s3.invalid:8080") == b"body"
    (seen,) = server.seen
    assert seen.path == "http://s3.invalid:8080/old/k"
    assert seen.headers["host"] == "s3.invalid:8080"
    assert seen.headers["proxy-authorization"] == "Basic bWU6cEBzcw=="


def test_tls_goes_through_the_proxy_in_a_tunnel(tls_server, certificate, monkeypatch):
    opened = []
    port = int(tls_server.rpartition(":")[2])

    class Tunnel(socketserver.StreamRequestHandler):
        def handle(self):
            import socket

            opened.append(self.rfile.readline().split()[1].decode())
            while self.rfile.readline().strip():
                pass
            with socket.create_connection(("127.0.0.1", port)) as far:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
                threading.Thread(target=self.back, args=(far,), daemon=True).start()
                for data in iter(lambda: self.connection.recv(65536), b""):
                    far.sendall(data)

        def back(self, far):
            with suppress(OSError):  # the client went away first
                for data in iter(lambda: far.recv(65536), b""):
                    self.wfile.write(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as proxy:
        proxy.daemon_threads = True
        threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True).start()
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.server_address[1]}")
        assert asked(f"https://s3.invalid:{port}", ca_bundle=str(certificate[0])) == b"body"
        proxy.shutdown()
    assert opened == [f"s3.invalid:{port}"]


def test_this_machine_is_never_reached_through_a_proxy(server, monkeypatch):
    server.answer = lambda seen: (200, {}, b"body")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert asked(server.url) == b"body"


def test_no_proxy_is_honoured(server, monkeypatch):
    server.answer = lambda seen: (200, {}, b"body")
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", ".invalid")
    with pytest.raises(NoAnswer):
        asked("http://s3.invalid:8080")
    assert server.seen == []


def test_a_proxy_that_is_no_http_proxy_is_refused_in_words(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    with pytest.raises(WrongUse, match="not of the form"):
        asked("http://s3.invalid")
