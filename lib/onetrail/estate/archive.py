"""The archive that the parameters describe, as the policy builders take it."""

from typing import Final

from onetrail import names
from onetrail.estate.own_trails import wanted_arns
from onetrail.iam import Archive
from onetrail.settings import Settings

_ROUNDED_DAYS: Final = 93
"""A job has one date for all its copies, the end of a quarter; 366 days a year are never too few."""


def archive_of(settings: Settings, *, kms_key_arn: str = "", trail_arns: tuple[str, ...] = ()) -> Archive:
    """Names and ARNs of the central bucket, its neighbours and its roles. Without `trail_arns`, those that deliver
    there: the one new trail of each source account, or in adopt none."""
    partition, log_account = settings.partition, settings.log_account.account_id

    adopt = settings.trail_mode == "adopt"

    def role(name: str) -> str:
        return names.role_arn(partition, log_account, name)

    return Archive(
        partition=partition,
        bucket=settings.bucket_name,
        key_prefix=settings.key_prefix,
        log_account=log_account,
        source_accounts=tuple(settings.source_account_ids),
        organization_id=settings.organization_id if adopt else "",
        trail_arns=trail_arns or (() if adopt else wanted_arns(settings)),
        adopted_arn=settings.trail_arn,
        access_log_bucket=settings.access_log_bucket,
        work_bucket=settings.work_bucket,
        kms_key_arn=kms_key_arn,
        break_glass_arn=role(names.BREAK_GLASS_ROLE),
        grant_keeper_arn=role(names.GRANT_KEEPER_ROLE),
        operator_arn=role(names.OPERATOR_ROLE),
        reader_arn=role(names.READER_ROLE),
        sealer_arn=role(names.SEALER_ROLE),
        copier_arn=role(names.COPIER_ROLE),
        approver_arns=settings.approver_principals,
        copy_lock_days=366 * settings.retention_years + _ROUNDED_DAYS,
    )
