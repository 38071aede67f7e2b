"""Is the archive's policy the steady one, or one that step 05 has opened? Both are ours; anything else is drift."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from onetrail import iam, names
from onetrail.iam import Archive, PolicyError
from onetrail.iam.build import (
    central_bucket,
    central_bucket_open,
    central_bucket_window,
    work_bucket_open,
)
from onetrail.iam.builders.reads_only import SID_READS_ONLY
from onetrail.iam.document import values


class GrantState(StrEnum):
    """What the archive's policy is."""

    ABSENT = "absent"
    STEADY = "steady"
    WINDOW = "window"
    """The grant-keeper may put a policy; no copier is let in."""
    OPEN = "open"
    OTHER = "other"
    """No document of ours: drift."""


def grant_state(archive: Archive, policy: Mapping[str, Any] | None) -> GrantState:
    """`window` and `open` only when the document is exactly what step 05 puts; `other` for any other document."""
    if policy is None:
        return GrantState.ABSENT
    said = iam.canonical(policy)
    if said == iam.canonical(central_bucket(archive)):
        return GrantState.STEADY
    if said == iam.canonical(central_bucket_window(archive)):
        return GrantState.WINDOW
    return GrantState.OPEN if said == _open(archive, policy) else GrantState.OTHER


def _open(archive: Archive, policy: Mapping[str, Any]) -> str:
    """The policy as it would be, were it an opening of ours with the bounds that it names; empty when it names none."""
    by_sid = {str(s.get("Sid", "")): s.get("Condition", {}) for s in iam.statements(policy)}
    try:
        expiry, source = by_sid["CopierExpires"], by_sid["CopierOnlyCopies"]
        spared = values(by_sid[SID_READS_ONLY]["ArnNotEquals"]["aws:PrincipalArn"])
        copiers = sorted({*spared} - {archive.break_glass_arn, archive.grant_keeper_arn})
        expires = str(expiry["DateGreaterThanEquals"]["aws:CurrentTime"])
        patterns = values(source["StringNotLike"]["s3:x-amz-copy-source"])
        buckets = sorted({pattern.removesuffix("/*").removeprefix("/") for pattern in patterns})
        conditional = names.SID_NEVER_OVERWRITES in by_sid
        return iam.canonical(central_bucket_open(archive, copiers, buckets, expires, conditional=conditional))
    except (KeyError, TypeError, PolicyError):
        return ""


def work_opened(archive: Archive, policy: Mapping[str, Any] | None) -> bool:
    """Whether the work bucket's policy is exactly what step 05 puts while jobs write their reports."""
    by_sid = {str(s.get("Sid", "")): s for s in iam.statements(policy or {})}
    try:
        expiry, folder = by_sid["BatchExpires"]["Condition"], str(by_sid["BatchOnlyReports"]["NotResource"])
        writer, expires = (
            values(expiry["ArnEquals"]["aws:PrincipalArn"])[0],
            str(expiry["DateGreaterThanEquals"]["aws:CurrentTime"]),
        )
        below = folder.partition(f"{archive.work_bucket}/")[2].removesuffix("reports/*")
        return iam.canonical(policy or {}) == iam.canonical(work_bucket_open(archive, writer, below, expires))
    except (KeyError, TypeError, PolicyError):
        return False
