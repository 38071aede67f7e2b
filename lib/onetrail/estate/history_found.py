"""Whether a bucket that no trail names holds CloudTrail's history: seen by its folders, without listing its objects.

A trail that was pointed elsewhere, or deleted, leaves its history behind in a bucket that nothing names any more. Its
logs are below `AWSLogs/`, at the root or below the prefix that the trail had, which is the bucket's first level in
ordinary estates (Control Tower: `o-id/AWSLogs/`). Source: CloudTrail User Guide, "Finding your CloudTrail log files".
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from onetrail.aws import look
from onetrail.looked import Unread

MOST_FOLDERS: Final = 50
"""Folders of a bucket's first level that are looked into."""
_ROOT: Final = "AWSLogs/"


class _Denied(Exception):
    """A listing that could not be read."""


@dataclass(frozen=True)
class FoundHistory:
    """What the folders of a bucket show. `key_prefixes` stand before `AWSLogs/`, empty for the root; none where there
    is no history of the accounts that were asked for. `not_searched` says what was not looked into, and why."""

    key_prefixes: tuple[str, ...] = ()
    not_searched: str = ""


def find_history(client: Any, bucket: str, account: str, of: Collection[str]) -> FoundHistory:
    """Look for CloudTrail logs of the accounts `of` in a bucket of `account`, by its folders; at most a few requests
    per folder of the first level."""

    def below(prefix: str, most: int = 1000) -> tuple[list[str], bool]:
        page = look(
            client.list_objects_v2,
            Bucket=bucket,
            ExpectedBucketOwner=account,
            Prefix=prefix,
            Delimiter="/",
            MaxKeys=most,
        )
        if isinstance(page, Unread):
            raise _Denied(f"ListObjectsV2 {prefix}: {page.why}" if prefix else f"ListObjectsV2: {page.why}")
        folders = [str(said["Prefix"]) for said in page.value.get("CommonPrefixes", [])]
        return folders, bool(page.value.get("IsTruncated"))

    def logs_of(root: str) -> bool:
        for folder in below(f"{root}{_ROOT}")[0]:
            name = folder.removesuffix("/").rsplit("/", 1)[-1]
            owners = below(folder)[0] if name.startswith("o-") else [folder]
            for owner in owners:
                if owner.removesuffix("/").rsplit("/", 1)[-1] in of and f"{owner}CloudTrail/" in below(owner)[0]:
                    return True
        return False

    try:
        first, more = below("")
        others = [folder for folder in first if folder != _ROOT]
        roots = [""] if _ROOT in first else []
        roots += [folder for folder in others[:MOST_FOLDERS] if f"{folder}{_ROOT}" in below(folder)[0]]
        found = tuple(root.removesuffix("/") for root in roots if logs_of(root))
    except _Denied as err:
        return FoundHistory(not_searched=str(err))
    left = len(others) - MOST_FOLDERS
    if left <= 0 and not more:
        return FoundHistory(found)
    said = "more than 1,000 objects and folders" if more else f"{len(others):,} folders"
    return FoundHistory(found, f"its first level has {said}, of which {MOST_FOLDERS} were looked into")
