"""Buckets that old trails deliver to and that no source account owns: gone, the log account's, or somebody else's.

Their history is out of reach of this move. A trail that delivers to one is left as it is, because its owner may need
the files, unless the bucket is gone.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from onetrail.aws import Clients, look_for_bucket
from onetrail.cloudtrail.trail import Trail
from onetrail.looked import Absent, Answer, There, Unread
from onetrail.settings import Settings

_SERVICES: Final = ("aws-controltower-", "AWSControlTower", "security-lake", "AmazonSecurityLake")
"""What the names of trails begin with that another service made."""
_ANOTHER_ACCOUNTS: Final = ("403", "301", "400")
"""How HeadBucket answers for a bucket of another account (S3 API Reference, HeadBucket)."""


@dataclass(frozen=True)
class BucketElsewhere:
    """One such bucket. `account` is that of the trails which name it, `trails` their ARNs. `owner` is the log account
    where the bucket is its own, else empty; `gone` says that no bucket has the name any more."""

    name: str
    account: str
    trails: tuple[str, ...]
    owner: str = ""
    gone: bool = False

    @property
    def line(self) -> str:
        """Whose it is, in words."""
        if self.gone:
            return "no bucket has this name any more: its history is gone, and its trail delivers nothing"
        if self.owner:
            return f"it belongs to the log account {self.owner}, not to a source account"
        return "it belongs to an account that is neither a source account nor the log account"


def of_others(trail: Trail) -> bool:
    """True for trails of an organization, of Control Tower or of Security Lake: they are left as they are."""
    return trail.is_organization or trail.name.startswith(_SERVICES)


def read_elsewhere(
    settings: Settings, clients: Clients, old: Sequence[Trail], listed: Mapping[str, Answer[list[Any]]]
) -> tuple[tuple[BucketElsewhere, ...], list[str]]:
    """The buckets of these trails that are in no source account's list, and what could not be read of them.

    `listed` is what ListBuckets answered in each source account. Where it is unread in one, a bucket that is in no
    other list may be that account's, so it is not judged: the unread list is reported by itself.
    """
    if any(isinstance(answer, Unread) for answer in listed.values()):
        return (), []
    own = {settings.bucket_name, settings.access_log_bucket, settings.work_bucket}
    here = {str(said["Name"]) for answer in listed.values() if isinstance(answer, There) for said in answer.value}
    naming: dict[str, list[Trail]] = defaultdict(list)
    for trail in old:
        if trail.bucket and trail.bucket not in here | own:
            naming[trail.bucket].append(trail)
    found, failed = [], []
    for name, trails in sorted(naming.items()):
        whose = _whose(settings, clients, name, trails)
        if isinstance(whose, str):
            failed.append(f"{trails[0].account}: bucket {name}: HeadBucket: {whose}")
        else:
            found.append(whose)
    return tuple(found), failed


def missing_buckets(names: Sequence[str], listed: Mapping[str, Answer[list[Any]]]) -> tuple[str, ...]:
    """Those of these names that no source account has; none where an account's buckets could not be listed."""
    if any(isinstance(answer, Unread) for answer in listed.values()):
        return ()
    here = {str(said["Name"]) for answer in listed.values() if isinstance(answer, There) for said in answer.value}
    return tuple(name for name in names if name not in here)


def missing_line(name: str) -> str:
    """What is wrong with a further bucket that no source account has, and what to do."""
    return (
        f"{name}: more_buckets names it, and no source account has a bucket of that name: correct the name, or add its"
        " account to source_accounts"
    )


def trails_of(buckets: Iterable[BucketElsewhere]) -> frozenset[str]:
    """ARNs of the trails that deliver to a bucket of somebody else's that is there."""
    return frozenset(arn for bucket in buckets if not bucket.gone for arn in bucket.trails)


def _whose(settings: Settings, clients: Clients, name: str, trails: Sequence[Trail]) -> BucketElsewhere | str:
    """The bucket, or why nobody could tell."""
    account, arns = trails[0].account, tuple(sorted(trail.arn for trail in trails))
    answer = look_for_bucket(clients.client("s3", account), name, account)
    if isinstance(answer, Absent):
        return BucketElsewhere(name, account, arns, gone=True)
    if isinstance(answer, There):
        return "it is this account's, and ListBuckets does not name it yet: run this step again"
    if answer.code not in _ANOTHER_ACCOUNTS:
        return answer.why
    log = settings.log_account.account_id
    there = look_for_bucket(clients.client("s3", log), name, log)
    return BucketElsewhere(name, account, arns, owner=log if isinstance(there, There) else "")
