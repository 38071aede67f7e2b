"""Logs that are in a bucket though no proven digest names them.

That alone is no tampering: a trail without validation writes such files all its life, and a broken chain leaves some
behind. They may be genuine; they cannot be proven. What the chains prove about the time is reported with each.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from onetrail.cloudtrail.digests.verdict import Chain, FileState, FileVerdict, Interval, IntervalState
from onetrail.cloudtrail.object_key import LOG_KINDS, ParsedKey, below_prefix, parse
from onetrail.instants import moved

MARK_MARGIN: Final = timedelta(minutes=10)
"""How far the five-minute mark in a log's name may lie from its delivery (3.5 minutes at most was seen)."""

LATE: Final = timedelta(hours=3)
"""A digest names the logs of its hour, and lands within half an hour after it, mostly."""
ALIVE: Final = LATE + timedelta(hours=1)
"""A chain whose newest digest ended longer ago than this brings no next one: its trail was stopped, or its digests were
removed."""
WHY_YOUNG: Final = "no digest names it yet: it is younger than the newest digest"

WHY_COMPLETE: Final = (
    "no digest names it, though the digests of that time are complete: it comes from a trail without validation, "
    "or was put there by somebody else"
)
_WHY_BROKEN: Final = "no proven digest names it: the digests of that time are missing, or cannot be believed"
_WHY_NONE: Final = "no digest names it: no chain covers that time"
_WHY_FUTURE: Final = "no digest names it, and its name says a time that is still to come: CloudTrail did not deliver it"


def unsigned_logs(
    present: Iterable[str],
    named: Iterable[str],
    chains: Iterable[Chain] = (),
    key_prefix: str | None = None,
    now: datetime | None = None,
) -> Iterator[FileVerdict]:
    """A verdict `unsigned` for each log key of `present` that is not among `named`.

    `named` are the (original or present) keys of the log verdicts of every chain of the same accounts and regions:
    a log's key has no trail name, so only all chains together can say that none names it. Key prefixes are not
    compared. Keys that are not logs are passed over. `now` tells logs of the future apart; None where nobody knows it.
    Memory: the keys of `named`, so give one region at a time.
    """
    known = {below_prefix(key) for key in named}
    chains = tuple(chains)
    for key in present:
        parsed = parse(key, key_prefix)
        if parsed.kind in LOG_KINDS and below_prefix(key) not in known:
            yield FileVerdict(key, "", "", parsed.kind, FileState.UNSIGNED, _why(parsed, chains, now))


def is_young(parsed: ParsedKey, chains: Iterable[Chain], now: datetime) -> bool:
    """Whether a log is too young for a digest: of the last hours before `now`, delivered after what the newest digest
    covers, in a region where that digest is recent enough for another one to come."""
    if parsed.stamp is None or parsed.stamp < moved(now, -LATE) or is_of_the_future(parsed, now):
        return False
    newest = max((i.end for c in _of_place(parsed, chains) for i in _proven(c)), default=None)
    if newest is None or not moved(now, -ALIVE) <= newest <= moved(now, MARK_MARGIN):
        return False
    return moved(parsed.stamp, MARK_MARGIN) > newest


def is_of_the_future(parsed: ParsedKey, now: datetime) -> bool:
    """Whether a log's name says a time that is still to come."""
    return parsed.stamp is not None and parsed.stamp > moved(now, MARK_MARGIN)


def _of_place(parsed: ParsedKey, chains: Iterable[Chain]) -> list[Chain]:
    """The chains in which a digest may name this log and is to come every hour."""
    return [c for c in chains if (c.account, c.region) == (parsed.account, parsed.region) and not c.backfill]


def _proven(chain: Chain) -> list[Interval]:
    return [i for i in chain.intervals if i.state is IntervalState.PROVEN]


def _why(parsed: ParsedKey, chains: tuple[Chain, ...], now: datetime | None) -> str:
    if now is not None and is_of_the_future(parsed, now):
        return _WHY_FUTURE
    mine = _of_place(parsed, chains)
    states = {
        i.state for c in mine for i in c.intervals if parsed.stamp and _holds(i.start, i.end, i.state, parsed.stamp)
    }
    if IntervalState.GAP in states or IntervalState.RESTART in states:
        return _WHY_BROKEN
    return WHY_COMPLETE if states else _WHY_NONE


def _holds(start: datetime | None, end: datetime, state: IntervalState, stamp: datetime) -> bool:
    """Doubtful times are widened by the margin and proven ones narrowed: at a border the weaker word is used."""
    margin = -MARK_MARGIN if state is IntervalState.PROVEN else MARK_MARGIN
    return (start is None or moved(start, -margin) <= stamp) and stamp <= moved(end, margin)
