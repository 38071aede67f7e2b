"""Accounts, and the regions that there are: `onetrail/regions.json` lists them, data that the practice estate
shares."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

_REGIONS: Final[Mapping[str, str]] = json.loads(files("onetrail").joinpath("regions.json").read_bytes())["regions"][
    "aws"
]
"""Region -> `by default` or `by choice`, of the commercial partition."""

COMMERCIAL: Final = tuple(_REGIONS)
"""All of them, in the order of the table."""
BY_DEFAULT: Final = tuple(region for region, enabled in _REGIONS.items() if enabled == "by default")
"""Regions that every account has."""
BY_CHOICE: Final = tuple(region for region, enabled in _REGIONS.items() if enabled == "by choice")
"""Regions that an account opts in to."""

CLOUDTRAIL_ACCOUNTS: Final = frozenset({"086441151436", "859597730677"})
"""What CloudTrail was in us-east-1 and eu-west-1 before it was a service principal (CloudTrail User Guide, Amazon S3
bucket policy for CloudTrail)."""
OTHERS: Final = CLOUDTRAIL_ACCOUNTS | {"666677778888"}
"""Accounts of others: policies may name them, and nobody of the estate is in them."""


@dataclass(frozen=True)
class AccountInfo:
    """An account and the regions enabled in it (those on by default and those opted in)."""

    account_id: str
    name: str
    opted_in: set[str]
    email: str = ""
    management: bool = False
