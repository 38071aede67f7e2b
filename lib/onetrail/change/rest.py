"""What is left of an approved plan whose process died: the closings of what it opened, as they stand in the record.

They belong to the plan that was approved, so they are sent under its id and need no approval of their own. That the record's lines are
those of that plan is known by the id, which is a hash of them.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from onetrail.change.close import Holds, close_what_is_open
from onetrail.change.gate import Gate
from onetrail.change.interrupt import ended_by_signals
from onetrail.change.named_check import Check, CheckKind
from onetrail.change.plan import Change
from onetrail.change.restore import Restores
from onetrail.change.send import Done, Sending
from onetrail.change.values import Document, canonical_json
from onetrail.errors import OnetrailError

_TEXTS: Final = ("Policy", "PolicyDocument", "AssumeRolePolicyDocument")
"""Parameters that AWS takes as text and that a plan holds as a document."""
_POLICY_CALLS: Final[Mapping[str, tuple[str, str]]] = {
    "s3": ("PutBucketPolicy", "DeleteBucketPolicy"),
    "kms": ("PutKeyPolicy", ""),
}
"""By service: what puts a policy back, and what takes the last of it away."""


class NotAsApproved(OnetrailError):
    """The changes that the record has of a plan are not those that its id stands for."""


@dataclass(frozen=True)
class Rest:
    """The closings of a plan that are not done. `id` is that of the plan, `accounts` those it is about, `changes` in the plan's order.

    `left` are keys of closings that cannot be made from the record: they take the step itself.
    """

    step: str
    id: str
    accounts: tuple[str, ...]
    changes: tuple[Change, ...]
    left: tuple[str, ...] = ()


def rest_of(
    line: Mapping[str, Any], estate: str, accounts: tuple[str, ...], opened: Mapping[str, str]
) -> Rest:
    """The closings of these openings, from the record's line of the plan. `opened` maps the key of each opening to its resource.

    Raises NotAsApproved where the line is not of the plan that its id names.
    """
    if line["plan"] not in _ids(line, estate, accounts):
        raise NotAsApproved(
            f"the record's plan {line['plan']} is not what its id stands for: nothing is closed on its word; "
            f"run step {line['step']}: it closes what AWS shows open"
        )
    closings = [one for one in line["changes"] if one["closes"] in opened]
    by_step = any(one.get("bulk") for one in closings)
    changes = [
        _closing(one, opened[one["closes"]])
        for one in closings
        if not one.get("bulk") and not (by_step and one["service"] == "iam") and _checkable(one)
    ]
    made = {one.key for one in changes}
    left = tuple(one["key"] for one in closings if one["key"] not in made)
    return Rest(line["step"], line["plan"], accounts, tuple(changes), left)


def close_rest(rest: Rest, gate: Gate, unmet: Holds) -> tuple[Done, ...]:
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
    return not said["requires"] or said["requires"].partition(":")[0] in list(CheckKind)


def _closing(said: Mapping[str, Any], resource: str) -> Change:
    restores = said.get("restores")
    return Change(
        key=said["key"],
        account=said["account"],
        region=said["region"],
        service=said["service"],
        call=said["call"],
        parameters={name: _sent(name, value) for name, value in said["parameters"].items()},
        resource=resource,
        before=said["before"],
        reason="what the plan opened is closed by the process that was left",
        undo="nothing to undo",
        requires=Check.read(said["requires"]) if said["requires"] else None,
        actor=said["actor"],
        closes=said["closes"],
        restores=_restores(said["service"], restores) if restores else None,
    )


def _sent(name: str, value: Any) -> Any:
    return Document(value) if name in _TEXTS and isinstance(value, Mapping) else value


def _restores(service: str, said: Mapping[str, Any]) -> Restores:
    puts_by, removes_by = _POLICY_CALLS[service]
    return Restores(frozenset(said["ours"]), tuple(said["puts"]), puts_by, removes_by)
