"""A door in this process, served by a thread of its own, and boto3 clients that knock on it."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from onetrail.practice import accounts
from onetrail.practice.estate import Estate as PracticeEstate
from onetrail.practice.moto.backends import find_role
from onetrail.practice.serve import listen
from onetrail.practice.services.sts import issue
from onetrail.practice.web.http import Connection

CONFIG = Config(
    retries={"total_max_attempts": 1},
    s3={"addressing_style": "path"},
    inject_host_prefix=False,
    max_pool_connections=4,
)


class Estate:
    """A practice estate behind its door. Everything that touches its world runs in the door's thread."""

    def __init__(self, make: Callable[[], PracticeEstate]) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.practice: PracticeEstate = self.do(make)
        self.world = self.practice.world
        self._servers = self._await(listen(self.practice.handle, 0, "7"))
        self.endpoint, self.plain_endpoint = (
            f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}" for server in self._servers
        )

    def do(self, deed: Callable[[], Any]) -> Any:
        """Run `deed` in the door's thread."""

        async def run() -> Any:
            return deed()

        return self._await(run())

    def _await(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def raw(self, sent: bytes, *, port: int = 0, patience: float = 20) -> bytes:
        """What the door answers to these very bytes, until it closes the connection or is silent for so many
        seconds."""
        address = ("127.0.0.1", port or urlsplit(self.endpoint).port)
        with socket.create_connection(address, timeout=patience) as connection:
            connection.sendall(sent)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
            return b"".join(parts)

    def listen(self, **given: Any) -> int:
        """Another listener of the same door with other limits; returns its port. It closes with the door."""

        async def opened() -> asyncio.Server:
            loop = asyncio.get_running_loop()
            made = lambda: Connection(self.practice.handle, True, "7", **given)
            return await loop.create_server(made, "127.0.0.1", 0)

        server = self._await(opened())
        self._servers = (*self._servers, server)
        return int(server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Shut the door."""
        for server in self._servers:
            self._loop.call_soon_threadsafe(server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def client(
        self, service: str, who: str = "", region: str = "us-east-1", *, secure: bool = True, **kwargs: Any
    ) -> Any:
        """A client of the base identity, or of the role `ACCOUNT/NAME` entered from it."""
        key: dict[str, Any] = {
            "aws_access_key_id": accounts.ACCESS_KEY_ID,
            "aws_secret_access_key": accounts.SECRET_ACCESS_KEY,
        }
        if who:
            key = self.session(who)
        key |= kwargs
        endpoint = self.endpoint if secure else self.plain_endpoint
        made = boto3.client(service, endpoint_url=endpoint, region_name=region, config=CONFIG, **key)
        if service == "s3control":
            made.meta.events.register_first("before-sign.s3-control", _without_host_prefix)
        return made

    def session(self, who: str, **kwargs: Any) -> dict[str, str]:
        """Credentials of a session of the role `ACCOUNT/NAME`, made without asking its trust policy."""
        account, name = who.split("/", 1)
        role = find_role(f"arn:aws:iam::{account}:role/{name}")
        made = self.do(lambda: issue(self.world, role, "test", 3600))
        return {
            "aws_access_key_id": made.access_key_id,
            "aws_secret_access_key": made.secret,
            "aws_session_token": made.token,
        }

    def role(self, account: str, name: str, *statements: dict[str, Any], trusts: str = "") -> str:
        """Make a role with one inline policy of these statements; returns `ACCOUNT/NAME` for `client`."""
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        inline = {"only": document} if statements else {}
        self.do(lambda: accounts.make_role(self.world, account, name, [trusts or accounts.ENGINEER_ROLE], (), inline))
        return f"{account}/{name}"

    def policy(self, bucket: str, *statements: dict[str, Any]) -> None:
        """Put a bucket policy as the owner's administrator."""
        owner = self.world.store.buckets[bucket]
        admin = {accounts.SOURCE: "TrailConsolidation", accounts.LOG: "OrganizationAccountAccessRole"}[owner.account]
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        self.client("s3", f"{owner.account}/{admin}", owner.region).put_bucket_policy(
            Bucket=bucket, Policy=json.dumps(document)
        )


def _without_host_prefix(request: Any, **kwargs: Any) -> None:
    """S3 Control puts the account before the host; no such name resolves on loopback."""
    scheme, rest = request.url.split("://", 1)
    host, _slash, path = rest.partition("/")
    request.url = f"{scheme}://{host.split('.', 1)[1]}/{path}"
