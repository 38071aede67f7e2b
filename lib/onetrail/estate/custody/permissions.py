"""Each temporary permission of the record, from the change that opened it to the change that took it back. Pure.

The policy of a bucket or key counts as closed by the first later one there that holds none of the statements that
opened it, whichever plan sent it; a role, or a role's policy, by its deletion; jobs by the change that cancels what is
left of them.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from onetrail import iam
from onetrail.change import canonical_json
from onetrail.estate.custody.sent import ChangeEnding, Sent

_POLICY = ("PutBucketPolicy", "DeleteBucketPolicy", "PutKeyPolicy")
_UNDONE_BY = {"PutRolePolicy": "DeleteRolePolicy", "CreateJob": "UpdateJobStatus"}
"""What ends an opening that is no policy of a bucket or key; any other is a role, which is deleted."""


@dataclass(frozen=True)
class Permission:
    """`lets` is what it let, in the words of the plan; `until` the instant from which it refuses by itself, empty where
    it has none.

    `closed` is None where the record shows no end.
    """

    opened: Sent
    closed: Sent | None
    until: str = ""

    @property
    def what(self) -> str:
        """The bucket or role it stands on."""
        return self.opened.resource

    @property
    def lets(self) -> str:
        """What it let."""
        return self.opened.reason

    @property
    def seconds(self) -> int | None:
        """How long it was open by the clock of the record; None while it is open."""
        if self.closed is None:
            return None
        start = self.opened.ended_at or self.opened.at
        return int((_moment(self.closed.ended_at) - _moment(start)).total_seconds())


def permissions(temporary: Collection[tuple[str, str]], sent: Sequence[Sent]) -> tuple[Permission, ...]:
    """In the order of opening. `temporary` holds (plan, key) of each change that its plan undoes."""
    found = []
    for place, opening in enumerate(sent):
        if (opening.plan, opening.key) in temporary and opening.may_have_happened:
            added = _added(opening)
            closing = next((one for one in sent[place + 1 :] if _closes(one, opening, added)), None)
            found.append(Permission(opening, closing, _until(added)))
    return tuple(found)


def _closes(one: Sent, opening: Sent, added: frozenset[str]) -> bool:
    if one.ended is not ChangeEnding.DONE or (one.account, one.service, one.resource) != (
        opening.account,
        opening.service,
        opening.resource,
    ):
        return False
    if opening.call in _POLICY:
        put = _policy(one.parameters) if one.call.startswith("Put") else None
        return one.call == "DeleteBucketPolicy" or (put is not None and not added & _statements(put))
    return one.call == _UNDONE_BY.get(opening.call, "DeleteRole")


def _added(opening: Sent) -> frozenset[str]:
    """The statements that the opening put there and that were not there before."""
    before = opening.before if isinstance(opening.before, Mapping) else None
    return _statements(_policy(opening.parameters)) - _statements(before)


def _policy(parameters: Mapping[str, Any]) -> Mapping[str, Any] | None:
    said = parameters.get("Policy", parameters.get("PolicyDocument"))
    try:
        read = json.loads(said) if isinstance(said, str) else said
    except ValueError:
        return None
    return read if isinstance(read, Mapping) else None


def _statements(policy: Mapping[str, Any] | None) -> frozenset[str]:
    return frozenset(canonical_json(one) for one in iam.statements(policy)) if policy else frozenset()


def _until(added: Collection[str]) -> str:
    """The latest instant that a condition on the current time names."""
    instants = [
        str(value)
        for statement in added
        for operator, keys in json.loads(statement).get("Condition", {}).items()
        if operator.startswith("Date")
        for name, value in keys.items()
        if name == "aws:CurrentTime"
    ]
    return max(instants, default="")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
