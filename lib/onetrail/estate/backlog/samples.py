"""A few objects of each old bucket looked at before anything is planned: how they are encrypted, and whether their own account can read them.

Source: API Reference, HeadObject and GetObject; S3 answers 400 to whoever reads an object under a customer-provided key without the key.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from botocore.exceptions import ClientError

from onetrail.estate.old_estate import OldBucket
from onetrail.s3.decisions.decide import put_away
from onetrail.s3.http import calls
from onetrail.s3.http.client import HotS3
from onetrail.s3.http.failure import code_of
from onetrail.s3.rows import Head, ObjectRow


@dataclass(frozen=True)
class Sample:
    """One object. `kms_key` is the ARN of its key, `""` for none; `customer_key` is True for SSE-C.

    `foreign` is True where another account owns it. `unreadable` says why the bucket's own account cannot read it, `""` where it can or
    where nobody had to try.
    """

    key: str
    kms_key: str = ""
    customer_key: bool = False
    foreign: bool = False
    unreadable: str = ""


def read_samples(
    client: HotS3, bucket: OldBucket, rows: Iterable[ObjectRow], owner: str
) -> tuple[Sample, ...]:
    """Each row looked at as the bucket's own account. `owner` is that account's canonical id.

    Raises NoAnswer and what is no answer about the object itself, such as a bucket that is gone.
    """
    return tuple(_sample(client, bucket, row, owner) for row in rows)


def _sample(client: HotS3, bucket: OldBucket, row: ObjectRow, owner: str) -> Sample:
    foreign = row.owner_id not in ("", owner) and bucket.ownership != "BucketOwnerEnforced"
    head = calls.head_object(bucket.name, bucket.account, row.key, version_id=row.version_id, checksums=False)
    try:
        said: Head = client.do(head)
    except ClientError as err:
        why = _read(client, bucket, row) if code_of(err) == "BadRequest" else code_of(err)
        return Sample(row.key, "", why.startswith("InvalidRequest"), foreign, why)
    must_read = (foreign or said.kms_key) and not put_away(row)
    return Sample(row.key, said.kms_key, False, foreign, _read(client, bucket, row) if must_read else "")


def _read(client: HotS3, bucket: OldBucket, row: ObjectRow) -> str:
    """Why the object cannot be read; `""` where it was. Its bytes are forgotten."""
    try:
        client.do(calls.get_object(bucket.name, bucket.account, row.key, version_id=row.version_id))
    except ClientError as err:
        return f"{code_of(err)}: {err.response['Error'].get('Message', '')}".rstrip(": ")
    return ""
