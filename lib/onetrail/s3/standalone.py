"""One folder of a bucket copied into another, of whatever keys, with proof: what `onetrail copy` does.

Both places are listed side by side in key order, so that is all the state there is: what the target has is left alone, what it lacks is
copied, and a run that was cut off is gone on with by running again. Nothing is ever overwritten.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from botocore.exceptions import ClientError

from onetrail.change import Bulk, Change, Guard
from onetrail.errors import OnetrailError
from onetrail.s3 import calls, compare, markup
from onetrail.s3.decide import ARCHIVED, MOST_BYTES, same_bytes
from onetrail.s3.engine import CopyTask, copy_partition
from onetrail.s3.failure import code_of
from onetrail.s3.ledger import LedgerPart, LedgerRow, Part
from onetrail.s3.listing import list_objects, merge_join
from onetrail.s3.pace import Pace
from onetrail.s3.reach import End
from onetrail.s3.rows import ObjectRow
from onetrail.s3.tally import ObjectOutcome


class Kind(StrEnum):
    """What is to be done with one object, by the two listings alone."""

    COPY = "copy"
    PRESENT = "present"
    CONFLICT = "conflict"
    UNPROVEN = "unproven"
    ARCHIVED = "archived"
    TOO_LARGE = "too_large"


FINDINGS: Final = frozenset({"conflict", "unproven", "archived", "too_large", "source_changed", "gone"})
"""Outcomes that a person has to look at; `refused` and `failed` are failures."""
FAILURES: Final = frozenset({"refused", "failed"})
STOPPED: Final = "stopped on request"
ROWS_A_PART: Final = 100_000
AT_ONCE: Final = 500
"""Pairs that the listings leave open are looked at so many together."""


@dataclass(frozen=True)
class Terms:
    """How copies are to be: S3's storage class, canned ACL and lock, `""` and None for none.

    `compare` says that objects which ETags cannot prove equal are read on both sides. `most` bounds the requests a second.
    """

    storage_class: str = "STANDARD"
    acl: str = ""
    lock_mode: str = ""
    retain_until: datetime | None = None
    compare: bool = False
    most: float = 3500.0


@dataclass(frozen=True)
class Sums:
    """Objects and bytes by outcome (or by Kind, where nothing is copied), and of what is to be copied by the class it lies in.

    `stopped` is `""` when the run came to its end; `parts` are the ledger's.
    """

    objects: Mapping[str, int]
    size: Mapping[str, int]
    classes: Mapping[str, int] = field(default_factory=dict)
    retries: int = 0
    stopped: str = ""
    parts: tuple[Part, ...] = ()

    def of(self, *words: str) -> tuple[int, int]:
        """Objects and bytes of these outcomes together."""
        return sum(self.objects.get(word, 0) for word in words), sum(self.size.get(word, 0) for word in words)

    @property
    def seen(self) -> int:
        """Every object of the source that was come to."""
        return sum(self.objects.values())


Told = Callable[[Sums, int], None]
"""Gets the sums so far, and how many objects the source has; 0 while that is being counted."""


class CutOff(OnetrailError):
    """A listing could not be finished, so that what it did not come to is neither copied nor known."""


def kind_of(source: ObjectRow, target: ObjectRow | None) -> Kind:
    """What the two listings say of one object."""
    if target is None:
        if source.size > MOST_BYTES:
            return Kind.TOO_LARGE
        return Kind.ARCHIVED if source.storage_class in ARCHIVED else Kind.COPY
    equal = same_bytes(source.size, source.etag, target.size, target.etag)
    return Kind.UNPROVEN if equal is None else Kind.PRESENT if equal else Kind.CONFLICT


def change(source: End, target: End, terms: Terms) -> Change:
    """The one rule that stands open while copying: CopyObject from that bucket into that bucket, on those terms."""
    fixed = {
        "Bucket": target.folder.bucket,
        "ExpectedBucketOwner": target.owner,
        "ExpectedSourceBucketOwner": source.owner,
        "CopySource.Bucket": source.folder.bucket,
        "StorageClass": terms.storage_class,
        **({"ACL": terms.acl} if terms.acl else {}),
        **({"ObjectLockMode": terms.lock_mode} if terms.lock_mode else {}),
    }
    rule = {"from": str(source.folder), "to": str(target.folder)}
    return Change(
        key="copy",
        account=target.owner,
        region=target.region,
        service="s3",
        call="CopyObject",
        parameters={},
        resource=f"arn:aws:s3:::{target.folder.bucket}",
        before=None,
        reason="the copy that was asked for",
        undo="delete the copies that the ledger names",
        bulk=Bulk(("CopyObject",), fixed, rule),
    )


def plan(source: End, target: End, told: Told | None = None, stop: Callable[[], bool] | None = None) -> Sums:
    """What a copy would find and do, by the listings alone; nothing is sent but listings. Raises CutOff, NoAnswer."""
    counting = _Counting(None, told)
    for row, other in _pairs(source, target):
        if stop is not None and stop():
            counting.stopped = STOPPED
            break
        kind = kind_of(row, other)
        counting.count(kind, row.size)
        if kind is Kind.COPY:
            counting.classes[row.storage_class] += 1
    return counting.sums()


def copy(
    source: End,
    target: End,
    terms: Terms,
    ledger: Path,
    guard: Guard,
    *,
    now: Callable[[], datetime],
    told: Told | None = None,
    stop: Callable[[], bool] | None = None,
) -> Sums:
    """Copy what the target lacks. Every outcome but `present` is a row of the ledger, whatever ends the run.

    A failure of one object is its outcome; raises CutOff or NoAnswer where a listing could not be finished.
    """
    rule = change(source, target, terms)
    with _Parts(ledger, f"copy-{source.folder.bucket}") as parts, guard.opened(rule, {}):
        with _Total(source) as total:
            counting = _Counting(parts, told, total)
            walk = _Walk(source, target, terms, counting, now, stop)
            counts = copy_partition(
                walk.tasks(), target.client, counting, stop=stop, now=now, pace=Pace(terms.most)
            )
        walk.settle()
    return counting.sums(counts.retries, counts.stopped, parts)


def _pairs(source: End, target: End) -> Iterator[tuple[ObjectRow, ObjectRow | None]]:
    """Each object of the source beside what the target has in its place, in key order."""
    for one, other in merge_join(_named(source), _named(target), key=lambda found: found[0]):
        if one is not None:
            yield one[1], other[1] if other is not None else None


def _named(end: End) -> Iterator[tuple[str, ObjectRow]]:
    """Each object with its name below the folder."""
    bucket, prefix = end.folder
    try:
        for row in list_objects(end.client, bucket, end.owner, prefix):
            yield row.key[len(prefix) :], row
    except ClientError as err:
        raise CutOff(f"the listing of {end.folder} broke off: {err}; run again to go on") from err


class _Total:
    """Counts the source's objects beside the copy, once it is begun; for the time left alone, so a failure to count is no error."""

    def __init__(self, source: End) -> None:
        self._source = source
        self._leave = threading.Event()
        self._thread: threading.Thread | None = None
        self.objects = 0

    def begin(self) -> None:
        """Count, unless that was begun already."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._count, daemon=True)
            self._thread.start()

    def _count(self) -> None:
        (bucket, prefix), owner = self._source.folder, self._source.owner
        number, token = 0, ""
        with suppress(ClientError, OnetrailError):
            while not self._leave.is_set():
                page, token = self._source.client.do(
                    _counted(calls.list_objects(bucket, owner, prefix, token=token))
                )
                number += page
                if not token:
                    self.objects = number
                    return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave.set()
        if self._thread is not None:
            self._thread.join()


def _counted(call: calls.Call[Any]) -> calls.Call[tuple[int, str]]:
    """The same listing call, whose answer is read as a number of objects and the next token."""
    return replace(
        call,
        parse=lambda answer: (
            answer.body.count(b"<Contents>"),
            markup.text(answer.body, b"NextContinuationToken"),
        ),
    )


class _Parts:
    """A ledger whose parts are closed as they fill, so that a killed run loses the rows of one part at most."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._part: LedgerPart | None = None
        self._rows = 0
        self.finished: list[Part] = []

    def add(self, row: LedgerRow) -> None:
        if self._part is None:
            self._part, self._rows = LedgerPart(self._folder, self._name), 0
        self._part.add(row)
        self._rows += 1
        if self._rows >= ROWS_A_PART:
            self._close()

    def _close(self) -> None:
        if self._part is not None:
            self.finished.append(self._part.finish())
            self._part = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()


class _Counting:
    """Sums as they grow, told every few seconds; as a ledger it counts each row on its way to the parts."""

    EVERY_SECONDS = 2.0

    def __init__(self, parts: _Parts | None, told: Told | None, total: _Total | None = None) -> None:
        self._parts, self._told, self._total = parts, told, total
        self._objects: Counter[str] = Counter()
        self._size: Counter[str] = Counter()
        self._at = time.monotonic()
        self.classes: Counter[str] = Counter()
        self.stopped = ""

    def add(self, row: LedgerRow) -> None:
        """One row, into the ledger and the sums."""
        assert self._parts is not None
        self._parts.add(row)
        self.count(row.outcome, row.size)

    def count(self, word: str, size: int) -> None:
        """One object, into the sums alone."""
        self._objects[str(word)] += 1
        self._size[str(word)] += size
        if self._told is not None and time.monotonic() - self._at >= self.EVERY_SECONDS:
            self._at = time.monotonic()
            if self._total is not None and self._objects[ObjectOutcome.COPIED]:
                self._total.begin()
            self._told(self.sums(), self._total.objects if self._total is not None else 0)

    def sums(self, retries: int = 0, stopped: str = "", parts: _Parts | None = None) -> Sums:
        """The sums as they are; `parts` with what they have finished."""
        return Sums(
            dict(sorted(self._objects.items())),
            dict(sorted(self._size.items())),
            dict(sorted(self.classes.items())),
            retries,
            stopped or self.stopped,
            tuple(parts.finished) if parts is not None else (),
        )


class _Walk:
    """The pairs of both listings: what is to be copied as tasks, the rest counted, noted, or kept to be looked at."""

    def __init__(
        self,
        source: End,
        target: End,
        terms: Terms,
        counting: _Counting,
        now: Callable[[], datetime],
        stop: Callable[[], bool] | None,
    ) -> None:
        self._source, self._target, self._terms = source, target, terms
        self._counting, self._now, self._stop = counting, now, stop
        self._open: list[tuple[ObjectRow, ObjectRow]] = []

    def tasks(self) -> Iterator[CopyTask]:
        """What is to be copied, in key order."""
        for row, other in _pairs(self._source, self._target):
            if self._stop is not None and self._stop():
                self._counting.stopped = STOPPED
                return
            kind = kind_of(row, other)
            if kind is Kind.COPY:
                yield self._task(row)
            elif kind is Kind.PRESENT:
                self._counting.count(ObjectOutcome.PRESENT, row.size)
            elif other is None:
                self._note(row, kind, _WHY[kind])
            elif row.size != other.size:
                self._note(
                    row,
                    Kind.CONFLICT,
                    f"The target has {other.size} bytes under this key, not {row.size}.",
                    other,
                )
            else:
                self._open.append((row, other))
                if len(self._open) >= AT_ONCE:
                    self.settle()

    def settle(self) -> None:
        """Find out what became of pairs of equal size whose ETags differ or prove nothing."""
        found, self._open = self._open, []
        encrypted = self._encrypted([pair for pair in found if kind_of(*pair) is Kind.CONFLICT])
        unproven = []
        for row, other in found:
            if kind_of(row, other) is Kind.CONFLICT and encrypted[row.key] is False:
                self._note(
                    row,
                    Kind.CONFLICT,
                    f"The target has other bytes under this key: ETag {other.etag}, not {row.etag}.",
                    other,
                )
            else:
                unproven.append((row, other))
        if not self._terms.compare:
            for row, other in unproven:
                self._note(row, Kind.UNPROVEN, _WHY[Kind.UNPROVEN], other)
        else:
            self._compare(unproven)

    def _encrypted(self, pairs: list[tuple[ObjectRow, ObjectRow]]) -> dict[str, bool | None]:
        """Whether KMS encrypts either side, so that the ETag is no MD5; None where that could not be seen."""
        said: dict[str, bool | None] = {row.key: False for row, _ in pairs}
        for end, side in ((self._source, 0), (self._target, 1)):
            asked = (
                (calls.head_object(end.folder.bucket, end.owner, pair[side].key), pair[0].key)
                for pair in pairs
            )
            for ended in end.client.run(asked):
                if ended.error is not None:
                    said[ended.context] = None
                elif ended.result.encryption.startswith("aws:kms") and said[ended.context] is False:
                    said[ended.context] = True
        return said

    def _compare(self, pairs: list[tuple[ObjectRow, ObjectRow]]) -> None:
        source, target = self._source, self._target
        asked = (
            (
                compare.Place(source.folder.bucket, source.owner, row.key),
                compare.Place(target.folder.bucket, target.owner, other.key),
            )
            for row, other in pairs
        )
        both = compare.compare_bytes(asked, source.client, target.client)
        for (row, other), seen in zip(pairs, both, strict=True):
            if seen.equal:
                self._note(
                    row, ObjectOutcome.PRESENT, "It was there already: both were read, and are equal.", other
                )
            elif seen.equal is False:
                self._note(
                    row, Kind.CONFLICT, "The target has other bytes under this key: both were read.", other
                )
            else:
                assert seen.error is not None
                self._note(
                    row, Kind.UNPROVEN, f"It could not be read to compare: {code_of(seen.error)}.", other
                )

    def _task(self, row: ObjectRow) -> CopyTask:
        terms, target = self._terms, self._target
        wanted = target.folder.prefix + row.key[len(self._source.folder.prefix) :]
        return CopyTask(
            source_bucket=self._source.folder.bucket,
            source_owner=self._source.owner,
            key=row.key,
            etag=row.etag,
            size=row.size,
            last_modified=row.last_modified,
            destination_bucket=target.folder.bucket,
            destination_owner=target.owner,
            storage_class=terms.storage_class,
            lock_mode=terms.lock_mode,
            retain_until=terms.retain_until,
            acl=terms.acl,
            target_key=wanted if wanted != row.key else "",
            source_class=row.storage_class,
        )

    def _note(self, row: ObjectRow, outcome: str, why: str, other: ObjectRow | None = None) -> None:
        target = self._target.folder
        self._counting.add(
            LedgerRow(
                action="copy",
                source_bucket=self._source.folder.bucket,
                key=row.key,
                size=row.size,
                source_etag=row.etag,
                source_last_modified=row.last_modified,
                source_class=row.storage_class,
                destination_bucket=target.bucket,
                destination_key=target.prefix + row.key[len(self._source.folder.prefix) :],
                destination_etag=other.etag if other else "",
                destination_class=other.storage_class if other else "",
                when=self._now(),
                outcome=str(outcome),
                why=why,
            )
        )


_WHY: Final = {
    Kind.UNPROVEN: "An object of this size is there, and the ETags cannot be compared.",
    Kind.ARCHIVED: "It is archived and must be restored before it can be copied.",
    Kind.TOO_LARGE: "It is larger than one CopyObject takes (5 GiB).",
}
