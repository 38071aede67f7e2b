"""The guard: the one function through which every mutating call of every transport passes.

It knows which calls only read, and lets any other call through only while an approved change is open for exactly that
call. A bulk rule lets through what keeps to its fixed parameters and bounds; one that binds a listing, only the
objects of that listing, in its order; one that binds names, only calls about those that it was given.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from onetrail.change.bulk import part_of
from onetrail.change.interrupt import heed
from onetrail.change.plan import Change
from onetrail.change.values import canonical_json
from onetrail.errors import WrongUse

T = TypeVar("T")


@dataclass(frozen=True)
class RequestShapes:
    """What the guard knows of requests: a table that those give who send them.

    `reading` are the beginnings of operations that change nothing, `reading_too` others that do not either, by service.
    `texts` reads the parts of parameters that may also be written as one text. `objects` is where a call lists the
    objects that it is about, and `object_parts` where key, ETag and version are in each. Without a table every call
    counts as changing something.
    """

    reading: tuple[str, ...] = ()
    reading_too: frozenset[tuple[str, str]] = frozenset()
    texts: Mapping[str, Callable[[str], Mapping[str, Any]]] = field(default_factory=dict)
    objects: str = ""
    object_parts: tuple[str, str, str] = ("", "", "")

    def only_reads(self, service: str, operation: str) -> bool:
        """True for calls that change nothing. Unknown calls count as changing something."""
        return operation.startswith(self.reading) or (service, operation) in self.reading_too

    def by_parts(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters with each text that has parts as these parts, as bounds read them."""
        for name, read in self.texts.items():
            text = parameters.get(name)
            if isinstance(text, str):
                parameters = {**parameters, name: read(text)}
        return parameters

    def listed(self, parameters: Mapping[str, Any]) -> list[tuple[Any, Any, Any]]:
        """Key, ETag and version of each object that the call is about, the version `""` where none is named."""
        key, etag, version = self.object_parts
        return [(one.get(key), one.get(etag), one.get(version, "")) for one in part_of(parameters, self.objects) or ()]


class GateClosed(WrongUse):
    """A call that would change something was about to be sent without an approved plan that holds it."""


@dataclass(frozen=True)
class _Open:
    change: Change
    parameters: Mapping[str, Any]


class _Listed:
    """The reviewed listing of one rule, gone through once, in its order."""

    def __init__(self, rows: Iterable[tuple[str, str, str]]) -> None:
        self._rows = iter(rows)
        self._lock = threading.Lock()

    def hold(self, asked: Sequence[tuple[str, str, str]]) -> bool:
        """Whether each object that the call names is still to come in the listing, with that ETag and that version."""
        with self._lock:
            return bool(asked) and all(one in self._rows for one in asked)


class Guard:
    """Holds which change is open now; shared by all clients and threads of one process."""

    def __init__(self, shapes: RequestShapes) -> None:
        self._shapes = shapes
        self._open: list[_Open] = []
        self._listed: dict[int, _Listed] = {}
        self._named: dict[int, frozenset[str]] = {}
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

    def listed(self, change: Change, rows: Iterable[tuple[str, str, str]]) -> AbstractContextManager[None]:
        """While inside, the open rule lets through calls about these objects alone: key, ETag, and version, `""` where
        none may be named.

        Calls must name them in the order of `rows`, which is read once, as calls come. Without this a rule that binds a
        listing lets nothing through.
        """
        return self._given(self._listed, change, _Listed(rows))

    def named(self, change: Change, names: Iterable[str]) -> AbstractContextManager[None]:
        """While inside, the open rule lets through calls about what has one of these names alone.

        Without this a rule that binds names lets nothing through.
        """
        return self._given(self._named, change, frozenset(names))

    @contextmanager
    def _given(self, among: dict[int, T], change: Change, what: T) -> Iterator[None]:
        """While inside, the rule has what its calls are held against."""
        with self._lock:
            among[id(change)] = what
        try:
            yield
        finally:
            with self._lock:
                del among[id(change)]

    def check(
        self,
        account: str,
        service: str,
        operation: str,
        parameters: Mapping[str, Any],
        *,
        region: str = "",
        actor: str | None = None,
    ) -> None:
        """Raise GateClosed unless the call only reads or is what an open change says; Stopped once a stop was asked
        for.

        `region` and `actor` are those of the client that would send it, where it has them: then they must be the
        change's own.
        """
        if self._shapes.only_reads(service, operation):
            return
        heed()
        with self._lock:
            held = tuple(self._open)
        if not any(
            _sent_by(item.change, account, service, region, actor) and self._matches(item, operation, parameters)
            for item in held
        ):
            raise GateClosed(
                f"{service}:{operation} in account {account} was not sent: no approved plan holds this call; "
                "review the plan and set approve to its id"
            )

    def _matches(self, held: _Open, operation: str, parameters: Mapping[str, Any]) -> bool:
        change = held.change
        if change.bulk is None:
            return change.call == operation and canonical_json(held.parameters) == canonical_json(parameters)
        parameters = self._shapes.by_parts(parameters)
        if not change.bulk.permits(operation, parameters):
            return False
        if change.bulk.named and part_of(parameters, change.bulk.named) not in self._named.get(id(change), ()):
            return False
        if not change.bulk.listing:
            return True
        listed = self._listed.get(id(change))
        return listed is not None and listed.hold(self._shapes.listed(parameters))


def _sent_by(change: Change, account: str, service: str, region: str, actor: str | None) -> bool:
    """Whether the client is the one that the change names."""
    if (change.account, change.service) != (account, service):
        return False
    return (not region or change.region in ("", region)) and actor in (None, change.actor)
