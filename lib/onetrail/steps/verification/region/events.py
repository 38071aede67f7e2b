"""The events of one account and region as its logs are read: counted once a file, and those near the cutover laid side
by side."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from onetrail.cloudtrail.digests.seam import Seam, SeamCheck
from onetrail.cloudtrail.digests.verdict import IntervalState, LogRead
from onetrail.cloudtrail.events import LogContent, content_of
from onetrail.cloudtrail.gzipped import GzipError, gunzip_both
from onetrail.cloudtrail.object_key import DIGEST_KINDS, LOG_KINDS, parse
from onetrail.cloudtrail.records import MAX_RECORDS_BYTES, LogFormatError
from onetrail.cloudtrail.unread import UnreadBytes
from onetrail.steps.verification.region.tally import EventTally
from onetrail.steps.verification.verdict import ArchiveChain


class RegionEvents:
    """`keys` are those of the archive from `AWSLogs/` on; `moved` holds those of them that came from an old bucket.

    `unread` is called with each log whose records cannot be read, and why.
    """

    def __init__(
        self,
        tally: EventTally,
        archive: str,
        account: str,
        region: str,
        keys: Iterable[str],
        moved: Mapping[str, int],
        unread: Callable[[str, str], None],
    ) -> None:
        self._tally, self._archive, self._moved, self._unread = tally, archive, moved, unread
        self._counted: set[str] = set()
        self._seam = _check(account, region, keys, moved)

    def looked_into(self, below: str, read: LogRead) -> LogRead:
        """The same log with its content's hash, or its fault, in place of its bytes; unpacked once for the proof and
        for its events.

        A second reading of a log counts for nothing.
        """
        assert read.body is not None
        try:
            sha256, unpacked = gunzip_both(read.body, MAX_RECORDS_BYTES)
        except GzipError as err:
            self._count(below, "", err.unread)
            return LogRead(read.status, None, read.key, read.why, fault=err.why)
        self._count(below, sha256, _content(unpacked))
        return LogRead(read.status, None, read.key, read.why, hash=sha256)

    def not_had(self, below: str, why: str) -> None:
        """A log whose bytes could not be had at all."""
        self._count(below, "", why)

    def _count(self, below: str, sha256: str, content: LogContent | str) -> None:
        if below in self._counted:
            return
        self._counted.add(below)
        if isinstance(content, str):
            self._tally.add(None)
            self._unread(below, content)
            return
        self._tally.add(content, sha256)
        stamp, new = parse(below).stamp, below not in self._moved
        if self._seam and stamp and self._seam.wants(stamp, new=new):
            self._seam.add(content.events, new=new)

    def seam(self, chains: Sequence[ArchiveChain]) -> Seam | None:
        """The cutover in this region, once every log is counted; None where there are files of one side alone."""
        return self._seam.seam(*self._reach(chains)) if self._seam else None

    def _reach(self, chains: Sequence[ArchiveChain]) -> tuple[datetime | None, datetime | None]:
        """From when on the new trail's digests are proven, and until when the old ones' are."""
        proven = [
            (one.buckets == (self._archive,), interval)
            for one in chains
            for interval in one.chain.intervals
            if interval.state is IntervalState.PROVEN
        ]
        begins = [interval.start for new, interval in proven if new and interval.start]
        return min(begins, default=None), max((i.end for new, i in proven if not new), default=None)


def _content(unpacked: bytes | None) -> LogContent | UnreadBytes:
    try:
        return UnreadBytes.TOO_LARGE if unpacked is None else content_of(unpacked)
    except LogFormatError as err:
        return err.unread


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
