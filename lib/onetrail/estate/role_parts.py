"""What every role that onetrail makes has beside its policies: path, permissions boundary and tags, as the parameters
say.

Many organizations refuse iam:CreateRole without them, by a guardrail (IAM User Guide, permissions boundaries; IAM API
Reference, CreateRole).
"""

from typing import Any

from onetrail import names
from onetrail.settings import Settings


def wanted_tags(settings: Settings) -> dict[str, str]:
    """onetrail's own tag first, then those of `role_tags` by name."""
    return {names.TAG_KEY: settings.run_name, **dict(sorted(settings.role_tags.items()))}


def boundary_arn(settings: Settings, account: str) -> str:
    """ARN of the managed policy that bounds the roles of an account; empty for none. It has to be of that account."""
    if not settings.role_boundary:
        return ""
    return f"arn:{settings.partition}:iam::{account}:policy/{settings.role_boundary}"


def creation_parts(settings: Settings, account: str) -> dict[str, Any]:
    """The parameters of CreateRole for a role in this account, but for its name, description and trust policy."""
    boundary = boundary_arn(settings, account)
    return {
        **({"Path": settings.role_path} if settings.role_path != "/" else {}),
        **({"PermissionsBoundary": boundary} if boundary else {}),
        "Tags": tag_list(wanted_tags(settings)),
    }


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """As IAM takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
