"""The names of everything onetrail creates, in one place, so that it can be found and removed later."""

from typing import Final

BREAK_GLASS_ROLE: Final = "onetrail-break-glass"
"""Log account: may change what the archive's policy otherwise refuses to everybody."""
OPERATOR_ROLE: Final = "onetrail-operator"
"""Log account: the operator's everyday role; reads all, builds the archive, cannot undo its locks."""
READER_ROLE: Final = "onetrail-reader"
"""Log account: reads logs and settings, changes nothing."""
GRANT_KEEPER_ROLE: Final = "onetrail-grant-keeper"
"""Log account: opens and closes the temporary grant while break-glass allows it."""
SEALER_ROLE: Final = "onetrail-sealer"
"""Log account: puts what seals a run record into the work bucket, and nothing else; break-glass principals alone become
it."""
COPIER_ROLE: Final = "onetrail-copier"
"""Log account (pull) or source account (push): the one principal that may write copies while the grant is open."""
BATCH_ROLE: Final = "onetrail-batch"
"""Log account, temporary: what S3 Batch Operations runs as; made and removed by step 05."""
JOBS_ROLE: Final = "onetrail-batch-jobs"
"""Log account, temporary: makes, confirms and cancels the jobs; made and removed by step 05."""
OUR_ROLES: Final = "onetrail-*"
"""Every role of ours in the log account, those of step 05 too."""
LOG_ACCOUNT_ROLES: Final = (
    BREAK_GLASS_ROLE,
    OPERATOR_ROLE,
    READER_ROLE,
    SEALER_ROLE,
    GRANT_KEEPER_ROLE,
    COPIER_ROLE,
)

SID_PREFIX: Final = "Onetrail"
"""Every statement that onetrail adds to somebody else's policy has a Sid that starts with this."""
SID_HOLD_STILL: Final = "OnetrailHoldStill"
"""Old bucket: nobody changes or deletes anything while the move is under way."""
SID_HOLD_WRITERS: Final = "OnetrailHoldStillWriters"
"""Old bucket: nobody puts anything but those who did before."""
SID_COPY_LIST: Final = "OnetrailCopyList"
"""Old bucket, temporary: the copier lists."""
SID_COPY_READ: Final = "OnetrailCopyRead"
"""Old bucket, temporary: the copier reads."""
SID_COPY_EXPIRES: Final = "OnetrailCopyExpires"
"""Old bucket, temporary: from the expiry on the copier is refused, whatever else lets it in."""
SID_COPY_DECRYPT: Final = "OnetrailCopyDecrypt"
"""Key of an old bucket, temporary: the copier decrypts."""
SID_BATCH_LIST: Final = "OnetrailBatchList"
"""Old bucket, temporary: the role of the jobs lists."""
SID_BATCH_READ: Final = "OnetrailBatchRead"
"""Old bucket, temporary: the role of the jobs reads."""
SID_BATCH_EXPIRES: Final = "OnetrailBatchExpires"
"""Old bucket, temporary: the role of the jobs is refused from the expiry on."""
BATCH_SIDS: Final = frozenset({SID_BATCH_LIST, SID_BATCH_READ, SID_BATCH_EXPIRES})
"""The temporary statements that are for jobs."""
COPY_SIDS: Final = frozenset({SID_COPY_LIST, SID_COPY_READ, SID_COPY_EXPIRES}) | BATCH_SIDS
"""Every temporary statement in an old bucket's policy."""
SID_NEVER_OVERWRITES: Final = "CopierNeverOverwrites"
"""Archive, temporary: the copiers' writes ask S3 to refuse them where something is there."""
EARLIER_SIDS: Final = frozenset(
    {
        "OnlyBreakGlassChanges",
        "OnlyCloudTrailWrites",
        "OnlyKeepersLock",
        "OnlyKeepersSetPolicy",
        "OnlyLoggingWrites",
        "OnlyOurRolesWrite",
    }
)
"""Archive and the buckets beside it: statements of earlier versions' policies, which are ours to take out."""
SID_CLOSED: Final = "OnetrailClosed"
"""Old bucket that lifecycle rules empty: nobody and no service writes or deletes any object, while S3 itself expires
them."""
SID_SHELL: Final = "OnetrailEmptyShell"
"""Old bucket after retirement: object calls are refused, the name stays ours."""

CONFLICTS_FOLDER: Final = "onetrail-conflicts/"
"""Archive: below it, by old bucket and full old key, lies each copy whose key was taken by other bytes."""

TAG_KEY: Final = "onetrail"
"""Tag on everything onetrail creates; its value is the run name."""


def role_arn(partition: str, account_id: str, role: str, path: str = "/") -> str:
    """ARN of an IAM role; `path` begins and ends with a slash (IAM User Guide, IAM ARNs)."""
    return f"arn:{partition}:iam::{account_id}:role{path}{role}"


def trail_arn(partition: str, home_region: str, account_id: str, trail: str) -> str:
    """ARN of a trail; for a multi-region trail this home-region ARN is the only one (CloudTrail User Guide, trail
    naming)."""
    return f"arn:{partition}:cloudtrail:{home_region}:{account_id}:trail/{trail}"


def bucket_arn(partition: str, bucket: str) -> str:
    """ARN of a bucket, without objects."""
    return f"arn:{partition}:s3:::{bucket}"


PRACTICE_KEYS = "OTPRACTICE"
"""Access keys of the practice estate begin with this; they are sent nowhere but to this machine."""
