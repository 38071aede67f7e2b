"""The least-privilege policies of the identities that the move is given: in a source account, first in the log account,
and where guardrails are set. One statement per step and kind of resource, so that each can be approved by itself."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from onetrail import names
from onetrail.estate.policy_documents.needs import EVERY, LOG_FIRST, MANAGEMENT, SOURCE, Need, needs
from onetrail.settings import Settings

IDENTITIES: Final = {
    "identity_source": SOURCE,
    "identity_log_first": LOG_FIRST,
    "identity_management": MANAGEMENT,
}
"""The name of a printed identity -> whose it is."""
_KIND: Final = {
    "*": "",
    "bucket": "OldBuckets",
    "object": "OldObjects",
    "archive": "OurBuckets",
    "copier": "CopierRole",
    "break-glass": "BreakGlassRole",
}


def identities(settings: Settings, old_buckets: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each identity that these parameters ask for; without an organization there is none of the management account."""
    accounts = {SOURCE: settings.source_account_ids, LOG_FIRST: (settings.log_account.account_id,)}
    for name, where in IDENTITIES.items():
        if where == MANAGEMENT and not settings.organization_id:
            continue
        for number, account in enumerate(accounts.get(where, ("",))):
            yield f"{name}_{account}" if number else name, identity(settings, where, account, old_buckets)


def identity(settings: Settings, where: str, account: str, old_buckets: Sequence[str]) -> dict[str, Any]:
    """One statement per step and kind of resource, in order; what two rows of the table ask for is one statement."""
    merged: dict[tuple[str, str], list[str]] = {}
    for need in needs(settings, where):
        merged.setdefault((need.step, need.on), []).extend(need.actions)
    statements = []
    for (step, on), actions in merged.items():
        arns = resources(settings, Need(step, where, on, ()), account, old_buckets)
        statements.append(
            {
                "Sid": ("EveryStep" if step == EVERY else f"Step{step}") + _KIND[on],
                "Effect": "Allow",
                "Action": sorted(set(actions)),
                "Resource": arns[0] if len(arns) == 1 else list(arns),
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


def resources(settings: Settings, need: Need, account: str, old_buckets: Sequence[str]) -> tuple[str, ...]:
    """ARNs that the actions of a need are sent to."""
    partition = settings.partition
    buckets = tuple(names.bucket_arn(partition, name) for name in old_buckets)
    ours = (settings.bucket_name, settings.access_log_bucket, settings.work_bucket)
    return {
        "bucket": buckets,
        "object": tuple(f"{arn}/*" for arn in buckets),
        "archive": tuple(names.bucket_arn(partition, name) for name in ours),
        "copier": (settings.own_role_arn(account, names.COPIER_ROLE),),
        "break-glass": (settings.own_role_arn(account, names.BREAK_GLASS_ROLE),),
    }.get(need.on, ("*",))
