"""Which of several digests that claim one place is the one: by whose signature a digest quotes, and which key proves
it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from onetrail.cloudtrail.digests.digest import Previous
from onetrail.cloudtrail.digests.signature import Candidate, Name, content_hash
from onetrail.cloudtrail.digests.verdict import FileProof, FileState, FileVerdict

OTHERS_TRIED: Final = 32
"""Quotes of another content that are still tried as the signature of a digest: what was quoted with a changed hash may
be genuine."""
Order = tuple[datetime, str, str]
"""Where a digest object stands among the others: its time, its key, its bucket."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What the digest `by` says of the one before it. `signed`: by CloudTrail, for the place that it is in."""

    order: Order
    by: Name
    previous: Previous
    signed: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """All objects of one name, each with its verdict. `chosen` is the one that the chain goes on from; None where none
    is signed."""

    objects: tuple[Candidate, ...]
    chosen: Candidate | None

    def verdicts(self) -> Iterator[FileVerdict]:
        """One for each object."""
        return (found.verdict() for found in self.objects)


def order_of(found: Candidate) -> Order:
    """Where a digest object stands among the others."""
    return stamp_of(found), found.source.key, found.source.bucket


def stamp_of(found: Candidate) -> datetime:
    """The instant in its name; only what has one is a candidate."""
    assert found.parsed.stamp is not None
    return found.parsed.stamp


def signed_quote(quotes: list[Quote]) -> Quote | None:
    """The nearest signed quote; it is the farthest that is kept."""
    return quotes[0] if quotes and quotes[0].signed else None


def quoted_signatures(content: str, quotes: list[Quote], tried: list[str]) -> Iterator[str]:
    """Signatures that are quoted for a digest, the nearest first: those of its very content, then some others."""
    near = [quote.previous for quote in reversed(quotes)]
    same = [previous.signature for previous in near if previous.hash == content]
    others = [previous.signature for previous in near if previous.hash != content]
    for signature in (*same, *others[:OTHERS_TRIED]):
        tried.append(signature)
        yield signature


def hopeless(place: list[Candidate]) -> bool:
    """Whether no further evidence can make one of these objects valid."""
    return not any(found.open or found.trusted for found in place)


def _fits(quote: Previous, found: Candidate) -> bool:
    """Whether the next digest quotes this very content and, where the object brought its own, this
    signature."""
    own = found.signature if found.proof is FileProof.METADATA else quote.signature
    return (quote.hash, quote.signature) == (content_hash(found), own)


def chosen_of(place: list[Candidate], quote: Previous | None) -> Candidate:
    """The object that fills a place: signed, and the one the next signed digest means."""
    first = place[0]
    if len(place) == 1 and first.trusted and (quote is None or _fits(quote, first)):
        return first
    trusted = sorted(
        (found for found in place if found.trusted),
        key=lambda found: (found.state is not None, found.proof is not FileProof.METADATA),
    )
    meant = [found for found in trusted if quote and _fits(quote, found)]
    if quote is None or meant:
        return (meant or trusted or place)[0]
    for found in trusted:
        found.settle(FileState.INVALID, "the next digest names another version of it (hash or signature differ)")
    for found in place:
        if found.state is FileState.UNSIGNED and content_hash(found) != quote.hash:
            found.settle(FileState.INVALID, "its content is not what the next digest names (its hash differs)")
    return (trusted or place)[0]


def settle_other(found: Candidate, chosen: Candidate, place: list[Candidate]) -> None:
    """Another object in a place that is filled: the same again, another signed version, or an impostor."""
    if found.state not in (None, FileState.UNSIGNED):
        return
    if content_hash(found) == content_hash(chosen):
        found.settle(FileState.DUPLICATE, f"the same digest as {chosen.source.bucket}/{chosen.source.key}")
    elif found.trusted:
        found.settle(FileState.DUPLICATE, "another version that CloudTrail signed; the chain goes on from its twin")
    elif chosen.trusted:
        found.settle(FileState.INVALID, f"one of {len(place)} objects for one digest, and not the signed one")
