"""Guard rails of the organization, around the new trail and the archive; they name the new resources only."""

from collections.abc import Sequence
from typing import Any

from onetrail.iam.builders.actions import CHANGES, SET_POLICY
from onetrail.iam.builders.archive import Archive, account_of, document, one_or_many

Statement = dict[str, Any]


def trail_rail(archive: Archive, exempt: Sequence[str] = ()) -> dict[str, Any]:
    """SCP: the new trail is not stopped, deleted or narrowed by any principal of a member account.

    It does not reach the management account: no SCP does.
    """
    return document(_trail_kept(archive, exempt))


def archive_rail(archive: Archive, exempt: Sequence[str] = ()) -> dict[str, Any]:
    """SCP: the archive's buckets and key are not undone, and the log account stays in the organization."""
    return document(*_archive_kept(archive, exempt))


def scp(archive: Archive, exempt: Sequence[str] = ()) -> dict[str, Any]:
    """Both rails in one service control policy."""
    return document(_trail_kept(archive, exempt), *_archive_kept(archive, exempt))


def rcp(archive: Archive, exempt: Sequence[str] = ()) -> dict[str, Any]:
    """Resource control policy of the log account: the archive refuses changes and strangers.

    Unlike an SCP it also reaches principals of other organizations and services, so services are named as
    spared.
    """
    arns = _bucket_arns(archive)
    accounts = sorted(
        {archive.log_account, *archive.source_accounts, *(account_of(a) for a in archive.trail_arns)}
    )
    not_a_service = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
    return document(
        {
            "Sid": "ArchiveRefusesChanges",
            "Effect": "Deny",
            "Principal": "*",
            "Action": sorted(CHANGES),
            "Resource": arns,
            "Condition": {**_not(archive, exempt), **not_a_service},
        },
        {
            "Sid": "ArchiveKeepsPolicy",
            "Effect": "Deny",
            "Principal": "*",
            "Action": SET_POLICY,
            "Resource": arns[::2],
            "Condition": {**_not(archive, (*exempt, archive.grant_keeper_arn)), **not_a_service},
        },
        {
            "Sid": "ArchiveRefusesStrangers",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": arns,
            "Condition": {"StringNotEquals": {"aws:PrincipalAccount": accounts}, **not_a_service},
        },
    )


def _not(archive: Archive, exempt: Sequence[str]) -> dict[str, Any]:
    spared = list(dict.fromkeys((archive.break_glass_arn, *exempt)))
    return {"ArnNotEquals": {"aws:PrincipalArn": one_or_many(spared)}}


def _trail_kept(archive: Archive, exempt: Sequence[str]) -> Statement:
    return {
        "Sid": "TrailStays",
        "Effect": "Deny",
        "Action": [
            "cloudtrail:DeleteTrail",
            "cloudtrail:PutEventSelectors",
            "cloudtrail:PutInsightSelectors",
            "cloudtrail:StopLogging",
            "cloudtrail:UpdateTrail",
        ],
        "Resource": one_or_many(archive.trail_arns),
        "Condition": _not(archive, exempt),
    }


def _bucket_arns(archive: Archive) -> list[str]:
    names = (archive.bucket, archive.access_log_bucket, archive.work_bucket)
    arns = [f"arn:{archive.partition}:s3:::{name}" for name in names if name]
    return [arn + end for arn in arns for end in ("", "/*")]


def _archive_kept(archive: Archive, exempt: Sequence[str]) -> list[Statement]:
    found: list[Statement] = [
        {
            "Sid": "ArchiveStays",
            "Effect": "Deny",
            "Action": sorted(CHANGES),
            "Resource": _bucket_arns(archive),
            "Condition": _not(archive, exempt),
        },
        {
            "Sid": "ArchivePolicyStays",
            "Effect": "Deny",
            "Action": SET_POLICY,
            "Resource": _bucket_arns(archive)[::2],
            "Condition": _not(archive, (*exempt, archive.grant_keeper_arn)),
        },
        {
            "Sid": "LogAccountStays",
            "Effect": "Deny",
            "Action": [
                "account:CloseAccount",
                "organizations:LeaveOrganization",
                "s3:PutAccountPublicAccessBlock",
            ],
            "Resource": "*",
            "Condition": {
                **_not(archive, exempt),
                "StringEquals": {"aws:PrincipalAccount": archive.log_account},
            },
        },
    ]
    if archive.kms_key_arn:
        found.append(
            {
                "Sid": "ArchiveKeyStays",
                "Effect": "Deny",
                "Action": ["kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"],
                "Resource": archive.kms_key_arn,
                "Condition": _not(archive, (*exempt, archive.grant_keeper_arn)),
            }
        )
    return found
