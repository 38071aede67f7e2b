"""The linked list of digests, walked from the newest to the oldest, since each digest names the one before it.

When a digest comes, everything that speaks of it has been seen: it is settled at once, and what is held is one small
record for each digest that was named and has not come. A part of a chain can be walked alone: what depends on a newer
part stays open in its `Stretch`, and `join` settles it. Of several digests that name one, the nearest signed one
counts; a digest that is dated no later than the one it names says nothing of it, so there are no circles.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from onetrail.cloudtrail.digests.digest import Digest
from onetrail.cloudtrail.digests.runs import Bad, DigestEnd, Run
from onetrail.cloudtrail.digests.settling import (
    Order,
    Quote,
    Settled,
    chosen_of,
    hopeless,
    order_of,
    quoted_signatures,
    settle_other,
    signed_quote,
    stamp_of,
)
from onetrail.cloudtrail.digests.signature import Candidate, Name, content_hash, name_of, proved, reject
from onetrail.cloudtrail.digests.verdict import AllowList, FileProof, FileState
from onetrail.cloudtrail.object_key import parse

_PRUNE_FROM: Final = 64


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a chain that was walked alone.

    `top` is the time of its newest digest, None where it has none. `edge` are the objects of its oldest time: an
    older part may hold more of that time. `open` are the objects, by name, whose verdict depends on a newer part.
    `quotes` are of digests that have not come. `runs` are linked digests, `bad` those that cannot be believed,
    `settled` those whose verdict is final.
    """

    top: datetime | None
    edge: tuple[Candidate, ...]
    open: tuple[tuple[Candidate, ...], ...]
    quotes: Mapping[Name, tuple[Quote, ...]]
    runs: tuple[Run, ...]
    bad: tuple[Bad, ...]
    settled: tuple[Settled, ...]


def walk(digests: Iterable[Candidate], allowed: AllowList) -> Stretch:
    """A part of a chain, from its newest digest to its oldest one. Raises ValueError where they come in another
    order."""
    one = Walk(allowed, whole=False)
    settled = [place for found in digests for place in one.take(found)]
    return one.stretch(settled)


def join(older: Stretch, newer: Stretch, allowed: AllowList) -> Stretch:
    """Two parts as one, as if walked at once. Both stay as they are. Raises ValueError where the older part is not the
    older one."""
    one = Walk(allowed, whole=False)
    one.absorb(newer)
    settled = one.absorb(older)
    return one.stretch([*newer.settled, *older.settled, *settled])


class Walk:
    """A walk under way. `whole`: its first digest is the newest of all, so nothing stays open."""

    def __init__(self, allowed: AllowList, *, whole: bool = True) -> None:
        self._allowed, self._whole = allowed, whole
        self._top: datetime | None = None
        self._edge: list[Candidate] = []
        self._signatures: dict[tuple[Name, str], tuple[str, ...]] = {}
        self._said: dict[str, Digest] = {}
        self._open: dict[Name, list[Candidate]] = {}
        self._unsure: dict[Name, list[Order]] = {}
        self._quotes: dict[Name, list[Quote]] = {}
        self._prune_at = _PRUNE_FROM
        self._runs: dict[Name, Run] = {}
        self._below: dict[Name, list[Run]] = {}
        self.bad: list[Bad] = []

    @property
    def runs(self) -> list[Run]:
        """The linked runs so far."""
        return list(self._runs.values())

    def take(self, found: Candidate) -> list[Settled]:
        """The next digest, and what is settled by its coming. Raises ValueError where it is newer than the last one."""
        stamp = found.parsed.stamp
        if found.state is FileState.FOREIGN or stamp is None:
            return [Settled((found,), None)]
        # Several objects can have one time, such as copies of one digest in several old buckets. Which of them is the
        # digest is decided only when all of that time are known, so they wait at the edge until an older one comes.
        settled = []
        if self._edge and stamp != self._edge[0].parsed.stamp:
            if stamp > stamp_of(self._edge[0]):
                raise ValueError(f"digests must come newest first, by the time in their key: {found.source.key}")
            settled = self.flush()
        self._top = self._top or stamp
        self._arrive(found)
        self._edge.append(found)
        return settled

    def hear(self, found: Candidate) -> None:
        """A digest newer than all that is looked at: only what it says of the one before it counts. Comes before all
        that are taken."""
        self._arrive(found)

    def flush(self) -> list[Settled]:
        """What is settled once no more objects of the oldest time come."""
        if not self._edge:
            return []
        oldest = stamp_of(self._edge[0])
        places: dict[Name, list[Candidate]] = {}
        for found in self._edge if len(self._edge) < 2 else sorted(self._edge, key=order_of):
            places.setdefault(found.name, []).append(found)
        self._edge = []
        self._signatures.clear()
        self._said.clear()
        settled = [one for name, place in places.items() if (one := self._settle(name, place))]
        if len(self._quotes) >= self._prune_at:
            self._prune(oldest)
            self._prune_at = 2 * len(self._quotes) + _PRUNE_FROM
        return settled

    def absorb(self, older: Stretch) -> list[Settled]:
        """Go on with a part that was walked alone, and give what is settled by that."""
        if older.top is None:
            return []
        if self._edge and older.top > stamp_of(self._edge[0]):
            raise ValueError("the older part of a chain is the newer one")
        self._top = self._top or older.top
        for name, quotes in older.quotes.items():
            for quote in quotes:
                self._quote(name, quote)
        for run in map(Run.copy, older.runs):
            self._runs[run.first.name] = run
            if run.heir:
                self._below.setdefault(run.heir, []).append(run)
        self.bad += older.bad
        settled: list[Settled] = []
        for place in older.open:
            settled += self._again(place)
        settled += self._again(older.edge)
        self._below.clear()
        return settled

    def stretch(self, settled: Iterable[Settled] = ()) -> Stretch:
        """What has been walked, as a value."""
        if self._edge:
            self._prune(stamp_of(self._edge[0]))
        return Stretch(
            self._top,
            tuple(replace(found) for found in sorted(self._edge, key=order_of)),
            tuple(
                tuple(map(replace, place))
                for _, place in sorted(self._open.items(), key=lambda one: order_of(one[1][0]), reverse=True)
            ),
            {name: tuple(held) for name, held in self._quotes.items()},
            tuple(sorted(map(Run.copy, self._runs.values()), key=lambda run: run.first.name)),
            tuple(sorted(self.bad)),
            tuple(sorted(settled, key=lambda one: order_of(one.objects[0]))),
        )

    def _again(self, place: Iterable[Candidate]) -> list[Settled]:
        """Objects of one time or name that were open, or at the edge, of an older part."""
        settled: list[Settled] = []
        for found in map(replace, place):
            if self._edge and found.parsed.stamp != self._edge[0].parsed.stamp:
                settled += self.flush()
            self._arrive(found)
            self._edge.append(found)
        return settled

    def _arrive(self, found: Candidate) -> None:
        """Find out whether CloudTrail signed it, as far as that can be known by now, and remember what it says of the
        one before it."""
        quotes = self._quotes.get(found.name, [])
        if not self._proved(found, quotes) and self._final(found.name, quotes):
            reject(found)
        if found.open or found.digest is None:
            return
        if found.trusted:  # equal objects share what they say, and nobody reads the logs of the others
            found.digest = self._said.setdefault(found.digest.sha256, found.digest)
        elif found.digest.logs:
            found.digest = replace(found.digest, logs=())
        self._speak(found)

    def _proved(self, found: Candidate, quotes: list[Quote]) -> bool:
        """Look for its signature. What was found for an object is not searched again for another with its content."""
        if not found.open:
            return True
        content = found.name, content_hash(found)
        tried: list[str] = []
        known = self._signatures.get(content)
        done = proved(
            found, known if known is not None else quoted_signatures(content[1], quotes, tried), self._allowed
        )
        if known is None and found.proof is not FileProof.METADATA:
            self._signatures[content] = tuple(tried[-1:]) if found.proof is FileProof.SUCCESSOR else ()
        return done

    def _final(self, name: Name, quotes: list[Quote]) -> bool:
        """Whether nothing more can be reported of a digest: a signed one has named it, and there is no nearer one whose
        signature may yet be found."""
        if self._whole:
            return True
        signed = signed_quote(quotes)
        return signed is not None and all(order > signed.order for order in self._unsure.get(name, ()))

    def _speak(self, found: Candidate) -> None:
        """Keep what it says of the one before it, once its own signature is known."""
        previous = found.digest.previous if found.digest else None
        if found.spoke or previous is None:
            return
        found.spoke = True
        name = name_of(parse(previous.key))
        if name[-1] is not None and name[-1] < stamp_of(found):
            self._quote(name, Quote(order_of(found), found.name, previous, found.trusted))

    def _quote(self, name: Name, quote: Quote) -> None:
        """Kept with the nearest last. Those behind a signed one can never count."""
        # Anybody may write a digest that names any other. The nearest signed one decides, so a quote behind it is
        # dropped, however it reads; unsigned ones before it are kept, because one of them may yet prove signed when a
        # newer part is joined.
        held = self._quotes.setdefault(name, [])
        signed = signed_quote(held)
        if signed is not None and quote.order > signed.order:
            return
        held.append(quote)
        if len(held) > 1 and quote.order > held[-2].order:
            held.sort(key=lambda one: one.order, reverse=True)
        if quote.signed:
            del held[: held.index(quote)]

    def _settle(self, name: Name, place: list[Candidate]) -> Settled | None:
        """All objects of one name; None where their verdict depends on a newer part."""
        quotes = self._quotes.get(name, [])
        # A digest's signature may be with its successor, which in a part of a chain is in a newer part. Until that has
        # been walked, "not signed" would be a guess, so the place stays open; and since it may still turn out to be
        # signed, so does what it says of its own predecessor: that goes to `_unsure`, and keeps the predecessor from
        # being settled by a quote from further away.
        if not self._whole and (name[-1] == self._top or not (hopeless(place) or self._final(name, quotes))):
            self._open[name] = place
            for found in place:
                if found.open and found.digest and found.digest.previous:
                    before = name_of(parse(found.digest.previous.key))
                    self._unsure.setdefault(before, []).append(order_of(found))
            return None
        self._quotes.pop(name, None)
        signed = signed_quote(quotes)
        chosen = chosen_of(place, signed.previous if signed else None)
        for found in place if len(place) > 1 else ():
            if found is not chosen:
                settle_other(found, chosen, place)
        if not chosen.trusted or chosen.digest is None:
            self.bad.append(Bad(stamp_of(chosen), name, chosen.source.key, chosen.state, chosen.why))
            return Settled(tuple(place), None)
        self._link(chosen, chosen.digest, signed.by if signed else None)
        return Settled(tuple(place), chosen)

    def _link(self, found: Candidate, digest: Digest, heir: Name | None) -> None:
        """Join a digest to the run of the one that names it, `heir`, and to the run of the one that it names, where
        that came before."""
        end = DigestEnd(found.name, digest.start, digest.end, (digest.bucket, digest.key), digest.previous)
        run = self._runs.get(heir) if heir else None
        if run is not None and run.first.names(end):
            del self._runs[run.first.name]
            run.first = end
        else:
            run = Run(end, end, heir)
        run.cover(digest.start, digest.end)
        for below in self._below.get(found.name, ()):
            if end.names(below.last):
                run.first = below.first
                for start, until in below.covered:
                    run.cover(start, until)
        self._runs[run.first.name] = run

    def _prune(self, oldest: datetime) -> None:
        """Forget what was reported of digests that are newer than the oldest one and did not come."""
        self._quotes = {
            name: held
            for name, held in self._quotes.items()
            if name in self._open or (name[-1] is not None and name[-1] <= oldest)
        }
