"""A count in words, so that one thing is not reported as several."""

from collections.abc import Sequence
from typing import Final

MB: Final = 1_000_000
"""Bytes of a unit of columns."""


def counted(count: int, one: str, several: str = "") -> str:
    """`1 log`, `2 logs`, `0 logs`: the number and what agrees with it; without `several`, an s is added to `one`."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def some(names: Sequence[str], of: int) -> str:
    """`a, b` where these are all of them, `a, b and 7 more` where there are nine: the first of a count by name."""
    more = of - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more > 0 else "")


def share(part: int, whole: int, one: str, verbs: tuple[str, str] = ("is", "are")) -> str:
    """`3 of 20 buckets are`, `1 of 20 buckets is`, `0 of 1 bucket is`: a part of a count, with the verb that agrees."""
    return f"{part:,} of {counted(whole, one)} {verbs[0] if 1 in (part, whole) else verbs[1]}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c and 7 more`: the first of some names, each once."""
    once = list(dict.fromkeys(names))
    if len(once) > most:
        return some(once[:most], len(once))
    return " and ".join([", ".join(once[:-1]), once[-1]]) if once[1:] else "".join(once)


def sized(count: int) -> str:
    """`17.04 MB`: so many bytes, in the largest unit of a thousand that leaves a whole number before the point.

    Every size that a person reads is in units of a thousand with two digits behind the point: in prose as here, in a
    column as `megabytes`. Only what is evidence counts single bytes.
    """
    if count < 1000:
        return counted(count, "byte")
    unit, size = "kB", count / 1e3
    for larger in ("MB", "GB", "TB", "PB"):
        if round(size, 2) < 1000:
            break
        unit, size = larger, size / 1e3
    return f"{size:,.2f} {unit}"


def megabytes(count: float) -> str:
    """`17.04`: so many bytes, in a column whose head ends with `(MB)`."""
    return f"{count / MB:,.2f}"
