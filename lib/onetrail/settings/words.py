"""The words that a parameter may be, and the defaults that depend on the estate."""

from collections.abc import Mapping
from typing import Any, Final, Literal

Estate = Literal["practice", "aws"]
TrailMode = Literal["create", "adopt"]
ObjectLock = Literal["none", "governance", "compliance"]
StorageClass = Literal[
    "cheapest",
    "cheapest_with_restore",
    "STANDARD",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER_IR",
    "GLACIER",
    "DEEP_ARCHIVE",
]
"""A choice by price, or an S3 class (S3 API reference, CopyObject, x-amz-storage-class, general purpose buckets)."""
CopyDirection = Literal["auto", "pull", "push"]
CopyEngine = Literal["auto", "local", "s3-batch"]
DigestCheck = Literal["full", "sample", "none"]
OldBuckets = Literal["retain_empty", "expire", "delete"]
SecondPerson = Literal["off", "required"]
LONGEST_TICKET: Final = 200
"""Characters of a ticket or comment on an approval."""

UNSTATED: Final[Mapping[str, Any]] = {"object_lock": "", "quiet_hours": None, "cooling_off_days": None}
"""Keys whose default depends on the estate -> how "not stated" is written."""
ESTATE_DEFAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "practice": {"object_lock": "compliance", "quiet_hours": 6, "cooling_off_days": 2},
    "aws": {"quiet_hours": 24, "cooling_off_days": 30},
}
"""The default of each estate. On AWS the lock has no default: it cannot be removed, so it must be stated."""

PRACTICE_CAST: Final[Mapping[str, Any]] = {
    "run_name": "practice",
    "source_accounts": [
        {"account_id": "111122223333", "role_arn": "arn:aws:iam::111122223333:role/TrailConsolidation"}
    ],
    "log_account": {
        "account_id": "044455556666",
        "role_arn": "arn:aws:iam::044455556666:role/OrganizationAccountAccessRole",
    },
    "organization_id": "o-practice01",
    "break_glass_principals": ["arn:aws:iam::999988887777:role/SecurityLead"],
    "operator_principals": ["arn:aws:iam::999988887777:role/PlatformEngineer"],
    "reader_principals": ["arn:aws:iam::999988887777:role/PlatformEngineer"],
    "contacts": ["security@practice.example"],
    "bucket_name": "onetrail-archive-044455556666",
    "access_log_bucket": "onetrail-access-logs-044455556666",
    "work_bucket": "onetrail-work-044455556666",
}
"""What parameters/practice.yaml says about who and where. The notebooks carry it as their defaults,
so on AWS a key that still has exactly this value was left out, and is refused."""

PRACTICE_VALUES: Final[Mapping[str, Any]] = {**PRACTICE_CAST, "home_region": "us-east-1"}
"""Everything in parameters/practice.yaml that is no default."""
