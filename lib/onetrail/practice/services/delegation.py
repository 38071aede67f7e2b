"""The organization's resource policy, by which the management account delegates policies to a member.

Source: Organizations API Reference, PutResourcePolicy; Organizations User Guide, "Delegated administrator for AWS
Organizations".
"""

from collections.abc import Mapping
from typing import Any, Final

from onetrail.iam import Policies, PolicyError, Request, evaluate, parse
from onetrail.practice.calls import ServiceAnswer, ServiceCall, ServiceError
from onetrail.practice.state.world import World

_SETTING: Final = "organization's resource policy"
_EVERYTHING: Final[Mapping[str, Any]] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "organizations:*", "Resource": "*"}],
}


def allows(world: World, call: ServiceCall) -> bool:
    """Whether the policy delegates this call to its caller's account."""
    text = _held(world).get(_SETTING)
    if not text:
        return False
    asked = Request(call.principal, f"organizations:{call.operation}", "*", world.management_account)
    return evaluate(asked, Policies(identity=(_EVERYTHING,), resource=parse(text))).allowed


def delegate_policies(world: World, text: str) -> None:
    """Put the policy in place, as the management account does."""
    world.account_settings.setdefault(world.management_account, {})[_SETTING] = text


def _held(world: World) -> dict[str, Any]:
    return world.account_settings.get(world.management_account, {})


def _checked(world: World, call: ServiceCall) -> None:
    if call.account != world.management_account:
        raise ServiceError("AccessDeniedException", "You don't have permissions to access this resource.")


def _put(world: World, call: ServiceCall) -> ServiceAnswer:
    _checked(world, call)
    text = str(call.parameters.get("Content", ""))
    try:
        parse(text)
    except PolicyError as err:
        raise ServiceError("MalformedPolicyDocumentException", str(err)) from err
    delegate_policies(world, text)
    return ServiceAnswer(200, {"ResourcePolicy": _described(world)})


def _describe(world: World, call: ServiceCall) -> ServiceAnswer:
    if call.account != world.management_account and not allows(world, call):
        raise ServiceError("AccessDeniedException", "You don't have permissions to access this resource.")
    if _SETTING not in _held(world):
        raise ServiceError("ResourcePolicyNotFoundException", "The organization has no resource policy.")
    return ServiceAnswer(200, {"ResourcePolicy": _described(world)})


def _delete(world: World, call: ServiceCall) -> ServiceAnswer:
    _checked(world, call)
    if _held(world).pop(_SETTING, None) is None:
        raise ServiceError("ResourcePolicyNotFoundException", "The organization has no resource policy.")
    return ServiceAnswer(200, {})


def _described(world: World) -> dict[str, Any]:
    owner = f"arn:aws:organizations::{world.management_account}"
    arn = f"{owner}:resourcepolicy/{world.organization_id}/rp-practice01"
    return {"ResourcePolicySummary": {"Id": "rp-practice01", "Arn": arn}, "Content": _held(world)[_SETTING]}


CORRECTIONS: Final = {
    ("organizations", "PutResourcePolicy"): _put,
    ("organizations", "DescribeResourcePolicy"): _describe,
    ("organizations", "DeleteResourcePolicy"): _delete,
}
