"""Seeds, one after the other: what onetrail says of each layout beside the truth, and the smallest layout that still
goes wrong."""

import re
import sys
import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fuzz.compare import wrong
from tests.fuzz.looks import by_chains, in_a_bucket, in_a_directory, in_parts
from tests.fuzz.recipe import Recipe, described, made, recipe, smaller
from tests.fuzz.truth import Judge, Query

SEEDS: Final = 200
MOST: Final = 20
"""Failures after which no more seeds are tried."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A seed that went wrong, made as small as it can be."""

    recipe: Recipe
    faults: tuple[str, ...]

    def said(self) -> str:
        """For whoever looks for the fault."""
        return "\n".join(
            [
                f"seed {self.recipe.seed}: make fuzz SEED={self.recipe.seed} COUNT=1",
                described(self.recipe, made(self.recipe)),
                *(f"  WRONG: {fault}" for fault in self.faults[:8]),
                *([f"  and {len(self.faults) - 8} more"] if len(self.faults) > 8 else []),
            ]
        )


def faults(one: Recipe) -> list[str]:
    """Everything that onetrail says wrongly of a recipe's layout; a crash is a fault like any other."""
    found = made(one)
    layout, query = found.layout, found.query
    said = []
    try:
        truth = Judge(layout, query, loose=layout.directory).truth()
        answers = []
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            if layout.directory:
                answers.append(in_a_directory(layout, query, Path(folder)))
            elif one.resumed:
                answers += [in_a_bucket(layout, query, Path(folder)) for _ in range(2)]
            else:
                answers.append(in_a_bucket(layout, query))
        said += [fault for answer in answers for fault in wrong(layout, query, truth, answer)]
        whole = Query(end=query.end, believed=query.believed, older=one.older)
        truth = Judge(layout, whole).truth()
        said += [f"chains: {fault}" for fault in wrong(layout, whole, truth, by_chains(layout, whole), pure=True)]
        said += in_parts(layout, whole, one.seed)
    except Exception as err:  # noqa: BLE001 - a crash of whatever kind is what is looked for
        where = traceback.extract_tb(err.__traceback__)[-1]
        said.append(f"crashed: {type(err).__name__}: {err} ({Path(where.filename).name}:{where.lineno})")
    return said


def failure(one: Recipe) -> Failure | None:
    """None where all is right."""
    found = faults(one)
    return Failure(*_smallest(one, found)) if found else None


def _smallest(one: Recipe, found: list[str]) -> tuple[Recipe, tuple[str, ...]]:
    """Leave one thing out after the other as long as something of the same kind stays wrong."""
    kinds, went_on = set(map(_kind, found)), True
    while went_on:
        went_on = False
        for less in smaller(one):
            left = faults(less)
            if kinds & set(map(_kind, left)):
                one, found, went_on = less, left, True
                break
    return one, tuple(found)


def _kind(fault: str) -> str:
    """A fault without the names and figures in it."""
    return re.sub(r"'[^']*'|\d+|\([^)]*\)|\[[^]]*\]", "", fault)


def main(words: list[str]) -> int:
    """`SEED COUNT`: so many layouts from that seed on. 1 where any is wrong."""
    first, count = int(words[0]), int(words[1])
    kinds: Counter[str] = Counter()
    for seed in range(first, first + count):
        if found := failure(recipe(seed)):
            kinds["wrong"] += 1
            print(found.said(), flush=True)
            if kinds["wrong"] == MOST:
                print(f"{MOST} are wrong after {seed - first + 1} layouts: not gone on with")
                return 1
        if (seed - first + 1) % 500 == 0:
            print(f"{seed - first + 1} layouts, {kinds['wrong']} wrong", file=sys.stderr, flush=True)
    print(f"{count} layouts, {kinds['wrong']} wrong")
    return 1 if kinds["wrong"] else 0
