"""Accounts, and the regions that there are."""

from dataclasses import dataclass

BY_DEFAULT = (
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
    "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1",
    "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip
"""Regions that every account has."""
BY_CHOICE = (
    "af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
    "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1",
    "me-central-1", "me-south-1", "mx-central-1",
)  # fmt: skip
"""Regions that an account opts in to (November 2026)."""


@dataclass(frozen=True)
class AccountInfo:
    """An account and the regions enabled in it (those on by default and those opted in)."""

    account_id: str
    name: str
    opted_in: set[str]
    email: str = ""
    management: bool = False
