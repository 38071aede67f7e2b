"""The record's heads as the work bucket holds them: written there after each step, under the bucket's lock.

A lock keeps a version; it does not say which version counts, nor keep anybody from putting another object beside it. So
a head is one object at the one key of its line, the oldest version of that key counts, and everything else there is
named and no obstacle: the other heads still count (S3 User Guide, Object Lock; ListObjectVersions lists a key's
versions newest first).
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from botocore.exceptions import BotoCoreError

from onetrail.aws import Clients, look, look_for_bucket, pages
from onetrail.change.run_record import heads
from onetrail.change.run_record.heads import HeadRefused, RecordHead, key_of, parse_head
from onetrail.errors import OnetrailError
from onetrail.files import FileRefused, read_bytes
from onetrail.looked import Absent, Unread
from onetrail.settings import Settings

SEALED: Final = "sealed/"
"""Below the heads' folder; what is below it is written and read by others."""
_LINE: Final = re.compile(r"head-(\d{6,18})\.json")


class HeadUnread(OnetrailError):
    """A head is there and could not be read, so that nobody knows what it says."""


class Anchor(NamedTuple):
    """One head: the line of the record it speaks of, its hash, where it lies, and how its oldest version is locked
    (empty: not at all).

    `above` counts the versions and delete markers that were put above that one.
    """

    line: int
    head: str
    key: str
    lock: str
    until: datetime | None
    above: int = 0


@dataclass(frozen=True)
class Anchors:
    """`there` is False while the work bucket does not exist; `could_not_look` says why the heads could not be read.

    `strange` names, a line each, what is stored there and is no head of this record; `unread` has line -> why its head
    could not be read.
    """

    held: tuple[Anchor, ...] = ()
    there: bool = True
    could_not_look: str = ""
    strange: tuple[str, ...] = ()
    unread: Mapping[int, str] = field(default_factory=dict)

    @property
    def heads(self) -> Mapping[int, str]:
        """Line -> hash."""
        return {one.line: one.head for one in self.held}


def folder_of(settings: Settings) -> str:
    """Where the heads of this run are in the work bucket."""
    return heads.folder_of(settings.run_name)


def read_anchors(settings: Settings, clients: Clients) -> Anchors:
    """Every head of this run, in the order of the lines."""
    account = settings.log_account.account_id
    s3 = clients.client("s3", account, settings.home_region)
    owner = {"Bucket": settings.work_bucket, "ExpectedBucketOwner": account}
    head = look_for_bucket(s3, settings.work_bucket, account)
    if isinstance(head, Unread):
        return Anchors(could_not_look=f"HeadBucket: {head.why}")
    if isinstance(head, Absent):
        return Anchors(there=False)
    return read_heads(s3, settings.run_name, **owner)


def read_heads(s3: Any, run: str, **bucket: str) -> Anchors:
    """The heads of a run in a bucket; `bucket` has its name, and its owner where that is known, as parameters of S3's
    calls."""
    folder = heads.folder_of(run)
    written = pages(s3, "list_object_versions", "Versions", Prefix=folder, **bucket)
    hidden = pages(s3, "list_object_versions", "DeleteMarkers", Prefix=folder, **bucket)
    if isinstance(written, Unread):
        return Anchors(could_not_look=f"ListObjectVersions: {written.why}")
    if isinstance(hidden, Unread):
        return Anchors(could_not_look=f"ListObjectVersions: {hidden.why}")
    oldest = {said["Key"]: said for said in written.value}
    count = Counter(said["Key"] for said in (*written.value, *hidden.value))
    held, strange, unread = [], [], {}
    for key in sorted(key for key in count if not key.startswith(folder + SEALED)):
        try:
            held.append(_read(s3, run, key, oldest.get(key), count[key] - 1, bucket))
        except HeadRefused as err:
            strange.append(f"{key!a:.300} {err.line}")
        except HeadUnread as err:
            unread[_line_of(key)] = f"{key}: {err.line}"
    return Anchors(tuple(sorted(held)), strange=tuple(strange), unread=unread)


def read_files(path: Path, run: str) -> Anchors:
    """The heads of a run as somebody downloaded them: a folder of such objects under their own names, or one of them.

    A download holds one version of each, so what was put above it does not show.
    """
    held, strange = [], []
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        if file.name == SEALED.rstrip("/"):
            continue
        try:
            content = read_bytes(file, heads.LARGEST)
            head = _of_run(parse_head(content), run, file.name)
            held.append(Anchor(head.line, head.head, key_of(run, head.line), "", None))
        except FileRefused as err:
            strange.append(err.line)
        except HeadRefused as err:
            strange.append(f"{file.name!a:.300} {err.line}")
    return Anchors(tuple(sorted(held)), strange=tuple(strange))


def _read(s3: Any, run: str, key: str, said: Mapping[str, Any] | None, above: int, bucket: Mapping[str, str]) -> Anchor:
    """The head at a key, by its oldest version. Raises HeadRefused, HeadUnread."""
    name = key.removeprefix(heads.folder_of(run))
    if not _LINE.fullmatch(name):
        raise HeadRefused("is not the key of a head")
    if said is None:
        raise HeadRefused("has a delete marker and no version")
    if said["Size"] > heads.LARGEST:
        raise HeadRefused(f"is larger than {heads.LARGEST:,} bytes")
    got = look(s3.get_object, Key=key, VersionId=said["VersionId"], **bucket)
    if isinstance(got, Unread):
        raise HeadUnread(f"GetObject: {got.why}")
    try:
        content = got.value["Body"].read(heads.LARGEST + 1)
    except (BotoCoreError, OSError) as err:
        raise HeadUnread(f"GetObject: {err}") from err
    head = _of_run(parse_head(content), run, name)
    mode, until = got.value.get("ObjectLockMode", ""), got.value.get("ObjectLockRetainUntilDate")
    return Anchor(head.line, head.head, key, mode, until, above)


def _line_of(key: str) -> int:
    return int(key.rpartition("-")[2].partition(".")[0])


def _of_run(head: RecordHead, run: str, name: str) -> RecordHead:
    """The head, where it is of that run and has its own name as key. Raises HeadRefused."""
    if head.run != run:
        raise HeadRefused(f"is a head of the run {head.run[:80]!a}")
    if key_of(run, head.line) != heads.folder_of(run) + name:
        raise HeadRefused(f"is a head of line {head.line}, which has another name")
    return head
