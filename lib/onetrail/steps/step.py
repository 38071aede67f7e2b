"""What a step is: a package whose functions a notebook calls one after the other.

The package itself is the step, and no object beside it: a notebook says `from onetrail.steps import copy_history as
step` and calls what mypy has checked. `onetrail.steps` names all nine for that check.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from onetrail.aws import Clients
    from onetrail.change import Finding, Gate, Outcome, Plan
    from onetrail.estate.old_estate import OldEstate
    from onetrail.estate.status import Status
    from onetrail.settings import Settings

_O = TypeVar("_O")


@dataclass(frozen=True)
class About:
    """What is known of a step without importing it.

    `number` is `05`, `name` that of its package; `changes` says what its `apply` changes. `after` are the numbers of
    the steps that must be done before it proposes anything. A step that `looks_only` proposes nothing and may be run at
    any time.
    """

    number: str
    name: str
    title: str
    changes: str
    after: tuple[str, ...] = ()
    looks_only: bool = True

    @property
    def notebook(self) -> str:
        """`05_copy_history`."""
        return f"{self.number}_{self.name}"


class Step(Protocol[_O]):
    """A step's package, over its own kind of observation."""

    @property
    def ABOUT(self) -> About:
        """Its row in the registry."""

    def observe(self, settings: "Settings", clients: "Clients", /) -> _O:
        """Everything the step rests on, read from AWS; changes nothing."""

    def propose(self, settings: "Settings", observation: _O, /) -> "Plan":
        """What would be changed; reads nothing."""

    def apply(self, plan: "Plan", gate: "Gate", clients: "Clients", /) -> "Outcome":
        """Send the plan if it was approved, and nothing else; a step that only looks notes in the record that it was
        run."""

    def check(self, settings: "Settings", observation: _O, /) -> "list[Finding]":
        """What the observation says of every promise of the step; reads nothing."""


class ChangingStep(Step[_O], Protocol[_O]):
    """A step that changes something on AWS, and so is done or not. One that only looks has no such state: files never
    mark a step as done."""

    def done(
        self,
        settings: "Settings",
        clients: "Clients",
        estate: "OldEstate | None" = None,
        before: "Mapping[str, Status] | None" = None,
        /,
    ) -> "Status":
        """How far the step is, as AWS shows it. `estate` and `before` are what the caller has read and asked in this
        same look."""
