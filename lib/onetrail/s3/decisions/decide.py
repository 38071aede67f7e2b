"""What is to be done with one object of an old bucket. Pure; one sentence says why."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from onetrail.cloudtrail import object_key as grammar
from onetrail.s3.decisions.retention import is_past, retain_until
from onetrail.s3.rows import ObjectRow

MOST_BYTES = 5 * 2**30
"""CopyObject's limit (API Reference, CopyObject)."""
ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""Classes that must be restored before they can be read."""
_MD5: Final = re.compile(r"[0-9a-f]{32}").fullmatch
TIERED: Final = "INTELLIGENT_TIERING"
"""The class that archives objects by itself; only HeadObject shows the tier of an object."""


class DecisionKind(StrEnum):
    """What is to be done."""

    COPY = "copy"
    PRESENT = "present"
    CONFLICT = "conflict"
    COMPARE = "compare"
    FOREIGN = "foreign"
    MARKER = "marker"
    ARCHIVED = "archived"
    RESTORING = "restoring"
    PAST_RETENTION = "past_retention"
    TOO_LARGE = "too_large"


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for a whole partition. `key_prefix` as `onetrail.cloudtrail.object_key.parse` takes it: None for any.

    `etags_comparable` is False where either bucket encrypts with KMS: ETags are then no MD5 and differ between equal
    copies (S3 User Guide, checking object integrity).
    """

    retention_years: int
    now: datetime
    key_prefix: str | None = None
    copy_past_retention: bool = False
    etags_comparable: bool = True


class ObjectDecision(NamedTuple):
    """`retain_until` is None where there is no date or the retention is over."""

    kind: DecisionKind
    reason: str
    retain_until: datetime | None = None


def decide(source: ObjectRow, destination: ObjectRow | None, rules: Rules) -> ObjectDecision:
    """What to do with the source object, given what the archive has under the key it would get."""
    parsed = grammar.parse(source.key, rules.key_prefix, source.size)
    if parsed.kind is grammar.KeyKind.MARKER:
        return ObjectDecision(
            DecisionKind.MARKER,
            "An empty marker that CloudTrail wrote when the trail was set up; it holds no event.",
        )
    if parsed.date is None:
        return ObjectDecision(DecisionKind.FOREIGN, f"Not written by CloudTrail: {parsed.why}. A person decides.")
    until = retain_until(parsed.date, rules.retention_years)
    keep = None if is_past(until, rules.now) else until
    if destination is not None:
        return _beside(source, destination, rules, keep)
    if keep is None and not rules.copy_past_retention:
        return ObjectDecision(DecisionKind.PAST_RETENTION, f"Its retention ended on {until:%Y-%m-%d}.")
    if source.size > MOST_BYTES:
        return ObjectDecision(
            DecisionKind.TOO_LARGE,
            f"Its {source.size} bytes are more than one CopyObject takes (5 GiB).",
            keep,
        )
    away = archived_in(source)
    if away and source.restore == "ongoing":
        return ObjectDecision(DecisionKind.RESTORING, f"It is in {away}, and its restore is under way.", keep)
    if away and not source.restore:
        return ObjectDecision(DecisionKind.ARCHIVED, f"It is in {away} and must be restored first.", keep)
    return ObjectDecision(DecisionKind.COPY, "The archive does not have it yet.", keep)


def archived_in(source: ObjectRow) -> str:
    """The class or tier in which an object cannot be read before a restore; `""` where it can. A restored one keeps its
    class."""
    return source.storage_class if source.storage_class in ARCHIVED else source.tier


def _beside(source: ObjectRow, destination: ObjectRow, rules: Rules, keep: datetime | None) -> ObjectDecision:
    equal = same_bytes(source.size, source.etag, destination.size, destination.etag, rules.etags_comparable)
    if equal is True:
        return ObjectDecision(DecisionKind.PRESENT, "The archive has the same bytes under this key.", keep)
    if equal is False:
        return ObjectDecision(
            DecisionKind.CONFLICT,
            f"The archive has other bytes under this key: {_difference(source, destination)}.",
            keep,
        )
    return ObjectDecision(
        DecisionKind.COMPARE,
        "The archive has an object of this size, and the ETags cannot be compared; read both.",
        keep,
    )


def same_bytes(size: int, etag: str, other_size: int, other_etag: str, comparable: bool = True) -> bool | None:
    """True or False where sizes and ETags prove it, None where they cannot: multipart ETags and those of KMS are no
    MD5."""
    if size != other_size:
        return False
    if not comparable or not etag or not other_etag:
        return None
    if etag == other_etag and "-" not in etag:
        return True
    return None if "-" in etag or "-" in other_etag else False


def is_md5(etag: str) -> bool:
    """True where an ETag has the form of an MD5; whether it is one, only the object's encryption says."""
    return _MD5(etag) is not None


def _difference(source: ObjectRow, destination: ObjectRow) -> str:
    if source.size != destination.size:
        return f"{destination.size} bytes, not {source.size}"
    return f"ETag {destination.etag}, not {source.etag}"
