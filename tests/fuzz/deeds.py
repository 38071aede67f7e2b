"""A table of deeds, and how a deed finds its target. Nothing of onetrail is imported here.

Each deed takes its target from what CloudTrail delivered, not from what is left, so that it does the same whatever
other deeds are left out. It says in a few words what it did, or nothing where there was nothing to do. What must be
said of it is not decided here.
"""

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from tests.fuzz.layout import Layout, Thing
from tests.fuzz.world import Digest, Log

Deed = Callable[[random.Random, Layout], str]
One = TypeVar("One", Digest, Log)
OfOne = Callable[[random.Random, Layout, One, Thing], str]


class Deeds(dict[str, Deed]):
    """Deeds by name."""

    def __call__(self, name: str) -> Callable[[Deed], Deed]:
        """Enter a deed."""

        def enter(made: Deed) -> Deed:
            self[name] = made
            return made

        return enter

    def of_a_digest(self, name: str) -> Callable[[OfOne[Digest]], OfOne[Digest]]:
        """Enter a deed that is done to one of the digests; where there is none nothing is done."""
        return self._of(name, a_digest)

    def of_a_log(self, name: str) -> Callable[[OfOne[Log]], OfOne[Log]]:
        """Enter a deed that is done to one of the logs, likewise."""
        return self._of(name, a_log)

    def _of(
        self, name: str, chosen: Callable[[random.Random, Layout], tuple[One, Thing] | None]
    ) -> Callable[[OfOne[One]], OfOne[One]]:
        def enter(made: OfOne[One]) -> OfOne[One]:
            @self(name)
            def done(dice: random.Random, layout: Layout) -> str:
                found = chosen(dice, layout)
                return made(dice, layout, *found) if found else ""

            return made

        return enter


def a_digest(dice: random.Random, layout: Layout) -> tuple[Digest, Thing] | None:
    """One of the digests, where it lies; None where there is none, or it is gone."""
    return _there(dice, layout, layout.world.digests)


def a_log(dice: random.Random, layout: Layout) -> tuple[Log, Thing] | None:
    """One of the logs, likewise."""
    return _there(dice, layout, layout.world.logs)


def _there(dice: random.Random, layout: Layout, every: Sequence[One]) -> tuple[One, Thing] | None:
    one = dice.choice(every) if every else None
    thing = layout.at(one.bucket, one.key) if one else None
    return (one, thing) if one and thing else None


def short(key: str) -> str:
    return key if len(key) < 150 else f"...{key[-147:]}"


def all_removed(layout: Layout, chosen: list[Digest]) -> str:
    """Remove these digests."""
    there = [thing for one in chosen if (thing := layout.at(one.bucket, one.key))]
    for thing in there:
        del layout.things[thing.key]
    return f"removed: {', '.join(short(thing.key) for thing in there)}" if there else ""


def a_strand(dice: random.Random, layout: Layout) -> list[Digest]:
    strands = layout.world.strands()
    return strands[dice.choice(sorted(strands))] if strands else []
