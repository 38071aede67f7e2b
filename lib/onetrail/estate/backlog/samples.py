"""A few objects of each old bucket looked at before anything is planned: how they are encrypted, and whether their own
account can read them.

Source: API Reference, HeadObject and GetObject; S3 answers 400 to a request that reads an object under a
customer-provided key without the key.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from botocore.exceptions import ClientError

from onetrail.aws.refused import error_message
from onetrail.estate.old_estate import OldBucket
from onetrail.looked import Unread
from onetrail.s3.decisions.decide import archived_in
from onetrail.s3.http import calls
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.retries import code_of
from onetrail.s3.rows import ObjectHead, ObjectRow

_UNSAID: Final = "BadRequest"
"""The code of a HEAD that is answered 400: it has no body, so a GET says why."""
_WITHOUT_KEY: Final = "InvalidRequest"
"""The code of that GET where the object is under a customer-provided key."""


@dataclass(frozen=True)
class SampledObject:
    """One object. `kms_key` is the ARN of its key, `""` for none; `customer_key` is True for SSE-C.

    `foreign` is True where another account owns it. `unreadable` says why the bucket's own account cannot read it, None
    where it can or where nobody had to try.
    """

    key: str
    kms_key: str | Unread = ""
    customer_key: bool = False
    foreign: bool = False
    unreadable: Unread | None = None


def read_samples(
    client: S3Client, bucket: OldBucket, rows: Iterable[ObjectRow], owner: str
) -> tuple[SampledObject, ...]:
    """Each row looked at as the bucket's own account. `owner` is that account's canonical id.

    Raises NoAnswer and what is no answer about the object itself, such as a bucket that is gone.
    """
    return tuple(_sample(client, bucket, row, owner) for row in rows)


def used_keys(samples: Iterable[SampledObject]) -> set[str]:
    """ARNs of the KMS keys that these objects are seen to be under."""
    return {one.kms_key for one in samples if isinstance(one.kms_key, str) and one.kms_key}


def _sample(client: S3Client, bucket: OldBucket, row: ObjectRow, owner: str) -> SampledObject:
    foreign = row.owner_id not in ("", owner) and bucket.ownership != "BucketOwnerEnforced"
    head = calls.head_object(bucket.name, bucket.account, row.key, version_id=row.version_id, checksums=False)
    try:
        said: ObjectHead = client.do(head)
    except ClientError as err:
        unseen = Unread(f"HeadObject: {code_of(err)}", code_of(err))
        refused = _read(client, bucket, row) if code_of(err) == _UNSAID else Unread(code_of(err), code_of(err))
        by_customer = refused is not None and refused.code == _WITHOUT_KEY
        return SampledObject(row.key, unseen, by_customer, foreign, refused)
    must_read = (foreign or said.kms_key) and not archived_in(row)
    return SampledObject(row.key, said.kms_key, False, foreign, _read(client, bucket, row) if must_read else None)


def _read(client: S3Client, bucket: OldBucket, row: ObjectRow) -> Unread | None:
    """Why the object cannot be read; None where it was. Its bytes are forgotten."""
    try:
        client.do(calls.get_object(bucket.name, bucket.account, row.key, version_id=row.version_id))
    except ClientError as err:
        why = f"{code_of(err)}: {error_message(err)}".rstrip(": ")
        return Unread(why, code_of(err))
    return None
