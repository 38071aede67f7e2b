"""Which mutants are judged: all of the modules in which one mistake loses logs, and a sample of the others that
decide."""

import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import PurePosixPath
from typing import Final

from tests.mutation.covered import LIBRARY
from tests.mutation.places import Key, mutants

WHOLE: Final = ("change/guard.py", "change/gate.py", "s3/decisions/decide.py", "estate/proof/receipts.py")
"""Every mutant of these is judged."""
SAMPLED: Final = (
    "change/*.py",
    "change/run_record/*.py",
    "steps/retirement/*.py",
    "estate/proof/receipt_rows.py",
    "estate/proof/sealed_heads.py",
    "copy_command/doubts.py",
    *(f"s3/decisions/{name}.py" for name in ("placing", "planner", "retention")),
    *(f"s3/http/{name}.py" for name in ("retries", "listed")),
    *(f"s3/bulk/{name}.py" for name in ("removal", "restore", "tally")),
    "s3/copying/compare.py",
    "s3/ledger/keys.py",
    "s3/listing/ranges.py",
    "iam/*.py",
    "iam/builders/*.py",
    "cloudtrail/gzipped.py",
    "cloudtrail/object_key.py",
    "cloudtrail/partitions.py",
    *(
        f"cloudtrail/digests/{name}.py"
        for name in (
            "signature",
            "chain",
            "conflict",
            "digest",
            "orphan",
            "runs",
            "seam",
            "settling",
            "timeline",
            "verdict",
            "walk",
        )
    ),
)
"""Of these together, as many as were asked for."""
SEED: Final = 1
COUNT: Final = 1080

Chosen = dict[str, list[Key]]
"""The keys of the chosen mutants of each module."""


def modules(patterns: Iterable[str]) -> list[str]:
    """The modules of the library that fit any of these patterns, `s3` standing for all below that folder."""
    paths = sorted(path.relative_to(LIBRARY).as_posix() for path in LIBRARY.rglob("*.py"))
    asked = list(patterns)
    return [
        path
        for path in paths
        if any(PurePosixPath(path).match(one) or path.startswith(f"{one.rstrip('/')}/") for one in asked)
    ]


def chosen(seed: int, count: int, only: Sequence[str] = ()) -> Chosen:
    """The sample: the same for the same sources, seed and count. With `only`, what of it lies in those modules; a count
    of 0 takes all.

    A mutant's place in the lot is drawn from what it is and not from where it stands, so a change of one module moves
    few others in or out.
    """
    lot: list[tuple[str, str, Key]] = []
    found: Chosen = {}
    for module in modules([*WHOLE, *SAMPLED] if not only or count else only):
        keys = _keys(module)
        if module in WHOLE or not count:
            found[module] = keys
        else:
            lot += [(hashlib.sha256(f"{seed} {module} {key}".encode()).hexdigest(), module, key) for key in keys]
    for _, module, key in sorted(lot)[:count]:
        found.setdefault(module, []).append(key)
    wanted = set(modules(only)) if only else set(found)
    return {module: keys for module, keys in sorted(found.items()) if module in wanted}


@cache
def _keys(module: str) -> list[Key]:
    return [one.key for one in mutants((LIBRARY / module).read_text(encoding="utf-8"))[1]]
