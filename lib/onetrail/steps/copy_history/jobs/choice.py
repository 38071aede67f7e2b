"""Which engine copies which old bucket: `copy_engine` asked of the whole backlog, then of each bucket whether a job can
do it."""

from collections.abc import Sequence
from dataclasses import replace

from onetrail.change.words import counted
from onetrail.estate.backlog.backlog import Backlog
from onetrail.estate.backlog.direction import Direction
from onetrail.estate.old_estate import OldBucket
from onetrail.looked import Unread
from onetrail.s3.batch.choice import BATCH, LOCAL, Choice, choose
from onetrail.s3.batch.group import lock_date
from onetrail.s3.decisions.planner import allowed_for
from onetrail.s3.decisions.retention import retain_until
from onetrail.settings import Settings
from onetrail.steps.copy_history.observe import CopyObservation


def choice(settings: Settings, observation: CopyObservation) -> Choice:
    """The engine of this plan, with both compared for what jobs could copy."""
    due = comparable(observation)
    objects = sum(one.to_copy for one in due)
    jobs = sum(jobs_of(settings, observation, one) for one in due)
    found = choose(settings.copy_engine, objects, jobs, settings.max_requests_per_second, settings.grant_hours)
    copies = sum(one.wanted for one in observation.backlogs)
    if settings.copy_engine != "auto" or objects == copies:
        return found
    return replace(found, why=f"jobs could make {objects:,} of the {counted(copies, 'copy', 'copies')}; {found.why}")


def comparable(observation: CopyObservation) -> list[Backlog]:
    """The backlogs that either engine could copy."""
    return [one for one in observation.backlogs if one.to_copy and not unfit_bucket(one)]


def unfit_bucket(backlog: Backlog) -> str:
    """Why no job can copy out of this old bucket, `""` where one can: jobs and their role are the log account's."""
    if backlog.direction != Direction.PULL:
        return "only its own account can read it"
    if backlog.bucket.versioned:
        return "it has versions, and a log behind a delete marker is copied by its version"
    if backlog.keys or _under_kms(backlog.bucket):
        return "its objects are under a KMS key, which is opened for the copier alone"
    return ""


def _under_kms(bucket: OldBucket) -> bool:
    """Whether the bucket encrypts with a KMS key; so it may where nobody could look."""
    said = bucket.encryption
    return isinstance(said, Unread) or said.startswith("aws:kms")


def by_jobs(backlogs: Sequence[Backlog], chosen: Choice) -> list[Backlog]:
    """The backlogs that jobs copy."""
    return [one for one in backlogs if chosen.engine == BATCH and one.to_copy and not unfit_bucket(one)]


def engine_of(backlog: Backlog, chosen: Choice) -> str:
    """The engine of one old bucket."""
    return BATCH if by_jobs([backlog], chosen) else LOCAL


def lock_in_words(engine: str) -> str:
    """The lock that copies of this engine get, as the rule of a plan says it."""
    said = "governance until the date in the key plus the retention"
    return f"{said}, and on to the end of that quarter" if engine == BATCH else said


def jobs_of(settings: Settings, observation: CopyObservation, backlog: Backlog) -> int:
    """How many jobs it takes at the most: one a storage class and quarter, digests in STANDARD, and never more than
    objects."""
    if not (backlog.first and backlog.last):
        return 0
    ends = [
        lock_date(retain_until(day, settings.retention_years), observation.now, settings.grant_hours)
        for day in (backlog.first, backlog.last)
    ]
    quarters = (ends[1].year - ends[0].year) * 4 + (ends[1].month - 1) // 3 - (ends[0].month - 1) // 3 + 1
    classes = {*allowed_for(settings.storage_class_for(backlog.bucket.name)), "STANDARD"}
    return min(quarters * len(classes), backlog.to_copy)


def notes(settings: Settings, due: Sequence[Backlog], chosen: Choice) -> list[str]:
    """What a reader of the plan should know: the engine and why, what it keeps longer, and which buckets it cannot
    do."""
    if settings.copy_engine == "local":
        return []
    here = [f"{one.bucket.name}: copied by this machine: {why}" for one in due if (why := unfit_bucket(one))]
    here = here if chosen.engine == BATCH else []
    if not chosen.engines[0].objects:
        return here
    said = [f"copied by {chosen.engine}: {chosen.why}"]
    if chosen.engine == BATCH:
        said.append(
            "a job has one date for all its objects, the end of the quarter: copies are locked up to three months"
            " longer than their retention"
        )
        said.append(
            "S3 Batch Operations has not yet been tried on AWS itself: its first jobs are the pilot, and a difference"
            " stops the copy there"
        )
    return [*said, *here]
