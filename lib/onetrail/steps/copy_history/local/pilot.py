"""The pilot read back: each property of a copy beside what was planned.

What is compared is what a copy can lose without anybody noticing: bytes, user metadata (a digest's signature lies
there), owner, class, encryption, lock and checksum. Source: API Reference, CopyObject, HeadObject.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from botocore.exceptions import ClientError

from onetrail.aws import Clients, look
from onetrail.aws.actors import COPIER
from onetrail.change import ChangeFailed, iso
from onetrail.errors import OnetrailError
from onetrail.estate.archive_key import archive_key_arn
from onetrail.estate.old_estate import OldBucket
from onetrail.looked import There, Unread
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.copying.read_back import NONE, named, sha256_base64
from onetrail.s3.decisions.retention import LOCK_MODE
from onetrail.s3.http import calls
from onetrail.s3.http.session import hot
from onetrail.s3.rows import ObjectHead
from onetrail.settings import Settings

OURS: Final = "the log account"


class PilotProperty(NamedTuple):
    """One property of one copy, as planned and as seen; both are texts that can be shown."""

    bucket: str
    key: str
    name: str
    planned: str
    seen: str

    @property
    def same(self) -> bool:
        """True where it is as planned."""
        return self.planned == self.seen


class PilotDiffers(ChangeFailed):
    """A copy is not what was planned; nothing else was copied. `rows` are all properties of the pilot, those that
    differ among them."""

    def __init__(self, bucket: str, rows: Sequence[PilotProperty]) -> None:
        self.rows = tuple(rows)
        wrong = "; ".join(
            f"{row.key}: {row.name}: planned {row.planned}, seen {row.seen}" for row in rows if not row.same
        )
        super().__init__(
            f"pilot of {bucket}: {wrong}; nothing else was copied: find out what changes copies on their way, then run"
            " this step again"
        )


@dataclass(frozen=True)
class PilotObject:
    """One object as it was read: its head, the SHA-256 of its bytes (base64, as S3 writes it), and for the copy its
    owner.

    `owner` is OURS or a canonical id.
    """

    head: ObjectHead
    sha256: str
    owner: str = ""


def read_back(
    settings: Settings, clients: Clients, bucket: OldBucket, tasks: Iterable[CopyTask], account: str
) -> list[PilotProperty]:
    """Every copy of the pilot beside its source, which the copier of `account` reads. A copy that cannot be read has
    one row that says so.

    Raises PilotDiffers where any row is not as planned.
    """
    key = archive_key_arn(settings, clients)
    if not isinstance(key, There):
        raise ChangeFailed(f"pilot of {bucket.name}: the archive's key cannot be found: {key.why}")
    found: list[PilotProperty] = []
    for task in tasks:
        try:
            source, copy = _source(clients, bucket, task, account), _copy(settings, clients, task)
        except (ClientError, OnetrailError) as err:
            found.append(PilotProperty(bucket.name, task.target_key or task.key, "read back", "yes", f"no: {err}"))
            continue
        found += properties(task, source, copy, key.value)
    demand(bucket, found)
    return found


def demand(bucket: OldBucket, rows: Sequence[PilotProperty]) -> None:
    """Raises PilotDiffers where any row is not as planned."""
    if not all(row.same for row in rows):
        raise PilotDiffers(bucket.name, rows)


def properties(task: CopyTask, source: PilotObject, copy: PilotObject, kms_key: str) -> list[PilotProperty]:
    """Each property as planned and as seen; `kms_key` is the ARN of the archive's key, `""` for none. Pure."""
    assert task.retain_until is not None
    encryption = f"aws:kms {kms_key}" if kms_key else "AES256"
    seen_encryption = f"{copy.head.encryption} {copy.head.kms_key}".strip() or NONE
    rows = [
        ("size", f"{source.head.size:,} bytes", f"{copy.head.size:,} bytes"),
        ("bytes (SHA-256)", source.sha256, copy.sha256),
        ("checksum stored", copy.sha256, copy.head.sha256 or NONE),
        ("metadata", named(source.head.metadata, "…"), named(copy.head.metadata, "…")),
        ("owner", OURS, copy.owner),
        ("storage class", task.storage_class, copy.head.storage_class or "STANDARD"),
        ("encryption", encryption, seen_encryption),
        ("lock", LOCK_MODE, copy.head.lock_mode or NONE),
        ("retain until", iso(task.retain_until), _second(copy.head.retain_until) or NONE),
    ]
    kms = source.head.encryption.startswith("aws:kms") or bool(kms_key)
    if not kms and "-" not in source.head.etag:
        rows.append(("ETag", source.head.etag, copy.head.etag))
    key = task.target_key or task.key
    return [PilotProperty(task.source_bucket, key, name, planned, seen) for name, planned, seen in rows]


def _source(clients: Clients, bucket: OldBucket, task: CopyTask, account: str) -> PilotObject:
    client = hot(clients, account, bucket.region, COPIER)
    body = client.do(calls.get_object(bucket.name, bucket.account, task.key, version_id=task.source_version_id))
    return PilotObject(body.head, sha256_base64(body.content))


def _copy(settings: Settings, clients: Clients, task: CopyTask) -> PilotObject:
    account, key = settings.log_account.account_id, task.target_key or task.key
    client = hot(clients, account, settings.home_region)
    head = client.do(calls.head_object(settings.bucket_name, account, key))
    body = client.do(calls.get_object(settings.bucket_name, account, key))
    return PilotObject(head, sha256_base64(body.content), _owner(settings, clients, key))


def _owner(settings: Settings, clients: Clients, key: str) -> str:
    account = settings.log_account.account_id
    s3 = clients.client("s3", account, settings.home_region)
    acl = look(s3.get_bucket_acl, Bucket=settings.bucket_name, ExpectedBucketOwner=account)
    listed = hot(clients, account, settings.home_region).do(
        calls.list_objects(settings.bucket_name, account, key, owners=True, limit=1)
    )
    if isinstance(acl, Unread):
        return f"not evaluated: GetBucketAcl: {acl.why}"
    owner = next((row.owner_id for row in listed.rows if row.key == key), NONE)
    return OURS if owner == acl.value["Owner"]["ID"] else owner


def _second(text: str) -> str:
    """An ISO instant without its fraction."""
    return text.split(".")[0].rstrip("Z") + "Z" if text else ""
