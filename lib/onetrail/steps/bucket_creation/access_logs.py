"""Whether access logs arrive: only a first one shows that the access-log bucket's policy lets S3 deliver.

Source: S3 User Guide, "Logging requests with server access logging": best effort, most within a few hours, and a new
setting takes up to an hour. Ours are asked for since the bucket stands, and every look of this step is a request that
is logged.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from onetrail.aws import Clients, look
from onetrail.change import CheckKind, Finding, FindingState, RequiredCheck, Requirement, iso
from onetrail.looked import Unread
from onetrail.settings import Settings

ARRIVED: Final = RequiredCheck(CheckKind.ACCESS_LOG_ARRIVED)
MOST: Final = timedelta(hours=24)
"""How long a first one is awaited; then its absence is a finding."""
_AGAIN: Final = timedelta(hours=1)


@dataclass(frozen=True)
class AccessLogDelivery:
    """`missing` are those of our buckets of which no access log has arrived; `since` is when their bucket was made,
    None while it is not.

    AWS may give a later date where the bucket's policy was changed (S3 API Reference, Bucket): the wait is then longer.
    """

    missing: tuple[str, ...] = ()
    since: datetime | None = None
    could_not_look: str = ""


def read_access_logs(settings: Settings, clients: Clients, since: datetime | None, *, there: bool) -> AccessLogDelivery:
    """One key is asked for of each logged bucket. `there` says whether the access-log bucket exists in the log
    account."""
    logged = (settings.bucket_name, settings.work_bucket)
    if not there:
        return AccessLogDelivery(logged)
    client = clients.client("s3", settings.log_account.account_id, settings.home_region)
    owner = {
        "Bucket": settings.access_log_bucket,
        "ExpectedBucketOwner": settings.log_account.account_id,
    }
    missing = []
    for name in logged:
        found = look(client.list_objects_v2, Prefix=f"{name}/", MaxKeys=1, **owner)
        if isinstance(found, Unread):
            return AccessLogDelivery(could_not_look=f"ListObjectsV2 {name}/: {found.why}")
        if not found.value.get("KeyCount"):
            missing.append(name)
    return AccessLogDelivery(tuple(missing), since)


def awaited(seen: AccessLogDelivery, now: datetime) -> tuple[datetime, str] | None:
    """When to look again and what for; None where all have arrived, or have been awaited long enough."""
    end = (seen.since or now) + MOST
    if not seen.missing or now >= end:
        return None
    text = (
        f"the first access log of {_named(seen.missing)} has not arrived yet; S3 takes some hours, and 04 may run"
        " meanwhile"
    )
    return min(now + _AGAIN, end), text


def arrived(seen: AccessLogDelivery, now: datetime) -> Requirement:
    """Whether a first access log of each bucket is there."""
    if seen.could_not_look:
        return Requirement(False, seen.could_not_look)
    if not seen.missing:
        return Requirement(True, "access logs arrive")
    waiting = awaited(seen, now)
    return Requirement(False, waiting[1], waiting[0]) if waiting else Requirement(False, _overdue(seen))


def access_log_findings(settings: Settings, seen: AccessLogDelivery, now: datetime) -> list[Finding]:
    """One row: access logs arrive, are awaited, or did not arrive in time; none while their bucket is still to be
    made."""
    if seen.since is None and not seen.could_not_look:
        return []
    where = (settings.log_account.account_id, settings.home_region, settings.access_log_bucket)
    if seen.could_not_look:
        return [Finding("03.access-log", FindingState.COULD_NOT_LOOK, *where, seen.could_not_look)]
    if not seen.missing:
        return [Finding("03.access-log", FindingState.OK, *where, "access logs of every bucket of ours arrive")]
    waiting = awaited(seen, now)
    if waiting:
        return [Finding("03.access-log", FindingState.PLANNED, *where, waiting[1])]
    return [Finding("03.access-log", FindingState.FINDING, *where, _overdue(seen))]


def _overdue(seen: AccessLogDelivery) -> str:
    said = f" since {iso(seen.since)}" if seen.since else ""
    return (
        f"no access log of {_named(seen.missing)} has arrived{said}: check whether something outside this account's"
        " policies denies logging.s3.amazonaws.com, such as a resource control policy"
    )


def _named(buckets: Sequence[str]) -> str:
    return " and ".join(buckets)
