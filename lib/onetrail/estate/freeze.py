"""Freezing an old bucket: its lifecycle rules disabled, all but reads and deliveries refused, its dead principals out
of the policy."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from onetrail import iam, names
from onetrail.change import Change, Document, Reversible, StatedEffect, plain
from onetrail.estate.old_estate import OldBucket
from onetrail.iam import document as policy_document
from onetrail.iam.build import Writers, old_bucket_frozen
from onetrail.iam.builders.old_bucket_policy import DELIVERIES
from onetrail.iam.limits import DocumentKind, size, too_large
from onetrail.iam.match import arn_like, like
from onetrail.looked import Unread, known

_MOVING: Final = (
    "Expiration",
    "NoncurrentVersionExpiration",
    "NoncurrentVersionTransitions",
    "NoncurrentVersionTransition",
    "Transition",
    "Transitions",
)
"""What a lifecycle rule does to objects; a rule that only aborts uploads is left alone."""
OUR_RULES: Final = "onetrail-"
"""Lifecycle rules that onetrail makes have an ID that starts with this: retirement's own rules are not frozen again."""
_ACCOUNT: Final = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::root)?")
_NAMED: Final = re.compile(r"arn:[^:]+:(?:iam|sts)::\d{12}:(?:role|user|assumed-role)/[^*]+")
_SESSION: Final = re.compile(r"arn:([^:]+):sts::(\d{12}):assumed-role/([^/]+)/.+")

_DEAD_FOR_GOOD: Final = "Deleted principals are removed from a policy, and AWS takes no policy that names them again"


def live_rules(bucket: OldBucket) -> list[str]:
    """IDs of the enabled rules that delete or move objects, in order; of rules that could not be read nothing is
    said."""
    return [str(rule.get("ID") or "(no ID)") for rule in _rules(bucket) if _lives(rule)]


def held_policy(partition: str, bucket: OldBucket, administrators: tuple[str, ...]) -> dict[str, Any]:
    """The bucket's policy without dead principals and with our freeze, exempt `administrators` and the principals that
    put objects by that policy."""
    living = without_dead_principals(known(bucket.policy))
    writers = writers_of(living, bucket.account)
    return iam.with_statements(living, old_bucket_frozen(partition, bucket.name, administrators, writers))


def frozen_for_others(bucket: OldBucket, owner: str) -> tuple[str, ...]:
    """Whom the freeze spares, where it does not spare `owner`: it can then change neither the policy nor a setting of
    the bucket."""
    if owner.endswith(":root"):
        return ()  # S3 lets root of the account change the policy whatever it says
    for statement in iam.statements(known(bucket.policy) or {}):
        if statement.get("Sid") == names.SID_HOLD_STILL and "NotAction" in statement:
            said = statement.get("Condition", {})
            spared = said.get("ArnNotEquals", said.get("ArnNotLike", {})).get("aws:PrincipalArn", ())
            arns = policy_document.values(spared)
            return () if any(arn_like(arn, owner) for arn in arns) else arns
    return ()


def writers_of(policy: Mapping[str, Any] | None, account: str) -> Writers:
    """Whom the policy lets put objects, apart from services. The bucket's own account as a whole is nobody: its roles
    are not named by that."""
    named = [
        name
        for statement in iam.statements(policy or {})
        if statement.get("Effect") == "Allow" and _puts(statement)
        for name in _principals(statement)
    ]
    roots = {found[1] for name in named if (found := _ACCOUNT.fullmatch(name))}
    arns = {_role_of(name) for name in named if _NAMED.fullmatch(name)}
    unnamed = any(not _ACCOUNT.fullmatch(name) and not _NAMED.fullmatch(name) for name in named)
    return Writers(tuple(sorted(arns)), tuple(sorted(roots - {account})), unnamed)


def _puts(statement: Mapping[str, Any]) -> bool:
    ours = str(statement.get("Sid", "")).startswith(names.SID_PREFIX)
    if "NotAction" in statement:
        left_out = policy_document.values(statement["NotAction"])
        return not ours and any(not _matches(action, left_out) for action in DELIVERIES)
    listed = policy_document.values(statement.get("Action", ()))
    return not ours and any(_matches(action, listed) for action in DELIVERIES)


def _matches(action: str, patterns: Iterable[str]) -> bool:
    return any(like(pattern.lower(), action.lower()) for pattern in patterns)


def _principals(statement: Mapping[str, Any]) -> list[str]:
    """The principals that are no service; everybody, whom a NotPrincipal lets in too, is `*`."""
    principal = statement.get("Principal", "*")
    if "NotPrincipal" in statement or not isinstance(principal, Mapping):
        return ["*"]
    return [name for kind, value in principal.items() if kind != "Service" for name in policy_document.values(value)]


def _role_of(arn: str) -> str:
    """The ARN that `aws:PrincipalArn` shows: of a session it is its role's."""
    found = _SESSION.fullmatch(arn)
    return f"arn:{found[1]}:iam::{found[2]}:role/{found[3]}" if found else arn


def without_dead_principals(policy: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The policy without ids of deleted principals; a statement that named nobody else goes with them.

    What a NotPrincipal names stays: to take a name out there would widen the Deny. None when no statement is left.
    """
    if policy is None:
        return None
    dead = set(iam.dead_principals(policy))
    kept = [s for s in (_living(statement, dead) for statement in iam.statements(policy)) if s]
    return {**policy, "Statement": kept} if kept else None


def unmendable(bucket: OldBucket) -> list[str]:
    """Dead ids that cannot be taken out by us, because a NotPrincipal names them."""
    rest = without_dead_principals(known(bucket.policy))
    return iam.dead_principals(rest) if rest else []


def bucket_changes(partition: str, bucket: OldBucket, administrators: tuple[str, ...]) -> list[Change]:
    """At most two changes: the lifecycle configuration frozen, and the policy; nothing for an emptied, closed
    bucket. The first of `administrators` is who works in the account."""
    if bucket.emptied or frozen_for_others(bucket, administrators[0]):
        return []
    changes: list[Change] = []
    if live_rules(bucket):
        changes.append(_frozen(partition, bucket))
    if not isinstance(bucket.policy, Unread) and not unmendable(bucket):
        wanted = held_policy(partition, bucket, administrators)
        if not too_large(DocumentKind.BUCKET, size(DocumentKind.BUCKET, wanted)) and iam.canonical(
            wanted
        ) != iam.canonical(bucket.policy):
            changes.append(_held(partition, bucket, wanted))
    return changes


def _rules(bucket: OldBucket) -> list[Mapping[str, Any]]:
    return list((known(bucket.lifecycle) or {}).get("Rules", []))


def _lives(rule: Mapping[str, Any]) -> bool:
    ours = str(rule.get("ID", "")).startswith(OUR_RULES)
    return rule.get("Status") == "Enabled" and not ours and any(rule.get(part) for part in _MOVING)


def _living(statement: dict[str, Any], dead: set[str]) -> dict[str, Any] | None:
    principal = statement.get("Principal")
    if not isinstance(principal, Mapping) or "AWS" not in principal:
        return statement
    named = policy_document.values(principal["AWS"])
    left = [name for name in named if name not in dead]
    if len(left) == len(named):
        return statement
    others = {kind: value for kind, value in principal.items() if kind != "AWS"}
    if left:
        others["AWS"] = left[0] if len(left) == 1 else left
    return {**statement, "Principal": others} if others else None


def _frozen(partition: str, bucket: OldBucket) -> Change:
    lifecycle = known(bucket.lifecycle) or {}
    rules = [{**rule, "Status": "Disabled"} if _lives(rule) else dict(rule) for rule in _rules(bucket)]
    minimum = lifecycle.get("TransitionDefaultMinimumObjectSize")
    return _change(
        partition,
        bucket,
        "lifecycle",
        "PutBucketLifecycleConfiguration",
        {
            "LifecycleConfiguration": {"Rules": rules},
            **({"TransitionDefaultMinimumObjectSize": minimum} if minimum else {}),
        },
        before=plain(lifecycle),
        reason=f"rules that delete or move logs are disabled until the move is over: {', '.join(live_rules(bucket))}",
        undo="restore the previous configuration once step 06 has proven the bucket: its rules delete or move logs",
    )


def _held(partition: str, bucket: OldBucket, wanted: Mapping[str, Any]) -> Change:
    policy = known(bucket.policy)
    dead = iam.dead_principals(policy) if policy else []
    said = (
        "only the identity that retires the bucket may change or delete anything in it during the move; deliveries"
        " continue"
    )
    if dead:
        said += f"; {', '.join(dead)} no longer exists, and AWS rejects a policy that names it, so it is removed"
    held = _change(
        partition,
        bucket,
        "policy",
        "PutBucketPolicy",
        {"Policy": Document(wanted)},
        before=policy,
        reason=said,
        undo=f"remove the statements {names.SID_HOLD_STILL} and {names.SID_HOLD_WRITERS} again"
        + ("; deleted principals cannot be restored" if dead else ""),
    )
    lost = StatedEffect(reversible=Reversible.PARTLY, note=_DEAD_FOR_GOOD)
    return replace(held, stated=lost) if dead else held


def _change(
    partition: str,
    bucket: OldBucket,
    part: str,
    call: str,
    parameters: Mapping[str, Any],
    *,
    before: Any,
    reason: str,
    undo: str,
) -> Change:
    return Change(
        key=f"{bucket.name}: {part}",
        account=bucket.account,
        region=bucket.region,
        service="s3",
        call=call,
        parameters={"Bucket": bucket.name, "ExpectedBucketOwner": bucket.account, **parameters},
        resource=names.bucket_arn(partition, bucket.name),
        before=before,
        reason=reason,
        undo=undo,
    )
