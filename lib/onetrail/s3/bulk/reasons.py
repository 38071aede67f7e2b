"""Why objects were refused or failed, counted by message and not by object, so that the commonest reasons can be
named."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from onetrail.s3.ledger.parts import LedgerRow

MOST: Final = 100
"""Reasons that are told apart; what comes after them is counted together, since a server may put an id into each
message."""
SHOWN: Final = 3
OTHER: Final = "other reasons"
_OF_BOTO: Final = re.compile(
    r"An error occurred \(([^)]*)\) when calling the (\w+) operation(?: \(reached max retries: \d+\))?: (.*)",
    re.DOTALL,
).fullmatch


def reason_of(row: LedgerRow) -> str:
    """What the row says, without the names of its object."""
    why = row.why
    if found := _OF_BOTO(why):
        code, call, message = found.groups()
        why = f"{code} on {call}: {message}" if message else f"{code} on {call}"
    for bucket, key in ((row.source_bucket, row.key), (row.destination_bucket, row.destination_key)):
        if bucket and key:
            why = why.replace(f"{bucket}/{key}", f"{bucket}/...")
    return " ".join(why.split()) or "no reason was given"


def counted(found: Counter[str], row: LedgerRow) -> None:
    """Count the row under its reason."""
    why = reason_of(row)
    found[why if why in found or len(found) < MOST else OTHER] += 1


def together(one: Mapping[str, int], other: Mapping[str, int]) -> Counter[str]:
    """Both, commonest first and no more of them than are told apart."""
    both = Counter(one) + Counter(other)
    rest = both.pop(OTHER, 0)
    kept = Counter(dict(sorted(both.items(), key=lambda item: (-item[1], item[0]))[:MOST]))
    rest += both.total() - kept.total()
    return kept + Counter({OTHER: rest})


def commonest(found: Mapping[str, int], most: int = SHOWN) -> list[tuple[str, int]]:
    """The commonest reasons with their counts; all that are left, as one, come last."""
    named = sorted(((why, n) for why, n in found.items() if why != OTHER), key=lambda item: (-item[1], item[0]))
    left = found.get(OTHER, 0) + sum(number for _, number in named[most:])
    return [*named[:most], *([(OTHER, left)] if left else [])]


def in_words(found: Mapping[str, int], most: int = SHOWN) -> str:
    """`AccessDenied on CopyObject: Access Denied`, or with counts where there are several: `40 x ..., 3 x ...`."""
    named = commonest(found, most)
    if len(named) == 1:
        return named[0][0]
    return ", ".join(f"{number:,} x {why}" for why, number in named)
