"""The grant and the copy as one plan: open in this order, copy, close in the opposite order, prove it closed.

Both steps back are in the same plan, sent even when something between them fails.
"""

from collections.abc import Sequence
from typing import Any

from onetrail.change import COPIER, Bulk, Change, Plan
from onetrail.change.words import counted
from onetrail.settings import Settings
from onetrail.steps.copy_history import batch_choice, batch_plan
from onetrail.steps.copy_history.batch_choice import by_jobs, choice, engine_of
from onetrail.steps.copy_history.grant import Grant
from onetrail.steps.copy_history.key_grant import key_grant, left_open_key
from onetrail.steps.copy_history.observe import NOT_COPIED, Backlog, Observation

STEP = "05"


def propose(settings: Settings, observation: Observation) -> Plan:
    """Nothing while a forerunner is open; closings alone where a grant is left open; else grant, pilot, copies, closings, canaries."""
    accounts = (*settings.source_account_ids, settings.log_account.account_id)

    def plan(changes: Sequence[Change], **said: Any) -> Plan:
        return Plan(STEP, settings.estate, accounts, tuple(changes), **said)

    waiting = next((status for status in observation.forerunners if not status.done), None)
    if waiting:
        return plan((), waiting_for=waiting.step, why=waiting.line)
    failed = [
        *observation.could_not_look,
        *(f"{b.bucket.name}: {b.could_not_look}" for b in observation.backlogs if b.could_not_look),
    ]
    if failed:
        return plan((), why="something could not be looked at", notes=tuple(failed))
    due = [backlog for backlog in observation.backlogs if backlog.to_copy]
    changes = _around(settings, Grant(settings, observation), due)
    return plan(changes, ends_with="hole_closed" if changes else "", notes=_notes(settings, observation, due))


def _around(settings: Settings, grant: Grant, due: Sequence[Backlog]) -> list[Change]:
    """The copies between openings and closings; what an earlier run left open is closed in any case."""
    key_left = left_open_key(settings, grant.observation, grant.archive)
    chosen = choice(settings, grant.observation)
    jobs = batch_plan.jobs_for(settings, grant, by_jobs(due, chosen))
    if not due:
        return [*jobs.left_over, *key_left, *grant.left_open(), *jobs.left_open]
    pull = [backlog for backlog in due if backlog.direction == "pull"]
    push_accounts = sorted({backlog.bucket.account for backlog in due if backlog.direction == "push"})
    roles = [pair for account in push_accounts for pair in grant.source_copier(account, due)]
    sources = jobs.settled([grant.source(backlog.bucket) for backlog in pull])
    central = grant.central(due)
    key = key_grant(settings, grant.observation, grant.archive, grant.copiers(due))
    actors = ([grant.log_account] if pull else []) + push_accounts
    return [
        *grant.left_open_sources(besides=[backlog.bucket.name for backlog in pull]),
        *(key_left if not key else ()),
        *jobs.left_over,
        *(pair.opening for pair in (*roles, *jobs.roles, *sources, *jobs.work, *key, *central)),
        *jobs.pilot,
        *(_copy(settings, backlog, engine_of(backlog, chosen), pilot=True) for backlog in due),
        *jobs.copy,
        *(_copy(settings, backlog, engine_of(backlog, chosen), pilot=False) for backlog in due),
        *jobs.cancelled,
        *(pair.closing for pair in (*reversed(central), *key, *jobs.work, *sources)),
        *(canary for account in actors for canary in grant.canaries(account, due)),
        *(pair.closing for pair in reversed([*roles, *jobs.roles])),
        *jobs.left_open,
        *grant.left_open_roles(besides=push_accounts),
    ]


def _copy(settings: Settings, backlog: Backlog, engine: str, *, pilot: bool) -> Change:
    bucket = backlog.bucket
    owner = settings.log_account.account_id if backlog.direction == "pull" else bucket.account
    estimate = (
        {"objects": len(backlog.pilot)}
        if pilot
        else {"objects": backlog.to_copy, "MB": round(backlog.bytes_to_copy / 1e6, 1)}
    )
    rule: dict[str, Any] = {
        "from": bucket.name,
        "engine": engine,
        "storage_class": settings.storage_class_for(bucket.name),
        "lock": batch_choice.lock_in_words(engine),
        "retention_years": settings.retention_years,
        "objects": "one log file and one digest file"
        if pilot
        else "every log and digest file that the archive lacks",
    }
    return Change(
        key=f"{'pilot' if pilot else 'copy'}-{bucket.name}",
        account=owner,
        region=settings.home_region,
        service="s3",
        call="CopyObject",
        parameters={},
        resource=f"{bucket.name} -> {settings.bucket_name}",
        before=None,
        reason="a difference from what is planned stops here, before the bulk"
        if pilot
        else f"{backlog.direction}: {backlog.why_direction}",
        undo="none: copies are kept; break-glass could delete them while the lock is governance",
        actor=COPIER,
        bulk=Bulk(
            ("CopyObject",),
            {"Bucket": settings.bucket_name, "CopySource.Bucket": bucket.name},
            rule,
            estimate=estimate,
        ),
    )


def _notes(settings: Settings, observation: Observation, due: Sequence[Backlog]) -> tuple[str, ...]:
    notes = batch_choice.notes(settings, due, batch_choice.choice(settings, observation))
    if observation.open_sources:
        notes.append(
            f"a grant was found open in {counted(len(observation.open_sources), 'old bucket')}; this plan closes it"
        )
    for backlog in observation.backlogs:
        for kind in NOT_COPIED:
            count = backlog.objects.get(kind, 0)
            if count:
                notes.append(
                    f"{backlog.bucket.name}: {counted(count, 'object is', 'objects are')} not copied: {kind.value.replace('_', ' ')}"
                )
    if settings.kms_key not in ("none", "create") and any(backlog.direction == "push" for backlog in due):
        notes.append(
            f"the policy of {settings.kms_key} must let the copier roles of the source accounts encrypt (kms:GenerateDataKey, kms:Decrypt) "
            "while this plan runs: onetrail does not change a key that it has not made"
        )
    if any(backlog.bucket.versioning for backlog in due):
        notes.append(
            "old versions and delete markers of versioned buckets are not copied; they are named in step 06"
        )
    return tuple(notes)
