"""IAM actions and resource ARNs of calls other than S3's (Service Authorization Reference)."""

from collections.abc import Mapping
from typing import Any, Final

from onetrail.practice.moto.backends import iam_backend

_PREFIX: Final = {"monitoring": "cloudwatch", "events": "events", "s3": "s3", "api.pricing": "pricing"}
_RENAMED: Final = {
    "s3:GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
    "s3:PutPublicAccessBlock": "s3:PutAccountPublicAccessBlock",
    "s3:DeletePublicAccessBlock": "s3:PutAccountPublicAccessBlock",
}
FREE: Final = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken", "sts:DecodeAuthorizationMessage"})
"""Calls that need no permission."""

_READS: Final = (
    "Get",
    "List",
    "Describe",
    "Lookup",
    "Head",
    "Search",
    "Simulate",
    "Generate",
    "BatchGet",
    "Query",
    "Filter",
    "Test",
    "Validate",
    "Decrypt",
    "Encrypt",
    "ReEncrypt",
    "Verify",
    "Check",
    "Assume",
    "Lookup",
    "Preview",
)


def action_of(service: str, operation: str) -> str:
    """`cloudtrail:CreateTrail` and the like."""
    action = f"{_PREFIX.get(service, service)}:{operation}"
    return _RENAMED.get(action, action)


def changes(operation: str) -> bool:
    """Whether the call changes anything that lasts."""
    return not operation.startswith(_READS)


def resource_of(
    service: str, operation: str, parameters: Mapping[str, Any], account: str, region: str, caller: str
) -> str:
    """The ARN that policies are asked about; `*` for calls that have none."""
    find = _FINDERS.get(service)
    return find(operation, parameters, account, region, caller) if find else "*"


def iam_keys(given: Mapping[str, Any]) -> dict[str, Any]:
    """Condition keys of IAM's own calls: the policy, the boundary and the tags that are in the request."""
    found: dict[str, Any] = {}
    for member, key in (("PolicyArn", "iam:PolicyARN"), ("PermissionsBoundary", "iam:PermissionsBoundary")):
        if given.get(member):
            found[key] = str(given[member])
    tags = _tags(given)
    if tags:
        found |= {f"aws:RequestTag/{name}": value for name, value in tags.items()} | {"aws:TagKeys": tuple(tags)}
    return found


def _tags(given: Mapping[str, Any]) -> dict[str, str]:
    """`Tags.member.N.Key` and `.Value` of the query protocol."""
    found, number = {}, 1
    while f"Tags.member.{number}.Key" in given:
        name = str(given[f"Tags.member.{number}.Key"])
        found[name] = str(given.get(f"Tags.member.{number}.Value", ""))
        number += 1
    return found


def _iam(operation: str, given: Mapping[str, Any], account: str, region: str, caller: str) -> str:
    backend = iam_backend(account)
    if given.get("RoleName"):
        name = str(given["RoleName"])
        held = next((role for role in backend.roles.values() if role.name == name), None)
        return held.arn if held else f"arn:aws:iam::{account}:role{given.get('Path', '/')}{name}"
    if given.get("PolicyArn"):
        return str(given["PolicyArn"])
    if given.get("UserName"):
        name = str(given["UserName"])
        user = backend.users.get(name)
        return user.arn if user else f"arn:aws:iam::{account}:user{given.get('Path', '/')}{name}"
    if given.get("GroupName"):
        return f"arn:aws:iam::{account}:group{given.get('Path', '/')}{given['GroupName']}"
    if operation == "CreatePolicy":
        return f"arn:aws:iam::{account}:policy{given.get('Path', '/')}{given.get('PolicyName', '')}"
    if operation in ("GetUser", "CreateAccessKey", "ListAccessKeys", "ChangePassword") and ":user/" in caller:
        return caller
    return "*"


def _sts(operation: str, given: Mapping[str, Any], account: str, region: str, caller: str) -> str:
    return str(given.get("RoleArn") or "*")


def _cloudtrail(operation: str, given: Mapping[str, Any], account: str, region: str, caller: str) -> str:
    name = given.get("Name") or given.get("TrailName") or given.get("ResourceId")
    if not name or not isinstance(name, str):
        return "*"
    return name if name.startswith("arn:") else f"arn:aws:cloudtrail:{region}:{account}:trail/{name}"


def _kms(operation: str, given: Mapping[str, Any], account: str, region: str, caller: str) -> str:
    key = str(given.get("KeyId") or given.get("TargetKeyId") or "")
    if not key:
        return "*"
    if key.startswith("arn:"):
        return key
    return f"arn:aws:kms:{region}:{account}:{key if key.startswith('alias/') else 'key/' + key}"


def _sns(operation: str, given: Mapping[str, Any], account: str, region: str, caller: str) -> str:
    if operation == "CreateTopic":
        return f"arn:aws:sns:{region}:{account}:{given.get('Name', '')}"
    return str(given.get("TopicArn") or given.get("ResourceArn") or "*")


def _logs(operation: str, given: Mapping[str, Any], account: str, region: str, caller: str) -> str:
    name = given.get("logGroupName")
    return f"arn:aws:logs:{region}:{account}:log-group:{name}:*" if name else "*"


def _events(operation: str, given: Mapping[str, Any], account: str, region: str, caller: str) -> str:
    name = given.get("Rule") or (given.get("Name") if "Rule" in operation else "")
    return f"arn:aws:events:{region}:{account}:rule/{name}" if name else "*"


def _s3control(operation: str, given: Mapping[str, Any], account: str, region: str, caller: str) -> str:
    job = given.get("id") if "Job" in operation else None
    return f"arn:aws:s3:{region}:{account}:job/{job}" if job else "*"


_FINDERS: Final = {
    "cloudtrail": _cloudtrail,
    "events": _events,
    "iam": _iam,
    "kms": _kms,
    "logs": _logs,
    "s3": _s3control,
    "sns": _sns,
    "sts": _sts,
}
