"""What a sampled check reads of a chain, and what may be claimed from it. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from onetrail.cloudtrail.digests.verdict import Chain

NEWEST: Final = 24
"""Digests at the end of each chain, read as one stretch: that the newest are gone is the cheapest harm."""
SPREAD: Final = 36
"""Further digests of each chain, chosen by a hash of their names, so that an attacker who alters a few hours does not
know which are read."""
CERTAINTY: Final = 0.95


def sample_of(keys: Sequence[str]) -> list[Sequence[str]]:
    """Stretches of digests in the order of `keys`, the last of which is the chain's end; the whole chain as one where
    it is short."""
    if len(keys) <= NEWEST + SPREAD:
        return [keys]
    older = range(len(keys) - NEWEST)
    chosen = sorted(sorted(older, key=lambda at: sha256(keys[at].encode()).digest())[:SPREAD])
    stretches: list[list[str]] = []
    for number, at in enumerate(chosen):
        if number and at == chosen[number - 1] + 1:
            stretches[-1].append(keys[at])
        else:
            stretches.append([keys[at]])
    newest = list(keys[-NEWEST:])
    if chosen[-1] == len(keys) - NEWEST - 1:
        return [*stretches[:-1], stretches[-1] + newest]
    return [*stretches, newest]


def joined(before: Chain | None, after: Chain) -> Chain:
    """Two stretches of one chain as one: their intervals, their files. What is between them was not read, and is in
    neither."""
    if before is None:
        return after
    return replace(
        after,
        intervals=(*before.intervals, *after.intervals),
        digests=dict(Counter(before.digests) + Counter(after.digests)),
        logs=dict(Counter(before.logs) + Counter(after.logs)),
    )


def claim(read: int, of: int) -> str:
    """What a sample without a fault allows to say: one hour is a digest and every log that it names."""
    if not read or read >= of:
        return ""
    most = 1 - (1 - CERTAINTY) ** (1 / read)
    return (
        f"{read:,} of {of:,} hours were read, the older ones chosen by a hash of their names: had more than {most:.2%}"
        f" of the hours been damaged, one of these would have shown it with {CERTAINTY:.0%} certainty; a few damaged"
        " hours can be missed, and what links the hours that were not read is not checked"
    )
