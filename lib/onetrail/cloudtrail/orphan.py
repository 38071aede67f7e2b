"""Logs that lie in a bucket though no proven digest names them.

That alone is no tampering: a trail without validation writes such files all its life, and a broken chain leaves some
behind. They may be genuine; they cannot be proven. What the chains prove about the time is said with each.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from onetrail.cloudtrail.key import LOG_KINDS, ParsedKey, below_prefix, parse
from onetrail.cloudtrail.verdict import Chain, FileVerdict, IntervalState, State

MARK_MARGIN: Final = timedelta(minutes=10)
"""How far the five-minute mark in a log's name may lie from its delivery (3.5 minutes at most was seen)."""

LATE: Final = timedelta(hours=3)
"""A digest names the logs of its hour, and lands within half an hour after it, mostly."""
WHY_YOUNG: Final = "no digest names it yet: it is younger than the newest digest"

_WHY_PROVEN: Final = (
    "no digest names it, though the digests of that time are complete: it comes from a trail without validation, "
    "or was put there by somebody else"
)
_WHY_BROKEN: Final = "no proven digest names it: the digests of that time are missing, or cannot be believed"
_WHY_NONE: Final = "no digest names it: no chain covers that time"


def unsigned_logs(
    present: Iterable[str],
    named: Iterable[str],
    chains: Iterable[Chain] = (),
    key_prefix: str | None = None,
) -> Iterator[FileVerdict]:
    """A verdict `unsigned` for each log key of `present` that is not among `named`.

    `named` are the (original or present) keys of the log verdicts of every chain of the same accounts and regions:
    a log's key has no trail name, so only all chains together can say that none names it. Key prefixes are not
    compared. Keys that are not logs are passed over. Memory: the keys of `named`, so give one region at a time.
    """
    known = {below_prefix(key) for key in named}
    chains = tuple(chains)
    for key in present:
        parsed = parse(key, key_prefix)
        if parsed.kind in LOG_KINDS and below_prefix(key) not in known:
            yield FileVerdict(key, "", "", parsed.kind, State.UNSIGNED, _why(parsed, chains))


def is_young(parsed: ParsedKey, chains: Iterable[Chain], now: datetime) -> bool:
    """Whether a log is too young for a digest: of the last hours before `now`, and delivered after what the newest digest covers."""
    if parsed.stamp is None or parsed.stamp < now - LATE:
        return False
    mine = [c for c in chains if (c.account, c.region) == (parsed.account, parsed.region) and not c.backfill]
    ends = [i.end for c in mine for i in c.intervals if i.state is IntervalState.PROVEN]
    return bool(ends) and parsed.stamp + MARK_MARGIN > max(ends)


def _why(parsed: ParsedKey, chains: tuple[Chain, ...]) -> str:
    mine = [c for c in chains if (c.account, c.region) == (parsed.account, parsed.region) and not c.backfill]
    states = {
        i.state
        for c in mine
        for i in c.intervals
        if parsed.stamp and _holds(i.start, i.end, i.state, parsed.stamp)
    }
    if IntervalState.GAP in states or IntervalState.RESTART in states:
        return _WHY_BROKEN
    return _WHY_PROVEN if states else _WHY_NONE


def _holds(start: datetime | None, end: datetime, state: IntervalState, stamp: datetime) -> bool:
    """Doubtful times are widened by the margin and proven ones narrowed: at a border the weaker word is used."""
    margin = -MARK_MARGIN if state is IntervalState.PROVEN else MARK_MARGIN
    return (start is None or start - margin <= stamp) and stamp <= end + margin
