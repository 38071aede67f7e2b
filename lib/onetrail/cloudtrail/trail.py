"""A trail as a value: what DescribeTrails, GetTrailStatus and the selectors say of it.

A multi-region trail shows as a shadow trail in every other region, under the ARN of its home region.
Source: CloudTrail API reference, DescribeTrails, GetTrailStatus.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from onetrail.cloudtrail.selector import Insight, Selectors, insights_of, selectors_of
from onetrail.instants import utc


@dataclass(frozen=True, slots=True)
class TrailStatus:
    """GetTrailStatus of one region. Times are UTC, None where AWS gives none; errors are S3 error codes or empty.

    An error stays until the next attempt and is not set on time-outs: compare it with the time beside it.
    """

    is_logging: bool
    latest_delivery: datetime | None = None
    latest_delivery_error: str = ""
    latest_digest: datetime | None = None
    latest_digest_error: str = ""
    started: datetime | None = None
    stopped: datetime | None = None


@dataclass(frozen=True, slots=True)
class Trail:
    """One trail. Texts are empty where the trail has no such thing; `status` and `selectors` None: not asked for."""

    name: str
    arn: str
    account: str
    home_region: str
    bucket: str
    key_prefix: str = ""
    is_multi_region: bool = False
    is_organization: bool = False
    validation: bool = False
    kms_key: str = ""
    sns_topic: str = ""
    cloudwatch_group: str = ""
    global_events: bool = False
    selectors: Selectors | None = None
    insight_selectors: tuple[Insight, ...] = ()
    status: TrailStatus | None = None


def from_api(
    description: Mapping[str, Any],
    status: Mapping[str, Any] | None = None,
    selectors: Mapping[str, Any] | None = None,
    insights: Mapping[str, Any] | None = None,
) -> Trail:
    """A trail from one entry of `trailList` and the answers of GetTrailStatus, GetEventSelectors, GetInsightSelectors.

    `KeyError` or `ValueError` where the entry has no usable TrailARN.
    """
    arn = str(description["TrailARN"])
    _, _, _, region, account, name = arn.split(":", 5)
    return Trail(
        name=name.removeprefix("trail/"),
        arn=arn,
        account=account,
        home_region=description.get("HomeRegion") or region,
        bucket=description.get("S3BucketName") or "",
        key_prefix=description.get("S3KeyPrefix") or "",
        is_multi_region=bool(description.get("IsMultiRegionTrail")),
        is_organization=bool(description.get("IsOrganizationTrail")),
        validation=bool(description.get("LogFileValidationEnabled")),
        kms_key=description.get("KmsKeyId") or "",
        sns_topic=description.get("SnsTopicARN") or "",
        cloudwatch_group=description.get("CloudWatchLogsLogGroupArn") or "",
        global_events=bool(description.get("IncludeGlobalServiceEvents")),
        selectors=None if selectors is None else selectors_of(selectors),
        insight_selectors=() if insights is None else insights_of(insights),
        status=None if status is None else status_of(status),
    )


def status_of(answer: Mapping[str, Any]) -> TrailStatus:
    """The answer of GetTrailStatus as a value. The six fields that AWS calls no longer in use are not read."""
    return TrailStatus(
        is_logging=bool(answer["IsLogging"]),
        latest_delivery=_utc(answer.get("LatestDeliveryTime")),
        latest_delivery_error=answer.get("LatestDeliveryError") or "",
        latest_digest=_utc(answer.get("LatestDigestDeliveryTime")),
        latest_digest_error=answer.get("LatestDigestDeliveryError") or "",
        started=_utc(answer.get("StartLoggingTime")),
        stopped=_utc(answer.get("StopLoggingTime")),
    )


def unique_trails(trails: Iterable[Trail]) -> tuple[Trail, ...]:
    """Each trail once, by ARN, in order of ARN: shadow trails fold into one.

    What one sight of a trail lacks (status, selectors) is taken from another; the first to have it wins.
    """
    found: dict[str, Trail] = {}
    for trail in trails:
        held = found.setdefault(trail.arn, trail)
        found[trail.arn] = replace(
            held,
            status=held.status or trail.status,
            selectors=held.selectors or trail.selectors,
            insight_selectors=held.insight_selectors or trail.insight_selectors,
        )
    return tuple(found[arn] for arn in sorted(found))


def covers(trail: Trail, region: str) -> bool:
    """Whether the trail is set up to record this region. Says nothing about whether it is logging."""
    return trail.is_multi_region or trail.home_region == region


def _utc(value: Any) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return utc(value)
