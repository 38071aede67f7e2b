"""What a copy is asked to do, and what becomes of each object of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from onetrail.s3.decisions.decide import ARCHIVED, MOST_BYTES, same_bytes
from onetrail.s3.rows import ObjectRow


class CopyKind(StrEnum):
    """What is to be done with one object, by the two listings alone."""

    COPY = "copy"
    PRESENT = "present"
    CONFLICT = "conflict"
    UNPROVEN = "unproven"
    ARCHIVED = "archived"
    TOO_LARGE = "too_large"


FINDINGS: Final = frozenset({"conflict", "unproven", "archived", "too_large", "source_changed", "gone"})
"""Outcomes that need a decision; `refused` and `failed` are failures."""
FAILURES: Final = frozenset({"refused", "failed"})
ROWS_A_PART: Final = 10_000
"""Copies whose rows are in one part of the ledger: a killed run loses the rows of the parts it had open."""
ROWS_AT_A_TIME: Final = 1000
"""After so many objects that need nothing, others have their turn."""


@dataclass(frozen=True)
class Terms:
    """How copies are to be: S3's storage class, canned ACL and lock, `""` and None for none.

    `compare` says that objects which ETags cannot prove equal are read on both sides, `restored` that archived ones may
    be copied: S3 refuses those that are not. `most` bounds the requests a second;
    None leaves each prefix of the target its own bound.
    """

    storage_class: str = "STANDARD"
    acl: str = ""
    lock_mode: str = ""
    retain_until: datetime | None = None
    compare: bool = False
    restored: bool = False
    most: float | None = None


def kind_of(source: ObjectRow, target: ObjectRow | None, restored: bool = False) -> CopyKind:
    """What the two listings say of one object. `restored` says that archived ones were: the listing does not show
    that."""
    if target is None:
        if source.size > MOST_BYTES:
            return CopyKind.TOO_LARGE
        return CopyKind.ARCHIVED if source.storage_class in ARCHIVED and not restored else CopyKind.COPY
    equal = same_bytes(source.size, source.etag, target.size, target.etag)
    return CopyKind.UNPROVEN if equal is None else CopyKind.PRESENT if equal else CopyKind.CONFLICT
