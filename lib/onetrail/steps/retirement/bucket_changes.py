"""The changes that retire one old bucket, or keep it: closed, emptied object by object or by a rule, reopened."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from onetrail import iam, names
from onetrail.change import (
    Bulk,
    BulkAction,
    Change,
    CheckKind,
    Document,
    Effect,
    ExpectedAnswer,
    Only,
    RequiredCheck,
    Reversible,
    StatedEffect,
    plain,
)
from onetrail.iam.build import old_bucket_closed, old_bucket_emptied
from onetrail.looked import known
from onetrail.s3.bulk.bounds import EachNamed
from onetrail.settings import Settings
from onetrail.steps.retirement.observe import RetirementObservation
from onetrail.steps.retirement.retiring import EXPIRE_RULE, Past, Retiring

PROBE_MD5 = "AAAAAAAAAAAAAAAAAAAAAA=="
"""Not the MD5 of what the probe sends: a write that was let in would be refused as damaged."""
PROBE_TRIES = 10
"""How often a write is tried while a new policy is not seen everywhere yet, half a minute apart."""
PAST = "past-retention"
"""Scope of the rule that deletes originals whose copies are past retention."""


def bucket_changes(settings: Settings, observation: RetirementObservation, seen: Retiring) -> list[Change]:
    """All changes of one old bucket, in the order in which they are sent."""
    if seen.by_rule and seen.expiring:
        return []
    past = [_delete_past(seen)] if seen.past.objects else []
    if seen.by_rule:
        opening = _reopening(seen) if past else []
        return [*opening, *past, *_closing(settings, seen, opened=bool(opening)), _expire(seen)]
    emptying = [*(_reopening(seen) if seen.objects else []), *past]
    emptying += [_delete(seen)] if seen.objects > seen.past.objects else []
    if seen.how == "delete":
        gone = "the name is released: anyone may register it"
        return [
            *emptying,
            _call(
                seen,
                "DeleteBucket",
                {},
                {"listing": seen.listing},
                gone,
                "none: create a bucket of that name again, if it is still free",
                CheckKind.EMPTY,
            ),
        ]
    administrators = settings.administrators_of(observation.owners[seen.bucket.account])
    emptied = old_bucket_emptied(settings.partition, seen.bucket.name, administrators)
    words = "the emptied bucket keeps the name from others; nothing can be put into it"
    undo = "restore the policy shown as before"
    return [
        *emptying,
        _call(
            seen,
            "PutBucketPolicy",
            {"Policy": Document(emptied)},
            known(seen.bucket.policy),
            words,
            undo,
            CheckKind.EMPTY,
        ),
    ]


def _delete(seen: Retiring) -> Change:
    return _deletion(
        seen,
        f"DeleteObjects-{seen.bucket.name}",
        "exactly this listing, each by its ETag, a batch only while the archive holds each proven version of it",
        "each object is proven to be in the archive; it is deleted only while it has the ETag that was proven",
        "none: the archive has every log and digest; a bucket can be filled from it",
        Past(
            seen.objects - seen.past.objects,
            seen.size - seen.past.size,
            seen.held if seen.past.objects or seen.bucket.versioned else seen.listing,
        ),
    )


def _delete_past(seen: Retiring) -> Change:
    """A line of its own: these are in no archive any more."""
    deletion = _deletion(
        seen,
        f"DeleteObjects-{PAST}-{seen.bucket.name}",
        "exactly this listing, each by its ETag, and only what is past retention by the date in its key",
        "past retention: the archive deleted the copies of these when their retention ended",
        "none: no copy of them is kept",
        seen.past,
        PAST,
    )
    return replace(deletion, stated=StatedEffect(note="Of these, no copy is left anywhere, being past retention"))


def _deletion(seen: Retiring, key: str, objects: str, reason: str, undo: str, these: Past, scope: str = "") -> Change:
    bucket = seen.bucket
    return Change(
        key=key,
        account=bucket.account,
        region=bucket.region,
        service="s3",
        call="DeleteObjects",
        parameters={},
        resource=bucket.name,
        before={"listing": these.listing},
        reason=reason,
        undo=undo,
        requires=RequiredCheck(CheckKind.PROVEN_QUIET_COOLED, bucket.name),
        bulk=Bulk(
            BulkAction.DELETE,
            ("DeleteObjects",),
            {"Bucket": bucket.name, "ExpectedBucketOwner": bucket.account},
            {"objects": objects.replace("ETag", "ETag and version", 1) if bucket.versioned else objects},
            these.listing,
            {"objects": these.objects, "bytes": these.size},
            bounds=(
                EachNamed(versions=bucket.versioned),
                Only(("Bucket", "Delete", "ExpectedBucketOwner")),
            ),
            scope=scope,
        ),
    )


def _closing(settings: Settings, seen: Retiring, *, opened: bool) -> list[Change]:
    """Before a rule deletes without asking: nobody may put anything more into the bucket, and that is tried."""
    bucket = seen.bucket
    closed = iam.with_statements(known(bucket.policy), old_bucket_closed(settings.partition, bucket.name))
    put = _call(
        seen,
        "PutBucketPolicy",
        {"Policy": Document(closed)},
        known(bucket.policy),
        "a bucket that a rule empties must take no new object: it would be deleted unproven",
        "restore the policy shown as before once the rule is gone",
        CheckKind.PROVEN_QUIET_COOLED,
    )
    probe = Change(
        key=f"probe-PutObject-{bucket.name}",
        account=bucket.account,
        region=bucket.region,
        service="s3",
        call="PutObject",
        parameters={
            "Bucket": bucket.name,
            "ExpectedBucketOwner": bucket.account,
            "Key": "AWSLogs/onetrail-probe",
            "Body": b"",
            "ContentMD5": PROBE_MD5,
        },
        resource=bucket.name,
        before=None,
        reason="a write is refused now; the call could not write even if it were allowed",
        undo="nothing to undo",
        expects=ExpectedAnswer.REFUSED,
        tries=PROBE_TRIES,
    )
    return [probe] if bucket.closed and not opened else [put, probe]


def _reopening(seen: Retiring) -> list[Change]:
    """A bucket that was closed for a rule and is now to be emptied object by object: our statement would refuse that
    too."""
    policy = iam.without_sids(known(seen.bucket.policy), {names.SID_CLOSED})
    if not seen.bucket.closed:
        return []
    call, said = ("PutBucketPolicy", {"Policy": Document(policy)}) if policy else ("DeleteBucketPolicy", {})
    words = "the bucket is no longer left to a rule: its objects are deleted one by one"
    opening = _call(
        seen,
        call,
        said,
        known(seen.bucket.policy),
        words,
        "restore the policy shown as before",
        CheckKind.PROVEN_QUIET_COOLED,
    )
    return [replace(opening, key=f"open-{seen.bucket.name}")]


def without_danger(seen: Retiring) -> Change:
    """The rule is taken away as soon as it may not go on deleting."""
    rules = [one for one in (known(seen.bucket.lifecycle) or {}).get("Rules", []) if one.get("ID") != EXPIRE_RULE]
    return _call(
        seen,
        "PutBucketLifecycleConfiguration" if rules else "DeleteBucketLifecycle",
        {"LifecycleConfiguration": {"Rules": rules}} if rules else {},
        plain(known(seen.bucket.lifecycle) or {}),
        f"onetrail's rule must stop deleting: {seen.danger}",
        "step 07 puts the rule again, once a rule may empty the bucket",
        None,
    )


def _expire(seen: Retiring) -> Change:
    lifecycle = known(seen.bucket.lifecycle) or {}
    rule = {
        "ID": EXPIRE_RULE,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": 1},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    kept = [one for one in lifecycle.get("Rules", []) if one.get("ID") != EXPIRE_RULE]
    parameters = {"LifecycleConfiguration": {"Rules": [*kept, rule]}}
    listing = seen.held if seen.past.objects else seen.listing
    words = f"S3 itself deletes what is proven to be in the archive (listing {listing[:12]})"
    rule_put = _call(
        seen,
        "PutBucketLifecycleConfiguration",
        parameters,
        {"rules": plain(lifecycle), "listing": listing},
        words,
        "none for what expired, which the archive has; restore the rules shown as before",
        CheckKind.CLOSED,
    )
    objects, size = seen.objects - seen.past.objects, seen.size - seen.past.size
    return replace(rule_put, stated=StatedEffect(Effect.DELETES, Reversible.NO, objects=objects, size=size))


def _call(
    seen: Retiring,
    call: str,
    parameters: Mapping[str, Any],
    before: Any,
    reason: str,
    undo: str,
    requires: CheckKind | None,
) -> Change:
    bucket = seen.bucket
    return Change(
        key=f"{call}-{bucket.name}",
        account=bucket.account,
        region=bucket.region,
        service="s3",
        call=call,
        parameters={"Bucket": bucket.name, "ExpectedBucketOwner": bucket.account, **parameters},
        resource=bucket.name,
        before=before,
        reason=reason,
        undo=undo,
        requires=RequiredCheck(requires, bucket.name) if requires else None,
    )
