"""The log of every request that came through the door, for tests that count calls."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Logged:
    """One request."""

    account: str
    arn: str
    region: str
    service: str
    operation: str
    mutating: bool
    status: int
    request_id: str
    resource: str


class RequestLog:
    """Keeps the newest requests, at most `keep`. They are numbered from 1 since the estate began."""

    def __init__(self, keep: int = 400_000) -> None:
        self._keep, self._first, self._entries = keep, 1, list[Logged]()

    def add(self, request: Logged) -> None:
        """Append one request."""
        self._entries.append(request)
        if len(self._entries) > 2 * self._keep:
            self._first += self._keep
            del self._entries[: self._keep]

    def since(self, n: int) -> dict[str, Any]:
        """`next` to ask from the next time, and the requests from number `n` on, each with its number as `n`."""
        skipped = max(0, n - self._first)
        numbered = enumerate(self._entries[skipped:], start=self._first + skipped)
        requests = [{"n": number, **asdict(entry)} for number, entry in numbered]
        return {"next": self._first + len(self._entries), "requests": requests}

    def after(self, n: int) -> tuple[int, list[Logged]]:
        """The number to ask from the next time, and the requests from number `n` on; all that are kept where `n` lies
        before a clearing."""
        end = self._first + len(self._entries)
        return end, self._entries[max(0, n - self._first) :] if n <= end else []

    def clear(self) -> None:
        """Forget all."""
        self._first, self._entries = 1, []


@dataclass
class AccessLogBacklog:
    """Server access logs that are not delivered yet."""

    next: int = 1
    """Number of the first request that was not read."""
    waiting: dict[str, list[str]] = field(default_factory=dict)
    """Bucket that is logged -> its lines."""
