"""Where a scenario item is put: the world, its cast, and what items are made of: trails, buckets, history."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from onetrail.practice.accounts import Cast
from onetrail.practice.cloudtrail.rhythm import LAST_LOGS
from onetrail.practice.scenarios.buckets import make_bucket
from onetrail.practice.scenarios.history import Historian, Window, window
from onetrail.practice.scenarios.old_estate import OldRegion
from onetrail.practice.state.buckets import Bucket
from onetrail.practice.state.trail_files import DigestLink
from onetrail.practice.state.trails import TrailState, WrittenChain
from onetrail.practice.state.world import World

RECENT: Final = ((2025, 11), (2025, 12))
"""(year, month) of the history that most items have."""
OPEN_HOURS: Final = timedelta(hours=4)
CLOUDTRAIL: Final = {"Service": "cloudtrail.amazonaws.com"}
_ACL: Final = {"s3:x-amz-acl": "bucket-owner-full-control"}


@dataclass(frozen=True)
class Place:
    """An estate that an item is added to."""

    world: World
    cast: Cast

    @property
    def first(self) -> str:
        """The first source account."""
        return self.cast.sources[0]

    @property
    def second(self) -> str:
        """The second source account; the first where there is one."""
        return self.cast.sources[min(1, len(self.cast.sources) - 1)]

    @property
    def last(self) -> str:
        """The last source account."""
        return self.cast.sources[-1]

    def bucket(self, account: str, old: OldRegion, region: str = "") -> Bucket:
        """The bucket of an old trail as the account's people made it, in the trail's region or another."""
        make_bucket(self.world, account, old)
        found = self.world.store.buckets[old.bucket]
        found.region = region or old.region
        return found

    def trail(self, account: str, old: OldRegion, months: Iterable[tuple[int, int]] = RECENT) -> TrailState:
        """A trail of one region that goes on, with the history of those months in its bucket, which is there."""
        return self.goes_on(account, old, self.made(account, old), months)

    def goes_on(
        self, account: str, old: OldRegion, made: TrailState, months: Iterable[tuple[int, int]] = RECENT
    ) -> TrailState:
        """The same for a trail that has a history already."""
        self.world.trails.trails[made.arn] = made
        self.written(account, old, made, months)
        self._historian(account, old, made).write(self.open_window(), [])
        return made

    def everywhere(self, trail: TrailState, pairs: Iterable[tuple[str, str]], bucket: str) -> None:
        """A multi-region trail goes on: an open window for each account and region, and its first files."""
        self.world.trails.trails[trail.arn] = trail
        for account, region in pairs:
            busy = 1.5 if region in ("us-east-1", "eu-west-1") else 0.0
            old = OldRegion(region, trail.name, self.world.clock.now(), busy, named=bucket)
            Historian(self.world, account, old, trail).write(self.open_window(), [])

    def written(
        self,
        account: str,
        old: OldRegion,
        trail: TrailState,
        months: Iterable[tuple[int, int]],
        previous: DigestLink | None = None,
    ) -> WrittenChain | None:
        """The history of those months, as that trail would have left it. Returns the last chain."""
        historian, chain = self._historian(account, old, trail), None
        historian.markers()
        for year, month in months:
            chain = historian.write(window(self.world.number, old, year, month), [], previous)
            previous = None
        return chain

    def gone(self, account: str, old: OldRegion, months: Iterable[tuple[int, int]]) -> None:
        """The history of a trail that was deleted."""
        self.written(account, old, self.made(account, old), months)

    def open_window(self) -> Window:
        """Logging that began four hours ago and goes on."""
        start = self.world.clock.now() - OPEN_HOURS
        return Window(start, start, None)

    def continued(self, account: str, old: OldRegion, trail: TrailState, chain: WrittenChain | None) -> None:
        """One window more in the trail's bucket of now, whose first digest goes on from that chain."""
        assert chain is not None, "a window that is signed left it"
        start = chain.end
        then = Window(start, start, start + timedelta(hours=2) - LAST_LOGS)
        self._historian(account, old, trail).write(then, [], chain.previous)

    def policy(self, bucket: str, *statements: Mapping[str, Any]) -> None:
        """Add statements to the bucket's policy."""
        found = self.world.store.buckets[bucket]
        before = (found.policy_document or {"Version": "2012-10-17", "Statement": []})["Statement"]
        document = {"Version": "2012-10-17", "Statement": [*before, *statements]}
        found.policy, found.policy_document = json.dumps(document).encode(), document

    def delivers(self, bucket: str, *folders: str, trail: str = "") -> None:
        """Let CloudTrail deliver into these folders of the bucket, for that trail alone if its ARN is given."""
        arn = f"arn:aws:s3:::{bucket}"
        source = {"aws:SourceArn": trail} if trail else {}
        check = {"Sid": "AclCheck", "Effect": "Allow", "Principal": CLOUDTRAIL, "Action": "s3:GetBucketAcl"}
        write = {"Sid": "Write", "Effect": "Allow", "Principal": CLOUDTRAIL, "Action": "s3:PutObject"}
        self.policy(
            bucket,
            check | {"Resource": arn} | ({"Condition": {"StringEquals": source}} if source else {}),
            write
            | {"Resource": [f"{arn}/{folder}/*" for folder in folders]}
            | {"Condition": {"StringEquals": _ACL | source}},
        )

    def made(self, account: str, old: OldRegion) -> TrailState:
        """The trail as it was made: nothing delivered, and in no list yet."""
        signed = old.unsigned_until is None
        return TrailState(old.trail, account, old.region, old.bucket, old.prefix, validation=signed)

    def _historian(self, account: str, old: OldRegion, trail: TrailState) -> Historian:
        return Historian(self.world, account, old, trail)


def old_trail(region: str, trail: str, bucket: str, year: int = 2019, **more: Any) -> OldRegion:
    """A quiet trail with a bucket of that name, made in that year."""
    plain = OldRegion(region, trail, datetime(year, 5, 14, 10, 17, 42, tzinfo=UTC), 1.5, named=bucket)
    return replace(plain, **more)
