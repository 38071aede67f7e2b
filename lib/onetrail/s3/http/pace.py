"""How fast to ask, and how long to wait before asking again. Pure: the time is an argument."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Full jitter: a random part of a bound that doubles with each attempt, up to `cap_seconds`."""

    base_seconds: float = 0.1
    cap_seconds: float = 20.0

    def delay(self, attempt: int, jitter: float) -> float:
        """Seconds to wait after that attempt (from 1); `jitter` is a random number from 0 to 1."""
        return jitter * min(self.cap_seconds, self.base_seconds * 2.0 ** min(attempt, 30))


class Pace:
    """Requests a second, found by trying: it grows steadily while S3 is content and halves when S3 says SlowDown.

    `most` is the bound somebody set; it starts at half of it, since S3 splits prefixes gradually (S3 User Guide,
    optimizing performance).
    """

    GROWTH_PER_SECOND = 0.05
    """Added each second, as a part of `most`."""
    LEAST = 1.0
    DEAF_SECONDS = 1.0
    """Answers to requests sent before the last slowing count for nothing."""

    def __init__(self, most: float) -> None:
        if most <= 0:
            raise ValueError("a pace must be more than 0 requests per second")
        self.most = most
        self.rate = max(self.LEAST, most / 2)
        self._credit = 1.0
        self._at: float | None = None
        self._slowed_at = float("-inf")

    def wait(self, now: float) -> float:
        """0 when one more request may go now, otherwise seconds until then."""
        if self._at is None:
            self._at = now
        passed = max(0.0, now - self._at)
        self._at = now
        self.rate = min(self.most, self.rate + passed * self.most * self.GROWTH_PER_SECOND)
        # A tenth of a second may be caught up on, so that a coarse timer does not cost throughput.
        self._credit = min(max(1.0, self.rate / 10), self._credit + passed * self.rate)
        return 0.0 if self._credit >= 1 else (1 - self._credit) / self.rate

    def sent(self) -> None:
        """One request went."""
        self._credit -= 1

    def slow_down(self, now: float, jitter: float = 0.5) -> None:
        """S3 asked for less; about halves the rate, once for all answers of the same moment. `jitter` is a number from
        0 to 1."""
        if now - self._slowed_at < self.DEAF_SECONDS:
            return
        self._slowed_at = now
        self.rate = max(self.LEAST, self.rate * (0.4 + 0.2 * jitter))
        self._credit = min(self._credit, 0.0)


PREFIX_MOST = 3500.0
"""Copies a second that S3 takes for one prefix (S3 User Guide, optimizing performance)."""


class Paces:
    """The pace of a run as a whole, if somebody bounded it, and of each destination prefix."""

    LEVELS_BELOW = 4
    """Year, month, day and name are below the folder of an account, kind and region, which is the prefix that is
    paced."""

    def __init__(self, overall: float | None = None, a_prefix: float = PREFIX_MOST) -> None:
        self.overall = Pace(overall) if overall else None
        self._a_prefix = a_prefix
        self._lanes: dict[tuple[str, str], Pace] = {}

    def lane(self, bucket: str, key: str) -> Pace:
        """The pace of the prefix that this key of this bucket is in."""
        where = (bucket, key.rsplit("/", self.LEVELS_BELOW)[0])
        found = self._lanes.get(where)
        if found is None:
            found = self._lanes[where] = Pace(self._a_prefix)
        return found
