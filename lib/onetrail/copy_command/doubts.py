"""Two objects of one size under one key: are they the same, where the listings' ETags leave that open?"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from onetrail.copy_command.reach import CopySide
from onetrail.s3.bulk.tally import ObjectOutcome
from onetrail.s3.copying.compare import ObjectPlace, compare_bytes
from onetrail.s3.decisions.decide import same_bytes
from onetrail.s3.http import calls
from onetrail.s3.http.retries import code_of
from onetrail.s3.rows import ObjectRow

Pair = tuple[ObjectRow, ObjectRow]


class DoubtVerdict(NamedTuple):
    """`outcome` is present, conflict or unproven."""

    source: ObjectRow
    target: ObjectRow
    outcome: ObjectOutcome
    why: str


def settled(pairs: Sequence[Pair], source: CopySide, target: CopySide, *, read: bool) -> Iterator[DoubtVerdict]:
    """A verdict on each pair. ETags that differ prove a conflict, unless KMS encrypts a side: such an ETag is no MD5
    (API Reference, Object).

    With `read` both objects are read whole where that is not enough.
    """
    differing = [pair for pair in pairs if same_bytes(*_marks(pair)) is False]
    plain = _without_kms(differing, source, target)
    open_still = []
    for row, other in pairs:
        if row.key in plain:
            why = f"The target has other bytes under this key: ETag {other.etag}, not {row.etag}."
            yield DoubtVerdict(row, other, ObjectOutcome.CONFLICT, why)
        elif read:
            open_still.append((row, other))
        else:
            why = "An object of this size is there, and the ETags cannot be compared."
            yield DoubtVerdict(row, other, ObjectOutcome.UNPROVEN, why)
    yield from _read(open_still, source, target)


def _marks(pair: Pair) -> tuple[int, str, int, str]:
    row, other = pair
    return row.size, row.etag, other.size, other.etag


def _without_kms(pairs: Sequence[Pair], source: CopySide, target: CopySide) -> set[str]:
    """Keys of the pairs of which both sides were looked at, and KMS encrypts neither."""
    plain = {row.key for row, _ in pairs}
    for end, side in ((source, 0), (target, 1)):
        asked = ((calls.head_object(end.folder.bucket, end.owner, pair[side].key), pair[0].key) for pair in pairs)
        for ended in end.client.run(asked):
            if ended.error is not None or ended.result.encryption.startswith("aws:kms"):
                plain.discard(ended.context)
    return plain


def _read(pairs: Sequence[Pair], source: CopySide, target: CopySide) -> Iterator[DoubtVerdict]:
    places = (
        (
            ObjectPlace(source.folder.bucket, source.owner, row.key),
            ObjectPlace(target.folder.bucket, target.owner, other.key),
        )
        for row, other in pairs
    )
    both = compare_bytes(places, source.client, target.client)
    for (row, other), seen in zip(pairs, both, strict=True):
        if seen.equal is None:
            assert seen.error is not None
            why = f"It could not be read to compare: {code_of(seen.error)}."
            yield DoubtVerdict(row, other, ObjectOutcome.UNPROVEN, why)
        elif seen.equal:
            why = "It was there already: both were read, and are equal."
            yield DoubtVerdict(row, other, ObjectOutcome.PRESENT, why)
        else:
            why = "The target has other bytes under this key: both were read."
            yield DoubtVerdict(row, other, ObjectOutcome.CONFLICT, why)
