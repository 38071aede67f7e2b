"""The guard: the one function through which every mutating call of every transport passes.

It knows which calls only read, and lets any other call through only while an approved change stands open for exactly that call.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from onetrail.change.interrupt import heed
from onetrail.change.plan import Change
from onetrail.change.values import canonical_json
from onetrail.errors import WrongUse

_READING = ("Get", "List", "Describe", "Head", "Lookup", "BatchGet", "Simulate", "Search")
_READING_TOO = {
    ("sts", "AssumeRole"),
    ("iam", "GenerateCredentialReport"),
    ("kms", "Verify"),
}


class GateClosed(WrongUse):
    """A call that would change something was about to be sent without an approved plan that holds it."""


@dataclass(frozen=True)
class _Open:
    change: Change
    parameters: Mapping[str, Any]


def only_reads(service: str, operation: str) -> bool:
    """True for calls that change nothing. Unknown calls count as changing something."""
    return operation.startswith(_READING) or (service, operation) in _READING_TOO


class Guard:
    """Holds which change is open now; shared by all clients and threads of one process."""

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._lock = threading.Lock()

    @contextmanager
    def opened(self, change: Change, parameters: Mapping[str, Any]) -> Iterator[None]:
        """While inside, the change's own call (or its bulk calls) may pass."""
        held = _Open(change, parameters)
        with self._lock:
            self._open.append(held)
        try:
            yield
        finally:
            with self._lock:
                self._open.remove(held)

    def check(self, account: str, service: str, operation: str, parameters: Mapping[str, Any]) -> None:
        """Raise GateClosed unless the call only reads or is what an open change says; Stopped once a stop was asked for."""
        if only_reads(service, operation):
            return
        heed()
        with self._lock:
            held = tuple(self._open)
        if not any(_matches(item, account, service, operation, parameters) for item in held):
            raise GateClosed(
                f"{service}:{operation} in account {account} was not sent: no approved plan holds this call; "
                "review the plan and set approve to its id"
            )


def _matches(held: _Open, account: str, service: str, operation: str, parameters: Mapping[str, Any]) -> bool:
    change = held.change
    if (change.account, change.service) != (account, service):
        return False
    if change.bulk is None:
        return change.call == operation and canonical_json(held.parameters) == canonical_json(parameters)
    if operation not in change.bulk.calls:
        return False
    for name, value in change.bulk.fixed.items():  # asked for each object, and a plain loop is the cheapest
        if _part(parameters, name) != value:
            return False
    return True


def _part(parameters: Mapping[str, Any], name: str) -> Any:
    if "." not in name:
        return parameters.get(name)
    if name == "CopySource.Bucket":
        source = parameters.get("CopySource", "")
        return (
            source.get("Bucket") if isinstance(source, Mapping) else str(source).lstrip("/").split("/", 1)[0]
        )
    found: Any = parameters
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
