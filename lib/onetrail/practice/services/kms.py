"""KMS where moto would lie: which key policies it takes.

Source: KMS API Reference, PutKeyPolicy and CreateKey (32 KB; every principal must exist; the caller must be able to
change the policy later, unless the call waives that check, and an Allow with a condition does not count for it). A
statement without action or resource is taken and has no effect.
"""

import json
from typing import Any

from onetrail.iam import Policies, Request, evaluate, statements
from onetrail.iam.document import PolicyError
from onetrail.iam.limits import LIMITS, DocumentKind
from onetrail.practice.calls import ServiceCall, ServiceError
from onetrail.practice.s3.policy import principals_missing
from onetrail.practice.state.world import World

_ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_WAIVER = "BypassPolicyLockoutSafetyCheck"


def check_key_policy(world: World, call: ServiceCall) -> None:
    """Refuses a key policy that KMS does not take; a key made without one gets KMS's own."""
    text = call.parameters.get("Policy")
    if text is None:
        return
    if len(str(text).encode()) > LIMITS[DocumentKind.KEY].most:
        raise ServiceError(
            "LimitExceededException", f"A key policy takes {LIMITS[DocumentKind.KEY].most} bytes at most"
        )
    document = _parsed(str(text))
    for statement in statements(document):
        if principals_missing(world, statement.get("Principal", "*")):
            raise _malformed("Policy contains a statement with one or more invalid principals.")
    if not call.parameters.get(_WAIVER) and not _can_change_it_later(call, document):
        raise _malformed("The new key policy will not allow you to update the key policy in the future.")


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
        statements(document)
    except (ValueError, AttributeError, PolicyError) as err:
        raise _malformed(f"The key policy cannot be read: {err}") from err
    return dict(document)


def _malformed(message: str) -> ServiceError:
    return ServiceError("MalformedPolicyDocumentException", message)


def _can_change_it_later(call: ServiceCall, document: dict[str, Any]) -> bool:
    acting = [s for s in statements(document) if "Action" in s or "NotAction" in s]
    firm = [s for s in acting if s.get("Effect") == "Deny" or not s.get("Condition")]
    request = Request(
        call.principal, "kms:PutKeyPolicy", f"arn:aws:kms:{call.region}:{call.account}:key/this", call.account
    )
    policies = Policies(identity=(_ANYTHING,), resource={**document, "Statement": firm})
    return evaluate(request, policies).allowed


CHECKS = {
    ("kms", "CreateKey"): check_key_policy,
    ("kms", "PutKeyPolicy"): check_key_policy,
}
"""(service, operation) -> a look at the call before moto gets it."""
