"""What CloudTrail remembers: trails, and for each account and region of a trail what was and will be delivered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from onetrail.practice.state.trail_files import (
    DeliveredFile,
    DeliveryPlace,
    DigestLink,
    LogFile,
    Recorded,
    SignedDigest,
)

DEFAULT_SELECTORS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    },
)


@dataclass
class WrittenChain:
    """A digest chain that is being written. `end` is the end of the hour under way."""

    end: datetime
    previous: DigestLink | None = None
    files: list[DeliveredFile] = field(default_factory=list)
    until: datetime | None = None
    """Logging has stopped: the first digest that ends at this instant or later is the final one."""


@dataclass
class Stream:
    """One account and region of a trail."""

    account: str
    region: str
    waiting: dict[datetime, list[Recorded]] = field(default_factory=dict)
    """Five-minute mark -> records not yet in a file."""
    refused: list[LogFile] = field(default_factory=list)
    """Log files that S3 refused, oldest first; tried again for 30 days."""
    digests: list[tuple[datetime, SignedDigest]] = field(default_factory=list)
    """Digests written but not yet delivered, with the instant they are due."""
    chain: WrittenChain | None = None
    ending: list[WrittenChain] = field(default_factory=list)
    delivered: datetime | None = None
    delivery_error: str = ""
    digest_delivered: datetime | None = None
    digest_error: str = ""


@dataclass
class TrailState:
    """A trail. `settings` holds the optional members as the API names them."""

    name: str
    account: str
    home: str
    bucket: str
    prefix: str = ""
    multi_region: bool = False
    organization: str = ""
    """Organization id of an organization trail, else empty."""
    validation: bool = False
    global_events: bool = True
    settings: dict[str, str] = field(default_factory=dict)
    """SnsTopicName, SnsTopicARN, CloudWatchLogsLogGroupArn, CloudWatchLogsRoleArn, KmsKeyId."""
    recursive_logging: bool = True
    selectors: list[dict[str, Any]] = field(default_factory=list)
    advanced_selectors: list[dict[str, Any]] = field(default_factory=list)
    insights: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    logging: bool = False
    started: datetime | None = None
    stopped: datetime | None = None
    streams: dict[tuple[str, str], Stream] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """`arn:aws:cloudtrail:HOME:ACCOUNT:trail/NAME`."""
        return f"arn:aws:cloudtrail:{self.home}:{self.account}:trail/{self.name}"

    def place(self, account: str, region: str) -> DeliveryPlace:
        """Where this trail's files of that account and region go."""
        return DeliveryPlace(account, region, self.name, self.home, self.bucket, self.prefix, self.organization)

    def stream(self, account: str, region: str) -> Stream:
        """What is known of that account and region; made when first asked for."""
        return self.streams.setdefault((account, region), Stream(account, region))

    def takes(self, event: Recorded) -> bool:
        """Whether the selectors and the trail's reach let this management event in.

        Since 2021-11-22 only a trail whose home is us-east-1, or that is multi-region, gets global-service events.
        """
        if not self.multi_region and event.region != self.home:
            return False
        if event.is_global and not self.global_events:
            return False
        if self.advanced_selectors:
            return any(_advanced(selector, event) for selector in self.advanced_selectors)
        return any(_basic(selector, event) for selector in self.selectors or DEFAULT_SELECTORS)

    @property
    def kms_key(self) -> str:
        """ARN of the key that encrypts the trail's files, or empty for the bucket's own default."""
        return self.settings.get("KmsKeyId", "")

    @property
    def key_context(self) -> dict[str, str]:
        """The encryption context under which CloudTrail uses the trail's key."""
        return {"kms:EncryptionContext:aws:cloudtrail:arn": self.arn}

    def described(self) -> dict[str, Any]:
        """The member `TrailState` of the API."""
        found: dict[str, Any] = {"Name": self.name, "S3BucketName": self.bucket}
        if self.prefix:
            found["S3KeyPrefix"] = self.prefix
        return found | {
            **self.settings,
            "IncludeGlobalServiceEvents": self.global_events,
            "IsMultiRegionTrail": self.multi_region,
            "HomeRegion": self.home,
            "TrailARN": self.arn,
            "LogFileValidationEnabled": self.validation,
            "HasCustomEventSelectors": bool(self.selectors or self.advanced_selectors),
            "HasInsightSelectors": bool(self.insights),
            "IsOrganizationTrail": bool(self.organization),
            "RecursiveLogging": self.recursive_logging,
        }


@dataclass
class TrailBook:
    """All trails of the partition, those deleted but not yet drained, and the event history."""

    trails: dict[str, TrailState] = field(default_factory=dict)
    """ARN -> trail."""
    departed: list[TrailState] = field(default_factory=list)
    history: dict[tuple[str, str], list[Recorded]] = field(default_factory=dict)
    """(account, region) -> management events, oldest first."""

    def living(self) -> list[TrailState]:
        """Every trail that may still have something to deliver."""
        return [*self.trails.values(), *self.departed]

    def configuration(self) -> list[dict[str, Any]]:
        """What is set on trails: the state's hash has that and no more.

        What was recorded and is under way changes with every read call; what was delivered is in the buckets.
        """
        return [trail.described() | _more(trail) for trail in sorted(self.trails.values(), key=lambda trail: trail.arn)]


def _more(trail: TrailState) -> dict[str, Any]:
    return {
        "IsLogging": trail.logging,
        "EventSelectors": trail.selectors,
        "AdvancedEventSelectors": trail.advanced_selectors,
        "InsightSelectors": trail.insights,
        "Tags": dict(sorted(trail.tags.items())),
    }


def _basic(selector: Mapping[str, Any], event: Recorded) -> bool:
    if not selector.get("IncludeManagementEvents", True):
        return False
    if event.source in (selector.get("ExcludeManagementEventSources") or ()):
        return False
    kind = selector.get("ReadWriteType") or "All"
    return kind == "All" or (kind == "ReadOnly") == event.read_only


_FIELDS: Final[Mapping[str, Callable[[Recorded], str]]] = {
    "eventCategory": lambda event: "Management",
    "readOnly": lambda event: "true" if event.read_only else "false",
    "eventSource": lambda event: event.source,
    "eventName": lambda event: event.name,
}


def _advanced(selector: Mapping[str, Any], event: Recorded) -> bool:
    return all(_field(field_, event) for field_ in selector.get("FieldSelectors", ()))


def _field(selector: Mapping[str, Any], event: Recorded) -> bool:
    reader = _FIELDS.get(selector.get("Field", ""))
    if reader is None:
        return False
    value = reader(event)
    yes: dict[str, Callable[[Any], object]] = {
        "Equals": value.__eq__,
        "StartsWith": value.startswith,
        "EndsWith": value.endswith,
    }
    for name, holds in yes.items():
        if selector.get(name) and not any(holds(wanted) for wanted in selector[name]):
            return False
        if selector.get(f"Not{name}") and any(holds(wanted) for wanted in selector[f"Not{name}"]):
            return False
    return True
