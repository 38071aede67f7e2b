"""Keys that contradict each other. Each check yields a line per contradiction, which begins with its key."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from fnmatch import fnmatch
from typing import Final

from onetrail.names import OUR_ROLES
from onetrail.settings.arns import administrator_arn, iam_arn, kms_key_arn, trail_arn
from onetrail.settings.parameters import Parameters
from onetrail.settings.regions import partition_with

_BUCKETS = ("bucket_name", "access_log_bucket", "work_bucket")


def _estate(s: Parameters) -> Iterator[str]:
    if s.estate == "aws" and s.scenario not in ("", "default"):
        yield f'scenario is "{s.scenario}", and scenarios are for estate: practice: leave it out'
    if s.estate == "aws" and "any" in s.approvals:
        yield 'approve is "any", which is for estate: practice only: pass the ids of the plans you have read'


def _accounts(s: Parameters) -> Iterator[str]:
    ids = s.source_account_ids
    for number, account_id in enumerate(ids):
        if account_id in ids[:number]:
            yield (
                f"source_accounts[{number}].account_id is {account_id}, which is listed before: name each account once"
            )
    if s.log_account.account_id in ids:
        yield (
            f"log_account.account_id is {s.log_account.account_id}, which is a source account too: "
            "the archive needs an account of its own"
        )


def _regions(s: Parameters) -> Iterator[str]:
    if s.regions == "enabled":
        return None
    for number, region in enumerate(s.regions):
        if partition_with(region) != s.partition:
            yield (
                f"regions[{number}] is {region} in partition {partition_with(region)}, and home_region "
                f"{s.home_region} is in {s.partition}: a run stays in one partition"
            )
        if region in s.regions[:number]:
            yield f"regions[{number}] is {region}, which is listed before: name each region once"
    if s.home_region not in s.regions:
        yield f'regions does not include home_region {s.home_region}: add it, or write "enabled"'


def _arns(s: Parameters) -> Iterator[tuple[str, str]]:
    for number, account in enumerate(s.source_accounts):
        if account.role_arn:
            yield f"source_accounts[{number}].role_arn", iam_arn(account.role_arn).partition
    if s.log_account.role_arn:
        yield "log_account.role_arn", iam_arn(s.log_account.role_arn).partition
    for key in ("break_glass_principals", "operator_principals", "reader_principals", "approver_principals"):
        for number, text in enumerate(getattr(s, key)):
            yield f"{key}[{number}]", iam_arn(text).partition
    for number, text in enumerate(s.bucket_administrators):
        yield f"bucket_administrators[{number}]", administrator_arn(text).partition
    for arn in s.log_readers:
        yield f"log_readers.{arn}", iam_arn(arn).partition
    if s.kms_key.startswith("arn:"):
        yield "kms_key", kms_key_arn(s.kms_key).partition
    if s.trail_arn:
        yield "trail_arn", trail_arn(s.trail_arn).partition


def _partitions(s: Parameters) -> Iterator[str]:
    for key, partition in _arns(s):
        if partition != s.partition:
            yield (
                f"{key} is in partition {partition}, and home_region {s.home_region} is in {s.partition}: "
                "a run stays in one partition"
            )


def _buckets(s: Parameters) -> Iterator[str]:
    names = [getattr(s, key) for key in _BUCKETS]
    for number, name in enumerate(names):
        if name in names[:number]:
            other = _BUCKETS[names.index(name)]
            yield f"{_BUCKETS[number]} is {name}, the same as {other}: each needs its own bucket"
    for name in s.overrides:
        if name in names:
            key = _BUCKETS[names.index(name)]
            yield f"overrides.{name} names {key}, and overrides are for old buckets"
    for number, name in enumerate(s.more_buckets):
        if name in names:
            key = _BUCKETS[names.index(name)]
            yield f"more_buckets[{number}] is {name}, the same as {key}, and more_buckets are old buckets: leave it out"
        elif s.leaves(name):
            yield f"more_buckets[{number}] is {name}, and overrides leaves it as it is: keep one of the two"


def _engine(s: Parameters) -> Iterator[str]:
    if s.copy_engine == "s3-batch" and s.copy_direction == "push":
        yield (
            'copy_engine is "s3-batch", and copy_direction is "push": jobs run in the log account and can only pull: '
            'write copy_direction: "auto", or copy_engine: "local"'
        )


def _key(s: Parameters) -> Iterator[str]:
    if not s.kms_key.startswith("arn:"):
        return None
    region = kms_key_arn(s.kms_key).region
    if region != s.home_region:
        yield f"kms_key is in {region}, and CloudTrail needs it in the bucket's region, home_region {s.home_region}"


def _adopted(s: Parameters) -> Iterator[str]:
    if s.trail_mode == "create":
        for key in ("trail_arn", "accept_unread_selectors"):
            if getattr(s, key):
                yield (
                    f'{key} is for trail_mode: adopt, and trail_mode is "create": leave it out, or write "adopt" to'
                    " keep that trail"
                )
        return
    if not s.trail_arn:
        yield (
            'trail_arn is empty, and trail_mode is "adopt": name the trail, '
            "as in arn:aws:cloudtrail:us-east-1:123456789012:trail/organization-trail"
        )
        return
    named = trail_arn(s.trail_arn)
    if s.trail_name not in (named.name, type(s).model_fields["trail_name"].default):
        yield f'trail_name is "{s.trail_name}", and trail_arn names {named.name}: leave trail_name out'
    if s.accept_unread_selectors not in ("", s.trail_arn):
        yield "accept_unread_selectors names another trail than trail_arn: write trail_arn again, or leave it out"


def _second_person(s: Parameters) -> Iterator[str]:
    if s.second_person == "off":
        return
    if not s.approver_principals:
        yield 'second_person is "required", and approver_principals is empty: name the roles or users that approve'
    if "any" in s.approvals:
        yield 'second_person is "required", and approve is "any": pass the ids of the plans that were approved'


def _approvers(s: Parameters) -> Iterator[str]:
    for number, arn in enumerate(s.approver_principals):
        found = iam_arn(arn)
        name = found.name.rsplit("/", 1)[-1]
        ours = (found.account_id, found.kind) == (s.log_account.account_id, "role") and fnmatch(name, OUR_ROLES)
        if ours:
            yield (
                f"approver_principals[{number}] is {found.name}, a role that applies plans: "
                "name the role or user of another person"
            )


def _administrators(s: Parameters) -> Iterator[str]:
    for number, text in enumerate(s.bucket_administrators):
        account = administrator_arn(text).account_id
        if account not in s.source_account_ids:
            yield (
                f"bucket_administrators[{number}] is of account {account}, which is no source account: name"
                " somebody of the old bucket's own account"
            )


def _log_readers(s: Parameters) -> Iterator[str]:
    for arn, folder in s.log_readers.items():
        if iam_arn(arn).account_id == s.log_account.account_id:
            yield (
                f"log_readers.{arn} is of the log account, and they are of other accounts: name who reads there in"
                " reader_principals"
            )
        start = f"{s.key_prefix.strip('/')}/AWSLogs/".lstrip("/")
        if folder and not folder.startswith(start):
            yield f"log_readers.{arn} is {folder}, which is no folder of logs: they are below {start}"


def _released(s: Parameters) -> Iterator[str]:
    for number, account in enumerate(s.release_accounts):
        if account in s.source_account_ids:
            yield (
                f"release_accounts[{number}] is {account}, which is a source account: leave it out of source_accounts"
                " first, or do not release it"
            )


def _mfa(s: Parameters) -> Iterator[str]:
    """A session of a role has no MFA in it (IAM User Guide, aws:MultiFactorAuthPresent), so a role could never come
    in."""
    if not s.require_mfa:
        return
    for key in ("break_glass_principals", "operator_principals", "reader_principals"):
        for number, arn in enumerate(getattr(s, key)):
            if iam_arn(arn).kind == "role":
                yield (
                    f"require_mfa is true, and {key}[{number}] is a role, whose sessions never carry MFA: "
                    "ask for MFA where that role is assumed, or name users"
                )
                return


_CHECKS: Final[tuple[Callable[[Parameters], Iterator[str]], ...]] = (
    _estate,
    _accounts,
    _regions,
    _partitions,
    _buckets,
    _key,
    _engine,
    _adopted,
    _second_person,
    _approvers,
    _administrators,
    _log_readers,
    _released,
    _mfa,
)


def contradictions(settings: Parameters) -> Iterator[str]:
    """Parameters that cannot all be meant, a line each; nothing where all agree.

    A parameter that has no value yet, since what was given is wrong by itself, is passed over.
    """
    for check in _CHECKS:
        with suppress(AttributeError):
            yield from check(settings)
