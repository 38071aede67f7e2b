"""Where the new trail has been seen to deliver: per account and region, an object of its own in its bucket and no error
in its status; of an adopted trail whose bucket is out of reach, the delivery that its status reports."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, NamedTuple

from onetrail.aws import Clients, look, look_for_bucket
from onetrail.cloudtrail.object_key import KeyKind, parse
from onetrail.cloudtrail.trail import Trail
from onetrail.estate.old_estate import status_of
from onetrail.instants import day_path, moved, utc
from onetrail.looked import Absent, Look, There, Unread
from onetrail.settings import Settings

BY_STATUS: Final = "GetTrailStatus reports a delivery at"
"""The evidence where the bucket of an adopted trail cannot be listed."""
_RECENT: Final = timedelta(days=1)
"""Digests come every hour, so an older delivery says nothing of today."""


@dataclass(frozen=True)
class RegionDelivery:
    """One region. `evidence_key` is the object seen; `error` is what GetTrailStatus says; `proven` needs an object and
    no error."""

    account: str
    region: str
    evidence_key: str = ""
    kind: str = ""
    error: str = ""
    could_not_look: str = ""
    where: str = "the archive"
    """Where the object was seen."""

    @property
    def proven(self) -> bool:
        """True when a file of the new trail was seen, or the adopted one reports a delivery, and there is no error."""
        return bool(self.evidence_key) and not self.error and not self.could_not_look

    @property
    def line(self) -> str:
        """The row in words."""
        if self.could_not_look:
            return self.could_not_look
        if self.error:
            return f"delivery fails: {self.error}"
        if self.kind == BY_STATUS:
            return f"{self.kind} {self.evidence_key}"
        return f"{self.kind} seen in {self.where}" if self.evidence_key else "nothing delivered yet"


def read_deliveries(
    settings: Settings, clients: Clients, trail: Trail, account: str, regions: tuple[str, ...]
) -> list[RegionDelivery]:
    """One row per region, in the order of `regions`: what the trail delivers of this account there."""
    place = _place(settings, clients, trail)
    return clients.each(lambda region: _read(settings, clients, trail, account, region, place), list(regions))


class _Place(NamedTuple):
    """A bucket that can be listed, and by whom; empty where nobody here can."""

    bucket: str
    owner: str


def _place(settings: Settings, clients: Clients, trail: Trail) -> _Place:
    """Where the trail delivers. The bucket of an adopted trail may be out of reach."""
    if settings.trail_mode == "create":
        return _Place(settings.bucket_name, settings.log_account.account_id)
    for account in (settings.log_account.account_id, *settings.source_account_ids):
        head = look_for_bucket(clients.client("s3", account), trail.bucket, account)
        if isinstance(head, There):
            return _Place(trail.bucket, account)
    return _Place("", "")


def _read(
    settings: Settings, clients: Clients, trail: Trail, account: str, region: str, place: _Place
) -> RegionDelivery:
    """A member of an organization asks for its own delivery with the full ARN, in each region (CloudTrail User Guide,
    troubleshooting an organization trail)."""
    status = look(clients.client("cloudtrail", account, region).get_trail_status, Name=trail.arn)
    if isinstance(status, Unread):
        return RegionDelivery(account, region, could_not_look=f"GetTrailStatus: {status.why}")
    error = status.value.get("LatestDeliveryError") or status.value.get("LatestDigestDeliveryError") or ""
    if settings.trail_mode == "adopt":
        return _of_adopted(settings, clients, trail, RegionDelivery(account, region, error=error), status.value, place)
    return _seen(
        RegionDelivery(account, region, error=error), _digest(settings, clients, trail, account, region, place)
    )


def _seen(row: RegionDelivery, found: Look[str]) -> RegionDelivery:
    match found:
        case Unread(why):
            return replace(row, could_not_look=f"ListObjectsV2: {why}")
        case Absent():
            return row
        case There(key):
            return replace(row, evidence_key=key, kind="digest file")


def _of_adopted(
    settings: Settings,
    clients: Clients,
    trail: Trail,
    row: RegionDelivery,
    said: Mapping[str, Any],
    place: _Place,
) -> RegionDelivery:
    """What the trail says of this account and region, and the object too where its bucket can be listed."""
    if not said.get("IsLogging"):
        return replace(row, error=row.error or "it is not logging")
    if place.bucket and trail.validation:
        found = _digest(settings, clients, trail, row.account, row.region, place)
        if not isinstance(found, Unread):
            return replace(_seen(row, found), where="the trail's own bucket")
    times = [utc(said[key]) for key in ("LatestDeliveryTime", "LatestDigestDeliveryTime") if said.get(key)]
    late = [time for time in times if time >= clients.clock.now() - _RECENT]
    if not late:
        return row
    return replace(row, evidence_key=f"{max(late):%Y-%m-%dT%H:%M:%SZ}", kind=BY_STATUS)


def _folder(settings: Settings, trail: Trail, account: str, region: str) -> str:
    owner = f"{settings.organization_id}/{account}" if trail.is_organization else account
    prefix = settings.key_prefix if settings.trail_mode == "create" else trail.key_prefix
    return f"{prefix + '/' if prefix else ''}AWSLogs/{owner}/CloudTrail-Digest/{region}/"


def _digest(settings: Settings, clients: Clients, trail: Trail, account: str, region: str, place: _Place) -> Look[str]:
    """The first digest of this very trail since it was started, of an adopted one since the day before: digest keys
    carry the trail's name, log keys do not."""
    prefix = _folder(settings, trail, account, region)
    since: dict[str, Any] = {}
    adopt = settings.trail_mode == "adopt"
    started = clients.clock.now() if adopt else status_of(trail).started
    if started:
        since["StartAfter"] = prefix + f"{day_path(moved(started, -timedelta(days=1)))}/"
    client = clients.client("s3", place.owner, "" if adopt else settings.home_region)
    following: dict[str, Any] = {}
    for _ in range(10):
        page = look(
            client.list_objects_v2,
            Bucket=place.bucket,
            ExpectedBucketOwner=place.owner,
            Prefix=prefix,
            **(following or since),
        )
        if isinstance(page, Unread):
            return page
        for said in page.value.get("Contents", []):
            key = parse(said["Key"], trail.key_prefix if adopt else settings.key_prefix)
            if key.kind is KeyKind.DIGEST and (key.trail, key.home_region) == (trail.name, trail.home_region):
                return There(str(said["Key"]))
        if not page.value.get("IsTruncated"):
            break
        following = {"ContinuationToken": page.value["NextContinuationToken"]}
    return Absent()
