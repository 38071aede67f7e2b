"""What was given to open the gate, and what the record keeps of an approval."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from onetrail.errors import WrongUse

ANY: Final = "any"
"""Approves every plan, on the practice estate only."""
_BARE_ID: Final = re.compile(r"[0-9a-f]{12}")


class PlanRefused(WrongUse):
    """Something was approved, but not this plan as it is now."""


class Showing(NamedTuple):
    """The first showing that counts: its instant, and the ARN of the planner; empty where the record does not say
    it."""

    at: datetime
    by: str = ""

    def until(self, hours: int) -> datetime:
        """The last instant at which the plan can be approved."""
        return self.at + timedelta(hours=hours)


class ApprovalWay(StrEnum):
    """How an approval was given: the plan's id typed at the gate, the id as a parameter, or `any`."""

    TYPED = "typed"
    PARAMETER = "parameter"
    ANY = "any"


@dataclass(frozen=True)
class ApprovalTerms:
    """What is given in addition to the id, and what the parameters ask of an approval.

    `confirm` repeats what a plan destroys, `ticket` is free text for the record, `typed` says that a person typed the
    id at the gate, `hours` is how long after its first showing a plan can be approved, and with `second_person` another
    person approves each plan too. `shown` is the showing at the gate at which it was typed, for a plan of which the
    record has none.
    """

    confirm: str = ""
    ticket: str = ""
    typed: bool = False
    hours: int = 168
    second_person: bool = False
    shown: Showing | None = None


@dataclass(frozen=True)
class Opening:
    """An approval that opened the gate. `by` is the ARN of the identity that gave it, `planned_at` and `planned_by` are
    those of the first showing; empty where unknown. `observed_again` counts the settings that were read again,
    `second` is what is kept of the second person's approval."""

    way: ApprovalWay
    by: str = ""
    planned_at: str = ""
    planned_by: str = ""
    ticket: str = ""
    confirmed: str = ""
    observed_again: int = 0
    second: Mapping[str, str] = field(default_factory=dict)

    def recorded(self) -> dict[str, Any]:
        """For the record's line of the plan; what is empty is left out."""
        said = {
            "approved_as": self.way.value,
            "approved_by": self.by,
            "planned_at": self.planned_at,
            "planned_by": self.planned_by,
            "ticket": self.ticket,
            "confirmed": self.confirmed,
            "observed_again": self.observed_again,
            "second": dict(self.second),
        }
        return {name: value for name, value in said.items() if value}


def near_id(word: str) -> str:
    """The plan id that was meant where only its `p-` is missing; else empty."""
    return f"p-{word}" if _BARE_ID.fullmatch(word) else ""
