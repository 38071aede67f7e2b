"""How far the old estate is retired: bucket by bucket, trail by trail, and what the move left behind."""

from collections.abc import Mapping

from onetrail.aws import Clients
from onetrail.change import Finding, FindingState, iso
from onetrail.change.words import counted
from onetrail.estate.adoption.deliveries import shut_out
from onetrail.estate.old_estate import OldEstate
from onetrail.estate.policy_documents.sizes import oversized
from onetrail.estate.status import Status, StepStage, standing_behind, waiting_findings
from onetrail.settings import Settings
from onetrail.steps.retirement.observe import RetirementObservation, observe
from onetrail.steps.retirement.propose import STEP, deletable, whole_plan
from onetrail.steps.retirement.retiring import Retiring, waits


def check(settings: Settings, observation: RetirementObservation) -> list[Finding]:
    """From a fresh observation; a step that waits says so and nothing else."""
    if not observation.prerequisite.done and not any(bucket.proven for bucket in observation.buckets):
        return waiting_findings("07.waiting", observation.prerequisite, "old buckets")
    found = [
        Finding("07.looked", FindingState.COULD_NOT_LOOK, "-", "-", "the old estate", why)
        for why in observation.could_not_look
    ]
    for bucket in observation.buckets:
        found += _bucket(settings, observation, bucket)
    changes = whole_plan(settings, observation).changes
    found += oversized("07.document-size", changes)
    found += shut_out("07.delivery", settings, changes, observation.delivering)
    found += [
        Finding("07.bucket", FindingState.OK, "-", "-", name, "deleted; its name is free")
        for name in observation.deleted
    ]
    found += _trails(observation)
    for account in observation.source_copiers:
        found.append(
            Finding(
                "07.left-over",
                FindingState.PLANNED,
                account,
                "-",
                "the copier role",
                "still exists; removed by the plan",
            )
        )
    return found


def done(
    settings: Settings,
    clients: Clients,
    estate: OldEstate | None = None,
    before: Mapping[str, Status] | None = None,
) -> Status:
    """DONE when every old bucket is emptied and closed, gone, or kept for a named reason, and no old trail of ours is
    left."""
    observation = observe(settings, clients, estate, before)
    if observation.could_not_look:
        return Status(STEP, StepStage.UNKNOWN, observation.could_not_look[0])
    if not observation.prerequisite.done and not any(bucket.proven for bucket in observation.buckets):
        return standing_behind(STEP, observation.prerequisite)
    blind = next((bucket for bucket in observation.buckets if bucket.could_not_look), None)
    if blind:
        return Status(STEP, StepStage.UNKNOWN, f"{blind.bucket.name}: {blind.could_not_look}")
    standing = [bucket.bucket.name for bucket in observation.buckets if not bucket.bucket.emptied and not bucket.kept]
    if standing:
        return Status(
            STEP,
            StepStage.OPEN,
            f"{counted(len(standing), 'old bucket is', 'old buckets are')} still to be retired, first {standing[0]}",
        )
    if observation.trails:
        trail = observation.trails[0]
        return Status(
            STEP,
            StepStage.OPEN,
            f"{counted(len(observation.trails), 'old trail still exists', 'old trails still exist')}, first"
            f" {trail.name} in {trail.home_region}",
        )
    kept = [bucket.bucket.name for bucket in observation.buckets if not bucket.bucket.emptied]
    more = f"; kept for a named reason: {', '.join(kept)}" if kept else ""
    return Status(STEP, StepStage.DONE, f"no old trail is left, every old bucket is retired{more}")


def _bucket(settings: Settings, observation: RetirementObservation, seen: Retiring) -> list[Finding]:
    bucket = seen.bucket
    said = (bucket.account, bucket.region, bucket.name)
    if bucket.emptied:
        if seen.could_not_look:
            return [Finding("07.bucket", FindingState.COULD_NOT_LOOK, *said, seen.could_not_look)]
        if seen.objects:
            return [
                Finding(
                    "07.bucket",
                    FindingState.FINDING,
                    *said,
                    f"closed as emptied, yet it holds {counted(seen.objects, 'object')}",
                )
            ]
        return [
            Finding(
                "07.bucket",
                FindingState.OK,
                *said,
                "an emptied bucket: its name stays ours, nothing can be put into it",
            )
        ]
    if seen.could_not_look:
        return [Finding("07.bucket", FindingState.COULD_NOT_LOOK, *said, seen.could_not_look)]
    if seen.receipt and not seen.proven:
        return [Finding("07.bucket", FindingState.FINDING, *said, f"left alone: {seen.receipt_why or seen.lack}")]
    if seen.kept:
        return [Finding("07.bucket", FindingState.NOTE, *said, f"left alone: {'; '.join(seen.kept)}")]
    wait = waits(settings, seen, observation.now)
    if wait:
        return [Finding("07.bucket", FindingState.PLANNED, *said, f"{wait[1]}: not before {iso(wait[0])}")]
    words = (
        "its lifecycle rule is emptying it" if seen.expiring else "proven, quiet and cooled off; retired by the plan"
    )
    words = f"its lifecycle rule goes first: {seen.danger}" if seen.danger else words
    return [Finding("07.bucket", FindingState.PLANNED, *said, words)]


def _trails(observation: RetirementObservation) -> list[Finding]:
    may_go = {trail.arn for trail in deletable(observation)}
    found = []
    for trail in observation.trails:
        said = (trail.account, trail.home_region, trail.name)
        if trail.arn in may_go:
            found.append(Finding("07.trail", FindingState.PLANNED, *said, "stopped and proven; deleted by the plan"))
        else:
            found.append(
                Finding(
                    "07.trail",
                    FindingState.NOTE,
                    *said,
                    f"left alone: its bucket {trail.bucket} is not proven, or its last files are awaited",
                )
            )
    for trail, why in observation.untouched:
        found.append(
            Finding(
                "07.trail",
                FindingState.NOTE,
                trail.account,
                trail.home_region,
                trail.name,
                f"left as it is: {why}",
            )
        )
    if not observation.trails:
        found.append(Finding("07.trail", FindingState.OK, "-", "-", "old trails", "none of ours is left"))
    return found
