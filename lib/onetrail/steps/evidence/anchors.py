"""The record's heads as the work bucket holds them: written there after each step, under the bucket's lock.

A lock keeps a version, it does not keep somebody from putting another one above it: so the oldest version of each head counts, and a
head that was written twice, or hidden by a delete marker, is told (S3 User Guide, Object Lock).
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from onetrail.aws import Clients, look, pages
from onetrail.settings import Settings


class Anchor(NamedTuple):
    """One head: the line of the record it speaks of, its hash, where it lies, and how its oldest version is locked (empty: not at all).

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
    """`there` is False while the work bucket does not exist; `could_not_look` says why the heads could not be read."""

    held: tuple[Anchor, ...] = ()
    there: bool = True
    could_not_look: str = ""

    @property
    def heads(self) -> Mapping[int, str]:
        """Line -> hash."""
        return {one.line: one.head for one in self.held}


def folder_of(settings: Settings) -> str:
    """Where the heads of this run lie in the work bucket."""
    return f"records/{settings.run_name}/"


def read_anchors(settings: Settings, clients: Clients) -> Anchors:
    """Every head of this run, in the order of the lines."""
    account = settings.log_account.account_id
    s3 = clients.client("s3", account, settings.home_region)
    owner = {"Bucket": settings.work_bucket, "ExpectedBucketOwner": account}
    head = look(s3.head_bucket, absent=("404", "NoSuchBucket"), **owner)
    if not head.seen:
        return Anchors(there=not head.absent, could_not_look=f"HeadBucket: {head.why}" if head.failed else "")
    where = {"Prefix": f"{folder_of(settings)}head-", **owner}
    written = pages(s3, "list_object_versions", "Versions", **where)
    hidden = pages(s3, "list_object_versions", "DeleteMarkers", **where)
    if written.value is None or hidden.value is None:
        return Anchors(could_not_look=f"ListObjectVersions: {written.why or hidden.why}")
    oldest = {said["Key"]: said for said in written.value}  # S3 lists a key's versions newest first
    count = Counter(said["Key"] for said in (*written.value, *hidden.value))
    found = []
    for key, said in oldest.items():
        got = look(s3.get_object, Key=key, VersionId=said["VersionId"], **owner)
        if not got.seen:
            return Anchors(could_not_look=f"{key}: {got.why}")
        try:
            body = json.loads(got.value["Body"].read())
            line, hash_ = int(body["line"]), str(body["head"])
        except (ValueError, KeyError, TypeError) as err:
            return Anchors(could_not_look=f"{key} is no head of a record: {err}")
        mode, until = got.value.get("ObjectLockMode", ""), got.value.get("ObjectLockRetainUntilDate")
        found.append(Anchor(line, hash_, key, mode, until, count[key] - 1))
    return Anchors(tuple(sorted(found)))
