"""Who else uses the old trails and buckets: to stop those without warning these breaks something. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from onetrail.cloudtrail.trail import Trail
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.looked import known

_TARGETS: Final = {
    "TopicConfigurations": ("TopicArn", "notifies topic"),
    "QueueConfigurations": ("QueueArn", "notifies queue"),
    "LambdaFunctionConfigurations": ("LambdaFunctionArn", "calls function"),
}


@dataclass(frozen=True)
class Consumer:
    """One thing fed by an old trail or bucket. `feeds` says how, `target` is its ARN."""

    account: str
    region: str
    source: str
    feeds: str
    target: str


def consumers(estate: OldEstate) -> tuple[Consumer, ...]:
    """All of them, in order of account, region and source."""
    found = [c for trail in estate.old_trails for c in _of_trail(trail)]
    found += [c for bucket in estate.buckets for c in _of_bucket(bucket)]
    return tuple(sorted(found, key=lambda c: (c.account, c.region, c.source, c.feeds, c.target)))


def _of_trail(trail: Trail) -> Iterator[Consumer]:
    where = (trail.account, trail.home_region, f"trail {trail.name}")
    if trail.cloudwatch_group:
        yield Consumer(*where, "sends to log group", trail.cloudwatch_group)
    if trail.sns_topic:
        yield Consumer(*where, "announces files on topic", trail.sns_topic)


def _of_bucket(bucket: OldBucket) -> Iterator[Consumer]:
    where = (bucket.account, bucket.region, f"bucket {bucket.name}")
    said = known(bucket.notifications) or {}
    for part, (arn, feeds) in _TARGETS.items():
        for one in said.get(part, []):
            yield Consumer(*where, f"{feeds} of {', '.join(one.get('Events', []))}", one[arn])
    if "EventBridgeConfiguration" in said:
        yield Consumer(*where, "sends events to", "EventBridge")
    for rule in (known(bucket.replication) or {}).get("Rules", []):
        if rule.get("Status") == "Enabled":
            yield Consumer(*where, "replicates to", rule.get("Destination", {}).get("Bucket", "?"))
