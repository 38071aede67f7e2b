"""Which S3 actions write, undo or configure: the lists that the archive's statements share.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3" (read
2026-11). Every name is one that S3 accepts in a bucket policy; an unknown one makes it refuse the whole
document.
"""

from typing import Final

PUTS: Final = (
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectVersionAcl",
    "s3:PutObjectVersionTagging",
)
REPLICATES: Final = ("s3:ReplicateObject", "s3:ReplicateTags")
WRITES: Final = (*PUTS, *REPLICATES)
"""What makes or marks an object. Replication writes under names of its own, so they are here too."""

LOCKS: Final = ("s3:PutObjectRetention",)
"""Sets or lengthens a lock. To shorten one takes `s3:BypassGovernanceRetention` as well, and so does raising
governance to compliance (https://github.com/ceph/ceph/pull/42505, seen of Amazon S3)."""

DELETES: Final = (
    "s3:DeleteObject",
    "s3:DeleteObjectTagging",
    "s3:DeleteObjectVersion",
    "s3:DeleteObjectVersionTagging",
    "s3:ReplicateDelete",
)

SET_POLICY: Final = "s3:PutBucketPolicy"

CHANGES: Final = (
    *DELETES,
    "s3:BypassGovernanceRetention",
    "s3:DeleteBucket",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketLogging",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketRequestPayment",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
    "s3:PutObjectLegalHold",
    "s3:PutReplicationConfiguration",
)
"""Break-glass alone. Requester Pays is among them because CloudTrail cannot deliver into such a bucket."""

CONFIGURES: Final = (
    "s3:CreateBucket",
    "s3:PutBucketLogging",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPolicy",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutBucketVersioning",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
)
"""What building a bucket takes; once the bucket has its policy, most of it is refused again."""

BUCKET_READS: Final = (
    "s3:GetBucketAcl",
    "s3:GetBucketLocation",
    "s3:GetBucketLogging",
    "s3:GetBucketNotification",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPolicyStatus",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketRequestPayment",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
)

OBJECT_READS: Final = (
    "s3:GetObject",
    "s3:GetObjectAcl",
    "s3:GetObjectAttributes",
    "s3:GetObjectLegalHold",
    "s3:GetObjectRetention",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionAttributes",
    "s3:GetObjectVersionTagging",
)

SOURCE_LIST: Final = ("s3:ListBucket", "s3:ListBucketVersions")
SOURCE_READ: Final = (
    "s3:GetObject",
    "s3:GetObjectTagging",
    "s3:GetObjectVersion",
    "s3:GetObjectVersionTagging",
)
"""What a copy takes from the old bucket: tags too, since CopyObject copies them when there are any."""
COPY_WRITES: Final = ("s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectRetention", "s3:PutObjectTagging")
"""What a copy puts into the archive: object, ACL header, its own lock, tags."""
PULL_WRITES: Final = ("s3:PutObject", "s3:PutObjectRetention", "s3:PutObjectTagging")
"""The same without the ACL header, which only a copier of another account sends."""
