"""Logs and digests while time passes: what CloudTrail puts into buckets, and what becomes of it when S3 refuses."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from heapq import heapify, heappop, heappush
from typing import Final

from onetrail.practice.cloudtrail.digest_writer import HOUR, signed_digest
from onetrail.practice.cloudtrail.event_log import log_content
from onetrail.practice.cloudtrail.gzip_bytes import gzipped
from onetrail.practice.cloudtrail.rhythm import LAST_LOGS, digest_arrival, log_arrival, mark_of
from onetrail.practice.s3.service_access import CallingService, DeliveredObject, ServiceAccess
from onetrail.practice.state.clock import iso
from onetrail.practice.state.trail_files import DeliveredFile, LogFile, Recorded, SignedDigest
from onetrail.practice.state.trails import Stream, TrailBook, TrailState, WrittenChain
from onetrail.practice.state.world import World

SERVICE: Final = "cloudtrail.amazonaws.com"
GIVES_UP: Final = timedelta(days=30)
"""How long CloudTrail tries to deliver what a bucket refuses."""
HISTORY: Final = timedelta(days=90)
"""How long LookupEvents remembers."""
_JSON: Final = "application/json"


def calling(trail: TrailState) -> CallingService:
    """CloudTrail as it calls for that trail."""
    return CallingService(SERVICE, trail.arn, trail.account)


def reach(world: World, trail: TrailState) -> Iterator[tuple[str, str]]:
    """(account, region) pairs that the trail covers now."""
    accounts = list(world.accounts) if trail.organization else [trail.account]
    for account in accounts:
        info = world.accounts.get(account)
        if not trail.multi_region:
            yield account, trail.home
        elif info:
            yield from ((account, region) for region in info.opted_in)


class DeliveryService:
    """Moves what is due, in time order. One action is due at one instant for one stream of one trail."""

    def __init__(self, world: World, access: ServiceAccess) -> None:
        self.world, self._access = world, access

    @property
    def book(self) -> TrailBook:
        """The world's trails; another book once a snapshot was put back."""
        return self.world.trails

    # What happens to trails

    def begin(self, trail: TrailState, moment: datetime) -> None:
        """Logging starts: a first, empty digest ends at this second, then one every hour."""
        trail.logging, trail.started = True, moment
        self.cover(trail, moment)

    def end(self, trail: TrailState, moment: datetime) -> None:
        """Logging stops: what is under way is still delivered, and one digest more."""
        trail.logging, trail.stopped = False, moment
        for stream in trail.streams.values():
            _close(stream, moment)

    def validation(self, trail: TrailState, wanted: bool, moment: datetime) -> None:
        """Digests are switched on or off; off breaks the chain at once."""
        trail.validation = wanted
        if wanted:
            self.cover(trail, moment)
            return
        for stream in trail.streams.values():
            stream.chain = None

    def cover(self, trail: TrailState, moment: datetime) -> None:
        """Make sure that every account and region the trail reaches has a stream, and a chain if it should."""
        reach = set(self.reach(trail))
        for pair in sorted(reach):
            stream = trail.stream(*pair)
            if trail.logging and trail.validation and stream.chain is None:
                stream.chain = WrittenChain(end=moment)
        for pair in trail.streams.keys() - reach:
            _close(trail.streams[pair], moment)

    def reach(self, trail: TrailState) -> Iterator[tuple[str, str]]:
        """(account, region) pairs that the trail covers now."""
        return reach(self.world, trail)

    def take(self, event: Recorded) -> None:
        """An event was recorded: every logging trail that takes it has it in a file of its mark."""
        self.book.history.setdefault((event.account, event.region), []).append(event)
        for trail in self.book.living():
            stream = trail.streams.get((event.account, event.region))
            if stream is None or not (trail.logging or _is_own_stop(trail, event)) or not trail.takes(event):
                continue
            stream.waiting.setdefault(mark_of(event.moment), []).append(event)

    # While time passes

    def advance(self, begin: datetime, now: datetime) -> None:
        """Everything due until `now`, in time order; then what was refused is tried again, and what is old
        forgotten."""
        for trail in self.book.trails.values():
            if trail.logging and trail.multi_region:
                self.cover(trail, begin)
        living = self.book.living()
        due = [
            (moment, index, pair, kind)
            for index, trail in enumerate(living)
            for moment, pair, kind in self._due(trail, now)
        ]
        heapify(due)
        while due:
            _, index, pair, kind = heappop(due)
            for moment, then in self._act(living[index], living[index].streams[pair], kind):
                if moment <= now:
                    heappush(due, (moment, index, pair, then))
        for trail in living:
            for stream in trail.streams.values():
                self._again(trail, stream, now)
        self.book.departed = [trail for trail in self.book.departed if any(map(_busy, trail.streams.values()))]
        self._forget(now)

    def _due(self, trail: TrailState, now: datetime) -> Iterator[tuple[datetime, tuple[str, str], str]]:
        for pair, stream in trail.streams.items():
            moments = [(self._arrival(trail, stream, mark), "log") for mark in stream.waiting]
            moments += [(chain.end, "cut") for chain in _chains(stream)]
            moments += [(moment, "put") for moment, _ in stream.digests if not stream.digest_error]
            yield from ((moment, pair, kind) for moment, kind in moments if moment <= now)

    def _act(self, trail: TrailState, stream: Stream, kind: str) -> tuple[tuple[datetime, str], ...]:
        """Do what is due, and say what follows from it and when."""
        if kind == "cut":
            return self._cut(trail, stream)
        if kind == "log":
            self._deliver_log(trail, stream)
        else:
            self._deliver_digest(trail, stream)
        return ()

    def _nonce(self, trail: TrailState, stream: Stream, what: str, moment: datetime) -> bytes:
        started = iso(trail.started or moment)
        named = (self.world.number, trail.arn, stream.account, stream.region, what, iso(moment), started)
        return sha256("\x1f".join(map(str, named)).encode()).digest()

    def _arrival(self, trail: TrailState, stream: Stream, mark: datetime) -> datetime:
        return log_arrival(mark, self._nonce(trail, stream, "log", mark))

    def _deliver_log(self, trail: TrailState, stream: Stream) -> None:
        mark = min(stream.waiting, key=lambda mark: self._arrival(trail, stream, mark))
        events, nonce = stream.waiting.pop(mark), self._nonce(trail, stream, "log", mark)
        events.sort(key=lambda event: sha256(event.event_id.encode()).digest())
        moments = [iso(event.moment) for event in events]
        content = log_content(event.text for event in events)
        file = LogFile(mark, content, max(moments), min(moments), nonce)
        if stream.refused or not self._put_log(trail, stream, file, log_arrival(mark, nonce)):
            stream.refused.append(file)

    def _put_log(self, trail: TrailState, stream: Stream, file: LogFile, moment: datetime) -> bool:
        key = trail.place(stream.account, stream.region).log_key(file.mark, file.nonce)
        body = gzipped(file.content)
        error = self._put(trail, trail.bucket, key, body, {}, moment)
        stream.delivery_error = error or ""
        if error:
            return False
        stream.delivered = moment
        listed = DeliveredFile(trail.bucket, key, sha256(file.content).hexdigest(), file.newest, file.oldest)
        for chain in _chains(stream)[:1]:
            chain.files.append(listed)
        return True

    def _cut(self, trail: TrailState, stream: Stream) -> tuple[tuple[datetime, str], ...]:
        """The hour is over: its digest is written; it will be put some minutes later."""
        chain = min(_chains(stream), key=lambda chain: chain.end)
        digest = signed_digest(trail.place(stream.account, stream.region), chain.end, chain.files, chain.previous)
        nonce, ended = self._nonce(trail, stream, "digest", chain.end), chain.end
        stream.digests.append((digest_arrival(ended, nonce), digest))
        chain.previous, chain.files, chain.end = digest.link, [], ended + HOUR
        if chain.until is not None and ended >= chain.until and not stream.refused:
            stream.ending = [other for other in stream.ending if other is not chain]
        return (stream.digests[-1][0], "put"), (chain.end, "cut")

    def _deliver_digest(self, trail: TrailState, stream: Stream) -> None:
        moment, digest = min(stream.digests, key=lambda item: item[0])
        if stream.digest_error:
            return
        if self._put_digest(trail, stream, digest, moment):
            stream.digests.remove((moment, digest))

    def _put_digest(self, trail: TrailState, stream: Stream, digest: SignedDigest, moment: datetime) -> bool:
        error = self._put(trail, digest.link.bucket, digest.link.key, digest.body, digest.metadata, moment)
        stream.digest_error = error or ""
        if not error:
            stream.digest_delivered = moment
        return not error

    def _put(
        self,
        trail: TrailState,
        bucket: str,
        key: str,
        body: bytes,
        metadata: dict[str, str],
        moment: datetime,
    ) -> str | None:
        """Put one object, under the trail's key if it has one. None, or the error that the trail's status shows."""
        service = calling(trail)
        if trail.kms_key:
            refused = self._access.key_refusal(service, "kms:GenerateDataKey", trail.kms_key, trail.key_context)
            if refused:
                return refused
        error = self._access.put(service, DeliveredObject(bucket, key, body, metadata, _JSON, "gzip", moment))
        stored = self.world.store.buckets[bucket].current(key) if trail.kms_key and not error else None
        if stored is not None:
            stored.sse, stored.kms_key = "aws:kms", trail.kms_key
        return error

    def _again(self, trail: TrailState, stream: Stream, now: datetime) -> None:
        """Try what was refused, oldest first, and stop at the first refusal; after 30 days it is lost."""
        stream.refused = [file for file in stream.refused if now - file.mark < GIVES_UP]
        while stream.refused and self._put_log(trail, stream, stream.refused[0], now):
            stream.refused.pop(0)
        if not stream.digest_error:
            return
        stream.digests = [item for item in stream.digests if now - item[0] < GIVES_UP]
        for item in sorted((item for item in stream.digests if item[0] <= now), key=lambda item: item[0]):
            if not self._put_digest(trail, stream, item[1], now):
                return
            stream.digests.remove(item)

    def _forget(self, now: datetime) -> None:
        for pair, events in self.book.history.items():
            if events and now - events[0].moment > HISTORY:
                self.book.history[pair] = [event for event in events if now - event.moment <= HISTORY]


def _close(stream: Stream, moment: datetime) -> None:
    if stream.chain is not None:
        stream.chain.until = moment + LAST_LOGS
        stream.ending.append(stream.chain)
        stream.chain = None


def _chains(stream: Stream) -> list[WrittenChain]:
    """Chains that are being written, the oldest first: a late file of a stopped chain belongs to that one."""
    return [*stream.ending, *([stream.chain] if stream.chain else [])]


def _busy(stream: Stream) -> bool:
    return bool(stream.waiting or stream.refused or stream.digests or stream.ending)


def _is_own_stop(trail: TrailState, event: Recorded) -> bool:
    return event.name in ("StopLogging", "DeleteTrail") and event.moment == trail.stopped
