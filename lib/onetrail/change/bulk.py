"""Bulk rules: one reviewed change that stands for many calls about single objects, and the bounds that each of those
calls must keep.

A rule is a value: all of it but `estimate` is hashed into the plan's id, and the guard compares each call with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class BulkAction(StrEnum):
    """What carrying out a bulk rule does. Doers match this, never a change's key or its words."""

    RESTORE = "restore"
    PILOT = "pilot"
    COPY = "copy"
    SEAL = "seal"
    RECEIPT = "receipt"
    SEAL_HEAD = "seal head"
    DELETE = "delete"
    MANIFESTS = "manifests"
    MAKE_JOBS = "make jobs"
    CONFIRM_JOBS = "confirm jobs"
    CANCEL_JOBS = "cancel jobs"


class Bound(Protocol):
    """What each call under a rule must keep, beside the rule's fixed parameters."""

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        """Whether a call with these parameters keeps it."""
        ...

    def meaning(self) -> list[Any]:
        """The bound in plain values, as it is hashed."""
        ...


@dataclass(frozen=True)
class Below:
    """The part begins with one of these prefixes."""

    part: str
    prefixes: tuple[str, ...]

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        value = part_of(parameters, self.part)
        return isinstance(value, str) and value.startswith(self.prefixes)

    def meaning(self) -> list[Any]:
        return ["below", self.part, list(self.prefixes)]


@dataclass(frozen=True)
class OneOf:
    """The part is one of these values; None among them lets it be absent."""

    part: str
    values: tuple[Any, ...]

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        return part_of(parameters, self.part) in self.values

    def meaning(self) -> list[Any]:
        return ["one of", self.part, list(self.values)]


@dataclass(frozen=True)
class Stated:
    """At least one of the parts is stated, and not empty."""

    parts: tuple[str, ...]

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        return any(part_of(parameters, part) for part in self.parts)

    def meaning(self) -> list[Any]:
        return ["stated", list(self.parts)]


@dataclass(frozen=True)
class Only:
    """The call, or the `part` of it, carries these parameters and no other one: what a rule does not name it does not
    let through."""

    names: tuple[str, ...]
    part: str = ""

    def holds(self, parameters: Mapping[str, Any]) -> bool:
        said = part_of(parameters, self.part) if self.part else parameters
        return isinstance(said, Mapping) and all(
            name in self.names for name, value in said.items() if value is not None
        )

    def meaning(self) -> list[Any]:
        return ["only", *([self.part] if self.part else []), list(self.names)]


@dataclass(frozen=True)
class Bulk:
    """A rule over one resource that stands for many calls about single objects.

    `calls` are operations; `fixed` are the parameters every single call must carry, a part of one by a dotted name,
    `bounds` what else each must keep.
    `rule` says in plain values which objects are meant; `listing` is the hash of the exact listing, for deletions: the
    guard then lets through only what `Guard.listed` was given. `named` is the part of a call whose value must be one
    that `Guard.named` was given, for what has no name yet when the plan is made. `scope` tells rules of one deed apart.
    `estimate` (objects, bytes, price) is shown, never hashed.
    """

    deed: BulkAction
    calls: tuple[str, ...]
    fixed: Mapping[str, Any]
    rule: Mapping[str, Any]
    listing: str = ""
    estimate: Mapping[str, Any] = field(default_factory=dict)
    bounds: tuple[Bound, ...] = ()
    scope: str = ""
    named: str = ""

    def meaning(self) -> list[Any]:
        """All that approval covers."""
        bounds = [bound.meaning() for bound in self.bounds]
        said = [self.deed.value, self.scope, self.calls, self.fixed, self.rule, self.listing, bounds]
        return [*said, self.named] if self.named else said

    def permits(self, operation: str, parameters: Mapping[str, Any]) -> bool:
        """Whether one call is within the rule; for each object asked once, so plain loops, the cheapest."""
        if operation not in self.calls:
            return False
        for name, value in self.fixed.items():
            if part_of(parameters, name) != value:
                return False
        for bound in self.bounds:
            if not bound.holds(parameters):
                return False
        return True


def part_of(parameters: Mapping[str, Any], name: str) -> Any:
    """A parameter by name, or a part of one by a dotted name; None where there is none."""
    if "." not in name:
        return parameters.get(name)
    found: Any = parameters
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found
