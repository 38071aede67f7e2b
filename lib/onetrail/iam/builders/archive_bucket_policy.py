"""The policy of the central bucket: steady, with the window open, and while copies are made.

A principal that `ReadsOnly` does not name reads and does nothing else; each role that is named there is held to its own
work by a statement of its own.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from onetrail.iam.builders.actions import COPY_WRITES, SET_POLICY
from onetrail.iam.builders.archive_facts import Archive, account_of, document, is_of_jobs, one_or_many
from onetrail.iam.builders.reads_only import (
    OBJECT_KEEPING,
    READS,
    RESTORE,
    held_to,
    reads_only,
    refused,
)
from onetrail.iam.condition import instant
from onetrail.iam.document import PolicyError
from onetrail.names import COPIER_ROLE, SID_NEVER_OVERWRITES, role_arn

CLOUDTRAIL: Final = "cloudtrail.amazonaws.com"
"""CloudTrail's service principal; the same name in every partition."""
_READS: Final = (*READS, RESTORE)
"""Restoring is among them: archived logs could not be read otherwise."""
_PUT: Final = "s3:PutObject"

Statement = dict[str, Any]


def central_bucket(archive: Archive) -> dict[str, Any]:
    """Steady: CloudTrail writes for the trails that deliver here, nobody else; break-glass alone may change settings,
    lock and delete."""
    return document(*_steady(archive))


def central_bucket_window(archive: Archive) -> dict[str, Any]:
    """Steady, and the grant-keeper may set the policy: break-glass puts this before a copy, steady after."""
    return document(*_steady(archive, archive.grant_keeper_arn), _grant_keeper_sets_policy(archive))


def central_bucket_open(
    archive: Archive,
    copiers: Sequence[str],
    old_buckets: Sequence[str],
    expires: str,
    *,
    conditional: bool = True,
) -> dict[str, Any]:
    """The window, and the copiers may write copies from the old buckets; both until `expires` (ISO 8601, UTC).

    `conditional` False leaves out that each copy must ask S3 to refuse it where something is there, for an S3 that
    takes no If-None-Match on a copy. A copier of another account also gets Allow statements, since its own account
    cannot let it in. Raises `PolicyError` when there is no copier, no old bucket, a pattern instead of a name, or no
    instant of expiry.
    """
    checked_opening(copiers, old_buckets, expires)
    return document(
        *_steady(archive, archive.grant_keeper_arn, *copiers),
        _grant_keeper_sets_policy(archive),
        _grant_keeper_expires(archive, expires),
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
        raise PolicyError(f"a grant needs an instant of expiry, not {expires!r}: give one such as 2026-01-12T15:00:00Z")


def _steady(archive: Archive, *exempt: str) -> tuple[Statement, ...]:
    return (
        *(_delivers(archive) if archive.trail_arns else ()),
        *_log_readers(archive),
        only_tls(archive.bucket_arn),
        reads_only(archive.bucket_arn, (archive.break_glass_arn, *exempt), CLOUDTRAIL, _READS),
        break_glass_writes_no_object(archive, archive.bucket_arn, (RESTORE,)),
    )


def _delivers(archive: Archive) -> tuple[Statement, ...]:
    """What CloudTrail needs to deliver, for the exact trails that deliver here."""
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
    )


def _log_readers(archive: Archive) -> tuple[Statement, ...]:
    """What a reader of another account needs, such as a SIEM: it finds the bucket, lists and reads below its folder."""
    folders: dict[str, list[str]] = {}
    for arn, folder in sorted(archive.log_readers):
        folders.setdefault(archive.readable(folder), []).append(arn)
    found: list[Statement] = []
    for number, (start, arns) in enumerate(sorted(folders.items()), 1):
        who = {"Effect": "Allow", "Principal": {"AWS": one_or_many(arns)}}
        found += [
            {
                "Sid": f"LogReadersRead{number}",
                **who,
                "Action": ["s3:GetObject", "s3:GetObjectVersion"],
                "Resource": f"{archive.bucket_arn}/{start}*",
            },
            {
                "Sid": f"LogReadersList{number}",
                **who,
                "Action": "s3:ListBucket",
                "Resource": archive.bucket_arn,
                "Condition": {"StringLike": {"s3:prefix": f"{start}*"}},
            },
            {
                "Sid": f"LogReadersLocate{number}",
                **who,
                "Action": "s3:GetBucketLocation",
                "Resource": archive.bucket_arn,
            },
        ]
    return tuple(found)


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


def break_glass_writes_no_object(archive: Archive, bucket: str, also: Sequence[str] = ()) -> Statement:
    """Break-glass locks, unlocks and deletes objects, and does nothing else to one: it makes, copies, re-keys, tags and
    annotates none."""
    may = sorted((*READS, *OBJECT_KEEPING, *also))
    return held_to("BreakGlassWritesNoObject", [archive.break_glass_arn], may, f"{bucket}/*")


def _grant_keeper_sets_policy(archive: Archive) -> Statement:
    may = (*_READS, SET_POLICY)
    where = [archive.bucket_arn, archive.objects_arn]
    return held_to("KeeperSetsPolicyOnly", [archive.grant_keeper_arn], may, where)


def _grant_keeper_expires(archive: Archive, expires: str) -> Statement:
    """The window ends with the grant that it was opened for: from then on break-glass alone sets the policy."""
    late = {
        "ArnEquals": {"aws:PrincipalArn": archive.grant_keeper_arn},
        "DateGreaterThanEquals": {"aws:CurrentTime": expires},
    }
    return refused("KeeperExpires", [SET_POLICY], {"Resource": archive.bucket_arn}, late)


def sources(old_buckets: Sequence[str]) -> list[str]:
    """Copy sources in these buckets, as requests name them: with a slash before the bucket, and without."""
    return [f"{slash}{bucket}/*" for bucket in sorted(old_buckets) for slash in ("", "/")]


def _copier_bounds(
    archive: Archive, copiers: Sequence[str], old_buckets: Sequence[str], expires: str
) -> tuple[Statement, ...]:
    """What binds a copier. A condition key stands with actions alone that have it: S3 refuses the whole policy
    otherwise."""
    late = {"DateGreaterThanEquals": {"aws:CurrentTime": expires}}
    elsewhere = {"StringNotLike": {"s3:x-amz-copy-source": sources(old_buckets)}}
    locked_otherwise = {
        "Null": {"s3:object-lock-mode": "false"},
        "StringNotEquals": {"s3:object-lock-mode": "GOVERNANCE"},
    }
    too_long = {"NumericGreaterThan": {"s3:object-lock-remaining-retention-days": str(archive.copy_lock_days)}}
    held = {"Null": {"s3:object-lock-event-hold": "false"}}
    locks = (_PUT, "s3:PutObjectRetention")
    objects = {"Resource": archive.objects_arn}
    bound = _bound_arns(archive, copiers)
    own = [arn for arn in copiers if account_of(arn) == archive.log_account]
    may = (*_READS, *COPY_WRITES)
    return (
        *([held_to("CopierCopiesOnly", own, may, [archive.bucket_arn, archive.objects_arn])] if own else ()),
        _bound("CopierExpires", bound, COPY_WRITES, objects, late),
        _bound("CopierOnlyCopies", bound, (_PUT,), objects, elsewhere),
        _bound("CopierOnlyLogs", bound, COPY_WRITES, {"NotResource": archive.copied_arns}, {}),
        _bound("CopierOnlyGovernance", bound, locks, objects, locked_otherwise),
        _bound("CopierLocksNoLonger", bound, locks, objects, too_long),
        _bound("CopierHoldsNothing", bound, locks, objects, held),
    )


def _never_overwrites(archive: Archive, copiers: Sequence[str]) -> tuple[Statement, ...]:
    """Each write must carry If-None-Match, so that S3 itself refuses it where something is there.

    Not for the role of jobs: S3 Batch Operations sends no such header. Sources: S3 User Guide,
    conditional-writes-enforce; AWS What's New of October 2025, "Amazon S3 adds conditional write functionality to copy
    operations", since when it holds of copies too.
    """
    asking = [arn for arn in copiers if not is_of_jobs(arn)]
    if not asking:
        return ()
    unasked = {"Null": {"s3:if-none-match": "true"}}
    return (
        _bound(
            SID_NEVER_OVERWRITES,
            _bound_arns(archive, asking),
            (_PUT,),
            {"Resource": archive.objects_arn},
            unasked,
        ),
    )


def _bound_arns(archive: Archive, copiers: Sequence[str]) -> list[str]:
    """The copiers as a Deny names them: those of source accounts by one pattern, so that it does not grow with their
    number.

    It also hits roles of that name in accounts that are not in the grant, which may do nothing here anyway.
    """
    foreign = [arn for arn in copiers if account_of(arn) != archive.log_account]
    if not foreign:
        return sorted(copiers)
    own = role_arn(archive.partition, "*", COPIER_ROLE, archive.role_path)
    return [own, *sorted(arn for arn in copiers if arn.split(":", 5)[-1] != own.split(":", 5)[-1])]


def _bound(
    sid: str,
    copiers: Sequence[str],
    actions: Sequence[str],
    where: Mapping[str, Any],
    condition: Mapping[str, Any],
) -> Statement:
    """A Deny for these copiers alone."""
    who = {"ArnEquals": {"aws:PrincipalArn": one_or_many(list(copiers))}}
    return refused(sid, sorted(actions), where, {**who, **condition})


def _foreign_copiers(
    archive: Archive, copiers: Sequence[str], old_buckets: Sequence[str], expires: str
) -> tuple[Statement, ...]:
    foreign = [arn for arn in copiers if account_of(arn) != archive.log_account]
    if not foreign:
        return ()
    until = {"DateLessThan": {"aws:CurrentTime": expires}}
    base = {
        "Effect": "Allow",
        "Principal": {"AWS": one_or_many(foreign)},
        "Resource": archive.copied_arns,
    }
    copied_from = sources(old_buckets)
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
