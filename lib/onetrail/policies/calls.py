"""The calls that put, replace or remove a policy document, as a table; `aws.policy_texts` reads by it.

What stands after a change is the text that was sent: settings of buckets and of IAM propagate with a delay, and reading
back at once may show the old one.
Source: the API references of S3, IAM, KMS and Organizations; Amazon S3 and IAM User Guides, eventual consistency.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

PUT_BACK_BY: Final[Mapping[str, tuple[str, str]]] = {
    "s3": ("PutBucketPolicy", "DeleteBucketPolicy"),
    "kms": ("PutKeyPolicy", ""),
}
"""By service: what puts a policy back, and what takes the last of it away; empty where there is always one."""
IAM_TEXT: Final = "PolicyText"
"""Where the answer's metadata holds the text of an IAM policy."""


class PolicyReading(NamedTuple):
    """`names` are the change's parameters that the reading takes too, `path` leads to the text in the answer, `absent`
    are the codes that mean "there is none"."""

    method: str
    names: tuple[str, ...]
    path: tuple[str, ...]
    absent: tuple[str, ...]


class PolicyCall(NamedTuple):
    """`sent` is the parameter that holds the new text, empty where the call removes it; `read` is None where the call
    makes the thing."""

    sent: str
    read: PolicyReading | None


_BUCKET: Final = PolicyReading(
    "get_bucket_policy",
    ("Bucket", "ExpectedBucketOwner"),
    ("Policy",),
    ("NoSuchBucketPolicy", "NoSuchBucket"),
)
_TRUST: Final = PolicyReading("get_role", ("RoleName",), ("ResponseMetadata", IAM_TEXT), ("NoSuchEntity",))
_ROLE: Final = PolicyReading(
    "get_role_policy", ("RoleName", "PolicyName"), ("ResponseMetadata", IAM_TEXT), ("NoSuchEntity",)
)
_KEY: Final = PolicyReading("get_key_policy", ("KeyId", "PolicyName"), ("Policy",), ())
_GUARDRAIL: Final = PolicyReading("describe_policy", ("PolicyId",), ("Policy", "Content"), ())

POLICY_CALLS: Final[Mapping[tuple[str, str], PolicyCall]] = {
    ("s3", "PutBucketPolicy"): PolicyCall("Policy", _BUCKET),
    ("s3", "DeleteBucketPolicy"): PolicyCall("", _BUCKET),
    ("s3", "DeleteBucket"): PolicyCall("", _BUCKET),
    ("iam", "CreateRole"): PolicyCall("AssumeRolePolicyDocument", _TRUST),
    ("iam", "UpdateAssumeRolePolicy"): PolicyCall("PolicyDocument", _TRUST),
    ("iam", "DeleteRole"): PolicyCall("", _TRUST),
    ("iam", "PutRolePolicy"): PolicyCall("PolicyDocument", _ROLE),
    ("iam", "DeleteRolePolicy"): PolicyCall("", _ROLE),
    ("kms", "CreateKey"): PolicyCall("Policy", None),
    ("kms", "PutKeyPolicy"): PolicyCall("Policy", _KEY),
    ("organizations", "CreatePolicy"): PolicyCall("Content", None),
    ("organizations", "UpdatePolicy"): PolicyCall("Content", _GUARDRAIL),
}
"""Every such call that a plan can hold. Attaching and detaching name a policy and hold no text."""


def touches_policy(service: str, call: str) -> bool:
    """True for a call that puts, replaces or removes a policy document."""
    return (service, call) in POLICY_CALLS


def text_after(service: str, call: str, parameters: Mapping[str, Any]) -> str | None:
    """The text that the call puts; None where it removes it."""
    sent = POLICY_CALLS[service, call].sent
    return str(parameters[sent]) if sent else None
