"""A closing as the record's line of its plan has it, made a change that can be sent again."""

from collections.abc import Mapping
from typing import Any, Final

from onetrail.change import Change, Document, RequiredCheck
from onetrail.policies.calls import PUT_BACK_BY
from onetrail.policies.restore import Restores

_TEXTS: Final = ("Policy", "PolicyDocument", "AssumeRolePolicyDocument")
"""Parameters that AWS takes as text and that a plan holds as a document."""


def closing_of(said: Mapping[str, Any], resource: str, by_step: bool) -> Change | None:
    """The change; None for a role of a plan that closes something else `by_step`: what is not closed yet may still need
    its role."""
    if by_step and said["service"] == "iam":
        return None
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
        requires=RequiredCheck.read(said["requires"]) if said["requires"] else None,
        actor=said["actor"],
        closes=said["closes"],
        restores=_restores(said["service"], restores) if restores else None,
    )


def _sent(name: str, value: Any) -> Any:
    return Document(value) if name in _TEXTS and isinstance(value, Mapping) else value


def _restores(service: str, said: Mapping[str, Any]) -> Restores:
    puts_by, removes_by = PUT_BACK_BY[service]
    return Restores(frozenset(said["ours"]), tuple(said["puts"]), puts_by, removes_by)
