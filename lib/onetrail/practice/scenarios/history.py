"""Five years of logging windows: log files, digests and markers, as the old trails would have left them.

Each month of a region is one window of a few hours between StartLogging and StopLogging, so that every digest chain
begins with a true starting digest. The last window is still open at the estate's now.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from onetrail.practice.cloudtrail.digest_writer import HOUR, signed_digest
from onetrail.practice.cloudtrail.event_log import log_content
from onetrail.practice.cloudtrail.gzip_bytes import gzipped
from onetrail.practice.cloudtrail.records import (
    GLOBAL_ONCE,
    SeededDraws,
    event_time,
    global_record,
    regional_record,
)
from onetrail.practice.cloudtrail.rhythm import LAST_LOGS, MARK, digest_arrival, log_arrival, mark_of
from onetrail.practice.scenarios.old_estate import OldRegion, ScenarioEstate
from onetrail.practice.state.trail_files import DeliveredFile, DigestLink
from onetrail.practice.state.trails import Stream, TrailState, WrittenChain
from onetrail.practice.state.world import World

_RECORDS: Final = (1, 1, 1, 2, 2, 3, 4, 6, 9, 20, 110)
"""Records in a file: quantiles in equal steps."""
_COMMON: Final = timedelta(minutes=60), timedelta(minutes=145)
"""Part of a month's window, from its base, in which every region was logging."""
_JSON: Final = "application/json"


@dataclass(frozen=True)
class Window:
    """One stretch of logging. `stop` is None while it goes on."""

    base: datetime
    start: datetime
    stop: datetime | None


def months(estate: ScenarioEstate) -> Iterator[tuple[int, int]]:
    """(year, month) from the scenario's first to its last."""
    year, month = estate.first
    while (year, month) <= estate.last:
        yield year, month
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def window(number: int, old: OldRegion, year: int, month: int) -> Window:
    """The logging window of that region in that month; before 2021-12 all regions share the day."""
    together, own = (
        SeededDraws(number, "window", year, month),
        SeededDraws(number, "window", year, month, old.region),
    )
    base = datetime(year, month, 2 + together.below(18), together.below(24), tzinfo=UTC)
    if base >= GLOBAL_ONCE:
        base += timedelta(days=own.below(7), hours=own.below(24) - 12)
    start = base + timedelta(seconds=own.below(55 * 60))
    return Window(base, start, start + timedelta(minutes=155, seconds=own.below(9 * 60)))


def open_window(number: int, old: OldRegion, now: datetime) -> Window:
    """The window that is open at `now`: begun some hours before."""
    start = (
        now - timedelta(hours=4) + timedelta(seconds=SeededDraws(number, "window", "open", old.region).below(55 * 60))
    )
    return Window(now - timedelta(hours=4), start, None)


def global_copies(
    number: int, estate: ScenarioEstate, account: str, year: int, month: int
) -> list[tuple[datetime, str]]:
    """The month's global-service events: (instant, record) pairs that are in every region's bucket before
    2021-11-22."""
    base = window(number, estate.regions[0], year, month).base
    if base >= GLOBAL_ONCE:
        return []
    draws = SeededDraws(number, "global", year, month)
    span = (_COMMON[1] - _COMMON[0]).total_seconds()
    moments = [base + _COMMON[0] + timedelta(seconds=int(draws.chance() * span)) for _ in range(estate.copies)]
    return [(moment, global_record(draws, account, moment)) for moment in moments]


class Historian:
    """Writes the history of one region into its bucket, and leaves the trail as it stands now."""

    def __init__(self, world: World, account: str, old: OldRegion, trail: TrailState) -> None:
        self.world, self.old, self.trail = world, old, trail
        self.account, self.number = account, world.number
        self.place = trail.place(account, old.region)
        self.owner = account if old.ownership != "ObjectWriter" else "cloudtrail-delivery"

    def markers(self) -> None:
        """The two zero-byte objects that came with the trail."""
        for folder in ("CloudTrail", "CloudTrail-Digest"):
            self._store(f"{self.place.root}/{folder}/", b"", self.old.made, {}, "", "")

    def write(
        self, time: Window, copies: list[tuple[datetime, str]], previous: DigestLink | None = None
    ) -> WrittenChain | None:
        """The files of one window; those not landed by now stay on their way. `previous` is the digest before its
        first.

        Returns the chain as the window left it; none where nothing is signed.
        """
        now, stream = self.world.clock.now(), self.trail.stream(self.account, self.old.region)
        signed = self.old.unsigned_until is None or time.start >= self.old.unsigned_until
        files = self._logs(time, copies, now)
        self.trail.logging, self.trail.started = time.stop is None, time.start
        self.trail.stopped = time.stop or self.trail.stopped
        stream.delivered = max((moment for moment, _ in files), default=stream.delivered)
        return self._digests(time, files, now, stream, previous) if signed else None

    def _logs(
        self, time: Window, copies: list[tuple[datetime, str]], now: datetime
    ) -> list[tuple[datetime, DeliveredFile]]:
        draws = SeededDraws(self.number, self.trail.arn, time.start)
        end = time.stop or now - 2 * MARK
        marks: dict[datetime, list[tuple[datetime, str]]] = {}
        for moment, text in copies:
            marks.setdefault(mark_of(moment), []).append((moment, text))
        plain = self._marks(draws, time.start, end)
        contents = [(mark, self._events(draws, mark, time)) for mark in plain] + list(marks.items())
        written = [self._log(mark, events, index) for index, (mark, events) in enumerate(contents)]
        return sorted(written, key=lambda item: (item[0], item[1].key))

    def _marks(self, draws: SeededDraws, start: datetime, end: datetime) -> list[datetime]:
        first = mark_of(start)
        steps = max(1, (mark_of(end) - first) // MARK)
        count = int(self.old.busy * (0.6 + 0.8 * draws.chance()) + draws.chance())
        return [first + MARK * draws.below(steps + 1) for _ in range(count)]

    def _events(self, draws: SeededDraws, mark: datetime, time: Window) -> list[tuple[datetime, str]]:
        region, found = self.old.region, list[tuple[datetime, str]]()
        for _ in range(draws.quantile(_RECORDS) * (1 + draws.below(self.old.heavy))):
            moment = event_time(draws, mark, time.start)
            is_global = region == "us-east-1" and mark >= GLOBAL_ONCE and draws.chance() < 0.15
            if is_global:
                found.append((moment, global_record(draws, self.account, moment)))
            else:
                found.append((moment, regional_record(draws, self.account, region, moment)))
        return found

    def _log(self, mark: datetime, events: list[tuple[datetime, str]], index: int) -> tuple[datetime, DeliveredFile]:
        named = f"{self.number}|{self.trail.arn}|{mark.isoformat()}|{index}"
        nonce = sha256(named.encode()).digest()
        content, key = log_content(text for _, text in events), self.place.log_key(mark, nonce)
        moments, landed = [_iso(moment) for moment, _ in events], log_arrival(mark, nonce)
        self._store(key, gzipped(content), landed, {})
        hexed = sha256(content).hexdigest()
        return landed, DeliveredFile(self.old.bucket, key, hexed, max(moments), min(moments))

    def _digests(
        self,
        time: Window,
        files: list[tuple[datetime, DeliveredFile]],
        now: datetime,
        stream: Stream,
        previous: DigestLink | None,
    ) -> WrittenChain:
        """The starting digest, one an hour, and the final one; an open window leaves an open chain."""
        last = time.stop + LAST_LOGS if time.stop else None
        chain, ended = WrittenChain(end=time.start, previous=previous), time.start
        while chain.end <= now and (last is None or ended < last):
            ended = chain.end
            chain.files = [file for landed, file in files if ended - HOUR < landed <= ended]
            digest = signed_digest(self.place, ended, chain.files, chain.previous)
            landed = digest_arrival(ended, sha256(digest.link.key.encode()).digest())
            if landed > now:
                stream.digests.append((landed, digest))
            else:
                self._store(digest.link.key, digest.body, landed, digest.metadata)
                stream.digest_delivered = landed
            chain.previous, chain.end = digest.link, ended + HOUR
        if last is None:
            chain.files = [file for landed, file in files if landed > ended]
            stream.chain = chain
        return chain

    def _store(
        self,
        key: str,
        body: bytes,
        landed: datetime,
        metadata: dict[str, str],
        kind: str = _JSON,
        coding: str = "gzip",
    ) -> None:
        self.world.store_object(
            self.old.bucket,
            key,
            body,
            metadata=metadata,
            content_type=kind,
            content_encoding=coding,
            owner=self.owner,
            last_modified=landed,
        )


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
