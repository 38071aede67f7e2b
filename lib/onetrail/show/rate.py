"""How fast work goes now, and how long it will still take. Pure: the time is an argument."""

from collections import deque
from typing import Final

WINDOW_SECONDS: Final = 30.0
"""A rate is that of the last half minute: what was slow an hour ago says nothing of the next one."""
_EARLY_SECONDS: Final = 5.0
_EARLY_SHARE: Final = 0.02
"""Before either of them is reached, a time left would be a guess."""
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


class Rate:
    """Counts over time, of which the last half minute is kept."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()
        self._began: tuple[float, int] | None = None

    def add(self, now: float, done: int) -> None:
        """So many were done by now, since the work began."""
        self._began = self._began or (now, done)
        self._samples.append((now, done))
        while len(self._samples) > 2 and self._samples[1][0] <= now - WINDOW_SECONDS:
            self._samples.popleft()

    @property
    def per_second(self) -> float | None:
        """None within the first second, and while nothing is done."""
        if len(self._samples) < 2:
            return None
        (since, before), (now, done) = self._samples[0], self._samples[-1]
        return (done - before) / (now - since) if now - since >= 1 and done > before else None

    def seconds_left(self, left: int, of: int) -> float | None:
        """At the rate of the last half minute; None before five seconds or two percent, and where nothing moves."""
        rate = self.per_second
        if rate is None or self._began is None:
            return None
        (began, at_first), (now, done) = self._began, self._samples[-1]
        early = now - began < _EARLY_SECONDS and done - at_first < _EARLY_SHARE * of
        return None if early else left / rate


def duration(seconds: float) -> str:
    """Two units at most: `1 h 20 min`, `45 s`."""
    left = max(1, round(seconds))
    for at, (size, unit) in enumerate(_UNITS):
        if left >= size:
            first, rest = divmod(left, size)
            if at + 1 == len(_UNITS):
                return f"{first} {unit}"
            below, name = _UNITS[at + 1]
            return f"{first:,} {unit} {rest // below} {name}" if rest // below else f"{first:,} {unit}"
    raise AssertionError("a second is the least")
