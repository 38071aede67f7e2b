"""Every document onetrail puts, by the name it is known under."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from onetrail.iam.builders.archive_bucket_policy import (
    central_bucket,
    central_bucket_open,
    central_bucket_window,
)
from onetrail.iam.builders.archive_facts import Archive, account_of, document
from onetrail.iam.builders.archive_key_policy import kms_key
from onetrail.iam.builders.guardrail_policies import archive_guardrail, rcp, scp, trail_guardrail
from onetrail.iam.builders.old_bucket_policy import (
    old_bucket_closed,
    old_bucket_emptied,
    old_bucket_frozen,
    old_bucket_open,
)
from onetrail.iam.builders.roles import (
    copier_policy,
    grant_keeper_policy,
    operator_policy,
    reader_policy,
    sealer_policy,
    source_copier_policy,
    trust,
)
from onetrail.iam.builders.side_bucket_policies import access_log_bucket, work_bucket


@dataclass(frozen=True)
class Opening:
    """One grant: who copies, out of which old buckets, until when (ISO 8601, UTC)."""

    copiers: tuple[str, ...]
    old_buckets: tuple[str, ...]
    expires: str
    conditional: bool = True
    """Whether S3 takes If-None-Match on a copy, so that the policy can ask for it."""


def all_documents(
    archive: Archive,
    opening: Opening,
    *,
    break_glass_principals: Sequence[str],
    operator_principals: Sequence[str],
    reader_principals: Sequence[str] = (),
    old_prefixes: Sequence[str] = ("",),
    old_bucket_owners: Sequence[str] = (),
    guardrail_exempt: Sequence[str] = (),
) -> dict[str, dict[str, Any]]:
    """Name -> document. `old_bucket_*` are for the first old bucket; the others differ by name only.

    Readers default to the operators' principals, owners of old buckets to break-glass's, for want of others.
    """
    bucket = opening.old_buckets[0]
    owners = old_bucket_owners or break_glass_principals
    partition = archive.partition
    operators = (archive.operator_arn,)
    found = {
        "central_bucket": central_bucket(archive),
        "central_bucket_window": central_bucket_window(archive),
        "central_bucket_open": central_bucket_open(
            archive, opening.copiers, opening.old_buckets, opening.expires, conditional=opening.conditional
        ),
        "old_bucket_hold_still": document(*old_bucket_frozen(partition, bucket, owners)),
        "old_bucket_open": document(
            *old_bucket_open(partition, bucket, archive.copier_arn, old_prefixes, opening.expires)
        ),
        "old_bucket_closed": document(*old_bucket_closed(partition, bucket)),
        "old_bucket_shell": old_bucket_emptied(partition, bucket, owners),
        "kms_key": kms_key(archive),
        "access_log_bucket": access_log_bucket(archive),
        "work_bucket": work_bucket(archive),
        "role_break_glass": document({"Sid": "AdministratorAccess", "Effect": "Allow", "Action": "*", "Resource": "*"}),
        "role_break_glass_trust": trust(break_glass_principals),
        "role_operator": operator_policy(archive),
        "role_operator_trust": trust(operator_principals),
        "role_reader": reader_policy(archive),
        "role_reader_trust": trust(reader_principals or operator_principals),
        "role_sealer": sealer_policy(archive),
        "role_sealer_trust": trust(break_glass_principals),
        "role_grant_keeper": grant_keeper_policy(archive),
        "role_grant_keeper_trust": trust(operators),
        "role_copier": copier_policy(archive, opening.old_buckets),
        "role_copier_trust": trust(operators),
        "trail_rail": trail_guardrail(archive, guardrail_exempt),
        "archive_rail": archive_guardrail(archive, guardrail_exempt),
        "scp": scp(archive, guardrail_exempt),
        "rcp": rcp(archive, guardrail_exempt),
    }
    if any(account_of(arn) != archive.log_account for arn in opening.copiers):
        found["role_source_copier"] = source_copier_policy(archive, opening.old_buckets, opening.expires)
    return found
