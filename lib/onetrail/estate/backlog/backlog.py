"""One old bucket beside the archive: what is still to be copied, how, and what blocks it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from onetrail.aws import Clients, look
from onetrail.change.words import counted
from onetrail.cloudtrail.object_key import DIGEST_KINDS, ROOT, ParsedKey, parse
from onetrail.errors import OnetrailError
from onetrail.estate.backlog.direction import Direction
from onetrail.estate.backlog.obstacles import Obstacle, obstacles, shut_to_pull
from onetrail.estate.backlog.samples import SampledObject, read_samples, used_keys
from onetrail.estate.backlog.source_keys import SourceKey, read_source_keys
from onetrail.estate.backlog.still import moving
from onetrail.estate.history.claims import Claims
from onetrail.estate.history.old_objects import NoncurrentCounts
from onetrail.estate.history.pairing import ObjectPair, archive_key, pairs, prefix_of
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.estate.policy_documents.foreseen import foreseen, too_large_to_open
from onetrail.looked import Unread
from onetrail.progress import Count, Progress
from onetrail.s3.decisions.decide import DecisionKind, Rules, archived_in, decide
from onetrail.s3.http.session import hot
from onetrail.s3.rows import ObjectRow
from onetrail.settings import Settings

NOT_COPIED: Final = (DecisionKind.CONFLICT, DecisionKind.TOO_LARGE, DecisionKind.FOREIGN)
"""What keeps an object from being copied and needs a person."""
WANTED: Final = (DecisionKind.COPY, DecisionKind.ARCHIVED, DecisionKind.RESTORING)
"""What the archive lacks and is to have."""
NAMED: Final = 5


@dataclass(frozen=True)
class KeyMapping:
    """How keys are moved: `old` and `new` are their beginnings up to the account, `example` becomes `becomes`;
    `objects` in all."""

    old: str
    new: str
    objects: int
    example: str
    becomes: str


@dataclass(frozen=True)
class Backlog:
    """One old bucket beside the archive.

    `objects` and `sizes` (bytes) count by decision. `why_direction` is the reason of its `direction`, which is None
    where that could not be read. `pilot` holds the keys of the first log file and the first digest file that are
    to be copied, `pilot_size` is their size in bytes. `first` and `last` are the days of the oldest and newest object.
    `named` holds up to five keys for each decision that needs a person. `away` and `away_sizes` count by class or tier
    what must be restored, `restoring` what is being restored. `behind` is what is behind the current objects of a
    bucket with versions. `beside` counts what shares its plain key with other bytes, five named. `mapped` is how keys
    move, `keys` the KMS keys that its objects may be under.
    """

    bucket: OldBucket
    direction: Direction | None
    why_direction: str
    objects: Mapping[DecisionKind, int] = field(default_factory=dict)
    sizes: Mapping[DecisionKind, int] = field(default_factory=dict)
    classes: Mapping[str, int] = field(default_factory=dict)
    pilot: tuple[str, ...] = ()
    named: Mapping[DecisionKind, tuple[str, ...]] = field(default_factory=dict)
    first: date | None = None
    last: date | None = None
    could_not_look: str = ""
    away: Mapping[str, int] = field(default_factory=dict)
    away_sizes: Mapping[str, int] = field(default_factory=dict)
    restoring: Mapping[str, int] = field(default_factory=dict)
    behind: NoncurrentCounts = field(default_factory=NoncurrentCounts)
    mapped: tuple[KeyMapping, ...] = ()
    keys: tuple[SourceKey, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    beside: int = 0
    beside_named: tuple[str, ...] = ()
    pilot_size: int = 0

    @property
    def to_copy(self) -> int:
        """Objects that the archive lacks and that can be copied."""
        return self.objects.get(DecisionKind.COPY, 0)

    @property
    def bytes_to_copy(self) -> int:
        """Their size in bytes."""
        return self.sizes.get(DecisionKind.COPY, 0)

    @property
    def wanted(self) -> int:
        """Objects that the archive lacks and is to have: those that can be copied, and those that must be restored
        first."""
        return sum(self.objects.get(kind, 0) for kind in WANTED)

    @property
    def bytes_wanted(self) -> int:
        """Their size in bytes."""
        return sum(self.sizes.get(kind, 0) for kind in WANTED)

    @property
    def present(self) -> int:
        """Objects that the archive has: with equal bytes, or with bytes that step 06 compares because ETags cannot."""
        return self.objects.get(DecisionKind.PRESENT, 0) + self.objects.get(DecisionKind.COMPARE, 0)

    @property
    def stopped(self) -> tuple[Obstacle, ...]:
        """What keeps the whole bucket from being copied."""
        return tuple(one for one in self.obstacles if one.stops)


def rules(settings: Settings, bucket: OldBucket, now: datetime) -> Rules:
    """How objects of this bucket are decided on. Logs past their retention are copied too, under a lock of one day."""
    return Rules(
        retention_years=settings.retention_years,
        now=now,
        copy_past_retention=True,
        etags_comparable=not bucket.kms and settings.kms_key == "none",
    )


def read_backlog(
    settings: Settings,
    clients: Clients,
    bucket: OldBucket,
    estate: OldEstate,
    enabled: Mapping[str, frozenset[str]],
    claims: Claims,
) -> Backlog:
    """The bucket listed beside the archive, and a few of its objects and its keys looked at. What fails is reported in
    `could_not_look`."""
    off = bucket.region not in enabled.get(bucket.account, frozenset({bucket.region}))
    if off:
        why = f"its region {bucket.region} is not enabled in {bucket.account}: enable it, or nobody can read the bucket"
        return Backlog(bucket, None, "", could_not_look=why)
    client = clients.client("s3", bucket.account, bucket.region)
    acl = look(client.get_bucket_acl, Bucket=bucket.name, ExpectedBucketOwner=bucket.account)
    if isinstance(acl, Unread):
        return Backlog(bucket, None, "", could_not_look=f"GetBucketAcl: {acl.why}")
    seen = _Listed(settings, acl.value["Owner"]["ID"])
    how = rules(settings, bucket, clients.clock.now())
    try:
        count = Count(clients.tell, to_compare(bucket))
        for pair in pairs(settings, clients, bucket, seen.behind, claims):
            count.add(pair.source.size)
            seen.add(pair, decide(pair.source, pair.target, how).kind)
        count.end()
        transport = hot(clients, bucket.account, bucket.region)
        samples = read_samples(transport, bucket, seen.samples(), seen.owner)
    except (ClientError, BotoCoreError, OnetrailError) as err:
        return Backlog(bucket, None, "", could_not_look=f"listing: {err}")
    keys = read_source_keys(clients, bucket, {*bucket.keys, *used_keys(samples)})
    return seen.backlog(bucket, samples, keys, enabled, moving(estate, bucket))


def to_compare(bucket: OldBucket) -> Progress:
    """Nothing of the bucket is compared with the archive yet."""
    return Progress("compared", bucket.name, 0, reads=True)


class _Listed:
    """What one listing comes to, in constant memory."""

    def __init__(self, settings: Settings, owner: str) -> None:
        self.settings, self.owner = settings, owner
        self.behind = NoncurrentCounts()
        self.objects: Counter[DecisionKind] = Counter()
        self.sizes: Counter[DecisionKind] = Counter()
        self.classes: Counter[str] = Counter()
        self.away: Counter[str] = Counter()
        self.away_sizes: Counter[str] = Counter()
        self.restoring: Counter[str] = Counter()
        self.named: dict[DecisionKind, list[str]] = {}
        self.foreign_owned = 0
        self.foreign: ObjectRow | None = None
        self.first: dict[tuple[bool, bool], ObjectRow] = {}
        self.latest: dict[bool, ObjectRow] = {}
        self.days: list[date] = []
        self.mapped: Counter[str] = Counter()
        self.examples: dict[str, ObjectPair] = {}
        self.beside = 0
        self.beside_named: list[str] = []

    def add(self, pair: ObjectPair, kind: DecisionKind) -> None:
        row = pair.source
        self.objects[kind] += 1
        self.sizes[kind] += row.size
        foreign = row.owner_id not in ("", self.owner)
        self.foreign_owned += foreign
        if kind in WANTED:
            self._wanted(pair, kind, parse(row.key))
            self.foreign = row if foreign and self.foreign is None else self.foreign
        elif kind in NOT_COPIED and len(self.named.setdefault(kind, [])) < NAMED:
            self.named[kind].append(row.key)
        if pair.beside:
            self.beside += 1
            self.beside_named += [row.key] if self.beside <= NAMED else []
        if kind not in (DecisionKind.FOREIGN, DecisionKind.MARKER):
            self._map(pair)

    def _wanted(self, pair: ObjectPair, kind: DecisionKind, parsed: ParsedKey) -> None:
        row = pair.source
        digest = parsed.kind in DIGEST_KINDS
        self.first.setdefault((digest, kind is not DecisionKind.COPY), row)
        self.latest[digest] = row
        days = [day for day in (*self.days, parsed.date) if day]
        self.days = [min(days), max(days)]
        if kind is DecisionKind.COPY:
            self.classes[row.storage_class] += 1
        elif kind is DecisionKind.ARCHIVED:
            self.away[archived_in(row)] += 1
            self.away_sizes[archived_in(row)] += row.size
        else:
            self.restoring[archived_in(row)] += 1

    def _map(self, pair: ObjectPair) -> None:
        old = _beginning(pair.source.key)
        self.mapped[old] += 1
        self.examples.setdefault(old, pair)

    def _mapped(self, old: str) -> KeyMapping:
        example, new = self.examples[old].source.key, archive_key(self.settings, old)
        return KeyMapping(old, new, self.mapped[old], example, archive_key(self.settings, example))

    def pilot(self) -> list[ObjectRow]:
        """The first log and the first digest; one that can be read now before one that must be restored."""
        found = [self.first.get((digest, False)) or self.first.get((digest, True)) for digest in (False, True)]
        return [row for row in found if row]

    def samples(self) -> list[ObjectRow]:
        """The first and the last log and digest of what is wanted, and the first object that somebody else owns."""
        rows = [*self.first.values(), *self.latest.values(), *([self.foreign] if self.foreign else [])]
        return list({(row.key, row.version_id): row for row in rows}.values())

    def backlog(
        self,
        bucket: OldBucket,
        samples: tuple[SampledObject, ...],
        keys: tuple[SourceKey, ...],
        enabled: Mapping[str, frozenset[str]],
        still: tuple[str, ...],
    ) -> Backlog:
        used = used_keys(samples)
        own = tuple(key for key in keys if key.arn in used)
        log = self.settings.log_account.account_id
        reachable = bucket.region in enabled.get(log, frozenset({bucket.region}))
        direction, why = direction_of(self.settings, bucket, self.foreign_owned, keys=own, reachable=reachable)
        found = obstacles(
            self.settings,
            bucket,
            direction,
            samples=samples,
            keys=own,
            foreign_owned=self.foreign_owned,
            enabled=enabled,
            moving=still,
        )
        return Backlog(
            bucket,
            direction,
            why,
            self.objects,
            self.sizes,
            self.classes,
            tuple(row.key for row in self.pilot()),
            {kind: tuple(names) for kind, names in self.named.items()},
            self.days[0] if self.days else None,
            self.days[-1] if self.days else None,
            away=self.away,
            away_sizes=self.away_sizes,
            restoring=self.restoring,
            behind=self.behind,
            mapped=tuple(self._mapped(old) for old in sorted(self.mapped)),
            keys=keys,
            obstacles=found,
            beside=self.beside,
            beside_named=tuple(self.beside_named),
            pilot_size=sum(row.size for row in self.pilot()),
        )


def _beginning(key: str) -> str:
    """The key up to the account: the prefix, `AWSLogs/`, and the organization where there is one."""
    start = len(prefix_of(key)) + len(ROOT)
    first = key[start:].split("/", 1)[0]
    return key[:start] + (f"{first}/" if first.startswith("o-") else "")


def direction_of(
    settings: Settings,
    bucket: OldBucket,
    foreign_owned: int,
    *,
    keys: tuple[SourceKey, ...] = (),
    reachable: bool = True,
) -> tuple[Direction, str]:
    """The direction of a bucket, and why.

    `foreign_owned` counts objects that another account owns, `keys` are those its objects are under, `reachable` is
    False where the log account has not enabled the bucket's region.
    """
    asked = settings.direction_for(bucket.name)
    if asked != "auto":
        return Direction(asked), "the parameters say so"
    if foreign_owned and bucket.ownership != "BucketOwnerEnforced":
        return (
            Direction.PUSH,
            (
                f"{counted(foreign_owned, 'object is', 'objects are')} not owned by the bucket's account, so its policy"
                " cannot let anybody in"
            ),
        )
    if not reachable:
        return Direction.PUSH, f"its region {bucket.region} is not enabled in the log account"
    if not keys and bucket.aws_managed:
        return Direction.PUSH, "the objects are under the AWS managed key, which no other account can use"
    closed = next((why for key in keys if (why := shut_to_pull(settings, bucket, key))), "")
    refused = foreseen(settings, bucket)
    if not closed and refused.pull_refused and not refused.push_refused:
        closed = f"{refused.pull_refused} to the log account's copier, and not to one of its own account"
    closed = closed or ("" if refused.push_refused else too_large_to_open(settings, bucket))
    return (Direction.PUSH, closed) if closed else (Direction.PULL, "a role of the log account can read it")
