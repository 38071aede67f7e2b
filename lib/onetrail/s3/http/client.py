"""A lean S3 client for plain synchronous code: many requests in flight, one thread of its own, little work for each."""

import random  # noqa: TID251 - spreads retries in time, touches no output
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Generic, Self, TypeVar, cast

from onetrail.s3.http.calls import Call
from onetrail.s3.http.drive import Drive, Finished
from onetrail.s3.http.failure import ENDED_CODES, SKEW_SECONDS, SKEWED_CODE, ahead_seconds
from onetrail.s3.http.pace import Backoff, Pace
from onetrail.s3.http.sign import Credentials, SignedWith, Signer
from onetrail.s3.http.transport import Answer, Exchange, Transport

T = TypeVar("T")
C = TypeVar("C")

Permit = Callable[[str, str, Mapping[str, Any]], None]


class HotS3:
    """S3 in one region, with one identity. Several threads may use it at once; they share `max_in_flight`.

    `endpoint_url` None means AWS itself. `credentials` is asked at each signature, so that sessions may be renewed under way.
    `resolve` gives a bucket's URL, for endpoints that one URL cannot name. `permit` is asked before each call
    and raises to refuse. `deadline_seconds` bounds each try, `connect_seconds` its connection, `max_retries` the tries after the first.
    `proxies` and `ca_bundle` as Transport takes them. `renew` makes the session look for fresh credentials, once S3 says that the old
    ones ended; a clock that is off is corrected from S3's unless `correct_clock` says no, and `tell` gets a line about either, and
    about a call that has had no answer for `silent_seconds`, again every four times as long.

    Errors are botocore's ClientError, NoAnswer when no answer ever came (NotTrusted where TLS failed), and CredentialsEnded.
    """

    def __init__(
        self,
        region: str,
        endpoint_url: str | None,
        credentials: Callable[[], Credentials],
        partition: str = "aws",
        *,
        permit: Permit,
        max_in_flight: int = 448,
        deadline_seconds: float = 60.0,
        max_retries: int = 10,
        backoff: Backoff | None = None,
        jitter: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
        ca_bundle: str = "",
        resolve: Callable[[str], str] | None = None,
        proxies: Mapping[str, str] | None = None,
        connect_seconds: float = 10.0,
        renew: Callable[[], None] = lambda: None,
        correct_clock: bool = True,
        tell: Callable[[str], None] = lambda line: None,
        silent_seconds: float = 15.0,
    ) -> None:
        self.region = region
        self.max_in_flight = max_in_flight
        self._signer = Signer(region, endpoint_url, credentials, partition, monotonic, resolve=resolve)
        self._permit = permit
        self._deadline = deadline_seconds
        self._max_retries = max_retries
        self._backoff = backoff or Backoff()
        self._jitter = jitter
        self.monotonic = monotonic
        self._transport = Transport(min(connect_seconds, deadline_seconds), ca_bundle, proxies)
        self._renew = renew
        self._correct_clock = correct_clock
        self._tell = tell
        self._silent = silent_seconds
        self._silence_told = float("-inf")
        self._mending = threading.Lock()
        self._renewed: tuple[str, str, str] | None = None
        self._in_flight = 0
        self._adrift: deque[tuple[float, Exchange]] = deque()
        """Requests that nobody waits for any more, with their deadlines; they hold a place until they end."""
        self._places = threading.Lock()

    def do(self, call: Call[T]) -> T:
        """Make one call and return its result."""
        return self.start(call).result()

    def start(self, call: Call[T], pace: Pace | None = None) -> "Pending[T]":
        """Send a call now and fetch its result later; retries happen while somebody waits for the result, or polls."""
        drive: Drive[None] = Drive(self, iter([(call, None)]), pace)
        drive.fill()
        return Pending(drive)

    def run(
        self,
        calls: Iterable[tuple[Call[Any], C] | None],
        pace: Pace | None = None,
        *,
        spare: int = 0,
        lane_of: Callable[[C], Pace | None] | None = None,
        before_each: Callable[[C], None] | None = None,
    ) -> Iterator[Finished[C]]:
        """Make many calls, at most `max_in_flight` at once less `spare`, and yield each as it ends, in no order.

        `calls` is pulled only as fast as calls are sent; None from it says 'nothing now', and it is asked again a little later.
        `lane_of` gives the pace of a call's own prefix from its context; it is slowed instead of `pace` when S3 asks for less.
        `before_each` is given a call's context right before each sending, the repeated ones too; what it raises stops the sending.
        An error of one call is in its Finished; an error that `calls`, `permit` or signing raises stops the sending and is raised
        after everything under way has been yielded.
        """
        drive = Drive(self, iter(calls), pace, spare, lane_of, before_each)
        while (ended := drive.next()) is not None:
            yield ended
        if drive.failure is not None:
            raise drive.failure

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _mend(self, signed_with: SignedWith, answer: Answer, code: str) -> bool:
        """True where the same call, signed anew, may be let in: with fresh credentials, or with a corrected clock."""
        signer = self._signer
        with self._mending:
            if code in ENDED_CODES:
                if self._renewed != signed_with.identity:
                    self._renewed = signed_with.identity
                    self._tell("the credentials ended; looking for fresh ones")
                    self._renew()
                    signer.ask_again()
                return True
            if not self._correct_clock or answer.status not in (400, 403):
                return False
            if signer.skew_seconds != signed_with.skew_seconds:
                return True
            ahead = ahead_seconds(answer, signer.off_by)
            if abs(ahead) < (SKEW_SECONDS if code != SKEWED_CODE else 1.0):
                return False
            signer.skew_seconds += ahead
            self._tell(
                f"this machine's clock is {abs(ahead) / 60:.0f} minutes {'slow' if ahead > 0 else 'fast'}; requests go by S3's: set the clock right"
            )
            return True

    def _tell_silence(self, call: Call[Any], waited: float, tries: int, now: float) -> None:
        """Say that this call still waits for its answer, unless something like it was said a moment ago."""
        if now - self._silence_told < 4 * self._silent:
            return
        self._silence_told = now
        where = f"{call.bucket}/{call.key}".rstrip("/")
        self._tell(
            f"no answer to {call.operation} on {where} for {waited:.0f} s: try {tries} of {self._max_retries + 1}, "
            f"each ends after {self._deadline:.0f} s"
        )

    def _take_place(self, most: int) -> bool:
        with self._places:
            if self._in_flight < most:
                self._in_flight += 1
                return True
        if self._adrift:
            self._give_up_adrift()
        return False

    def _set_adrift(self, exchange: Exchange, deadline: float) -> None:
        # Called when an object dies, so perhaps in the middle of anything: no lock is taken here.
        self._adrift.append((deadline, exchange))
        if len(self._adrift) > self.max_in_flight:
            self._still_adrift()

    def _still_adrift(self) -> list[tuple[float, Exchange]]:
        """Those that have not ended; the others are forgotten, and with them what they hold."""
        found = []
        while self._adrift:
            with suppress(IndexError):  # another thread may take the last one
                found.append(self._adrift.popleft())
        under_way = [one for one in found if not one[1].over]
        self._adrift.extend(under_way)
        return under_way

    def _give_up_adrift(self) -> None:
        """End those that are past their deadlines: each gives back its place."""
        now = self.monotonic()
        for deadline, exchange in self._still_adrift():
            if deadline <= now:
                exchange.give_up()

    def _give_back_place(self) -> None:
        with self._places:
            self._in_flight -= 1


class Pending(Generic[T]):
    """A call under way. Who forgets it asks no more, and it ends at its deadline."""

    def __init__(self, drive: Drive[None]) -> None:
        self._drive = drive
        self._ended: Finished[None] | None = None

    def __del__(self) -> None:
        self._drive.leave()

    def poll(self) -> bool:
        """True once `result` will not wait. Sends what is due to be asked again."""
        if self._ended is None:
            self._ended = self._drive.poll()
        return self._ended is not None or self._drive.failure is not None

    def result(self) -> T:
        """Wait for the answer. Raises what the call raises."""
        if self._ended is None:
            self._ended = self._drive.next()
        if self._ended is None:
            raise self._drive.failure or RuntimeError("the call ended without a result")
        if self._ended.error is not None:
            raise self._ended.error
        return cast(T, self._ended.result)
