"""Which of several old objects gets the plain key of the archive, and which are beside. Pure.

Two old objects that want one key with other bytes are a conflict, and both are kept. The plain key stays with the copy
that is there already; else it goes to the copy that a verified digest names; else to the first bucket by name. The
others are below the folder for conflicts. It is decided by what the listings say, never by which copy comes first, so
it is the same in every run.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from onetrail.s3.decisions.decide import same_bytes
from onetrail.s3.rows import ObjectRow


class Spot(StrEnum):
    """Where a copy belongs."""

    PLAIN = "plain"
    BESIDE = "beside"


class Claim(NamedTuple):
    """An old object that wants a key of the archive: `bucket` is its old bucket, `row` its line of the listing."""

    bucket: str
    row: ObjectRow

    @property
    def order(self) -> tuple[str, str]:
        """By bucket, then by full old key: two key prefixes of one bucket may want the same."""
        return (self.bucket, self.row.key)


def spot_by_archive(
    source: ObjectRow, plain: ObjectRow | None, beside: ObjectRow | None, comparable: bool = True
) -> Spot | None:
    """What the archive alone decides; None where nothing is under the plain key, so that the other old objects are
    asked.

    `plain` and `beside` are what is under the two keys that the copy may have. Where ETags prove nothing, a copy beside
    is the source's own, and without one the copy under the plain key may be.
    """
    own = beside is not None and _same(source, beside, comparable) is not False
    if plain is None:
        return Spot.BESIDE if own else None
    equal = _same(source, plain, comparable)
    if equal is None:
        return Spot.BESIDE if own else Spot.PLAIN
    return Spot.PLAIN if equal else Spot.BESIDE


def spot_among(
    source: Claim,
    others: Sequence[Claim],
    same: Callable[[Claim, Claim], bool],
    named: Callable[[Claim], bool],
) -> Spot:
    """Where the source's copy belongs while nothing is under the plain key. `others` want it too.

    `same` says whether two have the same bytes, `named` whether a verified digest names those of one; the latter is
    asked only where bytes differ.
    """
    if all(same(source, other) for other in others):
        return Spot.PLAIN
    first = min((source, *others), key=lambda claim: (not named(claim), claim.order))
    return Spot.PLAIN if first == source or same(source, first) else Spot.BESIDE


def _same(source: ObjectRow, copy: ObjectRow, comparable: bool) -> bool | None:
    return same_bytes(source.size, source.etag, copy.size, copy.etag, comparable)
