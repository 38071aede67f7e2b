"""The events of one account and region as its logs are read: counted once a file, and those near the cutover laid side by side."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from onetrail.cloudtrail.key import DIGEST_KINDS, LOG_KINDS, parse
from onetrail.cloudtrail.seam import Seam, SeamCheck
from onetrail.cloudtrail.verdict import IntervalState
from onetrail.steps.verification.tally import EventTally
from onetrail.steps.verification.verdict import ChainSeen


class RegionEvents:
    """`keys` are those of the archive from `AWSLogs/` on; `moved` holds those of them that came from an old bucket."""

    def __init__(
        self,
        tally: EventTally,
        archive: str,
        account: str,
        region: str,
        keys: Iterable[str],
        moved: Mapping[str, int],
    ) -> None:
        self._tally, self._archive, self._moved = tally, archive, moved
        self._counted: set[str] = set()
        self._seam = _check(account, region, keys, moved)

    def count(self, below: str, body: bytes) -> None:
        """One log file; a second reading of it counts for nothing."""
        if below in self._counted:
            return
        self._counted.add(below)
        found, stamp, new = self._tally.add(body), parse(below).stamp, below not in self._moved
        if self._seam and stamp and self._seam.wants(stamp, new=new):
            self._seam.add(found, new=new)

    def seam(self, chains: Sequence[ChainSeen]) -> Seam | None:
        """The cutover in this region, once every log is counted; None where there are files of one side alone."""
        return self._seam.seam(*self._reach(chains)) if self._seam else None

    def _reach(self, chains: Sequence[ChainSeen]) -> tuple[datetime | None, datetime | None]:
        """From when on the new trail's digests are proven, and until when the old ones' are."""
        proven = [
            (one.buckets == (self._archive,), interval)
            for one in chains
            for interval in one.chain.intervals
            if interval.state is IntervalState.PROVEN
        ]
        begins = [interval.start for new, interval in proven if new and interval.start]
        return min(begins, default=None), max((i.end for new, i in proven if not new), default=None)


def _check(account: str, region: str, keys: Iterable[str], moved: Mapping[str, int]) -> SeamCheck | None:
    first_new: datetime | None = None
    last_old: datetime | None = None
    for below in keys:
        parsed = parse(below)
        if parsed.stamp is None or parsed.kind not in LOG_KINDS | DIGEST_KINDS:
            continue
        if below in moved:
            last_old = max(last_old or parsed.stamp, parsed.stamp)
        else:
            first_new = min(first_new or parsed.stamp, parsed.stamp)
    return SeamCheck(account, region, first_new, last_old) if first_new and last_old else None
