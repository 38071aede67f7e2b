"""Whether the policy of an old bucket, or of its key, will let through what the plan does: asked of the policies that
were read, before anything is sent. Pure.

The grant adds Allow statements to a bucket's policy, so it is a Deny of its owner that can refuse a copier. Our own
statements are left out: they are asked about elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from onetrail import iam, names
from onetrail.estate.old_estate import OldBucket
from onetrail.iam import build
from onetrail.iam.builders.actions import SOURCE_READ
from onetrail.iam.limits import LIMITS, DocumentKind, size
from onetrail.iam.refusing import KNOWN_OF_ANY_CALL, RefusingStatement, refusing
from onetrail.looked import Unread, known
from onetrail.settings import Settings

_OURS: Final = names.COPY_SIDS | {
    names.SID_HOLD_STILL,
    names.SID_HOLD_WRITERS,
    names.SID_CLOSED,
    names.SID_COPY_DECRYPT,
}
_OWNER_ON_BUCKET: Final = ("s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:PutLifecycleConfiguration")
"""What freezes, opens, closes and retires."""
_ANY_INSTANT: Final = "2000-01-01T00:00:00Z"
"""Of the length that an expiry has."""
_OWNER_ON_OBJECTS: Final = ("s3:RestoreObject",)


@dataclass(frozen=True)
class ForeseenRefusals:
    """What the policy of one old bucket refuses, by who would be refused."""

    pull: tuple[RefusingStatement, ...] = ()
    """The copier of the log account."""
    push: tuple[RefusingStatement, ...] = ()
    """The copier of the bucket's own account."""

    @property
    def pull_refused(self) -> RefusingStatement | None:
        """The first statement that is sure to refuse a pull."""
        return next((one for one in self.pull if one.sure), None)

    @property
    def push_refused(self) -> RefusingStatement | None:
        """The same of a push."""
        return next((one for one in self.push if one.sure), None)


def foreseen(settings: Settings, bucket: OldBucket) -> ForeseenRefusals:
    """What the bucket's own policy will refuse to the copiers; nothing of a policy that was not read."""
    return ForeseenRefusals(
        *(
            refusing(known(bucket.policy), copier_reads(settings, bucket, account), _OURS)
            for account in (settings.log_account.account_id, bucket.account)
        )
    )


def opened_size(settings: Settings, bucket: OldBucket) -> int:
    """Bytes of the bucket's policy while it is frozen and the copier of the log account may read it; 0 where its policy
    was not read. With S3 Batch Operations it holds their statements too."""
    if isinstance(bucket.policy, Unread):
        return 0
    log, partition = settings.log_account.account_id, settings.partition
    copier = settings.own_role_arn(log, names.COPIER_ROLE)
    ours = list(build.old_bucket_open(partition, bucket.name, copier, _prefixes(bucket), _ANY_INSTANT))
    if settings.copy_engine != "local":
        jobs = settings.own_role_arn(log, names.BATCH_ROLE)
        ours += build.old_bucket_batch(partition, bucket.name, jobs, _prefixes(bucket), _ANY_INSTANT)
    if not bucket.held:
        ours += _frozen(settings, bucket)
    return size(DocumentKind.BUCKET, iam.with_statements(iam.without_sids(bucket.policy, names.COPY_SIDS), ours))


def frozen_size(settings: Settings, bucket: OldBucket) -> int:
    """Bytes of the bucket's policy while it is frozen; 0 where its policy was not read."""
    if isinstance(bucket.policy, Unread):
        return 0
    ours = [] if bucket.held else _frozen(settings, bucket)
    return size(DocumentKind.BUCKET, iam.with_statements(iam.without_sids(bucket.policy, names.COPY_SIDS), ours))


def _frozen(settings: Settings, bucket: OldBucket) -> list[dict[str, Any]]:
    """The freeze, with an ARN of about the length of its owner's."""
    owner = settings.own_role_arn(bucket.account, names.COPIER_ROLE)
    return build.old_bucket_frozen(settings.partition, bucket.name, settings.administrators_of(owner))


def too_large_to_open(settings: Settings, bucket: OldBucket) -> str:
    """What is wrong with the size of the policy that a pull would put; empty where it fits."""
    taken, most = opened_size(settings, bucket), LIMITS[DocumentKind.BUCKET].most
    return f"its policy would have {taken:,} bytes with the copier's statements, and AWS takes {most:,}" * (
        taken > most
    )


def owner_refused(settings: Settings, bucket: OldBucket, owner: str) -> tuple[RefusingStatement, ...]:
    """What the bucket's own policy will refuse to `owner`, the identity that freezes, opens and closes it."""
    arn = names.bucket_arn(settings.partition, bucket.name)
    who, given = principal_of(owner), _context(settings, bucket)
    asked = [iam.Request(who, action, arn, bucket.account, given) for action in _OWNER_ON_BUCKET]
    asked += [iam.Request(who, a, f"{arn}/AWSLogs/any", bucket.account, given) for a in _OWNER_ON_OBJECTS]
    return refusing(known(bucket.policy), asked, _OURS)


def key_refused(
    settings: Settings, policy: Mapping[str, Any] | None, key: str, bucket: OldBucket
) -> tuple[RefusingStatement, ...]:
    """What the policy of an old bucket's key will refuse to the copier of the log account."""
    copier = iam.role(settings.own_role_arn(settings.log_account.account_id, names.COPIER_ROLE))
    given = {**_context(settings, bucket), "kms:ViaService": f"s3.{bucket.region}.amazonaws.com"}
    owner = key.split(":")[4]
    return refusing(policy, [iam.Request(copier, "kms:Decrypt", key, owner, given)], _OURS)


def copier_reads(settings: Settings, bucket: OldBucket, account: str) -> Sequence[iam.Request]:
    """What the copier of that account asks of the bucket."""
    copier = iam.role(settings.own_role_arn(account, names.COPIER_ROLE))
    arn, given = names.bucket_arn(settings.partition, bucket.name), _context(settings, bucket)
    found = []
    for prefix in _prefixes(bucket):
        listed = {**given, "s3:prefix": prefix}
        found += [iam.Request(copier, a, f"{arn}/{prefix}any", bucket.account, given) for a in SOURCE_READ[:2]]
        found.append(iam.Request(copier, "s3:ListBucket", arn, bucket.account, listed))
        if bucket.versioned:
            found += [iam.Request(copier, a, f"{arn}/{prefix}any", bucket.account, given) for a in SOURCE_READ[2:]]
            found.append(iam.Request(copier, "s3:ListBucketVersions", arn, bucket.account, listed))
    return found


def _prefixes(bucket: OldBucket) -> list[str]:
    return [f"{prefix}/AWSLogs/" if prefix else "AWSLogs/" for prefix in bucket.key_prefixes or ("",)]


def _context(settings: Settings, bucket: OldBucket) -> dict[str, str]:
    said = {**KNOWN_OF_ANY_CALL, "aws:ResourceAccount": bucket.account}
    if settings.organization_id:
        said |= {"aws:PrincipalOrgID": settings.organization_id, "aws:ResourceOrgID": settings.organization_id}
    return said


def principal_of(arn: str) -> iam.Principal:
    """Who an ARN of IAM is to the evaluator."""
    if arn.endswith(":root"):
        return iam.root(arn.split(":")[4], arn.split(":")[1])
    return iam.user(arn) if ":user/" in arn else iam.role(arn)
