"""Denied by default: all but reading, except for a named few. An action that S3 adds later is denied with the
rest.

Source: AWS Control Tower's own mandatory controls of its log bucket (CTS3PV8) deny by NotAction in the same way.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from onetrail.iam.builders.archive_facts import one_or_many

READS: Final = ("s3:Get*", "s3:List*")
"""Every action that begins so reads (Service Authorization Reference, Amazon S3)."""
RESTORE: Final = "s3:RestoreObject"
"""Makes a readable copy of an archived object for some days, and changes no byte of it."""
SID_READS_ONLY: Final = "ReadsOnly"
Statement = dict[str, Any]


def reads_only(bucket: str, exempt: Sequence[str], service: str = "", reads: Sequence[str] = READS) -> Statement:
    """Everybody but these roles, and the service where one is named, only reads.

    Both conditions in one statement: they are ANDed. A service carries no `aws:PrincipalArn`, which a negated condition
    takes for another, so the first alone would refuse the service.
    """
    condition: dict[str, Any] = {"ArnNotEquals": {"aws:PrincipalArn": one_or_many(sorted(exempt))}}
    if service:
        condition["StringNotEquals"] = {"aws:PrincipalServiceName": service}
    return {
        "Sid": SID_READS_ONLY,
        "Effect": "Deny",
        "Principal": "*",
        "NotAction": list(reads),
        "Resource": [bucket, f"{bucket}/*"],
        "Condition": condition,
    }


def held_to(sid: str, roles: Sequence[str], actions: Sequence[str], where: str | Sequence[str]) -> Statement:
    """These roles may do nothing but the actions there, though `reads_only` spares them."""
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "NotAction": one_or_many(list(actions)),
        "Resource": where if isinstance(where, str) else list(where),
        "Condition": {"ArnEquals": {"aws:PrincipalArn": one_or_many(sorted(roles))}},
    }


def refused(sid: str, actions: Sequence[str], where: Mapping[str, Any], condition: Mapping[str, Any]) -> Statement:
    """A Deny for everybody whom the condition fits."""
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": one_or_many(list(actions)),
        **where,
        "Condition": dict(condition),
    }


OBJECT_KEEPING: Final = (
    "s3:AbortMultipartUpload",
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
)
"""What break-glass may do to an object: lock it, lift governance, delete it. It makes, copies, re-keys, tags and
annotates none."""
