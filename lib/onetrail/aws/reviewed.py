"""The settings that a plan reviewed: which of the answers that its step read are about what the plan changes, and what
of them is compared when they are read again.

Settings alone: no listing of objects, no roles by the thousand, nothing that changes by itself. Of aliases, those
that lead to a key which the plan names.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from onetrail.aws.remembered import Answer, Key
from onetrail.change import Change

SETTINGS: Final = frozenset(
    {
        ("account", "GetAlternateContact"),
        ("cloudtrail", "DescribeTrails"),
        ("cloudtrail", "GetEventSelectors"),
        ("cloudtrail", "GetInsightSelectors"),
        ("cloudtrail", "GetTrailStatus"),
        ("iam", "GetRole"),
        ("iam", "GetRolePolicy"),
        ("iam", "ListAttachedRolePolicies"),
        ("iam", "ListRolePolicies"),
        ("kms", "DescribeKey"),
        ("kms", "GetKeyPolicy"),
        ("kms", "GetKeyRotationStatus"),
        ("kms", "ListAliases"),
        ("organizations", "DescribePolicy"),
        ("organizations", "ListTargetsForPolicy"),
        ("s3", "GetBucketAcl"),
        ("s3", "GetBucketEncryption"),
        ("s3", "GetBucketLifecycleConfiguration"),
        ("s3", "GetBucketLogging"),
        ("s3", "GetBucketNotificationConfiguration"),
        ("s3", "GetBucketOwnershipControls"),
        ("s3", "GetBucketPolicy"),
        ("s3", "GetBucketReplication"),
        ("s3", "GetBucketRequestPayment"),
        ("s3", "GetBucketTagging"),
        ("s3", "GetBucketVersioning"),
        ("s3", "GetObjectLockConfiguration"),
        ("s3", "GetPublicAccessBlock"),
        ("s3", "HeadBucket"),
        ("s3control", "GetPublicAccessBlock"),
    }
)
"""The reading calls of steps whose answer is a setting, by service."""
_NAMED_BY: Final = ("AccountId", "Bucket", "KeyId", "Name", "PolicyId", "RoleName", "TrailName")
"""Parameters that name what a call is about."""
_OF_ALL: Final = (("account", "GetAlternateContact"), ("cloudtrail", "DescribeTrails"))
_KEY_OF: Final = frozenset({"KMSMasterKeyID", "KmsKeyId", "KeyId", "SSEKMSKeyId", "TargetKeyId"})
"""Parameters that name a KMS key, however deep they stand."""
"""Calls that name nothing: their answer is about the whole account, or the whole region of one."""


def reviewed_by(changes: Iterable[Change], kept: Mapping[Key, Answer]) -> dict[Key, Answer]:
    """The answers that are about what these changes change."""
    changes = tuple(changes)
    touched = {(change.account, name) for change in changes for name in _names(change)}
    buckets = {name for change in changes if change.service == "s3" for name in _names(change)}
    keys = {name for change in changes for name in _keys(change)}
    services = {(change.service, change.account) for change in changes}

    def is_about(key: Key, answer: Answer) -> bool:
        service, account, _, _, call, _ = key
        if (service, call) not in SETTINGS:
            return False
        if (service, call) in _OF_ALL:
            return (service, account) in services
        if call == "ListAliases":
            return any(_aliases(answer.parsed, keys))
        if call == "DescribeKey" and keys & _called(answer.parsed):
            return True
        if service == "s3" and answer.asked.get("Bucket") in buckets:
            return True  # its name is its own in every account, and the source of a copy is in another
        return any((account, answer.asked.get(name)) in touched for name in _NAMED_BY)

    return {key: answer for key, answer in kept.items() if is_about(key, answer)}


def difference(changes: Iterable[Change], key: Key, was: Answer, now: Answer | None, why: str = "") -> str:
    """What of a setting is not as it was reviewed, in words; empty where it is. `now` is None where AWS gave no answer
    that says what is there, for the reason in `why`."""
    names = {name for change in changes for name in (*_names(change), *_keys(change))}
    if now and _compared(key[4], was, names) == _compared(key[4], now, names):
        return ""
    service, account, region, _, call, _ = key
    subject = next((f" of {was.asked[name]}" for name in _NAMED_BY if name in was.asked), f" in {region}")
    what = "answers differently now" if now else f"cannot be read now: {why}"
    return f"{service}:{call}{subject} in account {account} {what}"


def _names(change: Change) -> set[str]:
    """What the change calls the thing that it changes; of a rule, the buckets that it fixes."""
    fixed = change.bulk.fixed if change.bulk else {}
    named = [
        *(change.parameters.get(name) for name in _NAMED_BY),
        fixed.get("Bucket"),
        fixed.get("CopySource.Bucket"),
        change.resource,
        change.resource.rpartition(":::")[2],
    ]
    return {name for name in named if isinstance(name, str) and name}


def _keys(change: Change) -> set[str]:
    """The KMS keys that the change names, by ARN and by id."""
    found = {name for name in _under(_KEY_OF, [change.parameters, change.bulk.fixed if change.bulk else {}]) if name}
    return found | {name.rpartition(":key/")[2] for name in found}


def _under(wanted: frozenset[str], value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            if name in wanted and isinstance(item, str):
                yield item
            else:
                yield from _under(wanted, item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _under(wanted, item)


def _called(parsed: Mapping[str, Any]) -> set[str]:
    """What the key is called that an answer describes: what was asked for may be an alias of it."""
    said = parsed.get("KeyMetadata", {})
    return {str(said[name]) for name in ("Arn", "KeyId") if name in said}


def _aliases(parsed: Mapping[str, Any], keys: Collection[str]) -> list[Mapping[str, Any]]:
    """The aliases that lead to these keys."""
    return [one for one in parsed.get("Aliases", []) if one.get("TargetKeyId") in keys]


def _compared(call: str, answer: Answer, names: set[str]) -> Any:
    """The part of an answer that nothing but a change of the setting changes."""
    parsed = {name: value for name, value in answer.parsed.items() if name != "ResponseMetadata"}
    if "Error" in parsed:
        return {"absent": parsed["Error"].get("Code", "")}
    if call == "ListAliases":
        found = _aliases(parsed, names)
        return sorted((str(one.get("AliasName")), str(one.get("TargetKeyId"))) for one in found)
    if call == "GetTrailStatus":
        return {"IsLogging": parsed.get("IsLogging")}
    if call == "DescribeTrails":
        trails = parsed.get("trailList", [])
        return [one for one in trails if {one.get("Name"), one.get("TrailARN")} & names]
    if call == "GetRole":
        return {name: value for name, value in parsed.get("Role", {}).items() if name != "RoleLastUsed"}
    return parsed
