"""Buckets in which the first digests of the old ones name their predecessor: where history lies from before a trail was
pointed to another bucket.

A digest names the bucket and key of the one before it, also where that is in another bucket. Source: CloudTrail User
Guide, CloudTrail digest file structure, `previousDigestS3Bucket`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from botocore.exceptions import ClientError

from onetrail.aws import Clients, look_for_bucket
from onetrail.aws.refused import error_code
from onetrail.change import Finding, FindingState
from onetrail.cloudtrail.digests.digest import digest_of
from onetrail.cloudtrail.gzipped import gunzip_single
from onetrail.errors import OnetrailError
from onetrail.estate.old_estate import OldBucket, OldEstate
from onetrail.looked import Absent, There
from onetrail.s3.http import calls
from onetrail.s3.http.client import S3Client
from onetrail.settings import Settings

MOST_CHAINS: Final = 60
"""First digests of one bucket that are read: one of each account, region and trail."""
_UNREADABLE: Final = ("AccessDenied", "AllAccessDisabled", "Forbidden", "403", "InvalidObjectState", "NoSuchKey")


class Reach(StrEnum):
    """Where such a bucket is."""

    OURS = "ours"
    """In a source account, and not among the old buckets."""
    OTHERS = "others"
    """In no source account."""
    GONE = "gone"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Predecessor:
    """One such bucket. `named_in` is the old bucket whose digest names it, `account` the source account that has it or
    that asked; `why` says why nobody could tell where it is."""

    name: str
    named_in: str
    account: str
    reach: Reach
    why: str = ""

    @property
    def finding(self) -> Finding:
        """What becomes of its history."""
        said = f"the first digest in {self.named_in} follows one in this bucket"
        state, text = {
            Reach.OURS: (
                FindingState.FINDING,
                f"which is not among the old buckets: add it to more_buckets: [{self.name}], or leave it by overrides",
            ),
            Reach.OTHERS: (
                FindingState.NOTE,
                "which no source account has: the history in it is out of reach, and is not moved",
            ),
            Reach.GONE: (FindingState.NOTE, "which no longer exists: the history in it is gone"),
            Reach.UNKNOWN: (FindingState.COULD_NOT_LOOK, f"and where that is was not seen: {self.why}"),
        }[self.reach]
        return Finding("01.predecessor", state, self.account, "-", self.name, f"{said}, {text}")


def named_before(
    transport: S3Client, bucket: OldBucket, first_digests: Iterable[str]
) -> tuple[tuple[str, ...], list[str]]:
    """The other buckets that these digests name as their predecessor's, and what could not be read."""
    keys = sorted(first_digests)
    found, failed = set(), []
    for key in keys[:MOST_CHAINS]:
        try:
            body = transport.do(calls.get_object(bucket.name, bucket.account, key)).content
            previous = digest_of(gunzip_single(body)).previous
        except ClientError as err:
            code = error_code(err)
            failed += [] if code in _UNREADABLE else [f"GetObject {key}: {code}"]
            continue
        except OnetrailError:
            continue  # 06 reports a digest that is none
        if previous and previous.bucket != bucket.name:
            found.add(previous.bucket)
    return tuple(sorted(found)), failed


def predecessors(
    settings: Settings, clients: Clients, estate: OldEstate, named: Sequence[tuple[OldBucket, tuple[str, ...]]]
) -> tuple[Predecessor, ...]:
    """Where each named bucket is that is no old bucket already, nor one that the parameters leave."""
    known = {bucket.name for bucket in estate.buckets} | {*estate.left, settings.bucket_name}
    first: dict[str, OldBucket] = {}
    for bucket, names in named:
        for name in names:
            if name not in known:
                first.setdefault(name, bucket)
    return tuple(_found(settings, clients, name, bucket) for name, bucket in sorted(first.items()))


def _found(settings: Settings, clients: Clients, name: str, named_in: OldBucket) -> Predecessor:
    whys = []
    for account in settings.source_account_ids:
        answer = look_for_bucket(clients.client("s3", account), name, account)
        if isinstance(answer, There):
            return Predecessor(name, named_in.name, account, Reach.OURS)
        if isinstance(answer, Absent):
            return Predecessor(name, named_in.name, named_in.account, Reach.GONE)
        whys += [] if answer.code in ("403", "301", "400") else [f"HeadBucket: {answer.why}"]
    if whys:
        return Predecessor(name, named_in.name, named_in.account, Reach.UNKNOWN, whys[0])
    return Predecessor(name, named_in.name, named_in.account, Reach.OTHERS)
