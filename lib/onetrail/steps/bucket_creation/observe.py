"""Reading the three buckets of the log account, the key, and which years of logs the old buckets hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from onetrail import iam
from onetrail.aws import Clients, look, look_for_bucket, pages
from onetrail.aws.actors import BREAK_GLASS
from onetrail.aws.one_look import one_look
from onetrail.aws.sessions import CannotEnter
from onetrail.cloudtrail.trail import Trail
from onetrail.estate.adoption.adopted import not_adoptable
from onetrail.estate.adoption.deliveries import all_trails_of
from onetrail.estate.archive_key import archive_key_arn
from onetrail.estate.bucket_settings import first_rule, owner_of, read_settings, tags_of
from onetrail.estate.log_account.observed import LogAccount, observe_log_account
from onetrail.estate.old_estate import OldBucket, OldEstate, read_old_estate
from onetrail.estate.status import Status
from onetrail.looked import Absent, Answer, There, Unread, made, unread
from onetrail.settings import Settings
from onetrail.steps import account_lockdown
from onetrail.steps.bucket_creation.access_logs import AccessLogDelivery, read_access_logs

KINDS: Final = (
    "CloudTrail",
    "CloudTrail-Digest",
    "CloudTrail-Insight",
    "CloudTrail-NetworkActivity",
    "CloudTrail-Aggregated",
)
"""Folders that CloudTrail writes (CloudTrail User Guide, finding log files)."""

_SETTINGS: Final = (
    "policy",
    "public_access",
    "ownership",
    "versioning",
    "lock",
    "encryption",
    "lifecycle",
    "logging",
    "tags",
)


_ELSEWHERE: Final = "403"
"""What HeadBucket says of a bucket of another account, which the expected owner does not own."""


class BucketPresence(StrEnum):
    """Whether a bucket of that name is there, and in whose account."""

    ABSENT = "absent"
    OURS = "ours"
    """In the log account."""
    ELSEWHERE = "elsewhere"
    """In another account."""
    COULD_NOT_LOOK = "could_not_look"


@dataclass(frozen=True)
class BucketState:
    """A bucket's name, whether it is there, and its settings.

    A setting that is not set is None, or empty; one that nobody could look at is Unread, and `could_not_look` says why.
    `created` is what `there_since` says. `empty` is False once it holds a version, a delete marker included.
    """

    name: str
    state: BucketPresence
    region: str = ""
    created: datetime | None = None
    empty: bool | Unread = True
    policy: Mapping[str, Any] | Unread | None = None
    public_access: Mapping[str, bool] | Unread = field(default_factory=dict)
    ownership: str | Unread = ""
    versioning: str | Unread = ""
    lock: Mapping[str, Any] | Unread | None = None
    encryption: Mapping[str, Any] | Unread = field(default_factory=dict)
    lifecycle: Mapping[str, Any] | Unread | None = None
    logging: Mapping[str, Any] | Unread | None = None
    tags: Mapping[str, str] | Unread = field(default_factory=dict)
    could_not_look: tuple[str, ...] = ()


@dataclass(frozen=True)
class BucketsObservation:
    """`folders` are the year folders of the old buckets (`AWSLogs/ACCOUNT/KIND/REGION/YEAR/`); `key_policy` the
    archive's key's."""

    prerequisite: Status
    log: LogAccount
    buckets: Mapping[str, BucketState]
    now: datetime
    folders: tuple[str, ...] = ()
    key_policy: Mapping[str, Any] | Unread | None = None
    could_not_look: tuple[str, ...] = ()
    access_logs: AccessLogDelivery = field(default_factory=AccessLogDelivery)
    trails: tuple[Trail, ...] = ()
    """Every trail that was seen, those of others too."""
    refused: str = ""
    """Why nothing may be planned, though everything was read; empty where it may."""


def there_since(created: datetime | None, held: Answer[Mapping[str, Any]]) -> datetime | None:
    """The earliest instant at which the bucket is known to have stood: CreationDate, or when the first version that it
    lists was written.

    CreationDate alone is no age: it "can change when making changes to your bucket, such as editing its bucket policy"
    (S3 API Reference, Bucket).
    """
    versions = held.value.get("Versions", []) if isinstance(held, There) else []
    known = [created] if created else []
    return min([*known, *(version["LastModified"] for version in versions)], default=None)


@one_look
def observe(settings: Settings, clients: Clients, estate: OldEstate | None = None) -> BucketsObservation:
    """Everything step 03 rests on; changes nothing. `estate` is what the caller has just read of the old trails and
    buckets."""
    seen = observe_buckets(settings, clients)
    if not seen.prerequisite.done:
        return seen
    old = estate or read_old_estate(settings, clients)
    found = clients.each(lambda bucket: _folders(clients, bucket), [b for b in old.buckets if not b.emptied])
    folders = sorted({folder for listed, _ in found for folder in listed})
    failed = [text for _, missed in found for text in missed]
    return BucketsObservation(
        seen.prerequisite,
        seen.log,
        seen.buckets,
        seen.now,
        tuple(folders),
        seen.key_policy,
        (*seen.could_not_look, *old.could_not_look, *failed),
        seen.access_logs,
        all_trails_of(old),
        not_adoptable(settings, old),
    )


def observe_buckets(settings: Settings, clients: Clients) -> BucketsObservation:
    """The log account's side alone, without a look into the old buckets; while 02 is not done, only which names are
    taken."""
    log = observe_log_account(settings, clients)
    prerequisite = account_lockdown.log_account_status(settings, log)
    if not prerequisite.done:
        return BucketsObservation(prerequisite, log, _taken(settings, clients), clients.clock.now())
    key = archive_key_arn(settings, clients)
    failed = unread({"the archive's key": key})
    policy: Mapping[str, Any] | Unread | None = None
    if isinstance(key, There) and settings.kms_key == "create":
        said = look(clients.client("kms", log.account).get_key_policy, KeyId=key.value, PolicyName="default")
        policy = said if isinstance(said, Unread) else iam.parse(said.value["Policy"])
        failed += unread({"GetKeyPolicy": said})
    names = (settings.access_log_bucket, settings.work_bucket, settings.bucket_name)
    listed = pages(clients.client("s3", log.account), "list_buckets", "Buckets")
    failed += unread({"ListBuckets": listed})
    owned = {said["Name"]: said for said in listed.value} if isinstance(listed, There) else {}
    buckets = {name: _bucket(settings, clients, name, owned, listed) for name in names}
    access = buckets[settings.access_log_bucket]
    logs = read_access_logs(settings, clients, access.created, there=access.state == BucketPresence.OURS)
    return BucketsObservation(prerequisite, log, buckets, clients.clock.now(), (), policy, tuple(failed), logs)


def _taken(settings: Settings, clients: Clients) -> dict[str, BucketState]:
    """The wanted names that another account has, seen before any role is made for them.

    Only an administrator's 403 says so: who may not list a bucket is refused for his own lack of permission too.
    """
    account = settings.log_account.account_id
    try:
        client = clients.client("s3", account, actor=BREAK_GLASS)
    except CannotEnter:
        return {}
    listed = pages(client, "list_buckets", "Buckets")
    if isinstance(listed, Unread):
        return {}
    owned = {said["Name"] for said in listed.value}
    found = {}
    for name in (settings.access_log_bucket, settings.work_bucket, settings.bucket_name):
        if name not in owned:
            head = look_for_bucket(client, name, account)
            if isinstance(head, Unread) and head.code == _ELSEWHERE:
                found[name] = BucketState(name, BucketPresence.ELSEWHERE)
    return found


def _bucket(
    settings: Settings, clients: Clients, name: str, owned: Mapping[str, Any], listed: Answer[list[Any]]
) -> BucketState:
    account = settings.log_account.account_id
    owner = {"Bucket": name, "ExpectedBucketOwner": account}
    if isinstance(listed, Unread):
        return BucketState(name, BucketPresence.COULD_NOT_LOOK, could_not_look=(f"ListBuckets: {listed.why}",))
    if name not in owned:
        head = look_for_bucket(clients.client("s3", account), name, account)
        if isinstance(head, Absent):
            return BucketState(name, BucketPresence.ABSENT)
        if isinstance(head, Unread) and head.code != _ELSEWHERE:
            return BucketState(name, BucketPresence.COULD_NOT_LOOK, could_not_look=(f"HeadBucket: {head.why}",))
        return BucketState(name, BucketPresence.ELSEWHERE)
    region = owned[name].get("BucketRegion") or _region(clients, account, owner)
    client = clients.client("s3", account, region)
    values, failed = read_settings(client, name, account, _SETTINGS)
    held = look(client.list_object_versions, MaxKeys=1, **owner)
    failed += unread({"list_object_versions": held})
    return BucketState(
        name=name,
        state=BucketPresence.OURS,
        region=region,
        created=there_since(owned[name].get("CreationDate"), held),
        empty=held if isinstance(held, Unread) else not (held.value.get("Versions") or held.value.get("DeleteMarkers")),
        policy=made(values["policy"], iam.parse, None),
        public_access=made(values["public_access"], dict, {}),
        ownership=made(values["ownership"], owner_of, ""),
        versioning=made(values["versioning"], lambda said: str(said.get("Status", "")), ""),
        lock=values["lock"],
        encryption=made(values["encryption"], first_rule, {}),
        lifecycle=values["lifecycle"],
        logging=values["logging"],
        tags=made(values["tags"], tags_of, {}),
        could_not_look=tuple(failed),
    )


def _region(clients: Clients, account: str, owner: Mapping[str, str]) -> str:
    head = look(clients.client("s3", account).head_bucket, **owner)
    return str(head.value.get("BucketRegion", "")) if isinstance(head, There) else ""


def _folders(clients: Clients, bucket: OldBucket) -> tuple[list[str], list[str]]:
    """Year folders of one old bucket, found level by level: a few calls, however many objects there are."""
    client = clients.client("s3", bucket.account, bucket.region)
    failed: list[str] = []

    def below(prefix: str) -> list[str]:
        found = pages(
            client,
            "list_objects_v2",
            "CommonPrefixes",
            Bucket=bucket.name,
            ExpectedBucketOwner=bucket.account,
            Prefix=prefix,
            Delimiter="/",
        )
        failed.extend(unread({f"{bucket.name}: ListObjectsV2 {prefix}": found}))
        return [said["Prefix"] for said in found.value] if isinstance(found, There) else []

    years: list[str] = []
    for base in bucket.key_prefixes or ("",):
        start = f"{base}/" if base else ""
        accounts = below(f"{start}AWSLogs/")
        accounts = [
            a
            for top in accounts
            for a in (below(top) if top.rstrip("/").rsplit("/", 1)[-1].startswith("o-") else [top])
        ]
        for account in accounts:
            kinds = [kind for kind in below(account) if kind.rstrip("/").rsplit("/", 1)[-1] in KINDS]
            regions = [region for kind in kinds for region in below(kind)]
            found = [year for region in regions for year in below(region)]
            years += [y.removeprefix(start) for y in found if y.rstrip("/").rsplit("/", 1)[-1].isdigit()]
    return years, failed
