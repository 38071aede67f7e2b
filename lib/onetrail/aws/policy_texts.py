"""How the text of a policy that AWS holds is read as it is.

S3, KMS and Organizations hand the text over as it is. IAM sends it URL-encoded, and botocore makes a dict of it: so the
text is taken out of the answer before that.
Source: the API references of S3, IAM, KMS and Organizations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from onetrail.aws.look import look_for
from onetrail.looked import Absent, Look
from onetrail.policies.calls import IAM_TEXT, POLICY_CALLS

if TYPE_CHECKING:
    from botocore.model import OperationModel


_IAM_ANSWERS: Final = {"GetRole": ("Role", "AssumeRolePolicyDocument"), "GetRolePolicy": ("PolicyDocument",)}


def text_now(client: Any, service: str, call: str, parameters: Mapping[str, Any]) -> Look[str]:
    """The text that the call is about to replace or remove, as AWS holds it."""
    read = POLICY_CALLS[service, call].read
    if read is None:
        return Absent("the call makes it")

    def text() -> str:
        found: Any = getattr(client, read.method)(**{name: parameters[name] for name in read.names})
        for part in read.path:
            found = found[part]
        return str(found)

    return look_for(text, read.absent)


def keep_iam_text(parsed: Any, model: OperationModel, **_: Any) -> None:
    """Takes the text of a policy out of an answer of IAM before botocore makes a dict of it; to be called first."""
    found = parsed
    for part in _IAM_ANSWERS.get(model.name, ()):
        found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        parsed["ResponseMetadata"][IAM_TEXT] = unquote(found)
