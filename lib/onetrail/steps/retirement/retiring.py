"""One old bucket on its way out, as it was seen: why it is left alone, why our rule may not go on, and how long it must
wait."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from onetrail.change.words import counted
from onetrail.errors import OnetrailError
from onetrail.estate.old_estate import OldBucket
from onetrail.estate.proof.receipts import Receipt
from onetrail.instants import moved_days
from onetrail.looked import Unread, known
from onetrail.settings import Settings
from onetrail.settings.words import OldBuckets

EXPIRE_RULE = "onetrail-expire"
"""ID of the lifecycle rule that empties a bucket where the parameters say `expire`."""


class Past(NamedTuple):
    """Originals whose copies are past retention: how many, their bytes, and the hash of their listing."""

    objects: int = 0
    size: int = 0
    listing: str = ""


NONE_PAST = Past()


class QuietUnknown(OnetrailError):
    """Nothing says how long a bucket has been quiet."""


@dataclass(frozen=True)
class Retiring:
    """One old bucket on its way out.

    `how` is what the parameters say becomes of it. `receipt_why` says why its receipt does not hold, empty where it
    does. `other_writers` are trails we do not touch, and services other than CloudTrail that its policy lets in.
    `undrained` are its old trails that log or still deliver. `uploads` counts unfinished multipart uploads,
    `old_versions` and `delete_markers` what is behind the current objects. `replaceable` counts the versions with the
    id `null`: while versioning is suspended a write replaces such a version and keeps its id. `lack` names the first
    copy that the archive does not hold as it was proven, with what to do next; empty where it holds them all. `past`
    are the originals whose copies are gone because their retention ended, `held` the hash of the listing without them.
    """

    bucket: OldBucket
    how: OldBuckets
    receipt: Receipt | None = None
    receipt_why: str = ""
    listing: str = ""
    objects: int = 0
    size: int = 0
    newest: datetime | None = None
    foreign: int = 0
    foreign_named: tuple[str, ...] = ()
    old_versions: int = 0
    delete_markers: int = 0
    uploads: int | Unread = 0
    other_writers: tuple[str, ...] = ()
    undrained: tuple[str, ...] = ()
    could_not_look: str = ""
    lack: str = ""
    held: str = ""
    past: Past = NONE_PAST
    replaceable: int = 0

    @property
    def by_rule(self) -> bool:
        """True where a lifecycle rule is to empty it: never where it has versions, since nobody watches what a rule
        does to older ones, nor where all that is left of it is past retention, which is a line of its own."""
        return self.how == "expire" and not self.bucket.versioned and self.objects > self.past.objects

    @property
    def expiring(self) -> bool:
        """True where our rule is at work on it."""
        return expires(self.bucket)

    @property
    def proven(self) -> bool:
        """True while the bucket holds what the receipt proves, or what is left of it, and the archive holds all of
        that."""
        return self.receipt is not None and not (self.receipt_why or self.lack or self.could_not_look)

    @property
    def danger(self) -> str:
        """Why our rule must go before anything else happens; empty where none is at work, or where it may go on.

        What could not be listed is no empty bucket: a rule that nobody can watch may not go on either.
        """
        if not self.expiring or self.bucket.emptied:
            return ""
        if not (self.objects or self.old_versions or self.could_not_look):
            return ""
        return next(_dangers(self), "")

    @property
    def kept(self) -> tuple[str, ...]:
        """Why the bucket is left alone; empty where it may go once time has passed."""
        return tuple(_kept(self))


def expires(bucket: OldBucket) -> bool:
    """Whether our lifecycle rule is at work on the bucket."""
    rules = (known(bucket.lifecycle) or {}).get("Rules", [])
    return any(rule.get("ID") == EXPIRE_RULE and rule.get("Status") == "Enabled" for rule in rules)


def _dangers(bucket: Retiring) -> Iterator[str]:
    yield from _kept(bucket)
    if bucket.how != "expire":
        yield "old_buckets no longer leaves this bucket to a rule"
    if bucket.bucket.versioned:
        yield "the bucket has versions, and nobody watches what a rule does to older ones"
    if not bucket.bucket.closed:
        yield "the bucket is not closed: what somebody writes into it would be deleted unproven"


def _kept(bucket: Retiring) -> Iterator[str]:
    if bucket.could_not_look:
        yield f"it could not be read: {bucket.could_not_look}"
    elif not bucket.proven:
        yield bucket.receipt_why or bucket.lack or "no receipt: it is not proven"
    if bucket.foreign:
        yield (
            f"it holds {counted(bucket.foreign, 'object that is', 'objects that are')} not CloudTrail's, first"
            f" {', '.join(bucket.foreign_named)}"
        )
    if bucket.old_versions or bucket.delete_markers:
        yield (
            f"it holds {counted(bucket.old_versions, 'older version')} and"
            f" {counted(bucket.delete_markers, 'delete marker')} that were not moved"
        )
    if bucket.replaceable:
        yield (
            f"{counted(bucket.replaceable, 'version has', 'versions have')} the id null, which a write keeps when it"
            " replaces the bytes while versioning is suspended: no deletion can name by it what was proven"
        )
    if bucket.other_writers:
        yield f"others still write into it: {', '.join(bucket.other_writers)}"
    if bucket.undrained:
        yield f"a trail still delivers into it: {', '.join(bucket.undrained)}"
    if bucket.how == "delete" and (uploads := known(bucket.uploads)):
        yield f"{counted(uploads, 'unfinished multipart upload is', 'unfinished multipart uploads are')} in it"


def waits(settings: Settings, bucket: Retiring, now: datetime) -> tuple[datetime, str] | None:
    """Until when the bucket must still be left alone, and why: quiet hours since its newest object, cooling-off since
    its proof.

    Raises QuietUnknown for a bucket that holds objects and whose newest one has no date: it is never taken for quiet.
    """
    assert bucket.receipt is not None
    if bucket.objects and bucket.newest is None:
        raise QuietUnknown(
            f"{bucket.bucket.name}: the arrival of its newest object is unknown, so it is not known to be quiet;"
            " nothing of it is deleted: run step 07 again"
        )
    cooled = moved_days(datetime.fromisoformat(bucket.receipt.at), settings.cooling_off_days)
    quiet = bucket.newest + timedelta(hours=settings.quiet_hours) if bucket.newest else now
    until, why = max(
        (cooled, f"cooling off for {settings.cooling_off_days} days after the proof"),
        (quiet, f"{settings.quiet_hours} hours without a new object"),
    )
    return None if until <= now else (until, f"{bucket.bucket.name}: {why}")
