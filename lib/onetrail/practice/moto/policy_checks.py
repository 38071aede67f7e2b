"""moto's own look at policy documents: unique Sids, actions with a vendor, resources that are ARNs."""

from moto.iam.exceptions import MalformedPolicyDocument
from moto.iam.policy_validation import IAMPolicyDocumentValidator, IAMTrustPolicyDocumentValidator


def identity_policy_fault(text: str) -> str:
    """What moto finds wrong with an identity policy; empty where it is fine."""
    return _fault(IAMPolicyDocumentValidator(text))


def trust_policy_fault(text: str) -> str:
    """What moto finds wrong with a trust policy; empty where it is fine."""
    return _fault(IAMTrustPolicyDocumentValidator(text))


def _fault(validator: IAMPolicyDocumentValidator | IAMTrustPolicyDocumentValidator) -> str:
    try:
        validator.validate()
    except MalformedPolicyDocument as err:
        return str(err.message)
    return ""
