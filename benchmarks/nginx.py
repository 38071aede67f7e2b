"""nginx with its Lua module, on loopback: the null S3, with a certificate that is thrown away, and the way to an S3
server that is far away.

`with null_s3(latency_seconds=0.05) as server:` gives its address and the file that vouches for it; `with far(url, 0.05)
as url:` another address of the same server. Where nginx is not installed, it is unpacked from the distribution's
packages into a folder of its own: nothing is installed, no service starts.
"""

import os
import pwd
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

HERE: Final = Path(__file__).resolve().parent
UNPACKED: Final = HERE.parent / ".venv-bench" / "nginx"
"""Beside the other things that only the benchmarks need."""
PACKAGES: Final = ("nginx", "libnginx-mod-http-lua")
START_SECONDS: Final = 10


class NoServer(Exception):
    """There is no nginx with Lua here, and none can be had; the message is one line with the cure."""


@dataclass(frozen=True)
class Program:
    """nginx and what it needs: `root` is `/` for an installed one, else the folder it was unpacked into."""

    root: Path

    @property
    def binary(self) -> Path:
        return self.root / "usr" / "sbin" / "nginx"

    @property
    def modules(self) -> list[Path]:
        """The modules to load, in order."""
        folder = self.root / "usr" / "lib" / "nginx" / "modules"
        return [folder / "ndk_http_module.so", folder / "ngx_http_lua_module.so"]

    @property
    def lua(self) -> str:
        """Where Lua finds nginx's own library, and the null S3."""
        return f"{HERE}/null_s3/?.lua;{self.root}/usr/share/lua/5.1/?.lua"

    @property
    def environment(self) -> dict[str, str]:
        """The environment, with the unpacked libraries where they are ours."""
        if self.root == Path("/"):
            return dict(os.environ)
        folders = sorted({str(path.parent) for path in self.root.rglob("*.so.*")})
        return {**os.environ, "LD_LIBRARY_PATH": ":".join(folders)}

    @property
    def complete(self) -> bool:
        return self.binary.exists() and all(path.exists() for path in self.modules)


@dataclass(frozen=True)
class Server:
    """A running null S3: its address, and the PEM file that vouches for it."""

    url: str
    certificate: Path

    def counts(self) -> dict[str, int]:
        """Requests by method since this was last asked."""
        context = ssl.create_default_context(cafile=str(self.certificate)) if self.url.startswith("https") else None
        with urllib.request.urlopen(f"{self.url}/-counts", context=context) as answer:
            lines = answer.read().decode().split("\n")
        return {name: int(number) for name, number in (line.split() for line in lines if line)}


def program() -> Program:
    """The installed nginx, the one unpacked before, or one unpacked now. NoServer where there is none to be had."""
    for found in (Program(Path("/")), Program(UNPACKED)):
        if found.complete:
            return found
    cure = f"the null S3 needs nginx with its Lua module: apt-get install {' '.join(PACKAGES)}"
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise NoServer(cure)
    print("unpacking nginx with its Lua module; nothing is installed", file=sys.stderr)
    UNPACKED.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        names = _missing() or (_refreshed() and _missing())
        if not names or _apt("download", *names, cwd=folder) is None:
            raise NoServer(cure)
        for package in sorted(Path(folder).glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", package, UNPACKED], check=True)
    if not Program(UNPACKED).complete:
        raise NoServer(cure)
    return Program(UNPACKED)


def _missing() -> list[str]:
    """The packages that apt would install, which are those that this machine lacks."""
    said = _apt("install", "--simulate", "--no-install-recommends", *PACKAGES)
    return re.findall(r"^Inst (\S+)", said or "", re.MULTILINE)


def _refreshed() -> bool:
    return os.geteuid() == 0 and _apt("update", "--quiet") is not None


def _apt(*words: str, cwd: str | None = None) -> str | None:
    done = subprocess.run(["apt-get", *words], capture_output=True, text=True, check=False, cwd=cwd)
    return None if done.returncode else done.stdout


@contextmanager
def null_s3(
    latency_seconds: float = 0.0, busy_share: float = 0.0, hidden_share: float = 0.0, *, tls: bool = True
) -> Iterator[Server]:
    """A null S3 that waits so long before each answer, and gives so large a share of 503 SlowDown and of hidden
    errors."""
    found = program()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port = _free_port()
        # In a process of its own: the peak memory of whatever is started from here begins at that of this one.
        subprocess.run([sys.executable, HERE / "certificate.py", folder], check=True)
        text = configuration(found, folder, port, latency_seconds, busy_share, hidden_share, tls=tls)
        with _running(found, folder, port, text):
            yield Server(f"http{'s' if tls else ''}://127.0.0.1:{port}", folder / "cert.pem")


@contextmanager
def far(url: str, latency_seconds: float) -> Iterator[str]:
    """An address of the plain HTTP server at `url` at which each request waits so long before it is passed on."""
    found = program()
    with tempfile.TemporaryDirectory() as name:
        port = _free_port()
        with _running(found, Path(name), port, far_configuration(found, Path(name), port, url, latency_seconds)):
            yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(found: Program, folder: Path, port: int, configured: str) -> Iterator[None]:
    (folder / "nginx.conf").write_text(configured)
    command = [found.binary, "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"]
    with subprocess.Popen(command, env=found.environment, cwd=folder) as server:
        try:
            _wait(port, server, folder / "error.log")
            yield
        finally:
            server.terminate()


def configuration(
    found: Program,
    folder: Path,
    port: int,
    latency_seconds: float,
    busy_share: float,
    hidden_share: float,
    *,
    tls: bool,
) -> str:
    """nginx.conf of the null S3, filled in."""
    files = f"ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;" if tls else ""
    return _filled_in(
        "null_s3",
        found,
        FOLDER=f"{folder}",
        LISTEN=f"127.0.0.1:{port}{' ssl' if tls else ''}",
        CERTIFICATE=files,
        LATENCY_SECONDS=f"{latency_seconds}",
        BUSY_SHARE=f"{busy_share}",
        HIDDEN_SHARE=f"{hidden_share}",
    )


def far_configuration(found: Program, folder: Path, port: int, url: str, latency_seconds: float) -> str:
    """nginx.conf of the way to a server that is far away, filled in."""
    return _filled_in(
        "far_s3",
        found,
        FOLDER=f"{folder}",
        LISTEN=f"127.0.0.1:{port}",
        BEHIND=urlsplit(url).netloc,
        LATENCY_SECONDS=f"{latency_seconds}",
    )


def _filled_in(which: str, found: Program, **words: str) -> str:
    modules = "\n".join(f"load_module {path};" for path in found.modules)
    user = f"user {pwd.getpwuid(0).pw_name};\n" if os.geteuid() == 0 else ""
    text = (HERE / which / "nginx.conf").read_text()
    for word, value in {"MODULES": user + modules, "LUA_PATH": found.lua, **words}.items():
        text = text.replace(f"@{word}@", value)
    return text


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError as err:
            if server.poll() is not None or time.monotonic() > end:
                last = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
                raise NoServer(f"nginx did not start: {' '.join(last) or err}") from err
            time.sleep(0.02)
