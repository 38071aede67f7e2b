"""What the organization's guardrails must refuse, and what they must leave alone. Each verdict is written out here."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal

from onetrail.iam.builders.archive_facts import Archive
from onetrail.iam.expectations.ask import ADMINISTRATOR, Ask, Expectation
from onetrail.iam.expectations.universe import OF_BUCKETS, OF_KEYS, OF_OBJECTS, OF_ROLES
from onetrail.iam.request import Principal, role, root, service

Guardrail = Literal["trail_rail", "archive_rail", "scp", "rcp"]
_Deed = tuple[str, Principal, str, str, bool]
"""Name, who, action, resource, wanted."""
_NONE: Final = frozenset[str]()
_ANYBODY: Final = frozenset({"s3:RestoreObject"})
_COPIES: Final = frozenset({"s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectRetention", "s3:PutObjectTagging"})
_SETS: Final = frozenset({"s3:PutBucketPolicy"})
_KEY_USES: Final = frozenset(
    {
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyPair",
        "kms:GenerateDataKeyPairWithoutPlaintext",
        "kms:GenerateDataKeyWithoutPlaintext",
    }
)
_TRAIL_CHANGES: Final = (
    "cloudtrail:DeleteTrail",
    "cloudtrail:PutEventSelectors",
    "cloudtrail:PutInsightSelectors",
    "cloudtrail:StopLogging",
    "cloudtrail:UpdateTrail",
)
_ACCOUNT_CHANGES: Final = (
    "account:CloseAccount",
    "organizations:LeaveOrganization",
    "s3:PutAccountPublicAccessBlock",
)


@lru_cache(maxsize=8)
def guarded(archive: Archive, which: Guardrail, now: str) -> tuple[Expectation, ...]:
    """Every row of that guardrail. The caller is an administrator whom the resource's own policy lets do
    everything."""
    ask = Ask(archive, now)
    deeds: list[_Deed] = []
    if which in ("trail_rail", "scp"):
        deeds += _trails(ask)
    if which != "trail_rail":
        deeds += _buckets(ask)
    if which in ("archive_rail", "scp"):
        deeds += [*_roles(ask), *_account(ask), *_key(ask)]
    if which == "rcp":
        deeds += _strangers(ask)
    rows = [
        ask.row(f"{name}: {action} on {resource}", who, action, resource, wanted)
        for name, who, action, resource, wanted in deeds
    ]
    return tuple(Expectation(one.name, one.request, (ADMINISTRATOR,), one.wanted) for one in rows)


def _ours(ask: Ask) -> dict[str, Principal]:
    found = ask.archive
    base = found.operator_arn.rpartition("/")[0]
    return {
        "an administrator": ask.administrator(),
        "root": root(found.log_account, found.partition),
        "break-glass": role(found.break_glass_arn),
        "the grant-keeper": role(found.grant_keeper_arn),
        "the operator": role(found.operator_arn),
        "the sealer": role(found.sealer_arn),
        "the copier": role(found.copier_arn),
        "the jobs' role": role(f"{base}/onetrail-batch"),
        "the maker of jobs": role(f"{base}/onetrail-batch-jobs"),
        "a role named like break-glass": role(f"{found.break_glass_arn}-2"),
    }


def _buckets(ask: Ask) -> Iterator[_Deed]:
    found = ask.archive
    copiers = {"the copier", "the jobs' role"}
    writers = {"the grant-keeper", "the operator", "the sealer", "the jobs' role"}
    for bucket, may in (
        (found.bucket, copiers),
        (found.access_log_bucket, copiers),
        (found.work_bucket, writers),
    ):
        arn = f"arn:{found.partition}:s3:::{bucket}"
        for name, who in _ours(ask).items():
            free = name == "break-glass"
            objects = _ANYBODY | (_COPIES if name in may else _NONE)
            sets = _SETS if name == "the grant-keeper" else _NONE
            for action in OF_OBJECTS:
                yield name, who, action, f"{arn}/AWSLogs/log", free or action in objects
            for action in OF_BUCKETS:
                yield name, who, action, arn, free or action in sets
            yield name, who, "s3:GetObject", f"{arn}/AWSLogs/log", True
            yield name, who, "s3:ListBucket", arn, True
            yield name, who, "s3:DeleteObject", f"arn:{found.partition}:s3:::another/log", True
            yield name, who, "s3:PutObject", f"arn:{found.partition}:s3:::another/log", True
            yield name, who, "s3:PutBucketPolicy", f"arn:{found.partition}:s3:::another", True


def _roles(ask: Ask) -> Iterator[_Deed]:
    """A principal that changes a role of ours can become it: only break-glass may."""
    found = ask.archive
    base = found.operator_arn.rpartition("/")[0]
    for name, who in _ours(ask).items():
        free = name == "break-glass"
        for ours in (found.break_glass_arn, f"{base}/onetrail-batch"):
            for action in OF_ROLES:
                yield name, who, action, ours, free or action == "iam:PassRole"
            for action in (
                "iam:GenerateServiceLastAccessedDetails",
                "iam:GetRole",
                "iam:ListRolePolicies",
                "iam:SimulatePrincipalPolicy",
                "sts:AssumeRole",
                "sts:TagSession",
            ):
                yield name, who, action, ours, True
        yield name, who, "iam:DeleteRole", f"{base}/another", True


def _account(ask: Ask) -> Iterator[_Deed]:
    """The log account stays as it is; other accounts that the guardrail is attached to are not meant."""
    for name, who in _ours(ask).items():
        for action in _ACCOUNT_CHANGES:
            yield name, who, action, "*", name == "break-glass"
    stranger = ask.administrator(ask.archive.source_accounts[0])
    for action in _ACCOUNT_CHANGES:
        yield "an administrator of a source account", stranger, action, "*", True


def _key(ask: Ask) -> Iterator[_Deed]:
    key = ask.archive.kms_key_arn
    if not key:
        return
    for name, who in _ours(ask).items():
        free = name == "break-glass"
        for action in OF_KEYS:
            yield name, who, action, key, free or action in _KEY_USES
        for action in ("kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants"):
            yield name, who, action, key, True
        yield name, who, "kms:ScheduleKeyDeletion", f"{key}-another", True


def _trails(ask: Ask) -> Iterator[_Deed]:
    found = ask.archive
    for arn in found.guarded_arns:
        who = ask.administrator(arn.split(":")[4])
        owner = root(arn.split(":")[4], found.partition)
        for action in _TRAIL_CHANGES:
            yield "an administrator of the trail's account", who, action, arn, False
            yield "root of the trail's account", owner, action, arn, False
            yield "break-glass", role(found.break_glass_arn), action, arn, True
        yield "an administrator of the trail's account", who, "cloudtrail:StartLogging", arn, True
        yield "an administrator of the trail's account", who, "cloudtrail:StopLogging", f"{arn}-old", True


def _strangers(ask: Ask) -> Iterator[_Deed]:
    """Principals of other accounts have no business here, whatever the bucket's policy says; services are spared."""
    found = ask.archive
    trail, log = service("cloudtrail.amazonaws.com"), ask.log()
    stranger = role(f"arn:{found.partition}:iam::000000000000:role/administrator")
    for name in (found.bucket, found.access_log_bucket, found.work_bucket):
        arn = f"arn:{found.partition}:s3:::{name}"
        yield "a stranger", stranger, "s3:GetObject", f"{arn}/log", False
        yield "a stranger", stranger, "s3:ListBucket", arn, False
        yield "a service", trail, "s3:PutObject", f"{arn}/log", True
        yield "a service", trail, "s3:PutBucketPolicy", arn, True
        yield "a service", trail, "s3:DeleteObject", f"{arn}/log", True
    yield "a stranger", stranger, "s3:GetObject", f"arn:{found.partition}:s3:::another/log", True
    accounts = {found.log_account, *found.source_accounts, *(arn.split(":")[4] for arn in found.trail_arns)}
    for account in sorted(accounts):
        yield f"an administrator of {account}", ask.administrator(account), "s3:GetObject", log, True
    for account in found.source_accounts:
        copier = role(f"arn:{found.partition}:iam::{account}:role/onetrail-copier")
        for action in sorted(_COPIES):
            yield f"the copier of {account}", copier, action, log, True
