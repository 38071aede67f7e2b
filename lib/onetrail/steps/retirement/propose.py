"""What retirement changes, in its order: old trails, then what their buckets hold, then the buckets; nothing without a
proof that still holds."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from onetrail import names
from onetrail.change import Change, CheckKind, Plan, RequiredCheck
from onetrail.change.words import counted
from onetrail.cloudtrail.trail import Trail
from onetrail.estate.adoption.deliveries import shut_out
from onetrail.estate.copier_role import RolePart
from onetrail.estate.old_estate import trail_shape
from onetrail.estate.policy_documents.sizes import reason, within_limits
from onetrail.estate.status import behind, unevaluated
from onetrail.looked import known
from onetrail.settings import Settings
from onetrail.steps.registry import RETIREMENT
from onetrail.steps.retirement.bucket_changes import bucket_changes, without_danger
from onetrail.steps.retirement.observe import RetirementObservation
from onetrail.steps.retirement.retiring import Retiring

STEP: Final = RETIREMENT.number
LIFECYCLE_RUNS = timedelta(days=1)
"""S3 looks at lifecycle rules about once a day (S3 User Guide, lifecycle)."""


def propose(settings: Settings, observation: RetirementObservation) -> Plan:
    """Nothing while nothing is proven, or where a policy would be larger than AWS takes; what is kept is named with its
    reason."""
    plan = whole_plan(settings, observation)
    refused = shut_out("07.delivery", settings, plan.changes, observation.delivering)
    if refused:
        return replace(plan, changes=(), ends_with=None, not_yet=None, why=reason(refused))
    return within_limits(plan)


def whole_plan(settings: Settings, observation: RetirementObservation) -> Plan:
    """The same, whether AWS takes each policy or not."""
    accounts = tuple(settings.source_account_ids)

    def plan(changes: Sequence[Change] = (), **said: Any) -> Plan:
        return Plan(STEP, settings.estate, accounts, tuple(changes), **said)

    keeping = [without_danger(bucket) for bucket in observation.buckets if bucket.danger]
    if keeping:
        return plan(
            keeping,
            notes=("the plan first removes the rules that must stop deleting; then run this step again",),
        )
    if not observation.prerequisite.done and not any(bucket.proven for bucket in observation.buckets):
        return behind(plan(), observation.prerequisite)
    if observation.could_not_look:
        return unevaluated(plan(), observation.could_not_look)
    going = [bucket for bucket in observation.buckets if not bucket.bucket.emptied and not bucket.kept]
    changes = [_trail(trail, observation) for trail in deletable(observation)]
    for bucket in going:
        changes += bucket_changes(settings, observation, bucket)
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
        ends_with=RequiredCheck(CheckKind.EXPIRED) if expiring else None,
        notes=(*_notes(observation), *_administrators(settings, observation, going)),
    )


def _administrators(settings: Settings, observation: RetirementObservation, going: Sequence[Retiring]) -> Iterator[str]:
    """Who can still change the policy of an emptied bucket in a year, account by account.

    Source: IAM User Guide, centrally manage root access for member accounts.
    """
    for account in dict.fromkeys(seen.bucket.account for seen in going if seen.how != "delete"):
        if owner := observation.owners.get(account):
            who = ", ".join(settings.administrators_of(owner))
            yield (
                f"{account}: the policies of its emptied buckets can then be changed by {who}, and by the root user;"
                " for a member account without root credentials by sts:AssumeRoot with S3UnlockBucketPolicy; name"
                " others in bucket_administrators"
            )


def _left(observation: RetirementObservation, changes: Sequence[Change]) -> str:
    """Why nothing is planned where not everything is retired; empty where it is, or where something is planned."""
    if changes:
        return ""
    kept = [bucket for bucket in observation.buckets if not bucket.bucket.emptied and bucket.kept]
    parts = [f"{bucket.bucket.name} is left alone: {bucket.kept[0]}" for bucket in kept[:1]]
    parts += [f"{counted(len(kept) - 1, 'other bucket is', 'other buckets are')} too"] if kept[1:] else []
    if observation.trails:
        parts.append(f"{counted(len(observation.trails), 'old trail is', 'old trails are')} left alone")
    return "; ".join(parts)


def deletable(observation: RetirementObservation) -> list[Trail]:
    """Old trails of ours that have delivered everything, and whose bucket is proven or no longer exists."""
    proven = {
        bucket.bucket.name
        for bucket in observation.buckets
        if bucket.proven or (bucket.bucket.emptied and bucket.receipt)
    }
    return [
        trail
        for trail in observation.trails
        if trail.arn in observation.drained and trail.bucket in proven | observation.gone
    ]


def _trail(trail: Trail, observation: RetirementObservation) -> Change:
    return Change(
        key=f"DeleteTrail-{trail.account}-{trail.home_region}-{trail.name}",
        account=trail.account,
        region=trail.home_region,
        service="cloudtrail",
        call="DeleteTrail",
        parameters={"Name": trail.arn},
        resource=trail.arn,
        before=trail_shape(trail),
        reason=(
            "stopped, and the bucket that it delivered to no longer exists"
            if trail.bucket in observation.gone
            else "stopped, its last files are in, and everything it wrote is proven to be in the archive"
        ),
        undo=(
            "CreateTrail, PutEventSelectors and StartLogging with what is shown as before; its digest chain starts"
            " again"
        ),
        requires=RequiredCheck(CheckKind.TRAIL_AS_REVIEWED, trail.arn),
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
            reason="the copy is over; the role that wrote it is deleted",
            undo="nothing to undo",
        )
        for part in parts
    ]


def _notes(observation: RetirementObservation) -> tuple[str, ...]:
    notes = [
        f"{b.bucket.name} is left alone: {'; '.join(b.kept)}"
        for b in observation.buckets
        if not b.bucket.emptied and b.kept
    ]
    may_go = {trail.arn for trail in deletable(observation)}
    notes += [
        f"the trail {trail.name} in {trail.home_region} is left alone: its bucket {trail.bucket} is not proven, or its"
        " last files are awaited"
        for trail in observation.trails
        if trail.arn not in may_go
    ]
    notes += [
        f"the trail {trail.name} in {trail.home_region} is left as it is: {why}" for trail, why in observation.untouched
    ]
    for seen in observation.buckets:
        if seen.how == "expire" and seen.bucket.versioned and not seen.bucket.emptied and not seen.kept:
            notes.append(
                f"{seen.bucket.name}: it has versions, so no rule empties it: what is proven is deleted one by one, by"
                " version"
            )
        if known(seen.bucket.notifications) and not seen.bucket.emptied and not seen.kept:
            notes.append(
                f"{seen.bucket.name}: its event notifications stay as they are, and nothing triggers them any more"
            )
    return tuple(notes)
