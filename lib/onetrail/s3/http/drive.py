"""Driving calls from one plain thread: what is sent when, what is asked again, when to stop waiting.

Only answers arrive from the event-loop thread. They are taken in handfuls while many calls are under way, since waking
for every single one costs more than sending it.
"""

import heapq
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any, Generic, NamedTuple, TypeVar

from onetrail.change.interrupt import heed
from onetrail.s3.http.calls import S3Call
from onetrail.s3.http.channel import Channel
from onetrail.s3.http.pace import Pace
from onetrail.s3.http.retries import ENDED_CODES, code_of, error_of, no_answer, too_fast, worth_asking_again
from onetrail.s3.http.sign import CredentialsEnded, SignedWith
from onetrail.s3.http.transport import Answer, Broken, Exchange

C = TypeVar("C")

TICK_SECONDS = 0.005
"""Waits are not cut finer than this."""
HANDFUL = 64
"""So many answers at most are waited for, and no longer than a tick."""


class Finished(NamedTuple, Generic[C]):
    """One call of a bulk run: its result or its error, how often it was sent again, and whether an earlier try may have
    taken effect."""

    context: C
    result: Any
    error: Exception | None
    retries: int
    unsure: bool


@dataclass(slots=True)
class _Flight:
    call: S3Call[Any]
    context: Any
    lane: Pace | None
    retries: int = 0
    unsure: bool = False
    begun: float = 0.0
    """When it was sent first."""
    deadline: float = 0.0
    exchange: Exchange | None = None
    signed_with: SignedWith | None = None
    renewed: bool = False


class _Answers:
    """Where the event-loop thread leaves what arrived."""

    def __init__(self) -> None:
        self._arrived: deque[tuple[int, Answer | Broken]] = deque()
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._ring_at = 0
        """Ring when so many have arrived; 0 while nobody waits."""

    def put(self, number: int, answer: Answer | Broken) -> None:
        """Called on the event-loop thread."""
        arrived = self._arrived
        arrived.append((number, answer))
        if 0 < self._ring_at <= len(arrived):
            self._ring_at = 0
            self._bell.put(None)

    def __bool__(self) -> bool:
        return bool(self._arrived)

    def take(self) -> tuple[int, Answer | Broken]:
        """The oldest; IndexError where there is none."""
        return self._arrived.popleft()

    def wait(self, handful: int, seconds: float) -> None:
        """Until so many are there or the time is over."""
        self._ring_at = handful
        if len(self._arrived) < handful:
            try:
                self._bell.get(timeout=seconds)
            except Empty:
                self._ring_at = 0
                return
        self._ring_at = 0
        while not self._bell.empty():
            self._bell.get_nowait()


class Drive(Generic[C]):
    """Drives one run. `calls` may yield None for 'nothing now, ask again soon'.

    `spare` of the channel's places in flight are left to others; `lane_of` names the pace of a call's own prefix,
    beside that of the run.
    """

    def __init__(
        self,
        channel: Channel,
        calls: Iterator[tuple[S3Call[Any], C] | None],
        pace: Pace | None,
        spare: int = 0,
        lane_of: Callable[[C], Pace | None] | None = None,
        before_each: Callable[[C], None] | None = None,
    ) -> None:
        self._channel = channel
        self._calls = calls
        self._pace = pace
        self._most = max(1, channel.limits.max_in_flight - spare)
        self._refill_at = max(1, min(HANDFUL, self._most // 8))
        self._lane_of = lane_of
        self._before_each = before_each
        self._more = True
        self._ahead: _Flight | None = None
        self._ask_at = 0.0
        self._again: list[tuple[float, int, _Flight]] = []
        self._flying: OrderedDict[int, _Flight] = OrderedDict()
        self._answers = _Answers()
        self._since_filled = 0
        self._lost: deque[Finished[C]] = deque()
        self._number = count()
        self.failure: Exception | None = None

    def next(self) -> Finished[C] | None:
        """The next call that ended, or None when all have."""
        pause: float | None = 0.0
        while True:
            if not self._answers or self._since_filled >= self._refill_at:
                pause = self.fill()
            if self._lost:
                return self._lost.popleft()
            if not self._answers:
                if not self._flying and pause is None:
                    return None
                self._wait(pause)
            if self._answers and (ended := self._one_answer()) is not None:
                return ended

    def poll(self) -> Finished[C] | None:
        """A call that ended, or None where there is none now; never waits."""
        self.fill()
        if self._flying and not self._answers:
            self._cut_the_late(self._channel.monotonic())
        while self._answers:
            if (ended := self._one_answer()) is not None:
                return ended
        return self._lost.popleft() if self._lost else None

    def leave(self) -> None:
        """Nobody asks any more: what is under way is abandoned, so that its place comes back even if no answer does."""
        for flight in self._flying.values():
            if flight.exchange is not None and not flight.exchange.over:
                self._channel.in_flight.abandon(flight.exchange, flight.deadline)

    def fill(self) -> float | None:
        """Send what may be sent now. Returns seconds until more may be sent, None when only an answer (or nothing) can
        change that."""
        now = self._channel.monotonic()
        self._since_filled = 0
        while True:
            flight, pause = self._due(now)
            if flight is None:
                return pause
            wait = self._pace.wait(now) if self._pace else 0.0
            # The pace is asked before the place: a place that is held while the pace makes us wait is one that another
            # run lacks. Where calls of this run are flying, one of their answers frees a place, so nothing else need
            # wake us; where none are, another run holds all places and nobody tells us when it gives one back.
            if wait or not self._channel.in_flight.take(self._most):
                self._push_back(flight, now)
                return max(wait, TICK_SECONDS) if wait else (None if self._flying else TICK_SECONDS)
            self._send(flight, now)

    def _due(self, now: float) -> tuple[_Flight | None, float | None]:
        # What must be asked again goes before anything new: its object holds back whatever waits for it, and its delay
        # has been served already. A lane that S3 has slowed down keeps its own repeats waiting, never those of another
        # prefix.
        while self._again and self._again[0][0] <= now:
            flight = heapq.heappop(self._again)[2]
            held = flight.lane.wait(now) if flight.lane else 0.0
            if not held:
                return flight, None
            heapq.heappush(self._again, (now + max(held, TICK_SECONDS), next(self._number), flight))
        if self._ahead is not None:
            flight, self._ahead = self._ahead, None
            return flight, None
        pause = max(0.001, self._again[0][0] - now) if self._again else None
        if not self._more:
            return None, pause
        if now < self._ask_at:
            return None, min(pause or TICK_SECONDS, TICK_SECONDS)
        heed()
        # An error of `calls` ends the asking, not the run: calls under way may have taken effect on AWS, so their
        # answers are still read and written down before the caller raises it.
        try:
            asked = next(self._calls, False)
            if asked is None:
                self._ask_at = now + TICK_SECONDS
                return None, min(pause or TICK_SECONDS, TICK_SECONDS)
            if asked is not False:
                call, context = asked  # type: ignore[misc]
                self._channel.permit("s3", call.operation, call.parameters)
                return _Flight(call, context, self._lane_of(context) if self._lane_of else None), None
        except Exception as error:  # noqa: BLE001 - kept, and raised to the caller
            self.failure = error
        self._more = False
        return None, pause

    def _push_back(self, flight: _Flight, now: float) -> None:
        if flight.retries:
            heapq.heappush(self._again, (now, next(self._number), flight))
        else:
            self._ahead = flight

    def _send(self, flight: _Flight, now: float) -> None:
        number = next(self._number)
        channel = self._channel
        put, give_back = self._answers.put, channel.in_flight.give_back

        def ended(answer: Answer | Broken) -> None:
            give_back()
            put(number, answer)

        try:
            if self._before_each is not None:
                self._before_each(flight.context)
            origin, request = channel.signer.signed(flight.call)
        except Exception as error:  # noqa: BLE001 - kept, and raised to the caller
            give_back()
            self._more = False
            self.failure = error
            self._lost.append(Finished(flight.context, None, error, flight.retries, flight.unsure))
            return
        flight.signed_with = channel.signer.signed_with
        flight.begun = flight.begun or now
        flight.deadline = now + channel.limits.deadline_seconds
        self._flying[number] = flight
        if self._pace:
            self._pace.sent()
        if flight.lane:
            flight.lane.sent()
        flight.exchange = channel.transport.send(origin, request, ended)

    def _one_answer(self) -> Finished[C] | None:
        self._since_filled += 1
        number, answer = self._answers.take()
        return self._judge(self._flying.pop(number), answer)

    def _wait(self, pause: float | None) -> None:
        # Deadlines are looked at only when nothing has arrived: a slow reader is no reason to cut connections.
        limit = self._cut_the_late(self._channel.monotonic()) if self._flying else pause
        handful = max(1, min(HANDFUL, len(self._flying) // 8))
        most = limit if pause is None else pause if limit is None else min(pause, limit)
        assert most is not None
        self._answers.wait(handful, min(most, TICK_SECONDS) if handful > 1 else most)

    def _cut_the_late(self, now: float) -> float:
        """Give up what is past its deadline, and say what is silent for long; seconds until the next of either."""
        channel, oldest = self._channel, next(iter(self._flying.values()))
        limit, silent = oldest.deadline - now, oldest.begun + channel.limits.silent_seconds - now
        if silent <= 0:
            channel.silence.report(oldest.call, now - oldest.begun, oldest.retries + 1, now)
            silent = channel.limits.silent_seconds
        if limit > 0:
            return min(limit, silent)
        for flight in self._flying.values():
            if flight.deadline > now:
                break
            if flight.exchange is not None:
                flight.exchange.give_up()
        return 1.0

    def _judge(self, flight: _Flight, answer: Answer | Broken) -> Finished[C] | None:
        channel = self._channel
        if isinstance(answer, Broken):
            # The connection broke after the request may have left, so S3 may have done it: a later "already there" can
            # be our own doing.
            flight.unsure = True
            where = f"{flight.call.bucket}/{flight.call.key}".rstrip("/")
            error: Exception = no_answer(flight.call.operation, where, answer, flight.retries)
            again = not answer.for_good
        else:
            refusal = error_of(answer, flight.call.operation, flight.retries)
            if refusal is None:
                return self._read(flight, answer)
            error = refusal
            code = code_of(refusal)
            if code in ENDED_CODES and flight.renewed:
                error = CredentialsEnded(f"credentials ended ({code}); sign in and run again")
            elif not flight.renewed and self._renewed(flight, answer, code):
                return None
            again = worth_asking_again(refusal)
            flight.unsure = flight.unsure or (answer.status in (200, 500, 502, 504) and not too_fast(refusal))
            if too_fast(refusal):
                channel.silence.slow(channel.monotonic())
                if pace := flight.lane or self._pace:
                    pace.slow_down(channel.monotonic(), channel.jitter())
        if not again or flight.retries >= channel.limits.max_retries:
            return Finished(flight.context, None, error, flight.retries, flight.unsure)
        flight.retries += 1
        flight.exchange = None
        due = channel.monotonic() + channel.limits.backoff.delay(flight.retries, channel.jitter())
        heapq.heappush(self._again, (due, next(self._number), flight))
        return None

    def _renewed(self, flight: _Flight, answer: Answer, code: str) -> bool:
        """True where the call goes once more, signed with what is right now."""
        assert flight.signed_with is not None
        if not self._channel.renewal.helps(flight.signed_with, answer, code):
            return False
        flight.renewed = True
        flight.retries += 1
        flight.exchange = None
        heapq.heappush(self._again, (self._channel.monotonic(), next(self._number), flight))
        return True

    def _read(self, flight: _Flight, answer: Answer) -> Finished[C]:
        try:
            return Finished(flight.context, flight.call.parse(answer), None, flight.retries, flight.unsure)
        except Exception as error:  # noqa: BLE001 - kept, and raised to the caller
            return Finished(flight.context, None, error, flight.retries, flight.unsure)
