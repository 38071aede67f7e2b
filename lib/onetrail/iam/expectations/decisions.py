"""Every write that AWS lists, decided: who may, when and why. Each action has exactly one row; docs/policies.md shows
them.

The rows are about the archive. Source of the actions: `universe`. `tests/unit/iam/test_universe.py` holds each row
against the documents and against AWS's newest list: an action that AWS adds is refused at once, and turns that test red
until it has a row here.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple


class Ruling(StrEnum):
    """What becomes of an action: somebody may do it, nobody may, or no document here decides it."""

    ALLOWED = "allowed"
    DENIED = "denied"
    IRRELEVANT = "irrelevant"


class ExpectedDecision(NamedTuple):
    """One row. `who` are the callers that may, in the words of `CALLERS`; empty unless it is allowed."""

    action: str
    ruling: Ruling
    who: tuple[str, ...]
    when: str
    why: str


CLOUDTRAIL, BREAK_GLASS, GRANT_KEEPER, COPIERS, READERS = (
    "CloudTrail",
    "break-glass",
    "the grant-keeper",
    "the copiers",
    "any principal that its account lets",
)
CALLERS: Final = (CLOUDTRAIL, BREAK_GLASS, GRANT_KEEPER, COPIERS, READERS)
_ALWAYS, _OPEN = "always", "while a grant is open"
_A, _D, _I = Ruling

_Rows = tuple[Ruling, tuple[str, ...], str, str, tuple[str, ...]]
_ROWS: Final[tuple[_Rows, ...]] = (
    (_A, (CLOUDTRAIL, COPIERS), "CloudTrail always, copiers " + _OPEN,
     "delivery of the named trails; copies out of the named old buckets, over nothing that is there", ("s3:PutObject",)),
    (_A, (COPIERS,), _OPEN, "CopyObject asks for it where the request carries an ACL, as a push does; the bucket's owner is enforced, so it changes nothing",
     ("s3:PutObjectAcl",)),
    (_A, (COPIERS,), _OPEN, "CopyObject asks for it where the old object has tags; nothing here reads tags", ("s3:PutObjectTagging",)),
    (_A, (BREAK_GLASS, COPIERS), "break-glass always, copiers " + _OPEN,
     "06 raises locks as break-glass; a copy carries its own lock, under governance and no longer than any log is kept", ("s3:PutObjectRetention",)),
    (_A, (BREAK_GLASS, GRANT_KEEPER), "break-glass always, the grant-keeper within the window",
     "03 puts the policy, 05 opens and closes the grant", ("s3:PutBucketPolicy",)),
    (_A, (BREAK_GLASS, COPIERS, GRANT_KEEPER, READERS), _ALWAYS, "archived logs are restored to be read; no byte of them changes", ("s3:RestoreObject",)),
    (_A, (BREAK_GLASS,), _ALWAYS, "06 changes an active lock's mode, which S3 lets only a principal do that may bypass governance",
     ("s3:BypassGovernanceRetention",)),
    (_A, (BREAK_GLASS,), _ALWAYS, "somebody must be able to undo everything but a compliance lock",
     ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectLegalHold")),
    (_A, (BREAK_GLASS,), _ALWAYS, "03 sets it, and somebody must be able to undo everything",
     ("s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:PutBucketLogging", "s3:PutBucketObjectLockConfiguration",
      "s3:PutBucketOwnershipControls", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning",
      "s3:PutEncryptionConfiguration", "s3:PutLifecycleConfiguration")),
    (_A, (BREAK_GLASS,), _ALWAYS, "nothing here uses it; somebody must be able to undo what others set before the policy stood",
     ("s3:CreateBucketMetadataTableConfiguration", "s3:DeleteBucketMetadataTableConfiguration", "s3:DeleteBucketWebsite", "s3:PauseReplication",
      "s3:PutAccelerateConfiguration", "s3:PutAnalyticsConfiguration", "s3:PutBucketAbac", "s3:PutBucketAcl", "s3:PutBucketCORS",
      "s3:PutBucketNotification", "s3:PutBucketRequestPayment", "s3:PutBucketWebsite", "s3:PutIntelligentTieringConfiguration",
      "s3:PutInventoryConfiguration", "s3:PutMetricsConfiguration", "s3:PutReplicationConfiguration", "s3:TagResource", "s3:UntagResource",
      "s3:UpdateBucketMetadataAnnotationTableConfiguration", "s3:UpdateBucketMetadataInventoryTableConfiguration",
      "s3:UpdateBucketMetadataJournalTableConfiguration")),
    (_D, (), "", "re-keys an object in place: a principal that deletes the key then makes the log unreadable", ("s3:UpdateObjectEncryption",)),
    (_D, (), "", "marks an object, and no log is marked",
     ("s3:DeleteObjectAnnotation", "s3:DeleteObjectTagging", "s3:DeleteObjectVersionAnnotation", "s3:DeleteObjectVersionTagging",
      "s3:PutObjectAnnotation", "s3:PutObjectVersionAcl", "s3:PutObjectVersionAnnotation", "s3:PutObjectVersionTagging")),
    (_D, (), "", "writes or deletes as replication does, and the archive is no target of one",
     ("s3:InitiateReplication", "s3:ObjectOwnerOverrideToBucketOwner", "s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateObjectAnnotation",
      "s3:ReplicateTags")),
    (_I, (), "", "acts on an access point; what comes through one is decided by the bucket's policy too",
     ("s3:CreateAccessPoint", "s3:CreateAccessPointForObjectLambda", "s3:CreateMultiRegionAccessPoint", "s3:DeleteAccessPoint",
      "s3:DeleteAccessPointForObjectLambda", "s3:DeleteAccessPointPolicy", "s3:DeleteAccessPointPolicyForObjectLambda",
      "s3:DeleteMultiRegionAccessPoint", "s3:PutAccessPointConfigurationForObjectLambda", "s3:PutAccessPointPolicy",
      "s3:PutAccessPointPolicyForObjectLambda", "s3:PutAccessPointPublicAccessBlock", "s3:PutMultiRegionAccessPointPolicy",
      "s3:SubmitMultiRegionAccessPointRoutes")),
    (_I, (), "", "hands out sessions of a role, which the bucket's policy binds like any other",
     ("s3:AssociateAccessGrantsIdentityCenter", "s3:CreateAccessGrant", "s3:CreateAccessGrantsInstance", "s3:CreateAccessGrantsLocation",
      "s3:DeleteAccessGrant", "s3:DeleteAccessGrantsInstance", "s3:DeleteAccessGrantsInstanceResourcePolicy", "s3:DeleteAccessGrantsLocation",
      "s3:DissociateAccessGrantsIdentityCenter", "s3:PutAccessGrantsInstanceResourcePolicy", "s3:UpdateAccessGrantsLocation")),
    (_I, (), "", "acts on a job, whose copies are requests of its role, which the bucket's policy binds",
     ("s3:CreateJob", "s3:DeleteJobTagging", "s3:PutJobTagging", "s3:UpdateJobPriority", "s3:UpdateJobStatus")),
    (_I, (), "", "counts what is in buckets, and changes none",
     ("s3:CreateStorageLensGroup", "s3:DeleteStorageLensConfiguration", "s3:DeleteStorageLensConfigurationTagging", "s3:DeleteStorageLensGroup",
      "s3:PutStorageLensConfiguration", "s3:PutStorageLensConfigurationTagging", "s3:UpdateStorageLensGroup")),
    (_I, (), "", "acts on the account, whose block of public access the guardrail keeps", ("s3:PutAccountPublicAccessBlock",)),
    (_A, (CLOUDTRAIL, COPIERS, READERS), _ALWAYS, "using the archive's key is no change of it: CloudTrail and S3 encrypt, readers decrypt",
     ("kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext",
      "kms:GenerateDataKeyWithoutPlaintext")),
    (_A, (BREAK_GLASS,), _ALWAYS, "03 puts the key's policy, 05 opens it for a push", ("kms:PutKeyPolicy",)),
    (_A, (BREAK_GLASS,), _ALWAYS, "a key that somebody disables, deletes, hands on or re-imports makes every log unreadable",
     ("kms:CancelKeyDeletion", "kms:CreateAlias", "kms:CreateGrant", "kms:DeleteAlias", "kms:DeleteImportedKeyMaterial", "kms:DisableKey",
      "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:ImportKeyMaterial", "kms:ReplicateKey", "kms:RetireGrant",
      "kms:RevokeGrant", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:SynchronizeMultiRegionKey", "kms:TagResource",
      "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription", "kms:UpdatePrimaryRegion")),
    (_A, (BREAK_GLASS,), _ALWAYS, "S3 needs none of it for the archive",
     ("kms:Decapsulate", "kms:DeriveSharedSecret", "kms:Encapsulate", "kms:Encrypt", "kms:GenerateMac", "kms:ReEncryptFrom", "kms:ReEncryptTo",
      "kms:Sign", "kms:Verify", "kms:VerifyMac")),
    (_A, (BREAK_GLASS,), _ALWAYS, "a principal that changes a role of ours can become it; the guardrail refuses it where an organization is named",
     ("iam:AttachRolePolicy", "iam:CreateRole", "iam:CreateServiceLinkedRole", "iam:DeleteRole", "iam:DeleteRolePermissionsBoundary",
      "iam:DeleteRolePolicy", "iam:DeleteServiceLinkedRole", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy",
      "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription")),
    (_A, (BREAK_GLASS, READERS), _ALWAYS, "changes no role; only S3 Batch Operations can become the one role of ours that trusts a service",
     ("iam:PassRole",)),
)  # fmt: skip


def decisions() -> Iterator[ExpectedDecision]:
    """A row for each action, in the order of the alphabet."""
    found = [ExpectedDecision(action, r, who, when, why) for r, who, when, why, actions in _ROWS for action in actions]
    return iter(sorted(found))
