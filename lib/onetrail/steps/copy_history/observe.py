"""What is still to copy from each old bucket, how it can be read, and whether a grant stands open."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from onetrail import iam, names
from onetrail.aws import Clients, Look, Seen, look
from onetrail.change.words import counted
from onetrail.cloudtrail.key import DIGEST_KINDS, parse
from onetrail.errors import OnetrailError
from onetrail.s3.decide import Kind, Rules, decide
from onetrail.settings import Settings
from onetrail.steps import account_lockdown, trail_cutover
from onetrail.steps.archive_key import archive_key_arn
from onetrail.steps.copy_history.batch_seen import BatchSeen, see_batch
from onetrail.steps.old_estate import OldBucket, OldEstate, read_old_estate
from onetrail.steps.pairing import pairs
from onetrail.steps.status import Status, asked

SID_ENCRYPTS = "CopierEncrypts"
"""The temporary statement in the key's policy."""
NOT_COPIED = (Kind.CONFLICT, Kind.COMPARE, Kind.ARCHIVED, Kind.TOO_LARGE, Kind.FOREIGN)
"""What keeps an object from being copied and needs a person."""


@dataclass(frozen=True)
class Backlog:
    """One old bucket beside the archive.

    `objects` and `sizes` (bytes) count by decision. `direction` is `pull` or `push`, `why_direction` its reason. `pilot` holds the
    keys of the first log file and the first digest file that are to be copied. `first` and `last` are the days of the oldest and
    newest object. `named` holds up to five keys for each decision that needs a person.
    """

    bucket: OldBucket
    direction: str
    why_direction: str
    objects: Mapping[Kind, int] = field(default_factory=dict)
    sizes: Mapping[Kind, int] = field(default_factory=dict)
    classes: Mapping[str, int] = field(default_factory=dict)
    pilot: tuple[str, ...] = ()
    named: Mapping[Kind, tuple[str, ...]] = field(default_factory=dict)
    first: date | None = None
    last: date | None = None
    could_not_look: str = ""

    @property
    def to_copy(self) -> int:
        """Objects that the archive lacks and that can be copied."""
        return self.objects.get(Kind.COPY, 0)

    @property
    def bytes_to_copy(self) -> int:
        """Their size in bytes."""
        return self.sizes.get(Kind.COPY, 0)


@dataclass(frozen=True)
class Observation:
    """Backlogs in order of account, region and bucket; the central bucket's policy; copier roles that still stand in source accounts."""

    forerunners: tuple[Status, ...]
    estate: OldEstate
    backlogs: tuple[Backlog, ...]
    central_policy: Mapping[str, Any] | None
    source_copiers: Mapping[str, bool]
    now: datetime
    could_not_look: tuple[str, ...] = ()
    kms_key: str = ""
    """ARN of the archive's key, empty for none."""
    key_policy: Mapping[str, Any] | None = None
    """The policy of a key that step 03 made; None where there is none."""
    batch: BatchSeen = field(default_factory=BatchSeen)
    """What stands of jobs of S3 Batch Operations."""

    @property
    def open_sources(self) -> tuple[OldBucket, ...]:
        """Old buckets in whose policy a temporary statement stands."""
        return tuple(bucket for bucket in self.estate.buckets if bucket.grant_open)

    @property
    def key_open(self) -> bool:
        """True when copiers of other accounts may use the archive's key."""
        return opens_key(self.key_policy)


def observe(
    settings: Settings,
    clients: Clients,
    estate: OldEstate | None = None,
    before: Mapping[str, Status] | None = None,
) -> Observation:
    """List every old bucket beside the archive, and read the policies that a grant would change.

    `estate` is what the caller has just read of the old trails and buckets, `before` what it has just asked earlier steps.
    """
    estate = estate or read_old_estate(settings, clients)
    forerunners = (
        asked(before, "02", lambda: account_lockdown.done(settings, clients, estate)),
        asked(before, "04", lambda: trail_cutover.done(settings, clients, estate, before)),
    )
    failed = list(estate.could_not_look)
    central = None
    backlogs: tuple[Backlog, ...] = ()
    if forerunners[1].done:
        account = settings.log_account.account_id
        client = clients.client("s3", account, settings.home_region)
        seen = look(client.get_bucket_policy, Bucket=settings.bucket_name, ExpectedBucketOwner=account)
        if seen.seen:
            central = iam.parse(seen.value["Policy"])
        else:
            failed.append(f"{settings.bucket_name}: GetBucketPolicy: {seen.why}")
        live = [bucket for bucket in estate.buckets if not bucket.shell]
        backlogs = tuple(clients.each(lambda bucket: _backlog(settings, clients, bucket), live, at_once=4))
    copiers = {}
    for account in settings.source_account_ids:
        role = look(
            clients.client("iam", account).get_role, absent=("NoSuchEntity",), RoleName=names.COPIER_ROLE
        )
        copiers[account] = role.seen
        failed += [f"{account}: GetRole: {role.why}"] if role.failed else []
    key = archive_key_arn(settings, clients)
    failed += [f"the archive's key: {key.why}"] if key.failed else []
    policy = read_key_policy(settings, clients, key.value or "")
    failed += [f"the archive's key: GetKeyPolicy: {policy.why}"] if policy.failed else []
    batch = see_batch(settings, clients)
    failed += batch.could_not_look
    now = clients.clock.now()
    return Observation(
        forerunners,
        estate,
        backlogs,
        central,
        copiers,
        now,
        tuple(failed),
        key.value or "",
        policy.value,
        batch,
    )


def read_key_policy(settings: Settings, clients: Clients, key_arn: str) -> Look[Mapping[str, Any]]:
    """The policy of a key that step 03 made; absent where the parameters let none be made."""
    if settings.kms_key != "create" or not key_arn:
        return Look(Seen.ABSENT)
    client = clients.client("kms", settings.log_account.account_id)
    said = look(client.get_key_policy, KeyId=key_arn, PolicyName="default")
    return Look(said.how, iam.parse(said.value["Policy"]) if said.value else None, said.why)


def opens_key(policy: Mapping[str, Any] | None) -> bool:
    """Whether the key's policy holds our temporary statement."""
    return SID_ENCRYPTS in {statement.get("Sid") for statement in iam.statements(policy or {})}


def rules(settings: Settings, bucket: OldBucket, now: datetime) -> Rules:
    """How objects of this bucket are decided on. Logs past their retention are copied too, under a lock of one day."""
    return Rules(
        retention_years=settings.retention_years,
        now=now,
        copy_past_retention=True,
        etags_comparable=bucket.encryption != "aws:kms" and settings.kms_key == "none",
    )


def _backlog(settings: Settings, clients: Clients, bucket: OldBucket) -> Backlog:
    client = clients.client("s3", bucket.account, bucket.region)
    acl = look(client.get_bucket_acl, Bucket=bucket.name, ExpectedBucketOwner=bucket.account)
    if not acl.seen:
        return Backlog(bucket, "", "", could_not_look=f"GetBucketAcl: {acl.why}")
    owner, foreign_owned = acl.value["Owner"]["ID"], 0
    objects: Counter[Kind] = Counter()
    sizes: Counter[Kind] = Counter()
    classes: Counter[str] = Counter()
    named: dict[Kind, list[str]] = {}
    pilot: dict[bool, str] = {}
    days: list[date] = []
    how = rules(settings, bucket, clients.clock.now())
    try:
        for pair in pairs(settings, clients, bucket):
            decision = decide(pair.source, pair.target, how)
            objects[decision.kind] += 1
            sizes[decision.kind] += pair.source.size
            foreign_owned += pair.source.owner_id not in ("", owner)
            if decision.kind is Kind.COPY:
                classes[pair.source.storage_class] += 1
                parsed = parse(pair.source.key)
                pilot.setdefault(parsed.kind in DIGEST_KINDS, pair.source.key)
                days = [d for d in (*days, parsed.date) if d]
                days = [min(days), max(days)]
            elif decision.kind in NOT_COPIED and len(named.setdefault(decision.kind, [])) < 5:
                named[decision.kind].append(pair.source.key)
    except (ClientError, BotoCoreError, OnetrailError) as err:
        return Backlog(bucket, "", "", could_not_look=f"listing: {err}")
    direction, why = direction_of(settings, bucket, foreign_owned)
    return Backlog(
        bucket,
        direction,
        why,
        objects,
        sizes,
        classes,
        tuple(pilot[kind] for kind in sorted(pilot)),
        {kind: tuple(keys) for kind, keys in named.items()},
        days[0] if days else None,
        days[-1] if days else None,
    )


def direction_of(settings: Settings, bucket: OldBucket, foreign_owned: int) -> tuple[str, str]:
    """`pull` or `push` for a bucket, and why; `foreign_owned` counts objects that another account owns."""
    asked = settings.direction_for(bucket.name)
    if asked != "auto":
        return asked, "the parameters say so"
    if foreign_owned and bucket.ownership != "BucketOwnerEnforced":
        return (
            "push",
            f"{counted(foreign_owned, 'object is', 'objects are')} not owned by the bucket's account, so its policy cannot let anybody in",
        )
    if bucket.encryption == "aws:kms" and (not bucket.kms_key or bucket.kms_key.endswith("alias/aws/s3")):
        return "push", "the objects are under the AWS managed key, which no other account can use"
    return "pull", "a role of the log account can read it"
