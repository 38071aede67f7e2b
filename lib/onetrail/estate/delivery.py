"""Where the new trail has been seen to deliver: per region, an object of its own in the central bucket and no error in
its status."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from onetrail.aws import Clients, look
from onetrail.cloudtrail.object_key import KeyKind, parse
from onetrail.cloudtrail.trail import Trail
from onetrail.estate.old_estate import status_of
from onetrail.instants import day_path, moved
from onetrail.looked import Absent, Look, There, Unread
from onetrail.settings import Settings


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

    @property
    def proven(self) -> bool:
        """True when a file of the new trail is in the archive and the trail reports no delivery error."""
        return bool(self.evidence_key) and not self.error and not self.could_not_look

    @property
    def line(self) -> str:
        """The row in words."""
        if self.could_not_look:
            return self.could_not_look
        if self.error:
            return f"delivery fails: {self.error}"
        return f"{self.kind} seen in the archive" if self.evidence_key else "nothing delivered yet"


def read_deliveries(
    settings: Settings, clients: Clients, trail: Trail, regions: tuple[str, ...]
) -> list[RegionDelivery]:
    """One row per region, in the order of `regions`."""
    return clients.each(lambda region: _read(settings, clients, trail, region), list(regions))


def _read(settings: Settings, clients: Clients, trail: Trail, region: str) -> RegionDelivery:
    status = look(clients.client("cloudtrail", trail.account, region).get_trail_status, Name=trail.arn)
    if isinstance(status, Unread):
        return RegionDelivery(trail.account, region, could_not_look=f"GetTrailStatus: {status.why}")
    error = status.value.get("LatestDeliveryError") or status.value.get("LatestDigestDeliveryError") or ""
    found = _digest(settings, clients, trail, region)
    match found:
        case Unread(why):
            return RegionDelivery(trail.account, region, error=error, could_not_look=f"ListObjectsV2: {why}")
        case Absent():
            return RegionDelivery(trail.account, region, error=error)
        case There(key):
            return RegionDelivery(trail.account, region, key, "digest file", error)


def _digest(settings: Settings, clients: Clients, trail: Trail, region: str) -> Look[str]:
    """The first digest of this very trail since it was started: digest keys carry the trail's name, log keys do not."""
    owner = f"{settings.organization_id}/{trail.account}" if trail.is_organization else trail.account
    prefix = f"{settings.key_prefix + '/' if settings.key_prefix else ''}AWSLogs/{owner}/CloudTrail-Digest/{region}/"
    since: dict[str, Any] = {}
    started = status_of(trail).started
    if started:
        since["StartAfter"] = prefix + f"{day_path(moved(started, -timedelta(days=1)))}/"
    account = settings.log_account.account_id
    client = clients.client("s3", account, settings.home_region)
    following: dict[str, Any] = {}
    for _ in range(10):
        page = look(
            client.list_objects_v2,
            Bucket=settings.bucket_name,
            ExpectedBucketOwner=account,
            Prefix=prefix,
            **(following or since),
        )
        if isinstance(page, Unread):
            return page
        for said in page.value.get("Contents", []):
            key = parse(said["Key"], settings.key_prefix)
            if key.kind is KeyKind.DIGEST and (key.trail, key.home_region) == (trail.name, trail.home_region):
                return There(str(said["Key"]))
        if not page.value.get("IsTruncated"):
            break
        following = {"ContinuationToken": page.value["NextContinuationToken"]}
    return Absent()
