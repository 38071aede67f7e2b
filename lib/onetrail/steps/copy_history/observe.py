"""What is still to copy from each old bucket, how it can be read, and whether a grant is open."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from onetrail import iam
from onetrail.aws import Clients, look
from onetrail.aws.one_look import one_look
from onetrail.estate.archive_key import archive_key_arn
from onetrail.estate.backlog.backlog import Backlog, read_backlog, to_compare
from onetrail.estate.backlog.source_keys import SourceKey
from onetrail.estate.copier_role import RolePart, standing_parts
from onetrail.estate.history.claims import Claims
from onetrail.estate.ledger_parts import LedgerSeen, look_at_ledger
from onetrail.estate.old_estate import OldBucket, OldEstate, read_old_estate
from onetrail.estate.status import Status, asked
from onetrail.estate.trails_read import regions_of
from onetrail.looked import Absent, Look, There, Unread, applied, known, or_none, unread
from onetrail.settings import Settings
from onetrail.steps import account_lockdown, trail_cutover
from onetrail.steps.copy_history.local.conditional import conditional_copies
from onetrail.steps.copy_history.local.restores import ready_at
from onetrail.steps.copy_history.observed.edited import edited_policies
from onetrail.steps.copy_history.observed.flooded import Flooded, Listening, flooded, read_listening
from onetrail.steps.copy_history.observed.jobs import BatchSeen, see_batch
from onetrail.steps.registry import ACCOUNT_LOCKDOWN, TRAIL_CUTOVER

__all__ = ["SID_ENCRYPTS", "Backlog", "CopyObservation", "observe", "opens_key", "read_key_policy"]

SID_ENCRYPTS = "CopierEncrypts"
"""The temporary statement in the key's policy."""


@dataclass(frozen=True)
class CopyObservation:
    """Backlogs in order of account, region and bucket; the central bucket's policy, None while 04 is not done, since
    nobody asked then; what stands of the copier role in each source account."""

    prerequisites: tuple[Status, ...]
    estate: OldEstate
    backlogs: tuple[Backlog, ...]
    central_policy: Mapping[str, Any] | Unread | None
    source_copiers: Mapping[str, tuple[RolePart, ...] | Unread]
    now: datetime
    could_not_look: tuple[str, ...] = ()
    kms_key: str = ""
    """ARN of the archive's key, empty for none."""
    key_policy: Mapping[str, Any] | Unread | None = None
    """The policy of a key that step 03 made; None where there is none."""
    edited: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What others changed in a policy while a grant of this run was open."""
    ledger: LedgerSeen = field(default_factory=LedgerSeen)

    ready: datetime | None = None
    """When the restores that are under way are done at the latest; None where none is."""

    flooded: tuple[Flooded, ...] = ()
    """Who would hear of every copy."""

    @property
    def open_keys(self) -> tuple[SourceKey, ...]:
        """Keys of old buckets in whose policy a temporary statement stands."""
        found = {key.arn: key for backlog in self.backlogs for key in backlog.keys if key.open is True}
        return tuple(found[arn] for arn in sorted(found))

    @property
    def unread_permissions(self) -> list[str]:
        """Where nobody could look whether a temporary permission stands, and why."""
        keys = {key.arn: key.open for one in self.backlogs for key in one.keys}
        looks = unread(
            {
                "the archive's policy": self.central_policy,
                "the policy of the archive's key": self.key_policy,
                **{f"the policy of {one.name}": one.policy for one in self.estate.buckets if not one.emptied},
                **{f"the policy of the key {arn}": keys[arn] for arn in sorted(keys)},
                **{f"the temporary role in {account}": parts for account, parts in self.source_copiers.items()},
            }
        )
        return [*looks, *self.batch.could_not_look]

    batch: BatchSeen = field(default_factory=BatchSeen)
    """What stands of jobs of S3 Batch Operations."""
    conditional: bool = True
    """Whether S3 takes If-None-Match on a copy; False once a pilot of this run saw that it does not."""

    @property
    def open_sources(self) -> tuple[OldBucket, ...]:
        """Old buckets in whose policy a temporary statement stands."""
        return tuple(bucket for bucket in self.estate.buckets if bucket.grant_open is True)

    @property
    def key_open(self) -> bool:
        """True when copiers of other accounts may use the archive's key."""
        return opens_key(known(self.key_policy))


@one_look
def observe(
    settings: Settings,
    clients: Clients,
    estate: OldEstate | None = None,
    before: Mapping[str, Status] | None = None,
) -> CopyObservation:
    """List every old bucket beside the archive, and read the policies that a grant would change.

    `estate` is what the caller has just read of the old trails and buckets, `before` what it has just asked earlier
    steps.
    """
    estate = estate or read_old_estate(settings, clients)
    prerequisites = (
        asked(before, ACCOUNT_LOCKDOWN.number, lambda: account_lockdown.done(settings, clients, estate)),
        asked(before, TRAIL_CUTOVER.number, lambda: trail_cutover.done(settings, clients, estate, before)),
    )
    failed = list(estate.could_not_look)
    central: Mapping[str, Any] | Unread | None = None
    backlogs: tuple[Backlog, ...] = ()
    listening = Listening()
    if prerequisites[1].done:
        account = settings.log_account.account_id
        client = clients.client("s3", account, settings.home_region)
        seen = look(client.get_bucket_policy, Bucket=settings.bucket_name, ExpectedBucketOwner=account)
        failed += unread({f"{settings.bucket_name}: GetBucketPolicy": seen})
        central = seen if isinstance(seen, Unread) else iam.parse(seen.value["Policy"])
        live = [bucket for bucket in estate.buckets if not bucket.emptied]
        claims = Claims(settings, clients, live)
        for bucket in live:
            clients.tell(to_compare(bucket))
        enabled, missed = _enabled(settings, clients)
        listening = read_listening(settings, clients, estate)
        failed += [*missed, *listening.could_not_look]
        backlogs = tuple(
            clients.each(
                lambda bucket: read_backlog(settings, clients, bucket, estate, enabled, claims),
                live,
                at_once=4,
            )
        )
    copiers: dict[str, tuple[RolePart, ...] | Unread] = {}
    for account in settings.source_account_ids:
        parts = standing_parts(clients, account)
        copiers[account] = parts if isinstance(parts, Unread) else parts.value
        failed += unread({account: parts})
    key = archive_key_arn(settings, clients)
    failed += unread({"the archive's key": key})
    arn = key.value if isinstance(key, There) else ""
    policy = read_key_policy(settings, clients, arn)
    failed += unread({"the archive's key: GetKeyPolicy": policy})
    batch = see_batch(settings, clients)
    failed += batch.could_not_look
    now = clients.clock.now()
    return CopyObservation(
        prerequisites,
        estate,
        backlogs,
        central,
        copiers,
        now,
        tuple(failed),
        arn,
        or_none(policy),
        edited_policies(settings),
        look_at_ledger(settings.run_folder),
        _ready(settings, backlogs, now),
        flooded(settings, listening, backlogs),
        batch,
        conditional_copies(settings),
    )


def _ready(settings: Settings, backlogs: tuple[Backlog, ...], now: datetime) -> datetime | None:
    folder = settings.run_folder / "ledger"
    waited = [ready_at(folder, one.bucket.name, one.restoring, now) for one in backlogs if one.restoring]
    return max(waited, default=None)


def _enabled(settings: Settings, clients: Clients) -> tuple[dict[str, frozenset[str]], list[str]]:
    """The regions that each account has switched on, whatever the parameters list; and what could not be read."""
    found: dict[str, frozenset[str]] = {}
    failed = []
    for account in settings.all_account_ids:
        said = regions_of(clients, account)
        if isinstance(said, There):
            found[account] = frozenset(said.value)
        failed += unread({f"{account}: DescribeRegions": said})
    return found, failed


def read_key_policy(settings: Settings, clients: Clients, key_arn: str) -> Look[Mapping[str, Any]]:
    """The policy of a key that step 03 made; absent where the parameters let none be made."""
    if settings.kms_key != "create" or not key_arn:
        return Absent()
    client = clients.client("kms", settings.log_account.account_id)
    said = look(client.get_key_policy, KeyId=key_arn, PolicyName="default")
    return applied(said, lambda found: iam.parse(found["Policy"]))


def opens_key(policy: Mapping[str, Any] | None) -> bool:
    """Whether the key's policy holds our temporary statement."""
    return SID_ENCRYPTS in {statement.get("Sid") for statement in iam.statements(policy or {})}
