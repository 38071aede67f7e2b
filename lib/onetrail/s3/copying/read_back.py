"""One copy read back: what a copy can lose without a word, each thing as it was asked for and as it is there.

S3 does what the headers of CopyObject ask or refuses the call. Some servers that speak S3 leave a header unread and
answer 200. Sources: API Reference, CopyObject, HeadObject, GetObjectRetention, GetObjectTagging.
"""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, TypeVar

from botocore.exceptions import ClientError

from onetrail.instants import written
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.decisions.decide import ARCHIVED, is_md5
from onetrail.s3.http import calls
from onetrail.s3.http.calls import S3Call, stamp
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.retries import NoAnswer, code_of
from onetrail.s3.ledger.parts import LedgerRow
from onetrail.s3.rows import ObjectHead

T = TypeVar("T")
NONE: Final = "none"
MOST_READ: Final = 16 * 2**20
"""Bytes of an object that is read whole on both sides; of a larger one size and ETag are compared."""
KEPT: Final = (
    "content-type",
    "content-encoding",
    "content-disposition",
    "content-language",
    "cache-control",
    "expires",
)
"""System-defined metadata that CopyObject keeps (User Guide, working with object metadata). A website's redirect is not
among it: that header is "unique to each object and is not copied" (API Reference, CopyObject)."""
_NO_LOCK: Final = frozenset(
    {
        "NoSuchObjectLockConfiguration",
        "ObjectLockConfigurationNotFoundError",
        "InvalidRequest",
        "NotImplemented",
    }
)
"""What GetObjectRetention says of an object that has no lock, or in a bucket that takes none."""
_REFUSED: Final = frozenset({"AccessDenied", "AllAccessDisabled", "Forbidden", "403"})
LET_READ: Final = (
    "allow s3:GetObject there (and s3:GetObjectRetention where it is locked, s3:GetObjectTagging where it has tags)"
)
"""What reading a copy back takes."""
LOCK: Final = (
    "leave out --lock-mode and --retain-until and lock the copies afterwards, or copy to a server that takes the lock"
    " of a copy"
)
CLASS: Final = "leave out --storage-class, or copy to a server that takes it"
KEY: Final = "copy to a server that encrypts a copy as it is asked to"
LOST: Final = "this server's CopyObject does not keep it: copy such objects by other means"
BYTES: Final = "do not use this copy: find out what changes bytes on their way"


class CopyProperty(NamedTuple):
    """One thing about a copy, as it was asked for and as it is there; `cure` says what to do where the two differ."""

    name: str
    asked: str
    there: str
    cure: str


@dataclass(frozen=True)
class ReadBackObject:
    """One object as it was read. `sha256` (base64) is of its bytes, `""` where they were not read; `tags` None where
    nobody asked for them."""

    head: ObjectHead
    sha256: str = ""
    lock: tuple[str, str] = ("", "")
    tags: Mapping[str, str] | None = field(default=None)


class ReadBackFailed(Exception):
    """The copy, or its source, cannot be read; the message says which call failed, with what, and what to do."""


def read_back(
    task: CopyTask, row: LedgerRow, source: S3Client, target: S3Client
) -> tuple[ObjectHead, list[CopyProperty]]:
    """The copy of that task as it is there, and every property in which it is not what was asked for. Raises
    ReadBackFailed."""
    key = task.target_key or task.key
    ours = (task.source_bucket, task.source_owner, task.key, task.source_version_id)
    theirs = (task.destination_bucket, task.destination_owner, key, row.destination_version_id)
    old, new = _head(source, *ours), _head(target, *theirs)
    whole = task.size <= MOST_READ and new.storage_class not in ARCHIVED and not new.tier
    tagged = old.headers.get("x-amz-tagging-count", "0") != "0"
    found = ReadBackObject(
        new,
        _sha256(target, *theirs) if whole else "",
        _lock(target, new, *theirs) if task.lock_mode else (new.lock_mode, new.retain_until),
        _tags(target, *theirs) if tagged else None,
    )
    asked = ReadBackObject(old, _sha256(source, *ours) if whole else "", tags=_tags(source, *ours) if tagged else None)
    return new, [one for one in properties(task, row, asked, found) if one.asked != one.there]


def properties(task: CopyTask, row: LedgerRow, source: ReadBackObject, copy: ReadBackObject) -> list[CopyProperty]:
    """Each property that can be compared, as asked and as there. `row` has what the answer to the copy said. Pure."""
    old, new = source.head, copy.head
    rows = [
        CopyProperty("size", f"{task.size:,} bytes", f"{new.size:,} bytes", BYTES),
        CopyProperty("storage class", task.storage_class or "STANDARD", new.storage_class or "STANDARD", CLASS),
        CopyProperty("metadata", named(old.metadata), named(new.metadata), LOST),
        *(CopyProperty(name, old.headers.get(name) or NONE, new.headers.get(name) or NONE, LOST) for name in KEPT),
    ]
    if task.lock_mode:
        rows.append(CopyProperty("lock mode", task.lock_mode, copy.lock[0] or NONE, LOCK))
    if task.retain_until:
        rows.append(CopyProperty("retain until", stamp(task.retain_until), _second(copy.lock[1]) or NONE, LOCK))
    if task.kms_key_id:
        rows.append(CopyProperty("encryption", f"aws:kms {task.kms_key_id}", _encryption(new, task.kms_key_id), KEY))
    if source.tags is not None:
        rows.append(CopyProperty("tags", named(source.tags), named(copy.tags or {}), LOST))
    rows.append(CopyProperty("SHA-256 of the bytes", source.sha256, copy.sha256, BYTES))
    rows += [
        CopyProperty(name, copy.sha256, said, BYTES)
        for name, said in (("SHA-256 of the answer", row.sha256), ("SHA-256 stored", new.sha256))
        if copy.sha256 and said and "-" not in said
    ]
    return [*rows, *_etags(task, row, old, new)]


def said(differing: Sequence[CopyProperty]) -> str:
    """What differs and what to do, each cure once."""
    each = ", ".join(f"{one.name}: asked {one.asked}, there {one.there}" for one in differing)
    return f"{each}; {'; '.join(dict.fromkeys(one.cure for one in differing))}"


def sha256_base64(content: bytes) -> str:
    """SHA-256 as S3 writes it."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def named(found: Mapping[str, str], cut: str = "...") -> str:
    """Names and values in order; a long value, such as a signature, by its beginning, `cut` and a hash of the whole."""
    return ", ".join(f"{name}={_short(value, cut)}" for name, value in sorted(found.items())) or NONE


def _short(value: str, cut: str) -> str:
    if len(value) <= 24:
        return value
    return f"{value[:8]}{cut} ({hashlib.sha256(value.encode()).hexdigest()[:8]})"


def _etags(task: CopyTask, row: LedgerRow, old: ObjectHead, new: ObjectHead) -> list[CopyProperty]:
    """An MD5 stays what it is; any other ETag must at least be the one that the answer named."""
    kms = any(head.encryption.startswith("aws:kms") for head in (old, new))
    rows = [CopyProperty("ETag", row.destination_etag or NONE, new.etag or NONE, BYTES)]
    if not kms and is_md5(task.etag):
        rows.append(CopyProperty("ETag of the bytes", task.etag, new.etag or NONE, BYTES))
    return rows


def _encryption(head: ObjectHead, key: str) -> str:
    held = head.kms_key
    return f"{head.encryption} {key if held.endswith(f'/{key}') else held}".strip() or NONE


def _head(client: S3Client, bucket: str, owner: str, key: str, version_id: str) -> ObjectHead:
    return _asked(client, calls.head_object(bucket, owner, key, version_id=version_id))


def _sha256(client: S3Client, bucket: str, owner: str, key: str, version_id: str) -> str:
    body = _asked(client, calls.get_object(bucket, owner, key, version_id=version_id))
    return sha256_base64(body.content)


def _lock(client: S3Client, head: ObjectHead, bucket: str, owner: str, key: str, version_id: str) -> tuple[str, str]:
    """HeadObject leaves a lock out where the caller has no s3:GetObjectRetention; GetObjectRetention then says so."""
    if head.lock_mode:
        return head.lock_mode, head.retain_until
    call = calls.get_retention(bucket, owner, key, version_id=version_id)
    return _asked(client, call, lambda code: ("", "") if code in _NO_LOCK else None)


def _tags(client: S3Client, bucket: str, owner: str, key: str, version_id: str) -> dict[str, str]:
    return _asked(client, calls.get_tagging(bucket, owner, key, version_id=version_id))


def _asked(client: S3Client, call: S3Call[T], instead: Callable[[str], T | None] = lambda code: None) -> T:
    try:
        return client.do(call)
    except (ClientError, NoAnswer) as err:
        if (found := instead(code_of(err))) is not None:
            return found
        if isinstance(err, NoAnswer):
            raise ReadBackFailed(f"{err}") from err
        code = code_of(err)
        cure = LET_READ if code in _REFUSED else "find out why"
        raise ReadBackFailed(f"{call.operation} on {call.bucket}/{call.key}: {code}; {cure} and run again") from err


def _second(text: str) -> str:
    """An instant to the second, or the text as it is where it is none."""
    try:
        return written(datetime.fromisoformat(text))
    except ValueError:
        return text
