"""`make audit` asks for every pin of the lock, and where it cannot ask it says that, and not that nothing is known."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest

from tests.packaging.wheel import ROOT

SPEC = spec_from_file_location("audit", ROOT / ".ci" / "audit.py")
assert SPEC
assert SPEC.loader
audit = module_from_spec(SPEC)
SPEC.loader.exec_module(audit)

HASH = 64 * "a"
LOCK = f"""networkx==3.6.1 ; python_full_version < '3.11' \\
    --hash=sha256:{HASH} \\
    --hash=sha256:{64 * "b"}
    # via cfn-lint
networkx==3.7 ; python_full_version >= '3.11' \\
    --hash=sha256:{HASH}
six==1.17.0 ; sys_platform == 'win32' \\
    --hash=sha256:{HASH}
"""
KNOWN = {
    "vulns": [
        {
            "id": "PYSEC-1",
            "summary": "x",
            "affected": [
                {
                    "package": {"name": "six", "ecosystem": "PyPI"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.18"}]}],
                }
            ],
        }
    ]
}


class _Osv(BaseHTTPRequestHandler):
    asked: list[tuple[str, str]]
    answers: dict[str, Any]

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((said["package"]["name"], said["version"]))
        body = json.dumps(self.answers.get(said["package"]["name"], {})).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def osv() -> Iterator[ThreadingHTTPServer]:
    """A database on this machine that knows nothing yet."""
    _Osv.asked, _Osv.answers = [], {}
    with ThreadingHTTPServer(("127.0.0.1", 0), _Osv) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/v1/query"


def test_every_pin_is_asked_for_whatever_its_marker(osv: ThreadingHTTPServer) -> None:
    """Also one of another platform, and both of a package that is pinned twice."""
    assert audit.audit(LOCK, url(osv)) == (0, ["3 pins, no known vulnerability"])
    assert sorted(_Osv.asked) == [("networkx", "3.6.1"), ("networkx", "3.7"), ("six", "1.17.0")]


def test_a_known_vulnerability_is_named_with_its_cure(osv: ThreadingHTTPServer) -> None:
    """And ends it with 3."""
    _Osv.answers["six"] = KNOWN
    assert audit.audit(LOCK, url(osv)) == (
        3,
        ["six 1.17.0: PYSEC-1, repaired in 1.18", "make audit: 1 known in 3 pins"],
    )


def test_without_a_network_it_fails_in_one_line(osv: ThreadingHTTPServer) -> None:
    """Not asked is not the same as nothing known."""
    gone = url(osv)
    osv.server_close()
    osv.shutdown()
    code, lines = audit.audit(LOCK, gone)
    assert code == 1
    assert [line.startswith("make audit: not everything was asked, so nothing is known") for line in lines] == [True]


def test_a_pin_that_was_not_asked_for_is_noticed(osv: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where the tool skips a package."""
    all_of_them = audit.parts
    monkeypatch.setattr(audit, "parts", lambda lock: all_of_them(lock)[:1])
    assert audit.audit(LOCK, url(osv)) == (
        1,
        ["make audit: 2 of 3 pins were asked for, so the rest is unknown"],
    )


def test_the_lock_of_this_checkout_is_taken_whole() -> None:
    """Each pin with its hashes, none of them twice in one part."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    taken = "".join(audit.parts(lock))
    assert taken.count("--hash") == lock.count("--hash")
    assert ";" not in taken
