"""The record's heads as the work bucket holds them: written there after each step, under a lock that we cannot take back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from onetrail.aws import Clients, look, pages
from onetrail.settings import Settings


class Anchor(NamedTuple):
    """One head: the line of the record it speaks of, its hash, where it lies, and how it is locked (empty: not at all)."""

    line: int
    head: str
    key: str
    lock: str
    until: datetime | None


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
    listed = pages(s3, "list_objects_v2", "Contents", Prefix=f"{folder_of(settings)}head-", **owner)
    if listed.value is None:
        return Anchors(could_not_look=f"ListObjectsV2: {listed.why}")
    found = []
    for said in listed.value:
        got = look(s3.get_object, Key=said["Key"], **owner)
        if not got.seen:
            return Anchors(could_not_look=f"{said['Key']}: {got.why}")
        try:
            body = json.loads(got.value["Body"].read())
            line, hash_ = int(body["line"]), str(body["head"])
        except (ValueError, KeyError, TypeError) as err:
            return Anchors(could_not_look=f"{said['Key']} is no head of a record: {err}")
        until = got.value.get("ObjectLockRetainUntilDate")
        found.append(Anchor(line, hash_, said["Key"], got.value.get("ObjectLockMode", ""), until))
    return Anchors(tuple(sorted(found)))
