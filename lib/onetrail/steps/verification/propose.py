"""What verification changes: locks raised on what was proven, the bucket's default after them, the guardrail, and a
receipt for each good bucket."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from onetrail.aws.actors import BREAK_GLASS, SEALER
from onetrail.change import Below, Bulk, BulkAction, Change, CheckKind, Only, Plan, RequiredCheck, StatedEffect, plain
from onetrail.change.words import counted
from onetrail.cloudtrail.object_key import ROOT
from onetrail.estate.archive import archive_of
from onetrail.estate.break_glass import CAN_BECOME, CAN_SEAL, CURE, SEAL_CURE, with_reason
from onetrail.estate.guardrails import guardrail_changes, guardrail_unread, judged_guardrail
from onetrail.estate.history.pairing import archive_key
from onetrail.estate.policy_documents.sizes import within_limits
from onetrail.estate.proof.receipts import CALL
from onetrail.estate.proof.sealed_heads import folder
from onetrail.estate.status import behind, unevaluated
from onetrail.iam.build import archive_guardrail
from onetrail.looked import known
from onetrail.names import CONFLICTS_FOLDER
from onetrail.s3.decisions.retention import LOCK_MODE
from onetrail.settings import Settings
from onetrail.steps.registry import VERIFICATION
from onetrail.steps.verification.bounds import last_year, seal_bounds
from onetrail.steps.verification.locks import wanted_lock
from onetrail.steps.verification.observe import VerificationObservation
from onetrail.steps.verification.proof import bill
from onetrail.steps.verification.region.sample import claim
from onetrail.steps.verification.verdict import BucketVerdict

STEP: Final = VERIFICATION.number
SEALED: Final = RequiredCheck(CheckKind.SEALED)
RECEIPT = "receipt-"
"""How the keys of these changes begin."""


def propose(settings: Settings, observation: VerificationObservation) -> Plan:
    """Nothing while the copy is open, something could not be read or the guardrail would be larger than AWS takes; a
    bucket that is not good is left out and named."""
    return within_limits(whole_plan(settings, observation))


def whole_plan(settings: Settings, observation: VerificationObservation) -> Plan:
    """The same, whether AWS takes the guardrail or not."""
    accounts = tuple(settings.all_account_ids)

    def plan(changes: Sequence[Change] = (), **said: Any) -> Plan:
        return Plan(STEP, settings.estate, accounts, tuple(changes), **said)

    if not observation.prerequisite.done:
        return behind(plan(), observation.prerequisite)
    if observation.could_not_look:
        return unevaluated(plan(), observation.could_not_look)
    if observation.digest_check != "full":
        return plan(why="a partial check proves nothing", notes=_notes(observation))
    good = [bucket for bucket in observation.buckets if due(bucket)]
    changes = [_seal(settings, bucket, [], observation.now) for bucket in good if bucket.unsealed]
    proven = any(bucket.good for bucket in observation.buckets)
    if proven:
        changes += _default_mode(settings, settings.bucket_name, known(observation.lock))
        changes += _default_mode(settings, settings.work_bucket, known(observation.work_lock))
        changes += _own_files(settings, observation)
        changes += guardrail_changes(
            observation.guardrail,
            guardrail_document(settings, observation),
            (settings.log_account.account_id,),
            requires=SEALED,
        )
    due_now = [bucket for bucket in good if observation.receipts.get(bucket.name) != ""]
    changes += [_receipt(settings, bucket) for bucket in due_now]
    changes += [_sealed_head(settings, due_now)] if due_now else []
    notes = (*_stops(observation, changes), *_notes(observation))
    blind = list(_blind(observation))
    if blind and not changes:
        return unevaluated(plan(notes=notes), blind)
    return with_reason(plan(changes, why="" if changes else _withheld(observation), notes=notes))


def _withheld(observation: VerificationObservation) -> str:
    """Why nothing is planned where a bucket that stands is not proven; empty where each is."""
    bad = [bucket for bucket in observation.buckets if not bucket.good and not bucket.emptied]
    if not bad:
        return ""
    others = f"; {counted(len(bad) - 1, 'other bucket does', 'other buckets do')} neither" if bad[1:] else ""
    return f"{bad[0].name} gets no receipt: {bad[0].reasons[0]}{others}"


def _blind(observation: VerificationObservation) -> Iterator[str]:
    """What could not be read and keeps no other bucket from being proven."""
    yield from (f"{one.name}: {'; '.join(one.unread)}" for one in observation.buckets if one.unread)
    yield from (f"public keys of {key.region}: {key.why}" for key in observation.keys if key.why and not key.source)
    yield from guardrail_unread(observation.guardrail)


def _stops(observation: VerificationObservation, changes: Sequence[Change]) -> Iterator[str]:
    """Why the plan would not reach its end: the reader knows it before approving."""
    asked = {change.requires for change in changes}
    if CAN_BECOME in asked and observation.no_break_glass:
        yield f"this plan would stop before its first lock: {observation.no_break_glass}; {CURE}"
    if CAN_SEAL in asked and observation.no_sealer:
        yield (
            "this plan would stop before it seals its receipts, and unsealed they permit nothing:"
            f" {observation.no_sealer}; {SEAL_CURE}"
        )


def due(bucket: BucketVerdict) -> bool:
    """A bucket that still stands with its objects, or some of them, and of which nothing speaks against it."""
    return bucket.good and not bucket.emptied and (not bucket.proven_before or bucket.half_emptied)


def guardrail_document(settings: Settings, observation: VerificationObservation) -> dict[str, Any]:
    """The guardrail around the archive."""
    archive = archive_of(settings, kms_key_arn=observation.kms_key)
    return judged_guardrail(archive, "archive_rail", archive_guardrail(archive))


def _seal(settings: Settings, bucket: BucketVerdict, spared: list[str], now: datetime | None) -> Change:
    """Raise the locks of what came from one old bucket; for the archive itself, of everything but what came from the
    buckets spared.

    Only break-glass may: S3 raises governance only for who may bypass it.
    """
    own = bucket.name == settings.bucket_name
    rule: dict[str, Any] = {
        "of": "what the new trail delivered itself" if own else f"the copies of {bucket.name}",
        "from": LOCK_MODE,
        "to": "COMPLIANCE",
        "until": "the date that each has, if its key asks for it",
    }
    if spared:
        rule["but not from"] = spared
    beside = () if own else (f"{CONFLICTS_FOLDER}{bucket.name}/",)
    where = (archive_key(settings, ROOT), *beside)
    return Change(
        key=f"seal-{bucket.name}",
        account=settings.log_account.account_id,
        region=settings.home_region,
        service="s3",
        call="PutObjectRetention",
        parameters={},
        resource=f"{settings.bucket_name}: {'its own files' if own else bucket.name}",
        before={"mode": LOCK_MODE},
        reason="proven; from now on not even break-glass can delete it before its date",
        undo="none: nobody can remove a lock under compliance",
        requires=CAN_BECOME,
        actor=BREAK_GLASS,
        bulk=Bulk(
            BulkAction.SEAL,
            ("PutObjectRetention",),
            {
                "Bucket": settings.bucket_name,
                "ExpectedBucketOwner": settings.log_account.account_id,
                "Retention.Mode": "COMPLIANCE",
                "BypassGovernanceRetention": True,
            },
            rule,
            estimate={"objects": bucket.unsealed},
            bounds=seal_bounds(settings, where, now),
            scope=bucket.name,
        ),
        stated=StatedEffect(until=last_year(settings, now)),
    )


def _default_mode(settings: Settings, bucket: str, lock: Mapping[str, Any] | None) -> list[Change]:
    """The default lock of the archive, and of the work bucket: the record's heads of later steps are kept like the
    archive."""
    wanted = wanted_lock(settings, lock)
    if wanted is None:
        return []
    account = settings.log_account.account_id
    return [
        Change(
            key=f"default-lock-{bucket}",
            account=account,
            region=settings.home_region,
            service="s3",
            call="PutObjectLockConfiguration",
            parameters={
                "Bucket": bucket,
                "ExpectedBucketOwner": account,
                "ObjectLockConfiguration": wanted,
            },
            resource=bucket,
            before=plain(lock),
            reason="what arrives from now on is locked under compliance from its first second",
            undo=(
                "as break-glass, restore the configuration shown as before; what arrived meanwhile stays under"
                " compliance"
            ),
            requires=CAN_BECOME,
            actor=BREAK_GLASS,
        )
    ]


def _own_files(settings: Settings, observation: VerificationObservation) -> list[Change]:
    own = observation.archive
    if own is None or not own.good or not own.unsealed:
        return []
    spared = sorted(bucket.name for bucket in observation.buckets if not bucket.good and not bucket.emptied)
    return [_seal(settings, own, spared, observation.now)]


def _receipt(settings: Settings, bucket: BucketVerdict) -> Change:
    rule = {"binds": "every object by key, size and ETag", "verification": "full"}
    return Change(
        key=f"{RECEIPT}{bucket.name}",
        account=bucket.account,
        region=bucket.region,
        service="run-folder",
        call=CALL,
        parameters={"Bucket": bucket.name},
        resource=f"receipts/{bucket.name}.json",
        before=None,
        reason="without it step 07 deletes nothing of this bucket; it holds for this exact listing only",
        undo="move the file out of the run folder and keep it; nothing is then retired",
        requires=SEALED,
        bulk=Bulk(
            BulkAction.RECEIPT,
            (CALL,),
            {"Bucket": bucket.name},
            rule,
            bucket.listing,
            {"objects": bucket.objects, "bytes": bucket.size},
        ),
    )


def _sealed_head(settings: Settings, buckets: Sequence[BucketVerdict]) -> Change:
    """The last change: what vouches for the receipts lies where neither the run folder's owner nor the operator can put
    it."""
    account, below = settings.log_account.account_id, folder(settings.run_name)
    return Change(
        key="sealed-head",
        account=account,
        region=settings.home_region,
        service="s3",
        call="PutObject",
        parameters={},
        resource=f"{settings.work_bucket}/{below}",
        before=None,
        reason="step 07 accepts a receipt only if a sealed head names its hash; only the sealer may put one",
        undo="none: it is locked with the bucket; without the receipts it permits nothing",
        requires=CAN_SEAL,
        actor=SEALER,
        bulk=Bulk(
            BulkAction.SEAL_HEAD,
            ("PutObject",),
            {"Bucket": settings.work_bucket, "ExpectedBucketOwner": account, "IfNoneMatch": "*"},
            {"names the receipts of": [bucket.name for bucket in buckets]},
            bounds=(
                Below("Key", (below,)),
                Only(("Body", "Bucket", "ExpectedBucketOwner", "IfNoneMatch", "Key")),
            ),
        ),
    )


def _notes(observation: VerificationObservation) -> tuple[str, ...]:
    notes = []
    unread: Counter[str] = Counter()
    for group in observation.unread:
        unread[group.bucket] += group.files
    if observation.digest_check != "full":
        notes.append(
            f"digest_check is {observation.digest_check}: findings only; only a full check seals and writes receipts"
        )
        sampled = [one for one in observation.chains if one.sampled]
        said = claim(sum(sum(one.chain.digests.values()) for one in sampled), sum(one.present for one in sampled))
        notes += [said] if said else []
    else:
        notes.append(bill(observation.readings))
        notes += [
            f"{b.name} is not sealed and gets no receipt: {'; '.join(b.reasons)}"
            for b in observation.buckets
            if not b.good and not b.emptied
        ]
        notes += [_unread(b.name, count) for b in observation.buckets if due(b) and (count := unread[b.name])]
    for bucket in observation.buckets:
        if bucket.old_versions or bucket.delete_markers:
            notes.append(
                f"{bucket.name}: {counted(bucket.old_versions, 'older version')} and"
                f" {counted(bucket.delete_markers, 'delete marker')} are not copied; step 07 leaves it alone"
            )
    return tuple(notes)


def _unread(bucket: str, count: int) -> str:
    some = counted(count, f"log of {bucket} holds", f"logs of {bucket} hold")
    return (
        f"{some} no records that can be read, and {'is' if count == 1 else 'are'} sealed like the rest: 06.unread names"
        " them"
    )
