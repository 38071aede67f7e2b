"""Whether an old bucket is frozen while it is copied: nothing deletes from it, nothing but a stopped trail writes
into it. Pure.

A log that arrives or goes between the listing and the copy would be missed by one of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from onetrail import iam, names
from onetrail.change import Requirement
from onetrail.cloudtrail.trail import Trail
from onetrail.cloudtrail.writers import is_cloudtrail
from onetrail.estate.freeze import live_rules
from onetrail.estate.old_estate import OldBucket, OldEstate, status_of
from onetrail.iam.document import values
from onetrail.iam.match import like
from onetrail.looked import Unread, known

_WRITES: Final = ("s3:PutObject", "s3:ReplicateObject")


def moving(estate: OldEstate, bucket: OldBucket) -> tuple[str, ...]:
    """Why the bucket is not frozen, each with what to do; empty where it is."""
    writers = (
        f"its policy lets {writer} write into it: let it write elsewhere, then take that statement out"
        for writer in other_writers(known(bucket.policy))
    )
    return (*_deletions(bucket), *_trails(estate.old_trails, bucket), *writers)


def all_frozen(estate: OldEstate, buckets: Iterable[OldBucket]) -> Requirement:
    """Whether all of these buckets are frozen at this moment."""
    for bucket in buckets:
        why = moving(estate, bucket)
        if why:
            return Requirement(False, f"{bucket.name} is not frozen: {why[0]}")
    return Requirement(True, "the old buckets are frozen")


def _deletions(bucket: OldBucket) -> Iterator[str]:
    for what, part in (("policy", bucket.policy), ("lifecycle rules", bucket.lifecycle)):
        if isinstance(part, Unread):
            yield f"its {what} could not be read: {part.why}"
    if not isinstance(bucket.policy, Unread) and not bucket.held:
        yield "its policy does not deny deletions: run 02 again"
    rules = live_rules(bucket)
    if rules:
        yield f"its lifecycle rules {', '.join(rules)} delete or move logs: run 02 again"


def _trails(trails: Iterable[Trail], bucket: OldBucket) -> Iterator[str]:
    for trail in trails:
        if trail.bucket == bucket.name and status_of(trail).is_logging:
            cure = "let its owner point it to another bucket" if trail.is_organization else "run 04 again"
            yield f"the trail {trail.name} of {trail.account} still logs into it: {cure}"


def other_writers(policy: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Everybody but CloudTrail whom an Allow lets put objects, in order; our own statements are left out."""
    found = {
        who
        for statement in iam.statements(policy or {})
        if statement.get("Effect") == "Allow"
        and not str(statement.get("Sid", "")).startswith(names.SID_PREFIX)
        and _writes(statement)
        for who in _principals(statement)
        if not is_cloudtrail(who)
    }
    return tuple(sorted(found))


def _writes(statement: Mapping[str, Any]) -> bool:
    if "NotAction" in statement:
        left_out = [action.lower() for action in values(statement["NotAction"])]
        return any(not _named(action, left_out) for action in _WRITES)
    return any(_named(action, [a.lower() for a in values(statement.get("Action", ()))]) for action in _WRITES)


def _named(action: str, patterns: list[str]) -> bool:
    return any(like(pattern, action.lower()) for pattern in patterns)


def _principals(statement: Mapping[str, Any]) -> list[str]:
    if "NotPrincipal" in statement:
        return ["everybody but those in its NotPrincipal"]
    principal = statement.get("Principal", "*")
    if not isinstance(principal, Mapping):
        return ["everybody"]
    return ["everybody" if name == "*" else name for kind in principal.values() for name in values(kind)]
