"""A lean S3 client for plain synchronous code: many requests in flight, one thread of its own, little work for each."""

import random  # noqa: TID251 - spreads retries in time, touches no output
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, Self, TypeVar, cast

from onetrail.s3.http.calls import S3Call
from onetrail.s3.http.channel import Channel, Limits, Permit, Silence
from onetrail.s3.http.drive import Drive, Finished
from onetrail.s3.http.in_flight import InFlight
from onetrail.s3.http.pace import Backoff, Pace
from onetrail.s3.http.renewal import Renewal
from onetrail.s3.http.sign import Credentials, Signer
from onetrail.s3.http.transport import Transport

T = TypeVar("T")
C = TypeVar("C")


class S3Client:
    """S3 in one region, with one identity. Several threads may use it at once; they share `max_in_flight`.

    `endpoint_url` None means AWS itself. `credentials` is asked at each signature, so that sessions may be renewed
    under way. `resolve` gives a bucket's URL, for endpoints that one URL cannot name. `permit` is asked before each
    call and raises to refuse. `deadline_seconds` bounds each try, `connect_seconds` its connection, `max_retries` the
    tries after the first. `proxies` and `ca_bundle` as Transport takes them. `renew` makes the session look for fresh
    credentials, once S3 says that the old ones ended; a clock that is off is corrected from S3's unless `correct_clock`
    says no, and `tell` gets a line about either, and about a call that has had no answer for `silent_seconds`, again
    every four times as long. `transport` sends instead of one of its own, which `connect_seconds`, `ca_bundle` and
    `proxies` are for.

    Errors are botocore's ClientError, NoAnswer when no answer ever came (NotTrusted where TLS failed), and
    CredentialsEnded.
    """

    def __init__(  # noqa: PLR0913 - each is one fact of the connection, given by name and once for each client
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
        transport: Transport | None = None,
    ) -> None:
        self.region = region
        self.max_in_flight = max_in_flight
        self.monotonic = monotonic
        limits = Limits(max_in_flight, deadline_seconds, max_retries, backoff or Backoff(), silent_seconds)
        signer = Signer(region, endpoint_url, credentials, partition, monotonic, resolve=resolve)
        self._channel = Channel(
            permit,
            signer,
            Transport(min(connect_seconds, deadline_seconds), ca_bundle, proxies) if transport is None else transport,
            limits,
            InFlight(max_in_flight, monotonic),
            Renewal(signer, renew, correct_clock, tell),
            Silence(limits, tell),
            monotonic,
            jitter,
        )

    def do(self, call: S3Call[T]) -> T:
        """Make one call and return its result."""
        return self.start(call).result()

    def start(self, call: S3Call[T], pace: Pace | None = None) -> "Pending[T]":
        """Send a call now and fetch its result later; retries happen while somebody waits for the result, or polls."""
        drive: Drive[None] = Drive(self._channel, iter([(call, None)]), pace)
        drive.fill()
        return Pending(drive)

    def run(
        self,
        calls: Iterable[tuple[S3Call[Any], C] | None],
        pace: Pace | None = None,
        *,
        spare: int = 0,
        lane_of: Callable[[C], Pace | None] | None = None,
        before_each: Callable[[C], None] | None = None,
    ) -> Iterator[Finished[C]]:
        """Make many calls, at most `max_in_flight` at once less `spare`, and yield each as it ends, in no order.

        `calls` is pulled only as fast as calls are sent; None from it says 'nothing now', and it is asked again a
        little later. `lane_of` gives the pace of a call's own prefix from its context; it is slowed instead of `pace`
        when S3 asks for less. `before_each` is given a call's context right before each sending, the repeated ones too;
        what it raises stops the sending. An error of one call is in its Finished; an error that `calls`, `permit` or
        signing raises stops the sending and is raised after everything under way has been yielded.
        """
        drive = Drive(self._channel, iter(calls), pace, spare, lane_of, before_each)
        while (ended := drive.next()) is not None:
            yield ended
        if drive.failure is not None:
            raise drive.failure

    def close(self) -> None:
        """Close the connections."""
        self._channel.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
