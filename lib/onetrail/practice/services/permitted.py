"""May a call to a service other than S3 pass: identity policies, trust policies, key policies, SCPs."""

from collections.abc import Mapping
from typing import Any

from onetrail.iam import PolicyDecision
from onetrail.practice.calls import ServiceCall, ServiceError
from onetrail.practice.iam import actions
from onetrail.practice.iam.authorize import Authorizer, decoded
from onetrail.practice.iam.refusals import because
from onetrail.practice.iam.requester import Requester
from onetrail.practice.moto.backends import kms_key
from onetrail.practice.s3.batch.requests import condition_keys

_NOTHING = {"Version": "2012-10-17", "Statement": ()}


def authorise(
    authorizer: Authorizer,
    call: ServiceCall,
    requester: Requester,
    base: Mapping[str, Any],
    resource: str,
    *,
    json_protocol: bool,
) -> None:
    """Raises ServiceError with the code the service uses when the caller may not do this."""
    action = actions.action_of(call.service, call.operation)
    if action in actions.FREE:
        return
    context = dict(base)
    owner, policy = call.account, None
    trust = action == "sts:AssumeRole"
    if trust:
        known = resource.count(":") == 5
        policy = (authorizer.role_trust(resource) if known else None) or _NOTHING
        owner = resource.split(":")[4] if known else ""
        if call.parameters.get("ExternalId"):
            context["sts:ExternalId"] = str(call.parameters["ExternalId"])
        context["sts:RoleSessionName"] = str(call.parameters.get("RoleSessionName", ""))
    elif call.service == "kms":
        policy, owner = _key_policy(call, resource)
    elif call.service == "s3":
        context |= condition_keys(call)
    elif call.service == "iam":
        context |= actions.iam_keys(call.parameters)
    decision = authorizer.decide(requester, action, resource, owner, context, resource_policy=policy, trust=trust)
    if not decision.allowed:
        raise _denied(call, action, resource, decision, json_protocol)


def _key_policy(call: ServiceCall, resource: str) -> tuple[Mapping[str, Any], str]:
    """The key's policy and account; calls about no key are the account's own affair."""
    key = kms_key(resource) if resource != "*" else None
    if key is not None:
        return decoded(key.policy), key.account_id
    own = {"Effect": "Allow", "Principal": {"AWS": call.account}, "Action": "kms:*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [own]}, call.account


def _denied(
    call: ServiceCall, action: str, resource: str, decision: PolicyDecision, json_protocol: bool
) -> ServiceError:
    who = call.principal.session_arn or call.principal.arn
    why = because(action, decision.reason, decision.where)
    message = f"User: {who} is not authorized to perform: {action} on resource: {resource} {why}"
    if call.service == "ec2":
        return ServiceError("UnauthorizedOperation", message, 403)
    if json_protocol:
        return ServiceError("AccessDeniedException", message, 400)
    return ServiceError(
        "AccessDeniedException" if call.service in ("account", "access-analyzer") else "AccessDenied",
        message,
        403,
    )
