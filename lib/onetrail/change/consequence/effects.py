"""The effect of a change, from a table of calls and from what the change says of itself, and whether it can be undone.

A call that the table lacks is an error, never taken for a harmless change.
"""

from collections.abc import Mapping
from typing import Any, Final

from onetrail.change.bulk import BulkAction, part_of
from onetrail.change.plan import Change, Effect, ExpectedAnswer, Reversible

MAKES_OR_CHANGES: Final = None
"""A call that makes what was not there before, and changes what was."""

CALLS: Final[Mapping[tuple[str, str], Effect | None]] = {
    ("account", "PutAlternateContact"): MAKES_OR_CHANGES,
    ("cloudtrail", "CreateTrail"): Effect.MAKES,
    ("cloudtrail", "DeleteTrail"): Effect.DELETES,
    ("cloudtrail", "PutEventSelectors"): MAKES_OR_CHANGES,
    ("cloudtrail", "PutInsightSelectors"): MAKES_OR_CHANGES,
    ("cloudtrail", "StartLogging"): Effect.CHANGES,
    ("cloudtrail", "StopLogging"): Effect.CHANGES,
    ("cloudtrail", "UpdateTrail"): Effect.CHANGES,
    ("iam", "AttachRolePolicy"): Effect.MAKES,
    ("iam", "CreateRole"): Effect.MAKES,
    ("iam", "DeleteRole"): Effect.DELETES,
    ("iam", "DeleteRolePolicy"): Effect.DELETES,
    ("iam", "DetachRolePolicy"): Effect.DELETES,
    ("iam", "PutRolePermissionsBoundary"): MAKES_OR_CHANGES,
    ("iam", "PutRolePolicy"): MAKES_OR_CHANGES,
    ("iam", "TagRole"): Effect.CHANGES,
    ("iam", "UpdateAssumeRolePolicy"): Effect.CHANGES,
    ("kms", "CreateAlias"): Effect.MAKES,
    ("kms", "CreateKey"): Effect.MAKES,
    ("kms", "EnableKeyRotation"): Effect.CHANGES,
    ("kms", "PutKeyPolicy"): Effect.CHANGES,
    ("organizations", "AttachPolicy"): Effect.MAKES,
    ("organizations", "CreatePolicy"): Effect.MAKES,
    ("organizations", "UpdatePolicy"): Effect.CHANGES,
    ("run-folder", "WriteVerificationReceipt"): Effect.MAKES,
    ("s3", "CopyObject"): Effect.MAKES,
    ("s3", "CreateBucket"): Effect.MAKES,
    ("s3", "DeleteBucket"): Effect.DELETES,
    ("s3", "DeleteBucketLifecycle"): Effect.DELETES,
    ("s3", "DeleteBucketPolicy"): Effect.DELETES,
    ("s3", "DeleteObjects"): Effect.DELETES,
    ("s3", "PutBucketEncryption"): MAKES_OR_CHANGES,
    ("s3", "PutBucketLifecycleConfiguration"): MAKES_OR_CHANGES,
    ("s3", "PutBucketLogging"): MAKES_OR_CHANGES,
    ("s3", "PutBucketOwnershipControls"): MAKES_OR_CHANGES,
    ("s3", "PutBucketPolicy"): MAKES_OR_CHANGES,
    ("s3", "PutBucketTagging"): MAKES_OR_CHANGES,
    ("s3", "PutBucketVersioning"): MAKES_OR_CHANGES,
    ("s3", "PutObject"): Effect.MAKES,
    ("s3", "PutObjectLockConfiguration"): MAKES_OR_CHANGES,
    ("s3", "PutObjectRetention"): Effect.CHANGES,
    ("s3", "PutPublicAccessBlock"): MAKES_OR_CHANGES,
    ("s3", "RestoreObject"): Effect.MAKES,
    ("s3control", "CreateJob"): Effect.MAKES,
    ("s3control", "PutPublicAccessBlock"): MAKES_OR_CHANGES,
    ("s3control", "UpdateJobStatus"): Effect.CHANGES,
}
"""Every changing call that a plan holds, with what it does."""

REVERSIBLE: Final[Mapping[tuple[str, str], Reversible]] = {
    ("cloudtrail", "DeleteTrail"): Reversible.PARTLY,
    ("s3", "DeleteBucket"): Reversible.NO,
    ("s3", "DeleteObjects"): Reversible.NO,
}
"""The calls that cannot be undone, or not wholly: a trail that is created again starts another digest chain."""

_SEALED_BY_RULE: Final = (BulkAction.SEAL_HEAD,)
"""Rules over objects that nobody can delete once they are made."""

_LOCK_MODES: Final[Mapping[tuple[str, str], tuple[str, Reversible]]] = {
    ("s3", "PutObjectRetention"): ("Retention.Mode", Reversible.NO),
    ("s3", "PutObjectLockConfiguration"): (
        "ObjectLockConfiguration.Rule.DefaultRetention.Mode",
        Reversible.PARTLY,
    ),
}
"""Where a call says the mode of a lock, and whether it can be undone under compliance: a default can be put back, but
not the locks that it has given."""

SIGNS: Final[Mapping[Effect, str]] = {
    Effect.MAKES: "+",
    Effect.CHANGES: "~",
    Effect.DELETES: "-",
    Effect.NOTHING: "=",
}
IRREVERSIBLE: Final = "!"
"""Beside the sign of a change that cannot be undone, or not wholly."""
LEGEND: Final = "+ makes, ~ changes, - deletes, = tries what must be refused; ! cannot be undone, or only in part"


def effect_of(change: Change) -> Effect:
    """What the change does. Raises ValueError for a call that the table lacks."""
    called = (change.service, change.call)
    if called not in CALLS:
        raise ValueError(
            f"{change.service}:{change.call} has no effect in onetrail.change.consequence.effects.CALLS: add it"
        )
    if change.expects is ExpectedAnswer.REFUSED:
        return Effect.NOTHING
    if change.stated.effect:
        return change.stated.effect
    return CALLS[called] or (Effect.CHANGES if change.before else Effect.MAKES)


def reversible(change: Change) -> Reversible:
    """Whether the change can be undone."""
    called = (change.service, change.call)
    if change.expects is ExpectedAnswer.REFUSED:
        return Reversible.YES
    if change.stated.reversible:
        return change.stated.reversible
    if change.bulk and change.bulk.deed in _SEALED_BY_RULE:
        return Reversible.NO
    if called in _LOCK_MODES:
        part, kind = _LOCK_MODES[called]
        return kind if _said(change, part) == "COMPLIANCE" else Reversible.YES
    return REVERSIBLE.get(called, Reversible.YES)


def sign(change: Change) -> str:
    """`+`, `~`, `-` or `=`, with a `!` beside it where the change cannot be undone, or not wholly."""
    mark = SIGNS[effect_of(change)]
    return mark if reversible(change) is Reversible.YES else f"{mark}{IRREVERSIBLE}"


def _said(change: Change, part: str) -> Any:
    fixed = change.bulk.fixed if change.bulk else {}
    return fixed.get(part) or part_of(change.parameters, part)
