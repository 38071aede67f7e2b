"""The grant and the copy as one plan: open in this order, copy, close in the opposite order, prove it closed.

Both steps back are in the same plan, sent even when something between them fails.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from onetrail.aws.actors import COPIER
from onetrail.change import Bulk, BulkAction, Change, CheckKind, Finding, Plan, RequiredCheck
from onetrail.change.words import counted
from onetrail.cloudtrail.object_key import ROOT
from onetrail.estate.adoption.deliveries import all_trails_of, shut_out
from onetrail.estate.backlog.backlog import Backlog
from onetrail.estate.backlog.direction import Direction
from onetrail.estate.break_glass import with_reason
from onetrail.estate.old_estate import OldBucket
from onetrail.estate.policy_documents.sizes import oversized, reason
from onetrail.estate.status import behind, evaluated, unevaluated
from onetrail.looked import known
from onetrail.s3.decisions.retention import LOCK_MODE
from onetrail.settings import Settings
from onetrail.steps.copy_history.bounds import copy_bounds
from onetrail.steps.copy_history.jobs import choice as batch_choice
from onetrail.steps.copy_history.jobs import plan as batch_plan
from onetrail.steps.copy_history.jobs.choice import by_jobs, choice, engine_of
from onetrail.steps.copy_history.local.restores import restore_change, still_restoring
from onetrail.steps.copy_history.notes import plan_notes
from onetrail.steps.copy_history.observe import CopyObservation
from onetrail.steps.copy_history.permissions.grant import Grant
from onetrail.steps.copy_history.permissions.key_grant import key_grant, left_open_key
from onetrail.steps.copy_history.permissions.probes import probes
from onetrail.steps.copy_history.permissions.source_key_grant import (
    decrypted_keys,
    left_open_keys,
    opened_keys,
    source_key_grant,
)
from onetrail.steps.registry import COPY_HISTORY

STEP: Final = COPY_HISTORY.number
_GRANT_REVOKED: Final = RequiredCheck(CheckKind.GRANT_REVOKED)


def propose(settings: Settings, observation: CopyObservation) -> Plan:
    """Nothing while a prerequisite is open; closings alone where a grant is left open, restores are under way or a
    document of the grant would be larger than AWS takes; else restores, grant, pilot, copies, closings, probes."""
    accounts = (*settings.source_account_ids, settings.log_account.account_id)

    def plan(changes: Sequence[Change], **said: Any) -> Plan:
        return Plan(STEP, settings.estate, accounts, tuple(changes), **said)

    waiting = next((status for status in observation.prerequisites if not status.done), None)
    if waiting:
        return behind(plan(()), waiting)
    failed = [
        *observation.could_not_look,
        *(f"{b.bucket.name}: {b.could_not_look}" for b in observation.backlogs if b.could_not_look),
    ]
    if failed:
        return unevaluated(plan(()), failed)
    due = due_of(observation)
    grant = Grant(settings, observation)
    if any(one.restoring for one in due) and not any(one.away for one in due):
        left = _left_open(settings, grant)
        return plan(
            left,
            ends_with=_GRANT_REVOKED if left else RequiredCheck(CheckKind.RESTORED),
            not_yet=observation.ready,
            why=still_restoring(due),
            notes=plan_notes(settings, observation, due),
        )
    changes = _around(settings, grant, due)
    trails = all_trails_of(observation.estate)
    refused = oversized("05.document-size", changes) or shut_out("05.delivery", settings, changes, trails)
    if refused:
        left = _around(settings, grant, [])
        return plan(left, ends_with=_GRANT_REVOKED if left else None, why=reason(refused))
    after = _after_restores(observation, changes)
    notes = (
        *batch_choice.notes(settings, due, choice(settings, observation)),
        *plan_notes(settings, observation, due, plan(after).id if after else ""),
    )
    why = "" if changes else _withheld(observation)
    whole = plan(changes, ends_with=_GRANT_REVOKED if changes else None, why=why, notes=notes)
    return evaluated(with_reason(whole), observation.unread_permissions)


def _withheld(observation: CopyObservation) -> str:
    """Why nothing is copied where something is to be; empty where the archive lacks nothing."""
    left = [one for one in observation.backlogs if one.wanted]
    count = sum(one.wanted for one in left)
    if not left:
        return ""
    why = next((f"{one.bucket.name}: {stop.line}" for one in left for stop in one.stopped), "")
    heard = next((f"{one.who}: {one.line}" for one in observation.flooded if one.stops), "")
    return f"{counted(count, 'object is', 'objects are')} still to be copied; fix this first: {why or heard}"


def refused_documents(settings: Settings, observation: CopyObservation) -> list[Finding]:
    """Documents of the grant that AWS would refuse for their size, or that would keep out a trail that delivers."""
    changes = _around(settings, Grant(settings, observation), due_of(observation))
    kept_out = shut_out("05.delivery", settings, changes, all_trails_of(observation.estate))
    return [*oversized("05.document-size", changes), *kept_out]


def due_of(observation: CopyObservation) -> list[Backlog]:
    """The buckets that are to be copied now: those that lack something, and that nothing keeps from it."""
    if any(one.stops for one in observation.flooded):
        return []
    return [one for one in observation.backlogs if one.wanted and not one.stopped]


def _left_open(settings: Settings, grant: Grant) -> list[Change]:
    return [
        *left_open_key(settings, grant.observation, grant.archive),
        *left_open_keys(grant.observation, settings),
        *grant.left_open(),
    ]


def _around(settings: Settings, grant: Grant, due: Sequence[Backlog]) -> list[Change]:
    """The copies between openings and closings; what an earlier run left open is closed in any case."""
    key_left = left_open_key(settings, grant.observation, grant.archive)
    chosen = choice(settings, grant.observation)
    jobs = batch_plan.jobs_for(settings, grant, by_jobs(due, chosen))
    if not due:
        return [*jobs.left_over, *_left_open(settings, grant), *jobs.left_open]
    pull = [backlog for backlog in due if backlog.direction == Direction.PULL]
    push_accounts = sorted({backlog.bucket.account for backlog in due if backlog.direction == Direction.PUSH})
    roles = [
        pair for account in push_accounts for pair in grant.source_copier(account, due, decrypted_keys(due, account))
    ]
    sources = jobs.settled([grant.source(_with_prefixes(backlog)) for backlog in pull])
    source_keys = source_key_grant(settings, due)
    central = grant.central(due)
    key = key_grant(settings, grant.observation, grant.archive, grant.copiers(due))
    conditional, now = grant.observation.conditional, grant.observation.now
    actors = ([grant.log_account] if pull else []) + push_accounts
    first, *others = [
        pair.opening for pair in (*roles, *jobs.roles, *source_keys, *sources, *jobs.work, *key, *central)
    ]
    return [
        *grant.left_open_sources(exempt=[backlog.bucket.name for backlog in pull]),
        *left_open_keys(grant.observation, settings, exempt=opened_keys(settings, due)),
        *(key_left if not key else ()),
        *(restore_change(settings, _with_prefixes(backlog), backlog) for backlog in due if backlog.away),
        *jobs.left_over,
        replace(first, requires=RequiredCheck(CheckKind.SOURCES_READY)),
        *others,
        *jobs.pilot,
        *(_copy(settings, backlog, engine_of(backlog, chosen), BulkAction.PILOT, conditional, now) for backlog in due),
        *jobs.copy,
        *(_copy(settings, backlog, engine_of(backlog, chosen), BulkAction.COPY, conditional, now) for backlog in due),
        *jobs.cancelled,
        *(pair.closing for pair in (*reversed(central), *key, *jobs.work, *sources, *source_keys)),
        *probes(settings, grant.archive.prefix, actors, due, conditional),
        *(pair.closing for pair in reversed([*roles, *jobs.roles])),
        *jobs.left_open,
        *grant.left_open_roles(exempt=push_accounts),
    ]


def _with_prefixes(backlog: Backlog) -> OldBucket:
    """The bucket with the key prefixes that its objects really have, whatever its trails of today say."""
    prefixes = sorted({one.old.rpartition(ROOT)[0].rstrip("/") for one in backlog.mapped})
    return replace(backlog.bucket, key_prefixes=tuple(prefixes) or backlog.bucket.key_prefixes)


def _after_restores(observation: CopyObservation, changes: Sequence[Change]) -> list[Change]:
    """What is left of the plan once everything is restored, so that it can be approved beforehand.

    Nothing where nothing is restored, or where the plan also closes what an earlier run left open: that is then not
    left.
    """
    left_open = (
        observation.open_sources or observation.open_keys or any(map(known, observation.source_copiers.values()))
    )
    rest = [change for change in changes if change.call != "RestoreObject"]
    return [] if left_open or len(rest) == len(changes) else rest


def _copy(
    settings: Settings, backlog: Backlog, engine: str, deed: BulkAction, conditional: bool, now: datetime
) -> Change:
    bucket, pilot = _with_prefixes(backlog), deed is BulkAction.PILOT
    owner = settings.log_account.account_id if backlog.direction == Direction.PULL else bucket.account
    estimate = (
        {"objects": len(backlog.pilot), "bytes": backlog.pilot_size}
        if pilot
        else {
            "objects": backlog.wanted - len(backlog.pilot),
            "bytes": backlog.bytes_wanted - backlog.pilot_size,
        }
    )
    rule: dict[str, Any] = {
        "from": bucket.name,
        "engine": engine,
        "storage_class": settings.storage_class_for(bucket.name),
        "lock": batch_choice.lock_in_words(engine),
        "retention_years": settings.retention_years,
        "objects": "one log file and one digest file" if pilot else "every log and digest file that the archive lacks",
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
        reason="a difference from the plan stops here, before the bulk copy"
        if pilot
        else f"{backlog.direction}: {backlog.why_direction}",
        undo="onetrail deletes no copy: each may later be the only one; until its lock ends only break-glass can",
        actor=COPIER,
        bulk=Bulk(
            deed,
            ("CopyObject",),
            {
                "Bucket": settings.bucket_name,
                "ExpectedBucketOwner": settings.log_account.account_id,
                "CopySource.Bucket": bucket.name,
                "ExpectedSourceBucketOwner": bucket.account,
                "ObjectLockMode": LOCK_MODE,
                **({"IfNoneMatch": "*"} if conditional and not pilot else {}),
            },
            rule,
            estimate=estimate,
            bounds=copy_bounds(settings, bucket, now, push=backlog.direction == Direction.PUSH),
        ),
    )
