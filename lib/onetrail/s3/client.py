"""A lean S3 client for plain synchronous code: many requests in flight, one thread of its own, little work for each."""

import heapq
import random  # noqa: TID251 - spreads retries in time, touches no output
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any, Generic, Self, TypeVar, cast

from onetrail.s3.calls import Call
from onetrail.s3.failure import error_of, no_answer, too_fast, worth_asking_again
from onetrail.s3.pace import Backoff, Pace
from onetrail.s3.sign import Credentials, Signer
from onetrail.s3.transport import Answer, Broken, Exchange, Transport

T = TypeVar("T")
C = TypeVar("C")

Permit = Callable[[str, str, Mapping[str, Any]], None]

TICK_SECONDS = 0.005
"""Waits are not cut finer than this: waking for every single request costs more than sending it."""


@dataclass(frozen=True, slots=True)
class Finished(Generic[C]):
    """One call of a bulk run: its result or its error, how often it was sent again, and whether an earlier try may have taken effect."""

    context: C
    result: Any
    error: Exception | None
    retries: int
    unsure: bool


@dataclass(slots=True)
class _Flight:
    call: Call[Any]
    context: Any
    retries: int = 0
    unsure: bool = False
    deadline: float = 0.0
    exchange: Exchange | None = None


class HotS3:
    """S3 in one region, with one identity. Several threads may use it at once; they share `max_in_flight`.

    `endpoint_url` None means AWS itself. `credentials` is asked at each signature, so that sessions may be renewed under way.
    `permit` is asked before each call that changes something and raises to refuse. `deadline_seconds` bounds each try,
    `max_retries` the tries after the first. Proxies are those of the environment, as for boto3. Errors are botocore's ClientError, and NoAnswer when no answer ever came.
    """

    def __init__(
        self,
        region: str,
        endpoint_url: str | None,
        credentials: Callable[[], Credentials],
        partition: str = "aws",
        *,
        permit: Permit,
        max_in_flight: int = 128,
        deadline_seconds: float = 60.0,
        max_retries: int = 8,
        backoff: Backoff | None = None,
        jitter: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
        ca_bundle: str = "",
    ) -> None:
        self.region = region
        self.max_in_flight = max_in_flight
        self._signer = Signer(region, endpoint_url, credentials, partition, monotonic)
        self._permit = permit
        self._deadline = deadline_seconds
        self._max_retries = max_retries
        self._backoff = backoff or Backoff()
        self._jitter = jitter
        self._monotonic = monotonic
        self._transport = Transport(min(10.0, deadline_seconds), ca_bundle)
        self._slots = threading.BoundedSemaphore(max_in_flight)

    def do(self, call: Call[T]) -> T:
        """Make one call and return its result."""
        return self.start(call).result()

    def start(self, call: Call[T]) -> "Pending[T]":
        """Send a call now and fetch its result later; retries happen while somebody waits for the result."""
        bulk: _Bulk[None] = _Bulk(self, iter([(call, None)]), None)
        bulk.fill()
        return Pending(bulk)

    def run(self, calls: Iterable[tuple[Call[Any], C]], pace: Pace | None = None) -> Iterator[Finished[C]]:
        """Make many calls, at most `max_in_flight` at once, and yield each as it ends, in no order.

        `calls` is pulled only as fast as calls are sent. An error of one call is in its Finished; an error that `calls` or
        `permit` raises stops the sending, is raised after everything under way has been yielded.
        """
        bulk = _Bulk(self, iter(calls), pace)
        while (ended := bulk.next()) is not None:
            yield ended
        if bulk.failure is not None:
            raise bulk.failure

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Pending(Generic[T]):
    """A call under way."""

    def __init__(self, bulk: "_Bulk[None]") -> None:
        self._bulk = bulk
        self._ended: Finished[None] | None = None

    def result(self) -> T:
        """Wait for the answer. Raises what the call raises."""
        if self._ended is None:
            self._ended = self._bulk.next()
        if self._ended is None:
            raise self._bulk.failure or RuntimeError("the call ended without a result")
        if self._ended.error is not None:
            raise self._ended.error
        return cast(T, self._ended.result)


class _Bulk(Generic[C]):
    """Drives one run from the caller's thread: sends, retries, deadlines; only answers arrive from the event-loop thread."""

    def __init__(self, client: HotS3, calls: Iterator[tuple[Call[Any], C]], pace: Pace | None) -> None:
        self._client = client
        self._calls = calls
        self._pace = pace
        self._more = True
        self._ahead: _Flight | None = None
        self._again: list[tuple[float, int, _Flight]] = []
        self._flying: OrderedDict[int, _Flight] = OrderedDict()
        self._answers: SimpleQueue[tuple[int, Answer | Broken]] = SimpleQueue()
        self._number = count()
        self.failure: Exception | None = None

    def next(self) -> Finished[C] | None:
        """The next call that ended, or None when all have."""
        while True:
            pause = self.fill()
            if not self._flying:
                if pause is None:
                    return None
                self._rest(pause)
                continue
            ended = self._one_answer(pause)
            if ended is not None:
                return ended

    def fill(self) -> float | None:
        """Send what may be sent now. Returns seconds until more may be sent, None when only an answer (or nothing) can change that."""
        while True:
            now = self._client._monotonic()
            flight, pause = self._due(now)
            if flight is None:
                return pause
            wait = self._pace.wait(now) if self._pace else 0.0
            if wait or not self._client._slots.acquire(blocking=False):
                self._push_back(flight, now)
                return max(wait, TICK_SECONDS) if wait else (None if self._flying else TICK_SECONDS)
            self._send(flight, now)

    def _due(self, now: float) -> tuple[_Flight | None, float | None]:
        if self._again and self._again[0][0] <= now:
            return heapq.heappop(self._again)[2], None
        if self._ahead is not None:
            flight, self._ahead = self._ahead, None
            return flight, None
        if self._more:
            try:
                call, context = next(self._calls)
                if call.changes:
                    self._client._permit("s3", call.operation, call.parameters)
                return _Flight(call, context), None
            except StopIteration:
                self._more = False
            except Exception as error:  # noqa: BLE001 - kept, and raised to the caller
                self._more = False
                self.failure = error
        return None, (max(0.001, self._again[0][0] - now) if self._again else None)

    def _push_back(self, flight: _Flight, now: float) -> None:
        if flight.retries:
            heapq.heappush(self._again, (now, next(self._number), flight))
        else:
            self._ahead = flight

    def _send(self, flight: _Flight, now: float) -> None:
        number = next(self._number)
        client = self._client
        answers = self._answers

        def ended(answer: Answer | Broken) -> None:
            client._slots.release()
            answers.put((number, answer))

        try:
            origin, request = client._signer.signed(flight.call)
        except Exception as error:  # noqa: BLE001 - kept, and raised to the caller
            client._slots.release()
            self._more = False
            self.failure = error
            return
        flight.deadline = now + client._deadline
        self._flying[number] = flight
        if self._pace:
            self._pace.sent()
        flight.exchange = client._transport.send(origin, request, ended)

    def _rest(self, seconds: float) -> None:
        """Nothing is under way, so nothing can arrive: this only lets time pass."""
        with suppress(Empty):
            self._answers.get(timeout=seconds)

    def _one_answer(self, pause: float | None) -> Finished[C] | None:
        try:
            # Deadlines are looked at only when nothing has arrived: a slow reader is no reason to cut connections.
            number, answer = self._answers.get_nowait() if not self._answers.empty() else self._wait(pause)
        except Empty:
            return None
        return self._judge(self._flying.pop(number), answer)

    def _wait(self, pause: float | None) -> tuple[int, Answer | Broken]:
        now = self._client._monotonic()
        limit = next(iter(self._flying.values())).deadline - now
        if limit <= 0:
            for flight in self._flying.values():
                if flight.deadline > now:
                    break
                if flight.exchange is not None:
                    flight.exchange.give_up()
            limit = 1.0
        return self._answers.get(timeout=limit if pause is None else min(pause, limit))

    def _judge(self, flight: _Flight, answer: Answer | Broken) -> Finished[C] | None:
        client = self._client
        if isinstance(answer, Broken):
            flight.unsure = True
            where = f"{flight.call.bucket}/{flight.call.key}".rstrip("/")
            error: Exception = no_answer(flight.call.operation, where, answer, flight.retries)
            again = not answer.for_good
        else:
            refusal = error_of(answer, flight.call.operation, flight.retries)
            if refusal is None:
                return self._read(flight, answer)
            error = refusal
            again = worth_asking_again(refusal)
            flight.unsure = flight.unsure or (answer.status in (200, 500, 502, 504) and not too_fast(refusal))
            if self._pace and too_fast(refusal):
                self._pace.slow_down(client._monotonic())
        if not again or flight.retries >= client._max_retries:
            return Finished(flight.context, None, error, flight.retries, flight.unsure)
        flight.retries += 1
        flight.exchange = None
        due = client._monotonic() + client._backoff.delay(flight.retries, client._jitter())
        heapq.heappush(self._again, (due, next(self._number), flight))
        return None

    def _read(self, flight: _Flight, answer: Answer) -> Finished[C]:
        try:
            return Finished(flight.context, flight.call.parse(answer), None, flight.retries, flight.unsure)
        except Exception as error:  # noqa: BLE001 - kept, and raised to the caller
            return Finished(flight.context, None, error, flight.retries, flight.unsure)
