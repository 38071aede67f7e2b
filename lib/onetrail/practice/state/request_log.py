"""The log of every request that came through the door, for tests that count calls."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Logged:
    """One request. `n` counts from 1 since the estate began."""

    n: int
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
    """Keeps the newest requests, at most `keep`."""

    def __init__(self, keep: int = 400_000) -> None:
        self._keep, self._first, self._entries = keep, 1, list[Logged]()

    def add(
        self, account: str, arn: str, region: str, service: str, operation: str, mutating: bool, status: int,
        request_id: str, resource: str,
    ) -> None:  # fmt: skip
        """Append one request."""
        n = self._first + len(self._entries)
        self._entries.append(
            Logged(n, account, arn, region, service, operation, mutating, status, request_id, resource)
        )
        if len(self._entries) > 2 * self._keep:
            self._first += self._keep
            del self._entries[: self._keep]

    def since(self, n: int) -> dict[str, Any]:
        """`next` to ask from the next time, and the requests from number `n` on."""
        entries = self._entries[max(0, n - self._first) :] if n >= self._first else self._entries
        return {"next": self._first + len(self._entries), "requests": [asdict(entry) for entry in entries]}

    def after(self, n: int) -> tuple[int, list[Logged]]:
        """The number to ask from the next time, and the requests from number `n` on; all that are kept where `n` lies before a clearing."""
        end = self._first + len(self._entries)
        return end, self._entries[max(0, n - self._first) :] if n <= end else []

    def clear(self) -> None:
        """Forget all."""
        self._first, self._entries = 1, []
