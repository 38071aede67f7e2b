"""The default locks of archive and work bucket, and what they are to become."""

from collections.abc import Mapping
from typing import Any

from onetrail.aws import Clients, look_for
from onetrail.looked import Look, applied
from onetrail.settings import Settings


def default_lock(clients: Clients, bucket: str) -> Look[Mapping[str, Any]]:
    """The bucket's lock configuration."""
    account = clients.settings.log_account.account_id
    client = clients.client("s3", account, clients.settings.home_region)
    seen = look_for(
        client.get_object_lock_configuration,
        ("ObjectLockConfigurationNotFoundError",),
        Bucket=bucket,
        ExpectedBucketOwner=account,
    )
    return applied(seen, lambda said: said["ObjectLockConfiguration"])


def default_retention(lock: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What S3 gives to objects that state no lock of their own; empty where it gives none."""
    found: Mapping[str, Any] = ((lock or {}).get("Rule") or {}).get("DefaultRetention") or {}
    return found


def wanted_lock(settings: Settings, lock: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The lock configuration with the default mode of the parameters; None where nothing is to be raised."""
    default = default_retention(lock)
    if settings.object_lock != "compliance" or not default or default["Mode"] == "COMPLIANCE":
        return None
    return {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {**default, "Mode": "COMPLIANCE"}}}
