"""The old trails and buckets as AWS shows them now: read once, used by every step that touches them.

An old bucket is one that a trail other than the new one delivers to, one whose folders hold logs of a source account
though no trail names it any more, or one that carries a statement of ours from an earlier step.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from onetrail import iam, names
from onetrail.aws import Clients, look, pages
from onetrail.change import plain
from onetrail.cloudtrail.trail import Trail, TrailStatus
from onetrail.estate.bucket_settings import first_rule, owner_of, read_settings, tags_of
from onetrail.estate.elsewhere import BucketElsewhere, missing_buckets, missing_line, of_others, read_elsewhere
from onetrail.estate.history_found import FoundHistory, find_history
from onetrail.estate.own_trails import own_trails
from onetrail.estate.proof.receipts import receipt_names
from onetrail.estate.trails_read import DeniedRegions, all_trails, trails_of_region
from onetrail.looked import Answer, There, Unread, known, made, unread
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
    not_searched: tuple[str, ...] = ()
    """Buckets that no trail names and in which history was not searched for, or not everywhere: which, and why."""
    left: tuple[str, ...] = ()
    """Old buckets that the parameters leave as they are, by name."""
    left_trails: tuple[str, ...] = ()
    """ARNs of trails that the parameters leave as they are."""
    missing: tuple[str, ...] = ()
    """Further old buckets that the parameters name and that no source account has; each is in `could_not_look` too."""
    out_of_reach: Mapping[str, str] = field(default_factory=dict)
    """ARNs of trails in whose home region nothing can be done, and why."""
    denied: tuple[DeniedRegions, ...] = ()
    """Where the organization refuses to show trails; each is in `could_not_look` too."""


def status_of(trail: Trail) -> TrailStatus:
    """The trail's status; one that could not be read counts as still logging, so that nothing is taken for stopped."""
    return trail.status or TrailStatus(is_logging=True)


def read_trails(settings: Settings, clients: Clients) -> OldEstate:
    """Read the trails of every region of every source account, and no bucket but those that are somebody else's."""
    return _with_elsewhere(settings, clients, _listed(settings, clients))


def read_trails_of(settings: Settings, clients: Clients, account: str, region: str) -> OldEstate:
    """Read the trails whose home is this region of this account, and no bucket."""
    return _told_apart(settings, *trails_of_region(clients, account, region))


def trail_shape(trail: Trail) -> dict[str, Any]:
    """All that a trail of the same kind would be made from; no times, since those are not its shape."""
    said = {name: value for name, value in asdict(trail).items() if name not in ("status", "selectors")}
    return {**plain(said), "selectors": plain(trail.selectors.to_api()) if trail.selectors else None}


def _told_apart(settings: Settings, trails: list[Trail], failed: list[str]) -> OldEstate:
    new = own_trails(settings, trails)
    old = tuple(trail for trail in trails if trail not in new)
    return OldEstate(new, old, (), tuple(failed), left_trails=settings.leave_trails)


def read_old_estate(settings: Settings, clients: Clients) -> OldEstate:
    """Read trails of every region of every source account, and every old bucket's settings."""
    listed = _listed(settings, clients)
    seen = _with_elsewhere(settings, clients, listed)
    buckets: list[OldBucket] = []
    not_searched: list[str] = []
    left: list[str] = []
    failed = list(seen.could_not_look)
    remembered = receipt_names(settings.run_folder)
    for account, answer in listed.items():
        if isinstance(answer, Unread):
            failed.append(f"{account}: ListBuckets: {answer.why}")
        else:
            for bucket, why in _buckets(
                settings, clients, account, _not_adopted(settings, seen, answer.value), seen.old_trails, remembered
            ):
                if bucket is not None:
                    left += [bucket.name] if settings.leaves(bucket.name) else []
                    buckets += [] if settings.leaves(bucket.name) else [bucket]
                not_searched += [why] if why else []
    failed += [f"{bucket.name}: {why}" for bucket in buckets for why in bucket.could_not_look]
    missing = missing_buckets(settings.more_buckets, listed)
    failed += [missing_line(name) for name in missing]
    ordered = tuple(sorted(buckets, key=lambda b: (b.account, b.region, b.name)))
    return replace(
        seen,
        buckets=ordered,
        could_not_look=tuple(failed),
        not_searched=tuple(sorted(not_searched)),
        left=tuple(sorted(left)),
        missing=missing,
    )


def _not_adopted(settings: Settings, seen: OldEstate, listed: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """These buckets without the one that the adopted trail delivers to: whatever else it holds, it is left as it is."""
    theirs = {trail.bucket for trail in seen.new_trails if trail.arn == settings.trail_arn}
    return [said for said in listed if said["Name"] not in theirs]


def _listed(settings: Settings, clients: Clients) -> dict[str, Answer[list[Any]]]:
    """The names of each source account's buckets."""
    return {
        account: pages(clients.client("s3", account), "list_buckets", "Buckets")
        for account in settings.source_account_ids
    }


def _with_elsewhere(settings: Settings, clients: Clients, listed: Mapping[str, Answer[list[Any]]]) -> OldEstate:
    read = all_trails(settings, clients)
    seen = _told_apart(settings, list(read.trails), list(read.failed))
    elsewhere, failed = read_elsewhere(settings, clients, seen.old_trails, listed)
    return replace(
        seen,
        elsewhere=elsewhere,
        could_not_look=(*seen.could_not_look, *failed),
        out_of_reach=read.out_of_reach,
        denied=read.denied,
    )


def _buckets(
    settings: Settings,
    clients: Clients,
    account: str,
    listed: Sequence[Mapping[str, Any]],
    old: tuple[Trail, ...],
    remembered: Collection[str],
) -> list[tuple[OldBucket | None, str]]:
    """The account's old buckets, each with what was not searched of it; of any other bucket only that, if anything.

    Only of buckets that no trail names is the policy read, and the folders; all settings only of old buckets.
    """
    own = {settings.bucket_name, settings.access_log_bucket, settings.work_bucket}
    fed = {trail.bucket for trail in old if not of_others(trail)}
    theirs = {trail.bucket for trail in old} - fed
    accounts = settings.source_account_ids

    def read(said: Mapping[str, Any]) -> tuple[OldBucket | None, str]:
        name = said["Name"]
        trails = [trail for trail in old if trail.bucket == name]
        if name in fed:
            return _bucket(clients, account, said, trails), ""
        place = _place(clients, account, said)
        sids = _our_sids(place.client, name, account, remembered)
        if names.SID_SHELL in sids:
            return _bucket(clients, account, said, trails), ""
        found = FoundHistory() if name in theirs else find_history(place.client, name, account, accounts)
        why = f"{name}: {found.not_searched}" if found.not_searched and not sids else ""
        if not sids and not found.key_prefixes and name not in settings.more_buckets:
            return None, why
        return _bucket(clients, account, said, trails, found.key_prefixes), why

    return clients.each(read, [said for said in listed if said["Name"] not in own])


_MARKS: Final = frozenset({names.SID_HOLD_STILL, names.SID_SHELL, names.SID_CLOSED}) | names.COPY_SIDS
"""Any of them in its policy makes a bucket one of this move."""


def _our_sids(client: Any, name: str, account: str, remembered: Collection[str]) -> frozenset[str]:
    """Statements of ours in the policy of a bucket that no trail names. Where that is unread, a receipt of this run
    makes the bucket one of this move."""
    values, _ = read_settings(client, name, account, ("policy",))
    policy: Mapping[str, Any] | Unread | None = made(values["policy"], iam.parse, None)
    if isinstance(policy, Unread):
        return frozenset({names.SID_HOLD_STILL}) if name in remembered else frozenset()
    return _MARKS & {str(s.get("Sid", "")) for s in iam.statements(policy)} if policy else frozenset()


class _Place(NamedTuple):
    """Where a bucket is, and the client of its region."""

    region: str
    client: Any
    failed: list[str]


def _place(clients: Clients, account: str, said: Mapping[str, Any]) -> _Place:
    name, region = said["Name"], said.get("BucketRegion", "")
    failed: list[str] = []
    if not region:
        head = look(clients.client("s3", account).head_bucket, Bucket=name, ExpectedBucketOwner=account)
        region = head.value["BucketRegion"] if isinstance(head, There) else ""
        failed += unread({"HeadBucket": head})
    return _Place(region, clients.client("s3", account, region), failed)


def _not_empty(notifications: Mapping[str, Any]) -> dict[str, Any] | None:
    return {name: said for name, said in notifications.items() if said} or None


def _default_encryption(encryption: Mapping[str, Any]) -> Mapping[str, Any]:
    said: Mapping[str, Any] = first_rule(encryption).get("ApplyServerSideEncryptionByDefault", {})
    return said


def _bucket(
    clients: Clients,
    account: str,
    said: Mapping[str, Any],
    trails: list[Trail],
    found: tuple[str, ...] = (),
) -> OldBucket:
    """The bucket with all its settings; `found` are prefixes below which its folders show history."""
    name = said["Name"]
    region, client, failed = _place(clients, account, said)
    values, missed = read_settings(client, name, account, _SETTINGS)
    rule: Mapping[str, Any] | Unread = made(values["encryption"], _default_encryption, {})
    return OldBucket(
        name=name,
        account=account,
        region=region,
        created=said.get("CreationDate"),
        trails=tuple(t.arn for t in trails),
        key_prefixes=tuple(sorted({t.key_prefix for t in trails} | set(found))),
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
