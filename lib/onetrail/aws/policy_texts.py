"""The calls that put, replace or remove a policy document, and how the text that AWS holds is read as it is.

S3, KMS and Organizations hand the text over as it is. IAM sends it URL-encoded, and botocore makes a dict of it: so the text is taken
out of the answer before that. What stands after a change is the text that was sent: settings of buckets and of IAM take a while to
be seen everywhere, and reading back at once may show the old one.
Source: the API references of S3, IAM, KMS and Organizations; Amazon S3 and IAM User Guides, eventual consistency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import unquote

from onetrail.aws.look import look_for
from onetrail.looked import Absent, Look

if TYPE_CHECKING:
    from botocore.model import OperationModel

_IAM_TEXT: Final = "PolicyText"
"""Where the text of an IAM policy stands in the answer's metadata."""


class _Read(NamedTuple):
    """`names` are the change's parameters that the reading takes too, `path` leads to the text in the answer, `absent` are the codes
    that mean "there is none"."""

    method: str
    names: tuple[str, ...]
    path: tuple[str, ...]
    absent: tuple[str, ...]


class _Policy(NamedTuple):
    """`sent` is the parameter that holds the new text, empty where the call removes it; `read` is None where the call makes the thing."""

    sent: str
    read: _Read | None


_BUCKET: Final = _Read(
    "get_bucket_policy",
    ("Bucket", "ExpectedBucketOwner"),
    ("Policy",),
    ("NoSuchBucketPolicy", "NoSuchBucket"),
)
_TRUST: Final = _Read("get_role", ("RoleName",), ("ResponseMetadata", _IAM_TEXT), ("NoSuchEntity",))
_ROLE: Final = _Read(
    "get_role_policy", ("RoleName", "PolicyName"), ("ResponseMetadata", _IAM_TEXT), ("NoSuchEntity",)
)
_KEY: Final = _Read("get_key_policy", ("KeyId", "PolicyName"), ("Policy",), ())
_RAIL: Final = _Read("describe_policy", ("PolicyId",), ("Policy", "Content"), ())

_POLICIES: Final[Mapping[tuple[str, str], _Policy]] = {
    ("s3", "PutBucketPolicy"): _Policy("Policy", _BUCKET),
    ("s3", "DeleteBucketPolicy"): _Policy("", _BUCKET),
    ("s3", "DeleteBucket"): _Policy("", _BUCKET),
    ("iam", "CreateRole"): _Policy("AssumeRolePolicyDocument", _TRUST),
    ("iam", "UpdateAssumeRolePolicy"): _Policy("PolicyDocument", _TRUST),
    ("iam", "DeleteRole"): _Policy("", _TRUST),
    ("iam", "PutRolePolicy"): _Policy("PolicyDocument", _ROLE),
    ("iam", "DeleteRolePolicy"): _Policy("", _ROLE),
    ("kms", "CreateKey"): _Policy("Policy", None),
    ("kms", "PutKeyPolicy"): _Policy("Policy", _KEY),
    ("organizations", "CreatePolicy"): _Policy("Content", None),
    ("organizations", "UpdatePolicy"): _Policy("Content", _RAIL),
}
"""Every such call that a plan can hold. Attaching and detaching name a policy and hold no text."""

_IAM_ANSWERS: Final = {"GetRole": ("Role", "AssumeRolePolicyDocument"), "GetRolePolicy": ("PolicyDocument",)}


def touches_policy(service: str, call: str) -> bool:
    """True for a call that puts, replaces or removes a policy document."""
    return (service, call) in _POLICIES


def text_now(client: Any, service: str, call: str, parameters: Mapping[str, Any]) -> Look[str]:
    """The text that the call is about to replace or remove, as AWS holds it."""
    read = _POLICIES[service, call].read
    if read is None:
        return Absent("the call makes it")

    def text() -> str:
        found: Any = getattr(client, read.method)(**{name: parameters[name] for name in read.names})
        for part in read.path:
            found = found[part]
        return str(found)

    return look_for(text, read.absent)


def text_after(service: str, call: str, parameters: Mapping[str, Any]) -> str | None:
    """The text that the call puts; None where it removes it."""
    sent = _POLICIES[service, call].sent
    return str(parameters[sent]) if sent else None


def keep_iam_text(parsed: Any, model: OperationModel, **_: Any) -> None:
    """Takes the text of a policy out of an answer of IAM before botocore makes a dict of it; to be called first."""
    found = parsed
    for part in _IAM_ANSWERS.get(model.name, ()):
        found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        parsed["ResponseMetadata"][_IAM_TEXT] = unquote(found)
