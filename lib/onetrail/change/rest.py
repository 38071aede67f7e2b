"""What is left of an approved plan whose process died: the closings of what it opened, as the record has them.

They belong to the plan that was approved, so they are sent under its id and need no approval of their own. That the
record's lines are those of that plan is known by the id, which is a hash of them.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onetrail.change.close import Holds, close_what_is_open
from onetrail.change.gate import Gate
from onetrail.change.interrupt import ended_by_signals
from onetrail.change.named_check import RequiredCheck
from onetrail.change.plan import Change
from onetrail.change.send import Done, Sending
from onetrail.change.values import canonical_json
from onetrail.errors import OnetrailError

Closing = Callable[[Mapping[str, Any], str, bool], Change | None]
"""Makes a closing of what the record's line says, its resource, and whether the step must close something of the plan
itself.

None where it then takes the step too."""


class NotAsApproved(OnetrailError):
    """The changes that the record has of a plan are not those that its id stands for."""


@dataclass(frozen=True)
class RemainingClosings:
    """The closings of a plan that are not done. `id` is that of the plan, `accounts` those it is about, `changes` in
    the plan's order.

    `left` are keys of closings that cannot be made from the record: they take the step itself.
    """

    step: str
    id: str
    accounts: tuple[str, ...]
    changes: tuple[Change, ...]
    left: tuple[str, ...] = ()


def rest_of(
    line: Mapping[str, Any],
    estate: str,
    accounts: tuple[str, ...],
    opened: Mapping[str, str],
    closing: Closing,
) -> RemainingClosings:
    """The closings of these openings, from the record's line of the plan. `opened` maps the key of each opening to its
    resource.

    `closing` makes each of them a change again.

    Raises NotAsApproved where the line is not of the plan that its id names.
    """
    if line["plan"] not in _ids(line, estate, accounts):
        raise NotAsApproved(
            f"the record's plan {line['plan']} is not what its id stands for: nothing is closed on its word; "
            f"run step {line['step']}: it closes what AWS shows open"
        )
    closings = [one for one in line["changes"] if one["closes"] in opened]
    by_step = any(one.get("bulk") for one in closings)
    made_again = [
        closing(one, opened[one["closes"]], by_step) for one in closings if not one.get("bulk") and _checkable(one)
    ]
    changes = [change for change in made_again if change is not None]
    made = {one.key for one in changes}
    left = tuple(one["key"] for one in closings if one["key"] not in made)
    return RemainingClosings(line["step"], line["plan"], accounts, tuple(changes), left)


def close_rest(rest: RemainingClosings, gate: Gate, unmet: Holds) -> tuple[Done, ...]:
    """Send these closings, recorded like every other change. Raises what failed, once each was tried."""
    sending = Sending(rest, gate, None)
    sending.sent |= {change.closes for change in rest.changes}
    with ended_by_signals(gate.say):
        close_what_is_open(sending, unmet)
    return tuple(sending.done)


def _ids(line: Mapping[str, Any], estate: str, accounts: tuple[str, ...]) -> Iterator[str]:
    """What these changes are called as a plan; the first releases did not hash the keys."""
    keyless = [{name: value for name, value in one.items() if name != "key"} for one in line["changes"]]
    for meanings in (line["changes"], keyless):
        hashed = canonical_json([line["step"], estate, sorted(accounts), meanings])
        yield f"p-{hashlib.sha256(hashed.encode()).hexdigest()[:12]}"


def _checkable(said: Mapping[str, Any]) -> bool:
    """Whether what the closing waits for is a check that this version knows."""
    try:
        return not said["requires"] or bool(RequiredCheck.read(said["requires"]))
    except ValueError:
        return False
