"""What an owner added to a role of ours and only narrows it: it is kept, and is no difference.

A condition of an Allow, and a Deny, can only take away; so a trust policy with MFA, a source address or an external id
asked for is as wanted, and more (IAM User Guide, policy evaluation logic).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from onetrail import iam
from onetrail.iam.document import values

Statement = dict[str, Any]
_ASSUME: Final = "sts:AssumeRole"
_ASSUMING: Final = frozenset({_ASSUME, "sts:TagSession", "sts:SetSourceIdentity"})
"""What a statement may allow beside the assuming itself: both only describe the session (STS API Reference)."""
_WHO: Final = frozenset({"aws:principalaccount", "aws:principalarn", "aws:userid", "aws:username"})
"""Condition keys that say who is let in, as its principals do: beside other principals they would let in nobody."""


def trust_with_additions(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The trust policy to put: `found` itself where it lets in exactly whom `wanted` lets in, under at least its
    conditions; else `wanted` with the Denies of `found` and the conditions that all its Allows share, except those
    that say who is let in."""
    allows, denies = _parted(iam.statements(found))
    (ours,) = iam.statements(wanted)
    whom = set(_principals(ours))
    let_in = [set(_principals(one)) for one in allows]
    if (
        all(let_in)
        and set().union(*let_in) == whom
        and all(_only_assumes(one) and _has(one, ours.get("Condition", {})) for one in allows)
    ):
        return dict(found)
    shared = _shared([one.get("Condition", {}) for one in allows])
    condition = _joined(shared, ours.get("Condition", {}))
    mine = {key: value for key, value in ours.items() if key != "Condition"}
    return {
        **wanted,
        "Statement": [{**mine, **({"Condition": condition} if condition else {})}, *_beside(denies, ours)],
    }


def policy_with_additions(found: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The role's own policy to put: `wanted`, with every Deny of `found` that is not in it."""
    asked = iam.statements(wanted)
    ours = [iam.canonical({"Statement": [one]}) for one in asked]
    added = [
        one
        for one in iam.statements(found or {})
        if one.get("Effect") == "Deny" and iam.canonical({"Statement": [one]}) not in ours
    ]
    sids = {one.get("Sid") for one in asked}
    kept = [one for one in added if one.get("Sid") not in sids]
    return {**wanted, "Statement": [*asked, *kept]} if kept else dict(wanted)


def only_denies(document: Mapping[str, Any]) -> bool:
    """Whether a further policy of a role takes away alone."""
    found = iam.statements(document)
    return bool(found) and all(one.get("Effect") == "Deny" for one in found)


def additions(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """The condition keys and the Denies that a trust policy has beyond what is wanted, in words."""
    allows, denies = _parted(iam.statements(found))
    (ours,) = iam.statements(wanted)
    asked = set(_keys(ours.get("Condition", {})))
    more = sorted({key for one in allows for key in _keys(one.get("Condition", {}))} - asked)
    return [*more, *(f"Deny {one.get('Sid', 'without a Sid')}" for one in denies)]


def sessions_described_by(found: Mapping[str, Any]) -> list[str]:
    """The actions beside the assuming that a trust policy allows: a session's tags come before the role's own."""
    allows, _ = _parted(iam.statements(found))
    return sorted({action for one in allows for action in values(one.get("Action", ()))} & _ASSUMING - {_ASSUME})


def _parted(statements: Sequence[Statement]) -> tuple[list[Statement], list[Statement]]:
    return (
        [one for one in statements if one.get("Effect") != "Deny"],
        [one for one in statements if one.get("Effect") == "Deny"],
    )


def _beside(denies: Sequence[Statement], ours: Statement) -> list[Statement]:
    """The Denies so that IAM takes them beside our statement: it refuses a Sid that is there twice, and a document
    that names a principal which was deleted (IAM User Guide, Sid and Principal elements)."""
    living = [_living(one) for one in denies]
    return [
        {key: value for key, value in one.items() if (key, value) != ("Sid", ours.get("Sid"))}
        for one in living
        if one is not None
    ]


def _living(deny: Statement) -> Statement | None:
    """The Deny without its deleted principals; None where it denied them alone."""
    dead = set(iam.dead_principals({"Statement": [deny]}))
    if not dead:
        return deny
    element = "Principal" if "Principal" in deny else "NotPrincipal"
    left = {kind: [one for one in values(named) if one not in dead] for kind, named in deny[element].items()}
    left = {kind: named for kind, named in left.items() if named}
    if left:
        return {**deny, element: left}
    rest = {key: value for key, value in deny.items() if key != "NotPrincipal"}
    return {**rest, "Principal": "*"} if element == "NotPrincipal" else None


def _principals(statement: Mapping[str, Any]) -> tuple[str, ...]:
    """The AWS principals; empty where the statement lets in anything else too."""
    principal = statement.get("Principal")
    if not isinstance(principal, Mapping) or set(principal) != {"AWS"}:
        return ()
    return tuple(values(principal["AWS"]))


def _only_assumes(statement: Mapping[str, Any]) -> bool:
    actions = set(values(statement.get("Action", ())))
    return _ASSUME in actions and actions <= _ASSUMING


def _keys(condition: Mapping[str, Any]) -> list[str]:
    return [key for keys in condition.values() for key in keys]


def _has(statement: Mapping[str, Any], condition: Mapping[str, Any]) -> bool:
    """Whether the statement has every test of `condition`, with the same values."""
    there = statement.get("Condition", {})
    return all(
        set(values(there.get(operator, {}).get(key, ()))) == set(values(wanted))
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _shared(conditions: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The tests that each of these conditions has, with the same values, and that do not say who is let in."""
    if not conditions:
        return {}
    first, *rest = conditions
    found: dict[str, dict[str, Any]] = {}
    for operator, keys in first.items():
        for key, value in keys.items():
            if key.lower() not in _WHO and all(other.get(operator, {}).get(key) == value for other in rest):
                found.setdefault(operator, {})[key] = value
    return found


def _joined(theirs: Mapping[str, Mapping[str, Any]], ours: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Each test once: names of condition keys are compared without regard to case, and ours replaces theirs."""
    taken = {(name, key.lower()) for name, keys in ours.items() for key in keys}
    rest = {
        name: {key: value for key, value in theirs.get(name, {}).items() if (name, key.lower()) not in taken}
        for name in [*ours, *(set(theirs) - set(ours))]
    }
    return {name: {**kept, **ours.get(name, {})} for name, kept in rest.items()}
