"""Everything the estate is: clock, accounts, buckets, credentials, trails, jobs, and the ids it gives out."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from onetrail.practice.state.account_info import BY_CHOICE, AccountInfo
from onetrail.practice.state.batch_jobs import StoredJob
from onetrail.practice.state.buckets import Bucket, Store, Version, md5
from onetrail.practice.state.clock import EstateClock
from onetrail.practice.state.credentials import Keyring
from onetrail.practice.state.request_log import AccessLogBacklog, RequestLog
from onetrail.practice.state.trails import TrailBook


class World:
    """The estate's whole state, beside what moto's backends hold. One thread only: the door's event loop runs
    everything, also the clock."""

    def __init__(self, number: int = 7, scenario: str = "empty") -> None:
        self.number, self.scenario = number, scenario
        self.life = ""
        """Tells one start or reset of an estate from the next; a snapshot holds it. Nothing that AWS knows depends on
        it."""
        self.clock = EstateClock()
        self.accounts: dict[str, AccountInfo] = {}
        self.account_settings: dict[str, dict[str, Any]] = {}
        self.management_account = ""
        self.organization_id = ""
        self.keyring = Keyring()
        self.iam_version = 0
        self.store = Store()
        self.trails = TrailBook()
        self.jobs: dict[str, StoredJob] = {}
        self.requests = RequestLog()
        self.access_logs = AccessLogBacklog()
        self.faults: list[dict[str, Any]] = []
        self.counters: Counter[tuple[str, ...]] = Counter()

    def ident(self, *parts: object) -> bytes:
        """32 bytes, the same for the same number, parts and count of earlier calls with these parts."""
        named = tuple(str(part) for part in parts)
        self.counters[named] += 1
        return hashlib.sha256("\x1f".join((str(self.number), *named, str(self.counters[named]))).encode()).digest()

    def enabled(self, account: str, region: str) -> bool:
        """False where the account has not opted in to the region, or has left it: it takes no session of the account
        then."""
        info = self.accounts.get(account)
        return info is None or region in info.opted_in or region not in BY_CHOICE

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
    ) -> None:
        """Seed an object, without checks and fast. `owner` is an account id or a service's own name; the bucket's owner
        has full control."""
        home = self.store.buckets[bucket]
        version = Version(key, body, md5(body), last_modified, owner)
        version.metadata = dict(metadata or {})
        version.content_type = content_type or "binary/octet-stream"
        if content_encoding:
            version.headers = {"content-encoding": content_encoding}
        version.sse = home.sse
        if owner != home.account:
            version.full_control = (home.account,)
        home.add(version)

    def iam_changed(self) -> None:
        """Identity policies, roles or SCPs may have changed: decoded policies are forgotten."""
        self.iam_version += 1
