"""Everything the estate is: clock, accounts, buckets, credentials, services, and the ids it gives out."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onetrail.practice.calls import AccountInfo, Answer, Call, CallEvent, ServiceError, ServiceHandler
from onetrail.practice.iam.authorize import Authorizer
from onetrail.practice.moto.bridge import MotoBridge
from onetrail.practice.s3 import lifecycle as s3_lifecycle
from onetrail.practice.s3.access_logs import AccessLogs
from onetrail.practice.s3.batch.service import BatchJobs
from onetrail.practice.s3.service_access import ServiceDoor
from onetrail.practice.state.buckets import Bucket, Store, Version, md5
from onetrail.practice.state.clock import EstateClock, Hook
from onetrail.practice.state.credentials import Keyring
from onetrail.practice.state.request_log import RequestLog

__all__ = [
    "AccountInfo",
    "Answer",
    "BucketView",
    "Call",
    "CallEvent",
    "ServiceError",
    "ServiceHandler",
    "World",
]


@dataclass(frozen=True)
class BucketView:
    """A bucket as other services may see it."""

    name: str
    account: str
    region: str
    ownership: str


@dataclass(frozen=True)
class Registered:
    """How a service's own state is read for a snapshot and put back."""

    get: Callable[[], Any]
    set: Callable[[Any], None]


class World:
    """The estate's whole state. One thread only: the door's event loop runs everything, also the clock."""

    def __init__(self, number: int = 7, scenario: str = "empty") -> None:
        self.number, self.scenario = number, scenario
        self.clock = EstateClock()
        self.accounts: dict[str, AccountInfo] = {}
        self.management_account = ""
        self.organization_id = ""
        self.store = Store()
        self.keyring = Keyring()
        self.requests = RequestLog()
        self.services: dict[str, ServiceHandler] = {}
        self.event_sink: Callable[[CallEvent], None] | None = None
        self.faults: list[dict[str, Any]] = []
        self.fault_sinks: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {}
        self.account_settings: dict[str, dict[str, Any]] = {}
        self.registered: dict[str, Registered] = {}
        self.counters: Counter[tuple[str, ...]] = Counter()
        self.iam_version = 0
        self.authorizer = Authorizer(self)
        self._service_door = ServiceDoor(self)
        self.bridge = MotoBridge(self)
        self.clock.on_advance(lambda before, to: s3_lifecycle.run(self, before, to))
        self.batch = BatchJobs(self)
        self.access_logs = AccessLogs(self)

    def ident(self, *parts: object) -> bytes:
        """32 bytes, the same for the same number, parts and count of earlier calls with these parts."""
        named = tuple(str(part) for part in parts)
        self.counters[named] += 1
        return hashlib.sha256(
            "\x1f".join((str(self.number), *named, str(self.counters[named]))).encode()
        ).digest()

    def bucket(self, name: str) -> BucketView | None:
        """The bucket of that name in whichever account, or None."""
        found = self.store.buckets.get(name)
        return BucketView(found.name, found.account, found.region, found.ownership) if found else None

    def create_bucket(
        self,
        account: str,
        name: str,
        region: str,
        *,
        ownership: str = "BucketOwnerEnforced",
        created: datetime,
    ) -> None:
        """Seed a bucket, without checks."""
        self.store.buckets[name] = Bucket(name, account, region, created, ownership=ownership)

    def store_object(
        self,
        bucket: str,
        key: str,
        body: bytes,
        *,
        metadata: Mapping[str, str] | None = None,
        content_type: str = "",
        content_encoding: str = "",
        owner: str,
        last_modified: datetime,
        acl_full_control_for_bucket_owner: bool = True,
        storage_class: str = "STANDARD",
    ) -> None:
        """Seed an object, without checks and fast. `owner` is an account id or a service's own name."""
        home = self.store.buckets[bucket]
        version = Version(key, body, md5(body), last_modified, owner)
        version.metadata = dict(metadata or {})
        version.content_type = content_type or "binary/octet-stream"
        if content_encoding:
            version.headers = {"content-encoding": content_encoding}
        version.storage_class = storage_class
        version.sse = home.sse
        if acl_full_control_for_bucket_owner and owner != home.account:
            version.full_control = (home.account,)
        home.add(version)

    def service_allowed(
        self,
        service: str,
        action: str,
        bucket: str,
        key: str | None,
        *,
        source_arn: str,
        source_account: str,
        context: Mapping[str, str] | None = None,
    ) -> str | None:
        """None if the service principal may do `action` (such as `s3:PutObject`) there, else S3's error code."""
        return self._service_door.refusal(
            service, action, bucket, key, source_arn, source_account, dict(context or {})
        )

    def service_put(
        self,
        service: str,
        bucket: str,
        key: str,
        body: bytes,
        *,
        metadata: Mapping[str, str] | None = None,
        content_type: str = "",
        content_encoding: str = "",
        source_arn: str,
        source_account: str,
        last_modified: datetime | None = None,
    ) -> str | None:
        """Deliver an object as AWS services do, with the bucket-owner-full-control ACL. None, or S3's error code."""
        return self._service_door.put(
            service, bucket, key, body, dict(metadata or {}), content_type, content_encoding, source_arn, source_account,
            last_modified,
        )  # fmt: skip

    def record_event(self, event: CallEvent) -> None:
        """Hand a management call to CloudTrail, if it is there."""
        if self.event_sink:
            self.event_sink(event)

    def on_advance(self, hook: Hook) -> None:
        """Call `hook(from, to)` for each step the clock makes."""
        self.clock.on_advance(hook)

    def register_state(self, name: str, get: Callable[[], Any], set: Callable[[Any], None]) -> None:
        """Make a service's state part of snapshots and of the state hash. What `get` returns must pickle."""
        self.registered[name] = Registered(get, set)

    def register_fault(self, kind: str, deed: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        """Let a service answer `POST /_practice/fault` of that kind."""
        self.fault_sinks[kind] = deed

    def iam_changed(self) -> None:
        """Identity policies, roles or SCPs may have changed: decoded policies are forgotten."""
        self.iam_version += 1
