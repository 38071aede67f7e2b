"""What a person sees of the old buckets in step 01."""

from typing import Final

from onetrail.change.words import MB, counted
from onetrail.cloudtrail.object_key import DIGEST_KINDS, LOG_KINDS, KeyKind
from onetrail.estate.backlog.direction import Direction
from onetrail.looked import Unread
from onetrail.show.html import Shown
from onetrail.show.table import framed, table
from onetrail.steps.inventory import InventoryObservation
from onetrail.steps.inventory.bucket import BucketInventory, ReadProbe


def buckets(observation: InventoryObservation) -> Shown:
    """Every old bucket: its objects, its owner, whether it can be read, and how it will be copied."""
    rows = [_bucket(one) for one in observation.buckets]
    columns = [
        "region",
        "bucket",
        "read",
        "logs",
        "digests",
        "other",
        "size (MB)",
        "oldest",
        "newest",
        "of other owners",
        "encryption",
        "rules",
        "copied by",
    ]
    frame = framed(rows, columns=columns)
    surveys = observation.surveys
    total = {
        "region": "all",
        "logs": sum(s.of(*LOG_KINDS).objects for s in surveys),
        "digests": sum(s.of(*DIGEST_KINDS).objects for s in surveys),
        "other": sum(s.of(KeyKind.MARKER, KeyKind.FOREIGN).objects for s in surveys),
        "size (MB)": observation.size / MB,
        "oldest": observation.first,
        "newest": observation.last,
        "of other owners": sum(s.foreign_owned for s in surveys),
        "rules": sum(_rules(one) or 0 for one in observation.buckets),
    }
    return table(
        frame,
        "The old buckets",
        verdict=_buckets_verdict(observation),
        total=total if rows else None,
        attention=[at for at, one in enumerate(observation.buckets) if _unread(one)],
    )


def _bucket(one: BucketInventory) -> list[object]:
    survey = one.survey
    if survey is None:
        return [one.bucket.region, one.bucket.name, "not evaluated", *([None] * 10)]
    read = "no log there" if one.reading is None else _READ[one.reading]
    return [
        one.bucket.region,
        one.bucket.name,
        "emptied" if one.bucket.emptied and not survey.all.objects else read,
        survey.of(*LOG_KINDS).objects,
        survey.of(*DIGEST_KINDS).objects,
        survey.of(KeyKind.MARKER, KeyKind.FOREIGN).objects,
        survey.all.size / MB,
        survey.first,
        survey.last,
        survey.foreign_owned,
        _encryption(one),
        _rules(one),
        "–" if one.bucket.emptied else one.direction or "",
    ]


def _encryption(one: BucketInventory) -> str | Unread:
    """How new objects are encrypted, in a word; since 2023 S3 encrypts with its own keys where nothing is set."""
    said = one.bucket.encryption
    if isinstance(said, Unread):
        return said
    return {"": "none set", "AES256": "S3's keys", "aws:kms": "KMS"}.get(said, said)


def _rules(one: BucketInventory) -> int | None:
    """How many lifecycle rules it has; None where they could not be read."""
    said = one.bucket.lifecycle
    return None if isinstance(said, Unread) else len((said or {}).get("Rules", []))


def _buckets_verdict(observation: InventoryObservation) -> str:
    if not observation.buckets:
        return "There is no old bucket."
    emptied = sum(one.bucket.emptied for one in observation.buckets)
    unread = [one.bucket.name for one in observation.buckets if _unread(one)]
    pushed = sum(one.direction == Direction.PUSH and not one.bucket.emptied for one in observation.buckets)
    said = counted(len(observation.buckets), "old bucket")
    said += f", {emptied} of them emptied" if emptied else ""
    if pushed:
        said += f"; {pushed} must push their logs, because other accounts own their objects or keys"
    if unread:
        return f"{said}; {', '.join(unread)} could not be read."
    unfit = [one.bucket.name for one in observation.buckets if one.reading is ReadProbe.UNFIT]
    said += f"; the object read in {', '.join(unfit)} is not a log with records" if unfit else ""
    read = sum(one.reading is ReadProbe.READ for one in observation.buckets)
    return f"{said}; a log of {'each' if read == len(observation.buckets) else read} was read." if read else f"{said}."


def _unread(one: BucketInventory) -> bool:
    return one.survey is None or one.reading in (ReadProbe.REFUSED, ReadProbe.FAILED)


_READ: Final = {
    ReadProbe.READ: "readable",
    ReadProbe.UNFIT: "readable, no records",
    ReadProbe.ARCHIVED: "archived",
    ReadProbe.REFUSED: "not readable",
    ReadProbe.FAILED: "not evaluated",
}
