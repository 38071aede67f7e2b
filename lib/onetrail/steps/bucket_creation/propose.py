"""The plan of 03: the key if one is to be made, then each bucket, piece by piece, each piece only where it differs."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any, Final

from onetrail import iam, names
from onetrail.aws.actors import BREAK_GLASS
from onetrail.change import NAMED, Change, CheckKind, Document, Plan, RequiredCheck
from onetrail.errors import WrongUse
from onetrail.estate.adoption.deliveries import shut_out
from onetrail.estate.archive import archive_of, standing_archive
from onetrail.estate.break_glass import with_reason
from onetrail.estate.grant_state import GrantState, grant_state, work_opened
from onetrail.estate.log_account.observed import unread_of
from onetrail.estate.policy_documents.sizes import reason, within_limits
from onetrail.estate.status import behind, evaluated, unevaluated
from onetrail.iam.builders.reads_only import SID_READS_ONLY
from onetrail.looked import Unread, known
from onetrail.settings import Settings
from onetrail.steps.bucket_creation import key
from onetrail.steps.bucket_creation.access_logs import ARRIVED, awaited
from onetrail.steps.bucket_creation.lifecycle import MOST_RULES, dated_folders, end_of, year_of
from onetrail.steps.bucket_creation.observe import BucketPresence, BucketsObservation, BucketState
from onetrail.steps.bucket_creation.pieces import BucketSetting, pieces
from onetrail.steps.bucket_creation.wanted import WantedBucket, wanted_buckets
from onetrail.steps.registry import BUCKET_CREATION

POLICY_JUDGED: Final = RequiredCheck(CheckKind.POLICY_JUDGED)
_OPENED: Final = (GrantState.WINDOW, GrantState.OPEN)
_GUARD_SIDS: Final = frozenset({SID_READS_ONLY, "OnlyBreakGlassChanges"})
"""The statement by which a bucket is guarded already: ours, and the one of policies before it."""


class BucketNotOurs(WrongUse):
    """A bucket of the wanted name exists and is not for us to use."""


def propose(settings: Settings, observation: BucketsObservation) -> Plan:
    """What is left to do; nothing where a document would be larger than AWS takes.

    Raises BucketNotOurs when a wanted name is taken by somebody else or by something else.
    """
    plan = whole_plan(settings, observation)
    refused = shut_out("03.delivery", settings, plan.changes, observation.trails)
    if refused:
        return replace(plan, changes=(), ends_with=None, not_yet=None, why=reason(refused))
    return within_limits(plan, observation.log.inline)


def whole_plan(settings: Settings, observation: BucketsObservation) -> Plan:
    """What is left to do, whether AWS takes its documents or not. Raises BucketNotOurs as `propose` does."""
    bare = Plan(BUCKET_CREATION.number, settings.estate, settings.all_account_ids, ())
    for there in observation.buckets.values():
        refuse_foreign(settings, there)
    if not observation.prerequisite.done:
        return behind(bare, observation.prerequisite)
    if observation.refused:
        return replace(bare, why=observation.refused)
    unread = [f"{name}: {text}" for name, there in observation.buckets.items() for text in there.could_not_look]
    unknown = any(
        there.state == BucketPresence.COULD_NOT_LOOK or _whose(there) is Whose.UNKNOWN
        for there in observation.buckets.values()
    )
    if unknown or isinstance(observation.log.key_arn, Unread):
        return unevaluated(bare, (*unread, *observation.could_not_look))
    changes = key.key_changes(settings, observation)
    for bucket in wanted(settings, observation):
        changes += _bucket_changes(settings, bucket, observation.buckets[bucket.name])
    waiting = awaited(observation.access_logs, observation.now)
    unread += [*observation.could_not_look, *unread_of(observation.log)]
    logs = observation.access_logs.could_not_look
    plan = replace(
        bare,
        changes=tuple(changes),
        notes=_notes(settings, observation),
        not_yet=waiting[0] if waiting and not changes else None,
        why=waiting[1] if waiting and not changes else "",
        ends_with=ARRIVED if waiting else None,
    )
    return evaluated(with_reason(plan), [*unread, *([logs] if logs else [])])


def wanted(settings: Settings, observation: BucketsObservation) -> tuple[WantedBucket, ...]:
    """The buckets as they should be, given which years of logs there are to come."""
    policy = known(observation.buckets[settings.bucket_name].policy)
    archive = standing_archive(settings, policy, kms_key_arn=key.arn_or_placeholder(settings, observation))
    buckets = wanted_buckets(settings, archive, _dated(settings, observation))
    return tuple(_as_opened(settings, observation.buckets[bucket.name], bucket) for bucket in buckets)


def refuse_foreign(settings: Settings, bucket: BucketState) -> None:
    """Raises BucketNotOurs unless the name is free, or the bucket is in the log account and tagged ours or empty."""
    parameter = next(
        k for k in ("bucket_name", "access_log_bucket", "work_bucket") if getattr(settings, k) == bucket.name
    )
    if bucket.state == BucketPresence.ELSEWHERE:
        raise BucketNotOurs(
            f"bucket {bucket.name} exists in another account than {settings.log_account.account_id}: choose another"
            f" {parameter}"
        )
    if bucket.state != BucketPresence.OURS:
        return
    if bucket.region and bucket.region != settings.home_region:
        raise BucketNotOurs(
            f"bucket {bucket.name} is in {bucket.region}, and home_region is {settings.home_region}: choose another"
            f" {parameter}"
        )
    if _whose(bucket) is Whose.FOREIGN:
        raise BucketNotOurs(
            f"bucket {bucket.name} holds objects and has no tag {names.TAG_KEY}: choose another {parameter}, "
            "or tag it if it is meant to become the archive"
        )


class Whose(StrEnum):
    """Whose a bucket of the log account is: a tag or its emptiness makes it ours; unknown where neither could be looked
    at."""

    OURS = "ours"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


def _whose(bucket: BucketState) -> Whose:
    if bucket.state != BucketPresence.OURS or bucket.empty is True:
        return Whose.OURS
    if isinstance(bucket.tags, Unread):
        return Whose.UNKNOWN
    if names.TAG_KEY in bucket.tags:
        return Whose.OURS
    return Whose.UNKNOWN if isinstance(bucket.empty, Unread) else Whose.FOREIGN


def _as_opened(settings: Settings, there: BucketState, bucket: WantedBucket) -> WantedBucket:
    """While step 05 holds a grant open the policies of archive and work bucket are 05's to put back, not ours."""
    policy = known(there.policy)
    if policy is None:
        return bucket
    if bucket.name == settings.work_bucket and work_opened(archive_of(settings), policy):
        return replace(bucket, policy=policy)
    if bucket.name == settings.bucket_name and grant_state(standing_archive(settings, policy), policy) in _OPENED:
        return replace(bucket, policy=policy)
    return bucket


def _dated(settings: Settings, observation: BucketsObservation) -> list[str]:
    """Year folders that get a rule: older than the archive itself and not past their time, and those that have a right
    one."""
    central = observation.buckets[settings.bucket_name]
    archive = archive_of(settings)
    began = (central.created or observation.now).year
    years = settings.retention_years
    old = [f for f in observation.folders if year_of(f) < began and end_of(f, years) > observation.now]
    return sorted({*old, *dated_folders((known(central.lifecycle) or {}).get("Rules", []), archive.prefix, years)})


def _bucket_changes(settings: Settings, wanted: WantedBucket, there: BucketState) -> list[Change]:
    changes = [] if there.state == BucketPresence.OURS else [_created(settings, wanted)]
    implied = {"ownership", "versioning" if wanted.lock_days else ""} if there.state != BucketPresence.OURS else set()
    guarded = any(s.get("Sid") in _GUARD_SIDS for s in iam.statements(known(there.policy) or {}))
    actor = BREAK_GLASS if guarded else NAMED
    for piece in pieces(settings, wanted, there):
        if piece.fits is False and piece.name not in implied:
            changes.append(_put(settings, wanted, piece, actor))
    return changes


def _created(settings: Settings, wanted: WantedBucket) -> Change:
    place = {"CreateBucketConfiguration": {"LocationConstraint": settings.home_region}}
    parameters: dict[str, Any] = {
        "Bucket": wanted.name,
        "ObjectOwnership": "BucketOwnerEnforced",
        "ObjectLockEnabledForBucket": bool(wanted.lock_days),
        **(place if settings.home_region != "us-east-1" else {}),
    }
    lock = ", with Object Lock and versioning" if wanted.lock_days else ""
    return _change(
        settings,
        wanted,
        "bucket",
        "CreateBucket",
        parameters,
        None,
        f"{wanted.what_for}{lock}",
        "delete it while it is empty",
        NAMED,
    )


def _put(settings: Settings, wanted: WantedBucket, piece: BucketSetting, actor: str) -> Change:
    owner = {"Bucket": wanted.name, "ExpectedBucketOwner": settings.log_account.account_id}
    parameters = key.filled({**owner, **piece.parameters})
    return _change(
        settings,
        wanted,
        piece.name,
        piece.call,
        parameters,
        piece.before or None,
        piece.reason,
        _undo(piece),
        actor,
        POLICY_JUDGED if piece.name == "policy" else None,
    )


def _undo(piece: BucketSetting) -> str:
    """Rules that stood before may expire logs that the bucket holds by now."""
    if not piece.before:
        return "removed with the bucket"
    if piece.name == "lifecycle":
        return "as break-glass, restore those previous rules that delete or move nothing that it holds"
    return "restore the previous setting, as break-glass"


def _change(
    settings: Settings,
    wanted: WantedBucket,
    part: str,
    call: str,
    parameters: Mapping[str, Any],
    before: Any,
    reason: str,
    undo: str,
    actor: str,
    requires: RequiredCheck | None = None,
) -> Change:
    return Change(
        key=f"{wanted.name}: {part}",
        account=settings.log_account.account_id,
        region=settings.home_region,
        service="s3",
        call=call,
        parameters=parameters,
        resource=names.bucket_arn(settings.partition, wanted.name),
        before=before,
        reason=reason,
        undo=undo,
        requires=requires,
        actor=actor,
    )


def _notes(settings: Settings, observation: BucketsObservation) -> tuple[str, ...]:
    notes = []
    if settings.object_lock == "none":
        notes.append(
            "object_lock is none: only versioning and the policy protect the logs, and break-glass can delete them."
        )
    rules = len(wanted(settings, observation)[-1].rules)
    folders = len(_dated(settings, observation))
    if folders and rules < folders:
        notes.append(
            f"{folders} year folders need more than the {MOST_RULES} lifecycle rules that a bucket may have: old logs"
            f" are kept for {settings.retention_years} years from their copy instead of from their date; 01 shows the"
            " cost."
        )
    if settings.log_readers:
        notes.append(
            f"{', '.join(sorted(settings.log_readers))} may read logs from another account, as log_readers says: S3"
            " takes the archive's policy only while each of them exists, and each needs the same rights in its own"
            " account."
        )
        if settings.kms_key.startswith("arn:"):
            notes.append(f"{settings.kms_key} is not ours: let these readers use kms:Decrypt in its policy.")
    policy = known(observation.buckets[settings.bucket_name].policy)
    if grant_state(standing_archive(settings, policy), policy) in _OPENED:
        notes.append("The archive's policy is opened for a copy: 05 shows the grant and proposes to revoke it.")
    return tuple(notes)


def policy_of(change: Change) -> Mapping[str, Any]:
    """The document that a PutBucketPolicy sends."""
    found = change.parameters["Policy"]
    return found.value if isinstance(found, Document) else iam.parse(found)
