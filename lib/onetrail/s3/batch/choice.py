"""Which engine copies: this machine's, or S3 Batch Operations. Both compared in time and price, and a sentence why.
Pure.

Both end at the same CopyObject, so the copies themselves cost the same; S3's own ceiling of 3,500 copies a second for a
prefix holds for both (S3 User Guide, optimizing performance). What differs is who must stay up meanwhile, and what the
engine adds to the bill.
"""

from dataclasses import dataclass
from typing import Final

from onetrail.change.words import counted
from onetrail.s3.decisions.prices import BATCH_PER_1000000, BATCH_PER_JOB, PRICES

LOCAL, BATCH = "local", "s3-batch"
MOST_COPIES: Final = 3500
"""Copies a second for one prefix."""
SHARE_OF_GRANT: Final = 0.5
"""A copy that takes this machine longer than such a share of the grant's hours has no room left for anything to go
wrong."""


@dataclass(frozen=True)
class Engine:
    """One engine for this work: `rate` copies a second at the most, `seconds` at the least, `dollars` beside the copies
    themselves, `jobs` at the most."""

    name: str
    objects: int
    rate: int
    seconds: float
    dollars: float
    jobs: int = 0


@dataclass(frozen=True)
class Choice:
    """The engine and the sentence why; `engines` are both, compared."""

    engine: str
    why: str
    engines: tuple[Engine, ...]


def compared(objects: int, jobs: int, requests_per_second: int) -> tuple[Engine, Engine]:
    """Both engines for so many objects. `jobs` are those that Batch would need; a rate of 0 is no ceiling of ours.

    What Batch made is looked at object by object afterwards, at this machine's rate.
    """
    rate = min(requests_per_second or MOST_COPIES, MOST_COPIES)
    heads = objects * PRICES["STANDARD"].get / 1000
    added = jobs * BATCH_PER_JOB + objects * BATCH_PER_1000000 / 1_000_000 + heads
    local = Engine(LOCAL, objects, rate, objects / rate, 0.0)
    return local, Engine(BATCH, objects, MOST_COPIES, objects / MOST_COPIES, added, jobs)


def choose(asked: str, objects: int, jobs: int, requests_per_second: int, grant_hours: int) -> Choice:
    """The engine that `copy_engine` means. `auto` takes this machine's unless that one could not end well within the
    grant."""
    engines = compared(objects, jobs, requests_per_second)
    if asked != "auto":
        return Choice(asked, "the parameters say so", engines)
    local, batch = engines
    said = f"{counted(objects, 'copy takes', 'copies take')} this machine about {duration(local.seconds)}"
    if local.seconds <= grant_hours * 3600 * SHARE_OF_GRANT:
        more = f"S3 Batch Operations would add {dollars(batch.dollars)} for up to {counted(jobs, 'job')}"
        return Choice(LOCAL, f"{said}, well within a grant of {counted(grant_hours, 'hour')}; {more}", engines)
    return Choice(
        BATCH,
        f"{said}, and a grant lasts {counted(grant_hours, 'hour')}: S3 Batch Operations needs no machine that stays up,"
        f" for {dollars(batch.dollars)} more in up to {counted(jobs, 'job')}",
        engines,
    )


def duration(seconds: float) -> str:
    """Seconds in words, rounded up: `4 seconds`, `3 minutes`, `8 hours`."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds > 2 * size:
            return counted(-int(-seconds // size), unit)
    return counted(-int(-seconds // 1), "second")


def dollars(amount: float) -> str:
    """`$1,234.50`."""
    return f"${amount:,.2f}"
