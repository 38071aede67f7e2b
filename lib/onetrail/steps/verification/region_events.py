"""The events of one account and region as its logs are read: counted once a file, and those near the cutover laid side by side."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from onetrail.cloudtrail.digest import GzipError, gunzip_both
from onetrail.cloudtrail.events import Content, content_of
from onetrail.cloudtrail.key import DIGEST_KINDS, LOG_KINDS, parse
from onetrail.cloudtrail.records import MAX_RECORDS_BYTES, LogFormatError
from onetrail.cloudtrail.seam import Seam, SeamCheck
from onetrail.cloudtrail.verdict import IntervalState, LogRead
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

    def looked_into(self, below: str, read: LogRead) -> LogRead:
        """The same log with its content's hash, or its fault, in place of its bytes; unpacked once for the proof and for its events.

        A second reading of a log counts for nothing.
        """
        assert read.body is not None
        try:
            sha256, unpacked = gunzip_both(read.body, MAX_RECORDS_BYTES)
        except GzipError as err:
            self._count(below, "", None)
            return LogRead(read.status, None, read.key, read.why, fault=err.why)
        self._count(below, sha256, unpacked)
        return LogRead(read.status, None, read.key, read.why, hash=sha256)

    def _count(self, below: str, sha256: str, unpacked: bytes | None) -> None:
        if below in self._counted:
            return
        self._counted.add(below)
        content = _content(unpacked)
        self._tally.add(content, sha256)
        stamp, new = parse(below).stamp, below not in self._moved
        if content and self._seam and stamp and self._seam.wants(stamp, new=new):
            self._seam.add(content.events, new=new)

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


def _content(unpacked: bytes | None) -> Content | None:
    try:
        return None if unpacked is None else content_of(unpacked)
    except LogFormatError:
        return None


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
