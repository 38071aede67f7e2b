"""How many calls of one client are under way, and those among them that nobody waits for any more."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from onetrail.s3.http.transport import Exchange


class InFlight:
    """The places of a client's calls. A call that is abandoned holds its place until it ends, at its deadline at the
    latest."""

    def __init__(self, most: int, monotonic: Callable[[], float]) -> None:
        self._most = most
        self._monotonic = monotonic
        self._taken = 0
        self._abandoned: deque[tuple[float, Exchange]] = deque()
        """With their deadlines."""
        self._lock = threading.Lock()

    def take(self, most: int) -> bool:
        """True where fewer than `most` are taken: then one more is."""
        with self._lock:
            if self._taken < most:
                self._taken += 1
                return True
        if self._abandoned:
            self._give_up_abandoned()
        return False

    def give_back(self) -> None:
        """A call ended."""
        with self._lock:
            self._taken -= 1

    def abandon(self, exchange: Exchange, deadline: float) -> None:
        """Nobody waits for this one any more."""
        # Called when an object dies, so perhaps in the middle of anything: no lock is taken here.
        self._abandoned.append((deadline, exchange))
        if len(self._abandoned) > self._most:
            self._still_under_way()

    def _still_under_way(self) -> list[tuple[float, Exchange]]:
        """The abandoned that have not ended; the others are forgotten, and with them what they hold."""
        found = []
        while self._abandoned:
            with suppress(IndexError):  # another thread may take the last one
                found.append(self._abandoned.popleft())
        under_way = [one for one in found if not one[1].over]
        self._abandoned.extend(under_way)
        return under_way

    def _give_up_abandoned(self) -> None:
        """End those that are past their deadlines: each gives back its place."""
        now = self._monotonic()
        for deadline, exchange in self._still_under_way():
            if deadline <= now:
                exchange.give_up()
