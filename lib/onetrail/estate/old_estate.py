"""The old trails and buckets as AWS shows them now: read once, used by every step that touches them.

An old bucket is one that a trail other than the new one delivers to, or one that carries a statement of ours from an
earlier step: so it is still known when its trail is gone.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from onetrail import iam, names
from onetrail.aws import Clients, look, look_for, pages
from onetrail.change import plain
from onetrail.cloudtrail.trail import Trail, TrailStatus, from_api, unique_trails
from onetrail.estate.bucket_settings import first_rule, owner_of, read_settings, tags_of
from onetrail.estate.elsewhere import BucketElsewhere, of_others, read_elsewhere
from onetrail.estate.own_trails import own_trails
from onetrail.estate.proof.receipts import receipt_names
from onetrail.looked import Answer, Look, There, Unread, known, made, unread
from onetrail.settings import Settings

_SETTINGS = (
    "policy",
    "ownership",
    "lifecycle",
    "versioning",
    "lock",
    "encryption",
    "logging",
    "notifications",
    "replication",
    "request_payment",
    "tags",
)


@dataclass(frozen=True)
class OldBucket:
    """One old bucket and its settings. A setting that is not set is None, or its default; one that could not be read is
    Unread, and named in `could_not_look`."""

    name: str
    account: str
    region: str
    created: datetime | None = None
    trails: tuple[str, ...] = ()
    key_prefixes: tuple[str, ...] = ()
    trail_keys: tuple[str, ...] = ()
    """ARNs of the KMS keys that its trails encrypt with."""
    policy: Mapping[str, Any] | Unread | None = None
    ownership: str | Unread = "ObjectWriter"
    lifecycle: Mapping[str, Any] | Unread | None = None
    versioning: str | Unread = ""
    mfa_delete: bool | Unread = False
    lock: Mapping[str, Any] | Unread | None = None
    encryption: str | Unread = ""
    kms_key: str | Unread = ""
    logging: Mapping[str, Any] | Unread | None = None
    notifications: Mapping[str, Any] | Unread | None = None
    replication: Mapping[str, Any] | Unread | None = None
    request_payment: str | Unread = "BucketOwner"
    tags: Mapping[str, str] | Unread = field(default_factory=dict)
    could_not_look: tuple[str, ...] = ()

    @property
    def versioned(self) -> bool:
        """True where versions may be behind what is current; so they may where that could not be read."""
        return isinstance(self.versioning, Unread) or bool(self.versioning)

    @property
    def aws_managed(self) -> bool:
        """True where the bucket's own encryption is KMS with the AWS managed key."""
        key = known(self.kms_key) or ""
        return (known(self.encryption) or "").startswith("aws:kms") and (not key or key.endswith("alias/aws/s3"))

    @property
    def kms(self) -> bool:
        """True where objects may be under a KMS key, so that their ETags are no MD5; so they may where the encryption
        is unread."""
        said = self.encryption
        return isinstance(said, Unread) or said.startswith("aws:kms") or bool(self.trail_keys)

    @property
    def keys(self) -> tuple[str, ...]:
        """ARNs of the KMS keys that the bucket and its trails name; an alias is none, since a policy cannot name
        one."""
        said = known(self.kms_key) or ""
        own = (said,) if said.startswith("arn:") and ":key/" in said else ()
        return tuple(sorted({*own, *self.trail_keys}))

    @property
    def sids(self) -> frozenset[str]:
        """The Sids in the bucket's policy; none where that is unread, so that nothing is taken for frozen, closed or
        emptied."""
        policy = known(self.policy)
        return frozenset(str(s.get("Sid", "")) for s in iam.statements(policy)) if policy else frozenset()

    @property
    def held(self) -> bool:
        """True when deletion is refused by our statement."""
        return names.SID_HOLD_STILL in self.sids

    @property
    def closed(self) -> bool:
        """True where our statement refuses every write, so that lifecycle rules alone change the bucket."""
        return names.SID_CLOSED in self.sids

    @property
    def emptied(self) -> bool:
        """True when the bucket is already emptied and closed."""
        return names.SID_SHELL in self.sids

    @property
    def grant_open(self) -> bool | Unread:
        """Whether a temporary statement of ours is in the policy."""
        return self.policy if isinstance(self.policy, Unread) else bool(names.COPY_SIDS & self.sids)


@dataclass(frozen=True)
class OldEstate:
    """All trails (each once, shadow trails folded in) and the old buckets, sorted by account, region and name."""

    new_trails: tuple[Trail, ...]
    old_trails: tuple[Trail, ...]
    buckets: tuple[OldBucket, ...]
    could_not_look: tuple[str, ...] = ()
    elsewhere: tuple[BucketElsewhere, ...] = ()
    """Buckets of old trails that no source account owns, by name."""


def status_of(trail: Trail) -> TrailStatus:
    """The trail's status; one that could not be read counts as still logging, so that nothing is taken for stopped."""
    return trail.status or TrailStatus(is_logging=True)


def enabled_regions(settings: Settings, clients: Clients, account: str) -> Answer[list[str]]:
    """The regions in use: those the parameters list, or all that the account has enabled, in order."""
    if settings.regions != "enabled":
        return There(sorted(settings.regions))
    return regions_of(clients, account)


def regions_of(clients: Clients, account: str) -> Answer[list[str]]:
    """All regions that the account has enabled, in order."""
    found = look(clients.client("ec2", account).describe_regions, AllRegions=False)
    if isinstance(found, Unread):
        return found
    return There(sorted(region["RegionName"] for region in found.value["Regions"]))


def read_trails(settings: Settings, clients: Clients) -> OldEstate:
    """Read the trails of every region of every source account, and no bucket but those that are somebody else's."""
    return _with_elsewhere(settings, clients, _listed(settings, clients))


def read_trails_of(settings: Settings, clients: Clients, account: str, region: str) -> OldEstate:
    """Read the trails whose home is this region of this account, and no bucket."""
    return _told_apart(settings, *_trails_of(clients, account, region))


def trail_shape(trail: Trail) -> dict[str, Any]:
    """All that a trail of the same kind would be made from; no times, since those are not its shape."""
    said = {name: value for name, value in asdict(trail).items() if name not in ("status", "selectors")}
    return {**plain(said), "selectors": plain(trail.selectors.to_api()) if trail.selectors else None}


def _told_apart(settings: Settings, trails: list[Trail], failed: list[str]) -> OldEstate:
    new = own_trails(settings, trails)
    return OldEstate(new, tuple(t for t in trails if t not in new), (), tuple(failed))


def read_old_estate(settings: Settings, clients: Clients) -> OldEstate:
    """Read trails of every region of every source account, and every old bucket's settings."""
    listed = _listed(settings, clients)
    seen = _with_elsewhere(settings, clients, listed)
    buckets: list[OldBucket] = []
    failed = list(seen.could_not_look)
    remembered = receipt_names(settings.run_folder)
    for account, answer in listed.items():
        if isinstance(answer, Unread):
            failed.append(f"{account}: ListBuckets: {answer.why}")
        else:
            buckets += _buckets(settings, clients, account, answer.value, seen.old_trails, remembered)
    failed += [f"{bucket.name}: {why}" for bucket in buckets for why in bucket.could_not_look]
    ordered = tuple(sorted(buckets, key=lambda b: (b.account, b.region, b.name)))
    return replace(seen, buckets=ordered, could_not_look=tuple(failed))


def _trails(settings: Settings, clients: Clients) -> tuple[list[Trail], list[str]]:
    found: list[Trail] = []
    failed: list[str] = []
    for account in settings.source_account_ids:
        regions = enabled_regions(settings, clients, account)
        if isinstance(regions, Unread):
            failed.append(f"{account}: DescribeRegions: {regions.why}")
            continue
        for trails, missed in clients.each(partial(_trails_of, clients, account), regions.value):
            found += trails
            failed += missed
    return sorted(unique_trails(found), key=lambda t: (t.account, t.home_region, t.name)), failed


def _trails_of(clients: Clients, account: str, region: str) -> tuple[list[Trail], list[str]]:
    client = clients.client("cloudtrail", account, region)
    listed = look(client.describe_trails, includeShadowTrails=False)
    if isinstance(listed, Unread):
        return [], [f"{account} {region}: DescribeTrails: {listed.why}"]
    trails, failed = [], []
    for said in listed.value["trailList"]:
        arn = said["TrailARN"]
        parts: dict[str, Look[Any]] = {
            "GetTrailStatus": look(client.get_trail_status, Name=arn),
            "GetEventSelectors": look(client.get_event_selectors, TrailName=arn),
            "GetInsightSelectors": look_for(
                client.get_insight_selectors, ("InsightNotEnabledException",), TrailName=arn
            ),
        }
        failed += [f"{account} {region}: {said['Name']}: {line}" for line in unread(parts)]
        trails.append(from_api(said, *(part.value if isinstance(part, There) else None for part in parts.values())))
    return trails, failed


def _listed(settings: Settings, clients: Clients) -> dict[str, Answer[list[Any]]]:
    """The names of each source account's buckets."""
    return {
        account: pages(clients.client("s3", account), "list_buckets", "Buckets")
        for account in settings.source_account_ids
    }


def _with_elsewhere(settings: Settings, clients: Clients, listed: Mapping[str, Answer[list[Any]]]) -> OldEstate:
    seen = _told_apart(settings, *_trails(settings, clients))
    elsewhere, failed = read_elsewhere(settings, clients, seen.old_trails, listed)
    return replace(seen, elsewhere=elsewhere, could_not_look=(*seen.could_not_look, *failed))


def _buckets(
    settings: Settings,
    clients: Clients,
    account: str,
    listed: Sequence[Mapping[str, Any]],
    old: tuple[Trail, ...],
    remembered: Collection[str],
) -> list[OldBucket]:
    """The account's buckets that a trail of ours to stop delivers to, whichever account's it is, and those of this
    move."""
    own = {settings.bucket_name, settings.access_log_bucket, settings.work_bucket}
    fed = {trail.bucket for trail in old if not of_others(trail)}
    read = clients.each(
        lambda said: _bucket(clients, account, said, [t for t in old if t.bucket == said["Name"]]),
        [said for said in listed if said["Name"] not in own],
    )
    return [bucket for bucket in read if bucket.name in fed or _is_ours(bucket, remembered)]


def _is_ours(bucket: OldBucket, remembered: Collection[str]) -> bool:
    """Whether a bucket that no trail feeds is one of this move: by a statement of ours, or by a receipt where its
    policy is unread."""
    if isinstance(bucket.policy, Unread):
        return bucket.name in remembered
    return bucket.held or bucket.emptied or bucket.closed or bucket.grant_open is True


def _not_empty(notifications: Mapping[str, Any]) -> dict[str, Any] | None:
    return {name: said for name, said in notifications.items() if said} or None


def _default_encryption(encryption: Mapping[str, Any]) -> Mapping[str, Any]:
    said: Mapping[str, Any] = first_rule(encryption).get("ApplyServerSideEncryptionByDefault", {})
    return said


def _bucket(clients: Clients, account: str, said: Mapping[str, Any], trails: list[Trail]) -> OldBucket:
    name, region = said["Name"], said.get("BucketRegion", "")
    owner = {"Bucket": name, "ExpectedBucketOwner": account}
    failed: list[str] = []
    if not region:
        head = look(clients.client("s3", account).head_bucket, **owner)
        region = head.value["BucketRegion"] if isinstance(head, There) else ""
        failed += unread({"HeadBucket": head})
    client = clients.client("s3", account, region)
    values, missed = read_settings(client, name, account, _SETTINGS)
    rule: Mapping[str, Any] | Unread = made(values["encryption"], _default_encryption, {})
    return OldBucket(
        name=name,
        account=account,
        region=region,
        created=said.get("CreationDate"),
        trails=tuple(t.arn for t in trails),
        key_prefixes=tuple(sorted({t.key_prefix for t in trails})),
        trail_keys=tuple(sorted({t.kms_key for t in trails if ":key/" in t.kms_key})),
        policy=made(values["policy"], iam.parse, None),
        ownership=made(values["ownership"], owner_of, "ObjectWriter"),
        lifecycle=values["lifecycle"],
        versioning=made(values["versioning"], lambda said: str(said.get("Status", "")), ""),
        mfa_delete=made(values["versioning"], lambda said: said.get("MFADelete") == "Enabled", False),
        lock=values["lock"],
        encryption=made(rule, lambda said: str(said.get("SSEAlgorithm", "")), ""),
        kms_key=made(rule, lambda said: str(said.get("KMSMasterKeyID", "")), ""),
        logging=values["logging"],
        notifications=made(values["notifications"], _not_empty, None),
        replication=values["replication"],
        request_payment=made(values["request_payment"], str, "BucketOwner"),
        tags=made(values["tags"], tags_of, {}),
        could_not_look=(*failed, *missed),
    )
