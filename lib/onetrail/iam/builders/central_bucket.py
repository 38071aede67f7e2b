"""The policy of the central bucket: steady, with the window open, and while copies are made."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from onetrail.iam.builders.actions import CHANGES, LOCKS, PUTS, REPLICATES, SET_POLICY, WRITES
from onetrail.iam.builders.archive import Archive, account_of, document, is_of_jobs, one_or_many
from onetrail.iam.condition import instant
from onetrail.iam.document import PolicyError
from onetrail.names import SID_NEVER_OVERWRITES

CLOUDTRAIL: Final = "cloudtrail.amazonaws.com"
"""CloudTrail's service principal; the same name in every partition."""

Statement = dict[str, Any]


def central_bucket(archive: Archive) -> dict[str, Any]:
    """Steady: CloudTrail writes, nobody else; break-glass alone may change or delete."""
    return document(*_steady(archive), _only_break_glass_changes(archive, (SET_POLICY, *CHANGES)))


def central_bucket_window(archive: Archive) -> dict[str, Any]:
    """Steady, and the grant-keeper may set the policy: break-glass puts this before a copy, steady after."""
    return document(*_steady(archive), *_window(archive))


def central_bucket_open(
    archive: Archive,
    copiers: Sequence[str],
    old_buckets: Sequence[str],
    expires: str,
    *,
    conditional: bool = True,
) -> dict[str, Any]:
    """The window, and the copiers may write copies from the old buckets; both until `expires` (ISO 8601, UTC).

    `conditional` False leaves out that each copy must ask S3 to refuse it where something is there, for an S3 that takes no
    If-None-Match on a copy. A copier of another account gets Allow statements besides, since its own account cannot let it in. Raises
    `PolicyError` when there is no copier, no old bucket, a pattern instead of a name, or no instant of expiry.
    """
    checked_opening(copiers, old_buckets, expires)
    return document(
        *_steady(archive, tuple(copiers)),
        *_window(archive),
        _keeper_expires(archive, expires),
        *_copier_bounds(archive, copiers, old_buckets, expires),
        *(_never_overwrites(archive, copiers) if conditional else ()),
        *_foreign_copiers(archive, copiers, old_buckets, expires),
    )


def checked_opening(copiers: Sequence[str], old_buckets: Sequence[str], expires: str) -> None:
    """Raises `PolicyError` unless the grant has its three bounds: who, from where, until when."""
    for what, found in (("copier", copiers), ("old bucket", old_buckets)):
        if not found or any(not name or "*" in name or "?" in name for name in found):
            raise PolicyError(f"a grant needs exact {what} names, not {list(found)!r}: name each one")
    if instant(expires) is None or "T" not in expires:
        raise PolicyError(
            f"a grant needs an instant of expiry, not {expires!r}: give one such as 2026-01-12T15:00:00Z"
        )


def _steady(archive: Archive, copiers: tuple[str, ...] = ()) -> tuple[Statement, ...]:
    trails = {"aws:SourceArn": one_or_many(archive.trail_arns)}
    return (
        {
            "Sid": "CloudTrailChecksAcl",
            "Effect": "Allow",
            "Principal": {"Service": CLOUDTRAIL},
            "Action": "s3:GetBucketAcl",
            "Resource": archive.bucket_arn,
            "Condition": {"StringEquals": trails},
        },
        {
            "Sid": "CloudTrailDelivers",
            "Effect": "Allow",
            "Principal": {"Service": CLOUDTRAIL},
            "Action": "s3:PutObject",
            "Resource": one_or_many(archive.delivered_arns),
            "Condition": {"StringEquals": {**trails, "s3:x-amz-acl": "bucket-owner-full-control"}},
        },
        only_tls(archive.bucket_arn),
        _only_cloudtrail_writes(archive, copiers),
        _only_keepers_lock(archive, copiers),
    )


def only_tls(bucket: str) -> Statement:
    """Deny everything that does not come over TLS."""
    return {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket, f"{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _only_cloudtrail_writes(archive: Archive, copiers: tuple[str, ...]) -> Statement:
    """Both conditions in one statement: they are ANDed, and the first alone lets CloudTrail through."""
    condition: dict[str, Any] = {"StringNotEquals": {"aws:PrincipalServiceName": CLOUDTRAIL}}
    if copiers:
        condition["ArnNotEquals"] = {"aws:PrincipalArn": one_or_many(copiers)}
    return {
        "Sid": "OnlyCloudTrailWrites",
        "Effect": "Deny",
        "Principal": "*",
        "Action": list(WRITES),
        "Resource": archive.objects_arn,
        "Condition": condition,
    }


def _only_keepers_lock(archive: Archive, copiers: tuple[str, ...]) -> Statement:
    """Nobody takes back a compliance lock, so not everybody may lengthen one: it could be for ever."""
    exempt = (archive.break_glass_arn, *copiers)
    return {
        "Sid": "OnlyKeepersLock",
        "Effect": "Deny",
        "Principal": "*",
        "Action": one_or_many(LOCKS),
        "Resource": archive.objects_arn,
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": one_or_many(exempt)}},
    }


def _only_break_glass_changes(archive: Archive, actions: tuple[str, ...]) -> Statement:
    return _changes("OnlyBreakGlassChanges", archive, actions, (archive.break_glass_arn,))


def _window(archive: Archive) -> tuple[Statement, ...]:
    keepers = (archive.break_glass_arn, archive.grant_keeper_arn)
    return (
        _only_break_glass_changes(archive, CHANGES),
        {
            **_changes("OnlyKeepersSetPolicy", archive, (SET_POLICY,), keepers),
            "Resource": archive.bucket_arn,
        },
    )


def _keeper_expires(archive: Archive, expires: str) -> Statement:
    """The window ends with the grant that it was opened for: from then on break-glass alone sets the policy."""
    return {
        "Sid": "KeeperExpires",
        "Effect": "Deny",
        "Principal": "*",
        "Action": SET_POLICY,
        "Resource": archive.bucket_arn,
        "Condition": {
            "ArnEquals": {"aws:PrincipalArn": archive.grant_keeper_arn},
            "DateGreaterThanEquals": {"aws:CurrentTime": expires},
        },
    }


def _changes(sid: str, archive: Archive, actions: tuple[str, ...], exempt: tuple[str, ...]) -> Statement:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": one_or_many(sorted(actions)),
        "Resource": [archive.bucket_arn, archive.objects_arn],
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": one_or_many(exempt)}},
    }


def _copier_bounds(
    archive: Archive, copiers: Sequence[str], old_buckets: Sequence[str], expires: str
) -> tuple[Statement, ...]:
    copied_from = [f"{bucket}/*" for bucket in sorted(old_buckets)]
    every = sorted((*PUTS, *LOCKS))
    late = {"DateGreaterThanEquals": {"aws:CurrentTime": expires}}
    elsewhere = {"StringNotLike": {"s3:x-amz-copy-source": one_or_many(copied_from)}}
    locked_otherwise = {
        "Null": {"s3:object-lock-mode": "false"},
        "StringNotEquals": {"s3:object-lock-mode": "GOVERNANCE"},
    }
    objects = {"Resource": archive.objects_arn}
    return (
        _bound("CopierExpires", copiers, every, objects, late),
        _bound("CopierOnlyCopies", copiers, ("s3:PutObject", *REPLICATES), objects, elsewhere),
        _bound("CopierOnlyLogs", copiers, every, {"NotResource": archive.logs_arn}, {}),
        _bound("CopierOnlyGovernance", copiers, ("s3:PutObject", *LOCKS), objects, locked_otherwise),
    )


def _never_overwrites(archive: Archive, copiers: Sequence[str]) -> tuple[Statement, ...]:
    """Each write must carry If-None-Match, so that S3 itself refuses it where something is there.

    Not for the role of jobs: S3 Batch Operations sends no such header. Sources: S3 User Guide, conditional-writes-enforce; AWS What's
    New of October 2025, "Amazon S3 adds conditional write functionality to copy operations", since when it holds of copies too.
    """
    asking = [arn for arn in copiers if not is_of_jobs(arn)]
    if not asking:
        return ()
    unasked = {"Null": {"s3:if-none-match": "true"}}
    return (
        _bound(SID_NEVER_OVERWRITES, asking, ("s3:PutObject",), {"Resource": archive.objects_arn}, unasked),
    )


def _bound(
    sid: str,
    copiers: Sequence[str],
    actions: Sequence[str],
    where: Mapping[str, Any],
    condition: Mapping[str, Any],
) -> Statement:
    """A Deny for these copiers alone."""
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": one_or_many(list(actions)),
        **where,
        "Condition": {"ArnEquals": {"aws:PrincipalArn": one_or_many(list(copiers))}, **condition},
    }


def _foreign_copiers(
    archive: Archive, copiers: Sequence[str], old_buckets: Sequence[str], expires: str
) -> tuple[Statement, ...]:
    foreign = [arn for arn in copiers if account_of(arn) != archive.log_account]
    if not foreign:
        return ()
    until = {"DateLessThan": {"aws:CurrentTime": expires}}
    base = {"Effect": "Allow", "Principal": {"AWS": one_or_many(foreign)}, "Resource": archive.logs_arn}
    copied_from = one_or_many([f"{bucket}/*" for bucket in sorted(old_buckets)])
    as_owner = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    return (
        {
            **base,
            "Sid": "CopierWrites",
            "Action": "s3:PutObject",
            "Condition": {**until, **as_owner, "StringLike": {"s3:x-amz-copy-source": copied_from}},
        },
        {
            **base,
            "Sid": "CopierGivesOwnership",
            "Action": "s3:PutObjectAcl",
            "Condition": {**until, **as_owner},
        },
        {
            **base,
            "Sid": "CopierLocks",
            "Action": ["s3:PutObjectRetention", "s3:PutObjectTagging"],
            "Condition": until,
        },
    )
