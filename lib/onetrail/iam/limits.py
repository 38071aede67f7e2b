"""How large a policy document may be: one table for every kind of document that is put anywhere. Its sources were read
on 2026-11-30."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from onetrail.iam.document import Document, compact


class DocumentKind(StrEnum):
    """Where a document is put, in words."""

    BUCKET = "bucket policy"
    ROLE = "inline policies of the role"
    TRUST = "trust policy of the role"
    MANAGED = "managed policy"
    SCP = "service control policy"
    RCP = "resource control policy"
    KEY = "key policy"


@dataclass(frozen=True)
class Limit:
    """The most that AWS takes of one kind of document."""

    most: int
    unit: str
    """bytes or characters of the document as it is sent, without blanks around its parts."""
    refusal: str
    """AWS's error code for a larger one."""
    source: str
    cure: str
    """What makes such a document smaller."""


_QUOTAS: Final = "IAM User Guide, IAM and AWS STS quotas"
_ORGANIZATIONS: Final = "AWS Organizations User Guide, quotas (SCPs since 2026-05-15)"
_FEWER: Final = (
    "each source account takes a part of it: adopt one organization trail (trail_mode: adopt), "
    "or move the accounts in two runs with an archive each"
)
_FEWER_BUCKETS: Final = "each old bucket takes a part of it: move the source accounts in two runs with an archive each"

LIMITS: Final[Mapping[DocumentKind, Limit]] = {
    DocumentKind.BUCKET: Limit(
        20_480,
        "bytes",
        "PolicyTooLarge",
        "S3 User Guide, bucket policies",
        "shorten what others put into it; where it is the archive's, copy with pull where the old buckets allow it, "
        "or move the source accounts in two runs with an archive each",
    ),
    DocumentKind.ROLE: Limit(10_240, "characters", "LimitExceeded", _QUOTAS, _FEWER_BUCKETS),
    DocumentKind.TRUST: Limit(
        2_048, "characters", "LimitExceeded", _QUOTAS, "name fewer principals that may assume the role"
    ),
    DocumentKind.MANAGED: Limit(6_144, "characters", "LimitExceeded", _QUOTAS, "split it into two"),
    DocumentKind.SCP: Limit(10_240, "characters", "ConstraintViolationException", _ORGANIZATIONS, _FEWER),
    DocumentKind.RCP: Limit(5_120, "characters", "ConstraintViolationException", _ORGANIZATIONS, _FEWER),
    DocumentKind.KEY: Limit(
        32_768,
        "bytes",
        "LimitExceededException",
        "KMS API Reference, PutKeyPolicy",
        "shorten what others put into it; where it is the archive's, " + _FEWER,
    ),
}
"""Kind -> its limit. Inline policies of one role count together; every other document counts by itself.

S3 and IAM do not count white space; IAM counts less than this does, so what fits here fits there. S3 keeps a form of
its own, whose size AWS does not document: what is read from S3 has that form already, and ours names full ARNs, as that
form does.
"""


def size(kind: DocumentKind, document: Document) -> int:
    """The document's size in the unit of its kind."""
    text = compact(document)
    return len(text.encode()) if LIMITS[kind].unit == "bytes" else len(text)


def too_large(kind: DocumentKind, taken: int) -> str:
    """What is wrong, without the document's name and without a cure; empty where the size fits."""
    limit = LIMITS[kind]
    if taken <= limit.most:
        return ""
    return f"would have {taken:,} {limit.unit} as {kind}, and AWS takes {limit.most:,}"
