"""The archive that the parameters describe, as the policy builders take it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from onetrail import iam, names
from onetrail.estate.own_trails import wanted_arns
from onetrail.iam import Archive
from onetrail.iam.document import values
from onetrail.settings import Settings

_ROUNDED_DAYS: Final = 93
"""A job has one date for all its copies, the end of a quarter; 366 days a year are never too few."""


def archive_of(settings: Settings, *, kms_key_arn: str = "", trail_arns: tuple[str, ...] = ()) -> Archive:
    """Names and ARNs of the central bucket, its neighbours and its roles. Without `trail_arns`, those that deliver
    there: the one new trail of each source account, or in adopt none."""
    partition, log_account = settings.partition, settings.log_account.account_id

    adopt = settings.trail_mode == "adopt"

    def role(name: str) -> str:
        return settings.own_role_arn(log_account, name)

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
        role_path=settings.role_path,
        approver_arns=settings.approver_principals,
        log_readers=tuple(sorted(settings.log_readers.items())),
        copy_lock_days=366 * settings.retention_years + _ROUNDED_DAYS,
    )


def standing_archive(settings: Settings, policy: Mapping[str, Any] | None, *, kms_key_arn: str = "") -> Archive:
    """The archive as `archive_of` says, and with it the trails of accounts that its policy lets deliver and that the
    parameters no longer name: what once may deliver keeps that right until its account is released."""
    archive = archive_of(settings, kms_key_arn=kms_key_arn)
    kept = kept_trails(settings, policy)
    return replace(
        archive,
        source_accounts=(*archive.source_accounts, *(arn.split(":")[4] for arn in kept)),
        trail_arns=(*archive.trail_arns, *kept),
    )


def kept_trails(settings: Settings, policy: Mapping[str, Any] | None) -> tuple[str, ...]:
    """ARNs of the trails that this policy of the archive lets deliver, that bear the name of the new trail, and whose
    account the parameters neither name nor release."""
    here = {*settings.source_account_ids, *settings.release_accounts}
    found = {
        arn
        for statement in iam.statements(policy or {})
        if statement.get("Sid") == "CloudTrailDelivers"
        for arn in values(statement.get("Condition", {}).get("StringEquals", {}).get("aws:SourceArn", []))
    }

    def kept(arn: str) -> bool:
        account = (arn.split(":", 5) + [""] * 5)[4]
        return account not in here and arn == _trail_of(settings, account)

    return tuple(sorted(filter(kept, found)))


def _trail_of(settings: Settings, account: str) -> str:
    return names.trail_arn(settings.partition, settings.home_region, account, settings.trail_name)
