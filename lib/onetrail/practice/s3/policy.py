"""PutBucketPolicy: what S3 checks before it stores a bucket policy, and GetBucketPolicyStatus.

Source: S3 API Reference, PutBucketPolicy; S3 User Guide, "Bucket policies" (20 KB, without white space); IAM User
Guide, Principal element (a principal that does not exist is refused, and one that was deleted shows as its unique id);
onetrail.iam.fit for what S3 says of actions, resources and condition keys that do not fit together.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from onetrail.iam import PolicyError, parse, reference, statements
from onetrail.iam.document import values
from onetrail.iam.fit import Misfit, misfits
from onetrail.iam.limits import LIMITS, DocumentKind, size
from onetrail.iam.reference import Service
from onetrail.practice import faults
from onetrail.practice.moto.backends import find_role, iam_backend
from onetrail.practice.s3.access import is_public
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.state.account_info import OTHERS
from onetrail.practice.state.buckets import Bucket
from onetrail.practice.state.world import World

_LONGEST_BODY: Final = 1024 * 1024
"""A body that is not worth reading, white space or not."""
_ARN = re.compile(r"arn:aws:(iam|sts)::(\d{12}):(root|(user|role|assumed-role|federated-user)/.+)")


def checked(world: World, bucket: Bucket, body: bytes) -> dict[str, Any]:
    """The policy as a dictionary. Raises MalformedPolicy or PolicyTooLarge-like errors in S3's words."""
    if len(body) > _LONGEST_BODY:
        raise _too_large()
    if not body.lstrip().startswith(b"{"):
        raise S3Error("MalformedPolicy")
    try:
        document = parse(body)
    except PolicyError as err:
        raise S3Error("MalformedPolicy", f"Policy has invalid content: {err}") from err
    found = statements(document)
    if not found:
        raise S3Error("MalformedPolicy", "Could not parse the policy: Statement is empty!")
    sids = [s["Sid"] for s in found if s.get("Sid")]
    if len(sids) != len(set(sids)):
        raise S3Error("MalformedPolicy", "Statement IDs (SID) in a single policy must be unique.")
    for statement in found:
        _check(world, bucket, statement)
    if size(DocumentKind.BUCKET, document) > LIMITS[DocumentKind.BUCKET].most:
        raise _too_large()
    return document


def _too_large() -> S3Error:
    most = LIMITS[DocumentKind.BUCKET].most
    return S3Error("PolicyTooLarge", f"The policy exceeds the maximum allowed document size of {most} bytes")


def _check(world: World, bucket: Bucket, statement: Mapping[str, Any]) -> None:
    if "Principal" not in statement and "NotPrincipal" not in statement:
        raise S3Error("MalformedPolicy", "Missing required field Principal")
    if "Resource" not in statement and "NotResource" not in statement:
        raise S3Error("MalformedPolicy", "Missing required field Resource")
    wrong = next(misfits(statement, _s3_alone), None) if faults.judges_policies(world) else None
    if wrong and wrong.misfit is Misfit.ACTION:
        raise S3Error("MalformedPolicy", wrong.misfit.value)
    for resource in values(statement.get("Resource", statement.get("NotResource"))):
        if resource != bucket.arn and not resource.startswith(bucket.arn + "/") and not _covers(resource, bucket.arn):
            raise S3Error("MalformedPolicy", "Policy has invalid resource")
    for key in ("Principal", "NotPrincipal"):
        if key in statement and principals_missing(world, statement[key]):
            raise S3Error("MalformedPolicy", "Invalid principal in policy")
    if wrong:
        raise S3Error("MalformedPolicy", wrong.misfit.value)


def _s3_alone(prefix: str) -> Service | None:
    """A bucket policy takes actions of S3 and of nothing else."""
    return reference.service("s3") if prefix == "s3" else None


def _covers(resource: str, arn: str) -> bool:
    if not resource.startswith("arn:aws:s3:::"):
        return False
    pattern = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in resource.split("/", 1)[0])
    return ("*" in resource or "?" in resource) and re.fullmatch(pattern, arn) is not None


def principals_missing(world: World, principal: Any) -> list[str]:
    """Principals that AWS would refuse: no such account, role or user, or the unique id of a deleted one."""
    if not isinstance(principal, Mapping):
        return [] if principal == "*" else [str(principal)]
    missing = [name for name in values(principal.get("AWS", ())) if not _exists(world, name)]
    missing += [
        name for name in values(principal.get("Service", ())) if not name.endswith((".amazonaws.com", ".aws.internal"))
    ]
    return missing


def _exists(world: World, name: str) -> bool:
    if name == "*":
        return True
    if re.fullmatch(r"\d{12}", name):
        return name in world.accounts or name in OTHERS
    found = _ARN.fullmatch(name)
    if not found:
        return False
    service, account, what = found[1], found[2], found[3]
    if account not in world.accounts:
        return account in OTHERS
    if what == "root":
        return True
    if service == "sts":
        role = what.split("/")[1]
        return any(r.name == role for r in iam_backend(account).roles.values())
    if what.startswith("role/"):
        return find_role(name) is not None
    return any(user.arn == name for user in iam_backend(account).users.values())


def status(document: Mapping[str, Any] | None) -> bool:
    """Whether the bucket counts as public by its policy."""
    return is_public(document)
