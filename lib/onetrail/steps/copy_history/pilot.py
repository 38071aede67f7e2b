"""The pilot read back: each property of a copy beside what was planned."""

from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.change import iso
from onetrail.s3 import calls
from onetrail.s3.engine import CopyTask
from onetrail.s3.rows import Head
from onetrail.s3.session import hot
from onetrail.settings import Settings
from onetrail.steps.copy_history.tasks import LOCK_MODE
from onetrail.steps.old_estate import OldBucket


def differences(settings: Settings, clients: Clients, bucket: OldBucket, task: CopyTask) -> list[str]:
    """Planned beside seen, for each property that differs."""
    source = hot(clients, bucket.account, bucket.region).do(
        calls.head_object(bucket.name, bucket.account, task.key)
    )
    account = settings.log_account.account_id
    key = task.target_key or task.key
    client = hot(clients, account, settings.home_region)
    try:
        copy: Head = client.do(calls.head_object(settings.bucket_name, account, key))
    except ClientError as err:
        return [f"{key}: cannot be read back: {err}"]
    assert task.retain_until is not None
    rows = [
        ("size", source.size, copy.size),
        ("metadata", dict(source.metadata), dict(copy.metadata)),
        ("storage class", task.storage_class, copy.storage_class or "STANDARD"),
        ("lock", LOCK_MODE, copy.lock_mode),
        ("retain until", iso(task.retain_until), _second(copy.retain_until)),
        ("encryption", "aws:kms" if settings.kms_key != "none" else "AES256", copy.encryption),
    ]
    if (
        not source.encryption.startswith("aws:kms")
        and not copy.encryption.startswith("aws:kms")
        and "-" not in source.etag
    ):
        rows.append(("ETag", source.etag, copy.etag))
    return [
        f"{key}: {name} is {seen!r}, planned was {planned!r}"
        for name, planned, seen in rows
        if planned != seen
    ]


def _second(text: str) -> str:
    """An ISO instant without its fraction."""
    return text.split(".")[0].rstrip("Z") + "Z" if text else ""
