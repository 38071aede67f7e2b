"""What all calls of one client share: how they are let through, signed, sent and bounded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from onetrail.s3.http.calls import S3Call
from onetrail.s3.http.in_flight import InFlight
from onetrail.s3.http.pace import Backoff
from onetrail.s3.http.renewal import Renewal
from onetrail.s3.http.sign import Signer
from onetrail.s3.http.transport import Transport

Permit = Callable[[str, str, Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """So many calls at once, so long for each try, so many tries after the first, and so long apart.

    A call that has had no answer for `silent_seconds` is reported.
    """

    max_in_flight: int
    deadline_seconds: float
    max_retries: int
    backoff: Backoff
    silent_seconds: float


SLOW_SECONDS: Final = 10.0
"""As long as S3 asks to slow down, a person hears of it so often."""


class Silence:
    """Says that calls still wait for their answers, or that S3 asks for fewer, not more often than is of use."""

    def __init__(self, limits: Limits, tell: Callable[[str], None]) -> None:
        self._limits = limits
        self._tell = tell
        self._told = self._slowed = float("-inf")

    def slow(self, now: float) -> None:
        """Say that S3 asks to slow down, once in a while however many calls it says that to."""
        if now - self._slowed >= SLOW_SECONDS:
            self._slowed = now
            self._tell("S3 asks to slow down")

    def report(self, call: S3Call[Any], waited: float, tries: int, now: float) -> None:
        """Say that this call still waits, unless a similar line was printed a moment ago."""
        limits = self._limits
        if now - self._told < 4 * limits.silent_seconds:
            return
        self._told = now
        where = f"{call.bucket}/{call.key}".rstrip("/")
        self._tell(
            f"no answer to {call.operation} on {where} for {waited:.0f} s: try {tries} of {limits.max_retries + 1}, "
            f"each ends after {limits.deadline_seconds:.0f} s"
        )


@dataclass(frozen=True, slots=True)
class Channel:
    """The way to S3 of one region and identity, which every run of calls takes; several threads may at once.

    `permit` is asked before each call and raises to refuse. `monotonic` is the time in seconds, `jitter` a random
    number from 0 to 1.
    """

    permit: Permit
    signer: Signer
    transport: Transport
    limits: Limits
    in_flight: InFlight
    renewal: Renewal
    silence: Silence
    monotonic: Callable[[], float]
    jitter: Callable[[], float]
