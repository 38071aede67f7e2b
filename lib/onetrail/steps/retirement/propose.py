"""What retirement changes, in its order: old trails, then what their buckets hold, then the buckets; nothing without a proof that still holds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from onetrail import iam, names
from onetrail.change import Bulk, Change, Check, CheckKind, Deed, Document, EachNamed, Only, Plan, plain
from onetrail.change.words import counted
from onetrail.cloudtrail.trail import Trail
from onetrail.estate.copier_role import RolePart
from onetrail.estate.document_sizes import within_limits
from onetrail.estate.old_estate import trail_shape
from onetrail.estate.status import behind, unevaluated
from onetrail.iam.build import old_bucket_closed, old_bucket_shell
from onetrail.looked import known
from onetrail.settings import Settings
from onetrail.steps.registry import RETIREMENT
from onetrail.steps.retirement.observe import Observation
from onetrail.steps.retirement.retiring import EXPIRE_RULE, Past, Retiring

STEP: Final = RETIREMENT.number
PROBE_MD5 = "AAAAAAAAAAAAAAAAAAAAAA=="
"""Not the MD5 of what the probe sends: a write that was let in would be refused as damaged."""
PROBE_TRIES = 10
"""How often a write is tried while a new policy is not seen everywhere yet, half a minute apart."""
PAST = "past-retention"
"""Scope of the rule that deletes originals whose copies are past retention."""
LIFECYCLE_RUNS = timedelta(days=1)
"""S3 looks at lifecycle rules about once a day (S3 User Guide, lifecycle)."""


def propose(settings: Settings, observation: Observation) -> Plan:
    """Nothing while nothing is proven, or where a policy would be larger than AWS takes; what is kept is named with its reason."""
    return within_limits(whole_plan(settings, observation))


def whole_plan(settings: Settings, observation: Observation) -> Plan:
    """The same, whether AWS takes each policy or not."""
    accounts = tuple(settings.source_account_ids)

    def plan(changes: Sequence[Change] = (), **said: Any) -> Plan:
        return Plan(STEP, settings.estate, accounts, tuple(changes), **said)

    keeping = [_keep(bucket) for bucket in observation.buckets if bucket.danger]
    if keeping:
        return plan(
            keeping,
            notes=("first of all the rules that may not go on deleting go; then run this step again",),
        )
    if not observation.forerunner.done and not any(bucket.proven for bucket in observation.buckets):
        return behind(plan(), observation.forerunner)
    if observation.could_not_look:
        return unevaluated(plan(), observation.could_not_look)
    going = [bucket for bucket in observation.buckets if not bucket.bucket.shell and not bucket.kept]
    changes = [_trail(trail, observation) for trail in deletable(observation)]
    for bucket in going:
        changes += _bucket(settings, observation, bucket)
    for account, parts in observation.source_copiers.items():
        changes += _copier(settings, account, parts)
    expiring = [bucket for bucket in going if bucket.by_rule]
    pending = bool(expiring) and not changes
    blind = [f"{one.bucket.name}: {one.could_not_look}" for one in observation.buckets if one.could_not_look]
    if blind and not (changes or pending):
        return unevaluated(plan(notes=_notes(observation)), blind)
    return plan(
        changes,
        not_yet=observation.now + LIFECYCLE_RUNS if pending else None,
        why="the lifecycle rules have not emptied every bucket" if pending else _left(observation, changes),
        ends_with=Check(CheckKind.EXPIRED) if expiring else None,
        notes=_notes(observation),
    )


def _left(observation: Observation, changes: Sequence[Change]) -> str:
    """Why nothing is planned where not everything is retired; empty where it is, or where something is planned."""
    if changes:
        return ""
    kept = [bucket for bucket in observation.buckets if not bucket.bucket.shell and bucket.kept]
    parts = [f"{bucket.bucket.name} is left alone: {bucket.kept[0]}" for bucket in kept[:1]]
    parts += [f"{counted(len(kept) - 1, 'other bucket is', 'other buckets are')} too"] if kept[1:] else []
    if observation.trails:
        parts.append(f"{counted(len(observation.trails), 'old trail is', 'old trails are')} left alone")
    return "; ".join(parts)


def deletable(observation: Observation) -> list[Trail]:
    """Old trails of ours that have delivered everything, and whose bucket is proven."""
    proven = {
        bucket.bucket.name
        for bucket in observation.buckets
        if bucket.proven or (bucket.bucket.shell and bucket.receipt)
    }
    return [
        trail for trail in observation.trails if trail.arn in observation.drained and trail.bucket in proven
    ]


def _trail(trail: Trail, observation: Observation) -> Change:
    return Change(
        key=f"DeleteTrail-{trail.account}-{trail.home_region}-{trail.name}",
        account=trail.account,
        region=trail.home_region,
        service="cloudtrail",
        call="DeleteTrail",
        parameters={"Name": trail.arn},
        resource=trail.arn,
        before=trail_shape(trail),
        reason="stopped, its last files are in, and everything it wrote is proven to be in the archive",
        undo="CreateTrail, PutEventSelectors and StartLogging with what is shown as before; its digest chain starts anew",
        requires=Check(CheckKind.TRAIL_AS_REVIEWED, trail.arn),
    )


def _bucket(settings: Settings, observation: Observation, seen: Retiring) -> list[Change]:
    if seen.by_rule and seen.expiring:
        return []
    past = [_delete_past(seen)] if seen.past.objects else []
    if seen.by_rule:
        opening = _reopening(seen) if past else []
        return [*opening, *past, *_closing(settings, seen, opened=bool(opening)), _expire(seen)]
    emptying = [*(_reopening(seen) if seen.objects else []), *past]
    emptying += [_delete(seen)] if seen.objects > seen.past.objects else []
    if seen.how == "delete":
        gone = "the name goes back to AWS: anybody may take it"
        return [
            *emptying,
            _call(
                seen,
                "DeleteBucket",
                {},
                {"listing": seen.listing},
                gone,
                "none: make a bucket of that name again, if nobody took it",
                CheckKind.EMPTY,
            ),
        ]
    shell = old_bucket_shell(settings.partition, seen.bucket.name, [observation.keepers[seen.bucket.account]])
    words = "empty, it keeps its name out of strangers' hands; nothing can be put into it"
    undo = "put the policy shown as before back"
    return [
        *emptying,
        _call(
            seen,
            "PutBucketPolicy",
            {"Policy": Document(shell)},
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
    return _deletion(
        seen,
        f"DeleteObjects-{PAST}-{seen.bucket.name}",
        "exactly this listing, each by its ETag, and only what is past retention by the date in its key",
        "past retention: the archive has let the copies of these go, since their retention ended",
        "none: they are kept nowhere any more",
        seen.past,
        PAST,
    )


def _deletion(
    seen: Retiring, key: str, objects: str, reason: str, undo: str, these: Past, scope: str = ""
) -> Change:
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
        requires=Check(CheckKind.PROVEN_QUIET_COOLED, bucket.name),
        bulk=Bulk(
            Deed.DELETE,
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
        "nothing may come into a bucket that a rule empties: it would be deleted unproven",
        "put the policy shown as before back once the rule is gone",
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
        reason="a write is refused now; the call could not write even if it were let in",
        undo="nothing to undo",
        expects="refused",
        tries=PROBE_TRIES,
    )
    return [probe] if bucket.closed and not opened else [put, probe]


def _reopening(seen: Retiring) -> list[Change]:
    """A bucket that was closed for a rule and is now to be emptied object by object: our statement would refuse that too."""
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
        "put the policy shown as before back",
        CheckKind.PROVEN_QUIET_COOLED,
    )
    return [replace(opening, key=f"open-{seen.bucket.name}")]


def _keep(seen: Retiring) -> Change:
    """The rule is taken away as soon as it may not go on deleting."""
    rules = [
        one for one in (known(seen.bucket.lifecycle) or {}).get("Rules", []) if one.get("ID") != EXPIRE_RULE
    ]
    return _call(
        seen,
        "PutBucketLifecycleConfiguration" if rules else "DeleteBucketLifecycle",
        {"LifecycleConfiguration": {"Rules": rules}} if rules else {},
        plain(known(seen.bucket.lifecycle) or {}),
        f"the rule of ours may not go on deleting: {seen.danger}",
        "step 07 puts the rule again, once the bucket may be left to one",
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
    return _call(
        seen,
        "PutBucketLifecycleConfiguration",
        parameters,
        {"rules": plain(lifecycle), "listing": listing},
        words,
        "put the rules shown as before back; what expired is in the archive",
        CheckKind.CLOSED,
    )


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
        requires=Check(requires, bucket.name) if requires else None,
    )


def _copier(settings: Settings, account: str, parts: Sequence[RolePart]) -> list[Change]:
    """What still stands of the temporary role of the copy."""
    return [
        Change(
            key=f"{part}-{account}",
            account=account,
            region=settings.home_region,
            service="iam",
            call=part.value,
            parameters={"RoleName": names.COPIER_ROLE, **part.named},
            resource=names.COPIER_ROLE,
            before={"there": True},
            reason="the copy is over; the role that wrote it goes",
            undo="nothing to undo",
        )
        for part in parts
    ]


def _notes(observation: Observation) -> tuple[str, ...]:
    notes = [
        f"{b.bucket.name} is left alone: {'; '.join(b.kept)}"
        for b in observation.buckets
        if not b.bucket.shell and b.kept
    ]
    may_go = {trail.arn for trail in deletable(observation)}
    notes += [
        f"the trail {trail.name} in {trail.home_region} is left alone: its bucket {trail.bucket} is not proven, or its last files are awaited"
        for trail in observation.trails
        if trail.arn not in may_go
    ]
    notes += [
        f"the trail {trail.name} in {trail.home_region} belongs to others and is never touched"
        for trail in observation.untouched
    ]
    for seen in observation.buckets:
        if seen.how == "expire" and seen.bucket.versioned and not seen.bucket.shell and not seen.kept:
            notes.append(
                f"{seen.bucket.name}: it has versions, so no rule empties it: what is proven is deleted one by one, by version"
            )
        if known(seen.bucket.notifications) and not seen.bucket.shell and not seen.kept:
            notes.append(
                f"{seen.bucket.name}: its event notifications stay as they are, and nothing triggers them any more"
            )
    return tuple(notes)
