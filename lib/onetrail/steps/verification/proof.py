"""How each object's proof is made, and what looking costs. Pure.

Prices are those of `onetrail.s3.decisions.prices`: list prices of one region, with their date.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from onetrail.change.words import sized
from onetrail.s3.decisions.prices import COLLECTED, GB, PRICES, REGION
from onetrail.steps.verification.verdict import BucketVerdict


class ProofMethod(NamedTuple):
    """One way to prove: what it is, how many objects rest on it, what it read."""

    way: str
    objects: int
    reads: str


class ReadVolume(NamedTuple):
    """Objects of one storage class that were read whole, their bytes, and the list price of that in US dollars."""

    storage_class: str
    objects: int
    size: int
    dollars: float


def proofs(buckets: Iterable[BucketVerdict], read_both: int) -> tuple[ProofMethod, ...]:
    """Each way with its number of objects; an old object counts once for equality, and a signed file once more."""
    known = [bucket for bucket in buckets if not bucket.emptied or bucket.proven_before]
    equal = sum(bucket.equal for bucket in known)
    return (
        ProofMethod(
            "equal: size and an ETag that is an MD5 on both sides",
            equal - min(equal, read_both),
            "the two listings",
        ),
        ProofMethod("equal: both bodies read and hashed, where an ETag is no MD5", read_both, "source and copy"),
        ProofMethod(
            "signed: the digest's own signature, and its quote in the next",
            sum(b.digests_valid for b in known),
            "the digest",
        ),
        ProofMethod("signed: the hash in a signed digest", sum(b.logs_valid for b in known), "the log"),
        ProofMethod(
            "equal alone: no digest names it",
            sum(b.logs_unsigned for b in known),
            "the log, to count its events",
        ),
    )


def readings(reads: Counter[str], sizes: Counter[str]) -> tuple[ReadVolume, ...]:
    """What reading cost, by storage class; a class without a price counts as STANDARD."""
    found = []
    for name in sorted(reads):
        price = PRICES.get(name, PRICES["STANDARD"])
        dollars = reads[name] * price.get / 1000 + sizes[name] / GB * price.retrieval
        found.append(ReadVolume(name, reads[name], sizes[name], dollars))
    return tuple(found)


def bill(found: Iterable[ReadVolume]) -> str:
    """All of it in one line, for a plan."""
    every = list(found)
    objects, size = sum(one.objects for one in every), sum(one.size for one in every)
    dollars = sum(one.dollars for one in every)
    return (
        f"one look reads {objects:,} files of the archive, {sized(size)}, for {_price(dollars)} "
        f"(list price of {REGION}, {COLLECTED}); applying reads them once more, when they are locked"
    )


def _price(dollars: float) -> str:
    return f"about US$ {dollars:,.2f}" if dollars >= 0.005 else "less than a US cent"
