"""What keeps an old bucket from being copied, or must be known before: each by name, where it is, and what to do.
Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from onetrail.change.words import counted
from onetrail.estate.backlog.direction import Direction
from onetrail.estate.backlog.samples import SampledObject
from onetrail.estate.backlog.source_keys import SourceKey, closed_to_pull
from onetrail.estate.old_estate import OldBucket
from onetrail.estate.policy_documents.foreseen import foreseen, key_refused, too_large_to_open
from onetrail.looked import Unread, known
from onetrail.settings import Settings


@dataclass(frozen=True)
class Obstacle:
    """`name` is the id of its finding; while one that `stops` stands, nothing of the bucket is copied."""

    name: str
    line: str
    stops: bool = True


def obstacles(
    settings: Settings,
    bucket: OldBucket,
    direction: Direction,
    *,
    samples: Sequence[SampledObject] = (),
    keys: Sequence[SourceKey] = (),
    foreign_owned: int = 0,
    enabled: Mapping[str, frozenset[str]] | None = None,
    moving: Iterable[str] = (),
) -> tuple[Obstacle, ...]:
    """In the order in which a person fixes them. `enabled` maps accounts to their regions, `moving` says why the bucket
    is not frozen."""
    return (
        *_of_bucket(bucket),
        *_region(settings, bucket, direction, enabled or {}),
        *_foreign(bucket, direction, foreign_owned),
        *_of_samples(bucket, samples, foreign_owned),
        *_of_keys(settings, bucket, direction, keys, samples),
        *policy_obstacles(settings, bucket, direction),
        *(Obstacle("05.moving", line) for line in moving),
    )


def _of_bucket(bucket: OldBucket) -> Iterator[Obstacle]:
    if known(bucket.request_payment) not in (None, "BucketOwner"):
        yield Obstacle("05.requester-pays", "Requester Pays is on, so no copier can read it: turn Requester Pays off")
    if bucket.mfa_delete is True:
        yield Obstacle(
            "05.mfa-delete",
            "MFA delete is on: it is copied, but 07 cannot empty it before root turns MFA delete off with its device",
            stops=False,
        )


def _region(
    settings: Settings, bucket: OldBucket, direction: Direction, enabled: Mapping[str, frozenset[str]]
) -> Iterator[Obstacle]:
    log = settings.log_account.account_id
    if direction == Direction.PULL and log in enabled and bucket.region not in enabled[log]:
        yield Obstacle(
            "05.region",
            f"its region {bucket.region} is not enabled in the log account {log}, whose copier cannot reach it: enable"
            " it there, or set its direction to auto",
        )


def _foreign(bucket: OldBucket, direction: Direction, foreign_owned: int) -> Iterator[Obstacle]:
    if direction == Direction.PULL and foreign_owned and bucket.ownership != "BucketOwnerEnforced":
        yield Obstacle(
            "05.foreign-owned",
            f"{counted(foreign_owned, 'object is', 'objects are')} owned by another account, so the bucket's policy"
            " cannot let the copier in: set its direction to auto or push",
        )


def _of_samples(bucket: OldBucket, samples: Sequence[SampledObject], foreign_owned: int) -> Iterator[Obstacle]:
    for one in samples:
        if one.customer_key:
            yield Obstacle(
                "05.customer-key",
                f"{one.key} is encrypted with a key that only its writer holds (SSE-C): let the holder of the key copy"
                " it over itself without one, metadata kept: S3 has the old bytes until the new ones are there",
            )
        elif one.foreign and one.unreadable is not None:
            yield Obstacle(
                "05.foreign-owned",
                f"{counted(foreign_owned, 'object is', 'objects are')} owned by another account and not even"
                f" {bucket.account} can read them ({one.key}: {one.unreadable.why}): let their owner give"
                " bucket-owner-full-control, or set the bucket's ownership to BucketOwnerEnforced",
            )
        elif one.unreadable is not None and not known(one.kms_key):
            yield Obstacle(
                "05.unreadable",
                f"{one.key} cannot be read by {bucket.account} itself ({one.unreadable.why}): see to the permissions of"
                " its identity",
            )


def policy_obstacles(settings: Settings, bucket: OldBucket, direction: Direction) -> Iterator[Obstacle]:
    """What the bucket's own policy will refuse to the copier, evaluated before anything is sent."""
    found, pull = foreseen(settings, bucket), direction == Direction.PULL
    copier = "onetrail-copier of the log account" if pull else f"onetrail-copier of {bucket.account}"
    cure = "set its direction to auto or push, or " if pull and not found.push_refused else ""
    for one in found.pull if pull else found.push:
        unless, first = "", cure
        if not one.sure:
            unless = f", unless the call carries the {', '.join(one.open_keys)} it asks for"
            first = "call from where it does, or "
        text = f"{one} to {copier}{unless}: {first}let the bucket's owner exempt the role"
        yield Obstacle("05.bucket-policy", text, stops=one.sure)
    large = too_large_to_open(settings, bucket) if pull else ""
    if large:
        yield Obstacle("05.document-size", f"{large}: {cure}let the bucket's owner shorten it")


def shut_to_pull(settings: Settings, bucket: OldBucket, key: SourceKey) -> str:
    """Why a copier of the log account cannot be let use the key, by whose it is or by a statement of its policy; `""`
    where it can."""
    refused = next((one for one in key_refused(settings, known(key.policy), key.arn, bucket) if one.sure), None)
    why = closed_to_pull(bucket, key)
    return why or (f"of the policy of its key {key.arn}, {refused}" if refused else "")


def _of_keys(
    settings: Settings,
    bucket: OldBucket,
    direction: Direction,
    keys: Sequence[SourceKey],
    samples: Sequence[SampledObject],
) -> Iterator[Obstacle]:
    refused = {
        one.kms_key: one.unreadable.why
        for one in samples
        if isinstance(one.kms_key, str) and one.kms_key and one.unreadable is not None
    }
    for key in keys:
        if known(key.state) not in (None, "", "Enabled"):
            yield Obstacle("05.key", f"its key {key.arn} is {key.state}, so nothing can be read: enable it")
            continue
        why = shut_to_pull(settings, bucket, key)
        if direction == Direction.PULL and why:
            yield Obstacle(
                "05.key",
                f"{why}: set its direction to auto or push, or let an owner of the key copy the objects over themselves"
                " without it, metadata kept",
            )
        elif direction == Direction.PUSH and key.arn in refused:
            yield Obstacle(
                "05.key",
                f"objects under the key {key.arn} cannot be read by {bucket.account} itself ({refused[key.arn]}): let"
                " the owner of the key allow that account kms:Decrypt",
            )
        elif (
            direction == Direction.PUSH
            and isinstance(key.managed, Unread)
            and not (known(key.policy) is None or key.delegates)
        ):
            yield Obstacle(
                "05.key",
                f"the policy of its key {key.arn} must be opened for the copier, and whether it is AWS managed cannot"
                f" be seen ({key.managed.why}): allow the identity of account {bucket.account} kms:DescribeKey",
            )
