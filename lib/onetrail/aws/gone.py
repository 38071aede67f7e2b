"""The error codes by which AWS says that what a call takes away no longer exists: then the deletion is done.

A run that was killed between a call and its record line, and an answer that was lost on the way, both make the same
deletion go out twice. Source: the API references of IAM, S3, S3 Control, CloudTrail, Organizations and KMS (errors of
each call), botocore 1.44.5.
"""

from collections.abc import Mapping
from typing import Final

from botocore.exceptions import ClientError

from onetrail.aws.refused import error_code

_NO_BUCKET: Final = frozenset({"NoSuchBucket"})
_NO_ENTITY: Final = frozenset({"NoSuchEntity"})

_TAKES_AWAY: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("iam", "DeleteRole"): _NO_ENTITY,
    ("iam", "DeleteRolePolicy"): _NO_ENTITY,
    ("iam", "DetachRolePolicy"): _NO_ENTITY,
    ("s3", "DeleteBucket"): _NO_BUCKET,
    ("s3", "DeleteBucketLifecycle"): _NO_BUCKET | {"NoSuchLifecycleConfiguration"},
    ("s3", "DeleteBucketPolicy"): _NO_BUCKET | {"NoSuchBucketPolicy"},
    ("s3", "DeletePublicAccessBlock"): _NO_BUCKET | {"NoSuchPublicAccessBlockConfiguration"},
    ("s3control", "DeletePublicAccessBlock"): frozenset({"NoSuchPublicAccessBlockConfiguration"}),
    ("s3control", "UpdateJobStatus"): frozenset({"NotFoundException", "NoSuchJob", "JobStatusException"}),
    ("cloudtrail", "DeleteTrail"): frozenset({"TrailNotFoundException"}),
    ("organizations", "DeletePolicy"): frozenset({"PolicyNotFoundException"}),
    ("organizations", "DetachPolicy"): frozenset({"PolicyNotAttachedException", "PolicyNotFoundException"}),
    ("kms", "RevokeGrant"): frozenset({"NotFoundException"}),
    ("kms", "DeleteAlias"): frozenset({"NotFoundException"}),
}
"""A job is cancelled by UpdateJobStatus; one that has ended (JobStatusException) or that S3 forgot needs no
cancelling."""

_CLOSES: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("s3", "PutBucketPolicy"): _NO_BUCKET,
    ("kms", "PutKeyPolicy"): frozenset({"NotFoundException"}),
    ("iam", "UpdateAssumeRolePolicy"): _NO_ENTITY,
}
"""A closing that puts a policy back: what was open was deleted together with its resource."""


def gone_code(service: str, call: str, error: BaseException, *, closes: bool = False) -> str:
    """The code that says that what the call takes away is gone already; empty for every other call or error.

    `closes` is for a call that takes an opening back: there the thing itself may be gone too.
    """
    if not isinstance(error, ClientError):
        return ""
    known = _TAKES_AWAY.get((service, call), frozenset())
    if closes:
        known |= _CLOSES.get((service, call), frozenset())
    code = error_code(error)
    return code if code in known else ""
