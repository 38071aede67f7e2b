"""Reading a bucket's settings: which call has each, and which error code only says that it is not set.

Source: S3 API reference, the Get operations named here.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from onetrail.aws import look_for
from onetrail.looked import Unread, applied, or_none, unread


class _Read(NamedTuple):
    """`key` picks a part of the answer, `""` takes the whole; `unset` are the codes that mean "not set"."""

    method: str
    key: str = ""
    unset: tuple[str, ...] = ()


_READS: Final[dict[str, _Read]] = {
    "policy": _Read("get_bucket_policy", "Policy", ("NoSuchBucketPolicy",)),
    "public_access": _Read(
        "get_public_access_block",
        "PublicAccessBlockConfiguration",
        ("NoSuchPublicAccessBlockConfiguration",),
    ),
    "ownership": _Read("get_bucket_ownership_controls", "OwnershipControls", ("OwnershipControlsNotFoundError",)),
    "lifecycle": _Read("get_bucket_lifecycle_configuration", "", ("NoSuchLifecycleConfiguration",)),
    "versioning": _Read("get_bucket_versioning"),
    "lock": _Read(
        "get_object_lock_configuration",
        "ObjectLockConfiguration",
        ("ObjectLockConfigurationNotFoundError",),
    ),
    "encryption": _Read(
        "get_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        ("ServerSideEncryptionConfigurationNotFoundError",),
    ),
    "logging": _Read("get_bucket_logging", "LoggingEnabled"),
    "notifications": _Read("get_bucket_notification_configuration"),
    "replication": _Read(
        "get_bucket_replication", "ReplicationConfiguration", ("ReplicationConfigurationNotFoundError",)
    ),
    "request_payment": _Read("get_bucket_request_payment", "Payer"),
    "tags": _Read("get_bucket_tagging", "TagSet", ("NoSuchTagSet",)),
}


def _part(answer: Any, key: str) -> Any:
    return answer.get(key) if key else answer


def read_settings(
    client: Any, bucket: str, account: str, settings: Iterable[str]
) -> tuple[dict[str, Any | Unread | None], list[str]]:
    """The settings named, None where not set and Unread where not read; and what could not be read, in words."""
    values: dict[str, Any | Unread | None] = {}
    failed: list[str] = []
    for name in settings:
        read = _READS[name]
        seen = look_for(getattr(client, read.method), read.unset, Bucket=bucket, ExpectedBucketOwner=account)
        failed += unread({read.method: seen})
        values[name] = or_none(applied(seen, partial(_part, key=read.key)))
    return values, failed


def owner_of(controls: Mapping[str, Any]) -> str:
    """What ownership controls say, such as `BucketOwnerEnforced`."""
    return str(controls["Rules"][0]["ObjectOwnership"])


def first_rule(encryption: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one rule of a bucket's encryption; empty where it has none."""
    rule: Mapping[str, Any] = (encryption.get("Rules") or [{}])[0]
    return rule


def tags_of(said: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Tags by their keys."""
    return {tag["Key"]: tag["Value"] for tag in said}
