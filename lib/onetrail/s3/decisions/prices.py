"""What S3 asks for each storage class. Data, not logic.

us-east-1, list price of the first tier, US dollars, collected November 2026 from stored copies of the AWS price list
and of the S3 pricing page. Other regions differ; give another table. Minimum sizes and times: S3 User Guide, storage
classes and lifecycle transition considerations. A GB is 2**30 bytes.
"""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

COLLECTED: Final = "2026-11"
REGION: Final = "us-east-1"
GB: Final = 2**30
KB: Final = 1024


@dataclass(frozen=True, slots=True)
class Price:
    """One class. Dollars per GB-month, per 1,000 requests, per GB read back.

    `least_bytes` and `least_months` are billed at least; `overhead_bytes` are added to each object at this class's rate
    and `standard_overhead_bytes` at STANDARD's; `readable` is False where a restore must come first.
    """

    storage: float
    put: float
    get: float
    transition: float
    retrieval: float
    least_bytes: int = 0
    least_months: float = 0.0
    overhead_bytes: int = 0
    standard_overhead_bytes: int = 0
    readable: bool = True


DAYS_30: Final = 1.0
DAYS_90: Final = 3.0
DAYS_180: Final = 6.0

PRICES: Final = MappingProxyType(
    {
        "STANDARD": Price(0.023, 0.005, 0.0004, 0.0, 0.0),
        "INTELLIGENT_TIERING": Price(0.023, 0.005, 0.0004, 0.01, 0.0),
        "STANDARD_IA": Price(0.0125, 0.01, 0.001, 0.01, 0.01, 128 * KB, DAYS_30),
        "ONEZONE_IA": Price(0.01, 0.01, 0.001, 0.01, 0.01, 128 * KB, DAYS_30),
        "GLACIER_IR": Price(0.004, 0.02, 0.01, 0.02, 0.03, 128 * KB, DAYS_90),
        "GLACIER": Price(0.0036, 0.03, 0.0004, 0.03, 0.0, 0, DAYS_90, 32 * KB, 8 * KB, readable=False),
        "DEEP_ARCHIVE": Price(0.00099, 0.05, 0.0004, 0.05, 0.0, 0, DAYS_180, 32 * KB, 8 * KB, readable=False),
    }
)
"""By storage class. The GET prices of INTELLIGENT_TIERING, GLACIER and DEEP_ARCHIVE are unverified."""


@dataclass(frozen=True, slots=True)
class Restore:
    """A bulk restore from one class or tier: the hours it takes at most, dollars per GB and per 1,000 requests."""

    hours: int
    per_gb: float
    per_1000: float


BULK_RESTORES: Final = MappingProxyType(
    {
        "GLACIER": Restore(12, 0.0, 0.0),
        "DEEP_ARCHIVE": Restore(48, 0.0025, 0.025),
        "ARCHIVE_ACCESS": Restore(12, 0.0, 0.0),
        "DEEP_ARCHIVE_ACCESS": Restore(48, 0.0, 0.0),
    }
)
"""S3 User Guide, archive retrieval options; the two tiers are INTELLIGENT_TIERING's. DEEP_ARCHIVE's bulk price is
unverified. The restored copy is billed in addition, at STANDARD's rate, for the days it stays."""
KMS_PER_10_000: Final = 0.03
"""Requests to KMS: one Decrypt for each object read that has no S3 Bucket Key (AWS KMS pricing, read November 2026)."""
DATA_EVENTS_PER_100_000: Final = 0.10
"""What CloudTrail asks for data events logged (CloudTrail pricing, read November 2026)."""

TIERING_FREQUENT: Final = 0.023
TIERING_INFREQUENT: Final = 0.0125
TIERING_ARCHIVE_INSTANT: Final = 0.004
TIERING_MONITORING_PER_1000: Final = 0.0025
TIERING_LEAST_BYTES: Final = 128 * KB
"""Smaller objects are neither monitored nor moved."""

READABLE: Final = ("STANDARD", "STANDARD_IA", "GLACIER_IR")
"""What `cheapest` chooses from: readable at once, in three zones or more; one zone is no home for evidence."""
WITH_RESTORE: Final = ("STANDARD", "STANDARD_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE")
"""What `cheapest_with_restore` chooses from."""
EVERY: Final = tuple(PRICES)

BATCH_PER_JOB: Final = 0.25
BATCH_PER_1000000: Final = 1.00
"""S3 Batch Operations: dollars a job, and dollars a million objects (S3 pricing page, management; collected with the
rest). The requests that a job makes are billed in addition, at the prices above."""
