"""Guardrails of the organization, around the new trail and the archive; they name the new resources only."""

from collections.abc import Sequence
from typing import Any, Final

from onetrail.iam.builders.actions import COPY_WRITES, OTHER_CHANGES, SET_POLICY
from onetrail.iam.builders.archive_facts import Archive, account_of, document, one_or_many
from onetrail.iam.builders.archive_key_policy import KEY_USES
from onetrail.iam.builders.reads_only import READS, RESTORE
from onetrail.names import BATCH_ROLE, COPIER_ROLE, OUR_ROLES, role_arn

Statement = dict[str, Any]
_ROLE_USES: Final = (
    "iam:GenerateServiceLastAccessedDetails",
    "iam:Get*",
    "iam:List*",
    "iam:PassRole",
    "iam:Simulate*",
    "sts:*",
)
"""What is done with a role without changing it."""


def trail_guardrail(archive: Archive, exempt: Sequence[str] = ()) -> dict[str, Any]:
    """SCP: the new trail is not stopped, deleted or narrowed by any principal of a member account.

    It does not reach the management account: no SCP does.
    """
    return document(_trail_kept(archive, exempt))


def archive_guardrail(archive: Archive, exempt: Sequence[str] = ()) -> dict[str, Any]:
    """SCP: the archive's buckets, its key and our roles are not undone, and the log account stays in the
    organization."""
    return document(*_archive_kept(archive, exempt))


def scp(archive: Archive, exempt: Sequence[str] = ()) -> dict[str, Any]:
    """Both guardrails in one service control policy."""
    return document(_trail_kept(archive, exempt), *_archive_kept(archive, exempt))


def rcp(archive: Archive, exempt: Sequence[str] = ()) -> dict[str, Any]:
    """Resource control policy of the log account: the archive refuses changes and strangers.

    Unlike an SCP it also reaches principals of other organizations and services, so services are named as
    spared. It takes no NotAction, so what it refuses is listed (Organizations User Guide, RCP syntax).
    """
    accounts = sorted({archive.log_account, *archive.source_accounts, *(account_of(a) for a in archive.trail_arns)})
    not_a_service = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
    strangers = {
        "Sid": "ArchiveRefusesStrangers",
        "Effect": "Deny",
        "Action": "s3:*",
        "Resource": _bucket_arns(archive),
        "Condition": {"StringNotEquals": {"aws:PrincipalAccount": accounts}},
    }
    changes = {
        "Sid": "ArchiveRefusesChanges",
        "Effect": "Deny",
        "Action": list(OTHER_CHANGES),
        "Resource": _bucket_arns(archive),
        "Condition": _not(archive, exempt),
    }
    found = [changes, *_writers_alone(archive, exempt), strangers]
    return document(*({**one, "Principal": "*", "Condition": {**one["Condition"], **not_a_service}} for one in found))


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
        "Resource": one_or_many(archive.guarded_arns),
        "Condition": _not(archive, exempt),
    }


def _bucket_arns(archive: Archive) -> list[str]:
    names = (archive.bucket, archive.access_log_bucket, archive.work_bucket)
    arns = [f"arn:{archive.partition}:s3:::{name}" for name in names]
    return [arn + end for arn in arns for end in ("", "/*")]


def _archive_kept(archive: Archive, exempt: Sequence[str]) -> list[Statement]:
    """What is left is named, not what is refused: an action that AWS adds is refused too."""
    found: list[Statement] = [
        {
            "Sid": "ArchiveStays",
            "Effect": "Deny",
            "NotAction": [*READS, RESTORE, *COPY_WRITES, SET_POLICY],
            "Resource": _bucket_arns(archive),
            "Condition": _not(archive, exempt),
        },
        *_writers_alone(archive, exempt),
        {
            "Sid": "OurRolesStay",
            "Effect": "Deny",
            "NotAction": list(_ROLE_USES),
            "Resource": role_arn(archive.partition, archive.log_account, OUR_ROLES, archive.role_path),
            "Condition": _not(archive, exempt),
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
                "NotAction": list(KEY_USES),
                "Resource": archive.kms_key_arn,
                "Condition": _not(archive, exempt),
            }
        )
    return found


def _writers_alone(archive: Archive, exempt: Sequence[str]) -> list[Statement]:
    """Copies are the copiers' and the jobs', the work bucket is our roles', the policy the grant-keeper's: when, the
    buckets' policies say."""
    copier = role_arn(archive.partition, "*", COPIER_ROLE, archive.role_path)
    jobs = role_arn(archive.partition, archive.log_account, BATCH_ROLE, archive.role_path)
    ours = (archive.grant_keeper_arn, archive.operator_arn, archive.sealer_arn)
    logs, beside, work = _bucket_arns(archive)[1::2]
    return [
        {
            "Sid": "ArchivePolicyStays",
            "Effect": "Deny",
            "Action": SET_POLICY,
            "Resource": _bucket_arns(archive)[::2],
            "Condition": _not(archive, (*exempt, archive.grant_keeper_arn)),
        },
        {
            "Sid": "CopiersAloneWrite",
            "Effect": "Deny",
            "Action": list(COPY_WRITES),
            "Resource": [logs, beside],
            "Condition": _not(archive, (*exempt, copier, jobs)),
        },
        {
            "Sid": "OurRolesAlonePut",
            "Effect": "Deny",
            "Action": list(COPY_WRITES),
            "Resource": work,
            "Condition": _not(archive, (*exempt, *ours, jobs)),
        },
    ]
