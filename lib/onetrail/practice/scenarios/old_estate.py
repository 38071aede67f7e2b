"""The old estate of a scenario: which region has which trail, which bucket, and which habits."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

PolicyAge = Literal["2013", "2020", "2022"]
"""Which of CloudTrail's sample policies a bucket got: of 2013, shortened, or the one with aws:SourceArn."""


@dataclass(frozen=True)
class OldRegion:
    """One region's trail and bucket. `busy` is how many log files a logging window leaves, on average."""

    region: str
    trail: str
    made: datetime
    busy: float
    policy: PolicyAge = "2020"
    ownership: str = "BucketOwnerPreferred"
    heavy: int = 1
    """Factor on the number of records in a file."""
    dead_principal: bool = False
    unsigned_until: datetime | None = None
    """Before this, log file validation was off."""
    log_group: bool = False
    topic: bool = False
    queue: bool = False
    lifecycle: bool = False
    blocked: bool = True
    """Whether the bucket blocks public access."""
    prefix: str = ""
    """The trail's S3 key prefix."""
    organization: bool = False
    """It was an organization's trail until it was turned back into an account's: its older files lie a level deeper."""
    archived: bool = False
    kms: bool = False
    """The trail encrypts with a key of its account."""
    versioned: bool = False
    data_events: bool = False
    """The trail logs data events of every bucket."""
    named: str = ""
    """The bucket's name, where it is not `acme-audit-REGION`."""

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.named or f"acme-audit-{self.region}"


@dataclass(frozen=True)
class ScenarioEstate:
    """A scenario: its regions, and the first and last month of its history as (year, month)."""

    name: str
    regions: tuple[OldRegion, ...]
    first: tuple[int, int]
    last: tuple[int, int]
    copies: int
    """Global-service events a month that are in every region's bucket before 2021-11-22."""


def _on(year: int, month: int, day: int, hour: int = 10) -> datetime:
    return datetime(year, month, day, hour, 17, 42, tzinfo=UTC)


_WRITER: Final = "ObjectWriter"

DEFAULT: Final = ScenarioEstate(
    "default",
    (
        OldRegion("af-south-1", "acme-af-south-1-trail", _on(2020, 11, 18), 0.4, "2022"),
        OldRegion("ap-east-1", "acme-ap-east-1-trail", _on(2020, 11, 18), 2.5),
        OldRegion("ap-northeast-1", "acme-ap-northeast-1-trail", _on(2018, 3, 6), 4.0, "2013", _WRITER, blocked=False),
        OldRegion("ap-northeast-2", "seoul-audit", _on(2019, 8, 21), 2.5),
        OldRegion("ap-northeast-3", "acme-ap-northeast-3-trail", _on(2020, 12, 9), 0.4, "2022"),
        OldRegion("ap-south-1", "acme-ap-south-1-trail", _on(2019, 5, 14), 3.0),
        OldRegion("ap-southeast-1", "audit", _on(2018, 3, 7), 4.0, "2013", _WRITER, queue=True, blocked=False),
        OldRegion("ap-southeast-2", "acme-ap-southeast-2-trail", _on(2019, 2, 27), 3.0, dead_principal=True),
        OldRegion("ca-central-1", "acme-ca-central-1-trail", _on(2019, 10, 2), 2.5),
        OldRegion("eu-central-1", "default-trail", _on(2018, 1, 30), 5.0, "2013", _WRITER, blocked=False),
        OldRegion("eu-north-1", "acme-eu-north-1-trail", _on(2019, 4, 16), 2.5),
        OldRegion("eu-south-1", "acme-eu-south-1-trail", _on(2020, 11, 19), 2.5, "2022"),
        OldRegion(
            "eu-west-1",
            "acme-trail-do-not-delete",
            _on(2017, 6, 12),
            8.0,
            "2013",
            _WRITER,
            heavy=2,
            topic=True,
            blocked=False,
        ),
        OldRegion("eu-west-2", "audit", _on(2018, 9, 5), 4.0, "2022"),
        OldRegion("eu-west-3", "acme-eu-west-3-trail", _on(2019, 4, 16), 2.5),
        OldRegion("sa-east-1", "acme-sa-east-1-trail", _on(2019, 11, 26), 3.0, unsigned_until=_on(2022, 1, 3)),
        OldRegion(
            "us-east-1",
            "default-trail",
            _on(2017, 6, 12),
            11.0,
            "2013",
            _WRITER,
            heavy=3,
            log_group=True,
            blocked=False,
        ),
        OldRegion("us-east-2", "acme-us-east-2-trail", _on(2018, 5, 24), 4.0, "2022", lifecycle=True),
        OldRegion("us-west-1", "management-events", _on(2018, 5, 24), 3.0),
        OldRegion("us-west-2", "acme-us-west-2-trail", _on(2017, 6, 13), 6.0, "2013", _WRITER, heavy=2, blocked=False),
    ),
    (2021, 1),
    (2026, 1),
    9,
)
"""Twenty regions, five years: what the runbook is shown on."""

TINY: Final = ScenarioEstate(
    "tiny",
    (
        OldRegion("eu-west-1", "acme-trail-do-not-delete", _on(2017, 6, 12), 4.0, "2013", _WRITER, topic=True),
        OldRegion("sa-east-1", "audit", _on(2019, 11, 26), 2.0, dead_principal=True, unsigned_until=_on(2021, 11, 1)),
        OldRegion(
            "us-east-1",
            "default-trail",
            _on(2017, 6, 12),
            5.0,
            "2022",
            heavy=2,
            log_group=True,
            lifecycle=True,
            queue=True,
        ),
    ),
    (2021, 10),
    (2021, 12),
    4,
)
"""Three regions and three months with the same scenario items, and the window that is open now: under 150 objects."""

HARD: Final = ScenarioEstate(
    "hard",
    (
        OldRegion(
            "eu-west-1",
            "acme-trail-do-not-delete",
            _on(2017, 6, 12),
            4.0,
            "2013",
            prefix="cloudtrail",
            organization=True,
            archived=True,
        ),
        OldRegion("sa-east-1", "audit", _on(2019, 11, 26), 4.0, versioned=True),
        OldRegion("us-east-1", "default-trail", _on(2017, 6, 12), 4.0, "2022", kms=True, data_events=True),
    ),
    (2021, 10),
    (2021, 12),
    4,
)
"""Three regions whose logs are hard to move: archived and below a prefix, versioned and tampered with, under a key."""
