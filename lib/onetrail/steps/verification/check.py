"""What verification has to say: bucket by bucket, chain by chain, file by file; a gap of the past is a note, destroyed
evidence a finding."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from onetrail.change import Finding, FindingState, iso
from onetrail.change.words import counted
from onetrail.cloudtrail.digests.verdict import FileState as File
from onetrail.cloudtrail.digests.verdict import IntervalState
from onetrail.estate.guardrails import guardrail_findings
from onetrail.estate.ledger_parts import ledger_findings
from onetrail.estate.policy_documents.sizes import oversized
from onetrail.estate.status import waiting_findings
from onetrail.looked import Unread
from onetrail.settings import Settings
from onetrail.steps.verification.completeness import completeness, named
from onetrail.steps.verification.locks import default_retention, wanted_lock
from onetrail.steps.verification.observe import VerificationObservation
from onetrail.steps.verification.propose import STEP, due, guardrail_document, whole_plan
from onetrail.steps.verification.troubles import PENDING, STRAY, TroubleGroup
from onetrail.steps.verification.verdict import ArchiveChain, BucketVerdict, Older

BLIND = {File.UNREADABLE.value, File.ARCHIVED.value, "uncompared"}
"""States of a file that mean that it could not be read."""
HARMLESS = {
    File.UNSIGNED.value: (
        "log is in the archive, and no signed digest names it: it cannot be proven",
        "logs are in the archive, and no signed digest names them: they cannot be proven",
    )
}

YET_TO_COME = tuple(
    f"{logs} named by no digest: those of the last hour or two never are yet"
    for logs in ("log of the new trail is", "logs of the new trail are")
)


def check(settings: Settings, observation: VerificationObservation) -> list[Finding]:
    """From a fresh observation; a step that waits says so and nothing else."""
    if not observation.prerequisite.done:
        return waiting_findings("06.waiting", observation.prerequisite, settings.bucket_name)
    found = [
        Finding("06.looked", FindingState.COULD_NOT_LOOK, "-", "-", "verification", why)
        for why in observation.could_not_look
    ]
    for bucket in observation.buckets:
        found += _bucket(bucket)
    found += [one for chain in observation.chains for one in _chain(chain)]
    found += _troubles(settings, observation.troubles)
    found += completeness(settings, observation)
    found += _keys(observation)
    found += [
        _receipt(observation, bucket) for bucket in observation.buckets if not bucket.emptied or bucket.proven_before
    ]
    found += oversized("06.document-size", whole_plan(settings, observation).changes)
    return [*found, *ledger_findings("06.ledger", observation.ledger), *_seals(settings, observation)]


def _bucket(bucket: BucketVerdict) -> list[Finding]:
    said = (bucket.account, bucket.region, bucket.name)
    if bucket.emptied and not bucket.proven_before:
        return [
            Finding(
                "06.bucket",
                FindingState.NOTE,
                *said,
                "already emptied and closed; this run holds no receipt of it, so nothing can be compared",
            )
        ]
    found = []
    if bucket.could_not_look:
        found.append(Finding("06.bucket", FindingState.COULD_NOT_LOOK, *said, bucket.could_not_look))
    elif bucket.good:
        when = "proven before retirement: " if bucket.proven_before else ""
        words = (
            f"{when}{counted(bucket.equal, 'file')} equal, {counted(bucket.digests_valid, 'digest')} and"
            f" {counted(bucket.logs_valid, 'log')} proven"
        )
        found.append(
            Finding(
                "06.bucket",
                FindingState.OK,
                *said,
                words + (f", {bucket.logs_unsigned:,} unsigned" if bucket.logs_unsigned else ""),
            )
        )
    elif bucket.full:
        found.append(Finding("06.bucket", FindingState.FINDING, *said, f"not proven: {'; '.join(bucket.reasons)}"))
    else:
        found.append(Finding("06.bucket", FindingState.NOTE, *said, f"not proven: {'; '.join(bucket.reasons)}"))
    if bucket.doubtful:
        evidence = (
            f"{counted(bucket.doubtful, 'log is', 'logs are')} named by no digest though the digests of"
            f" {'its' if bucket.doubtful == 1 else 'their'} time are complete: from a trail without validation, or put"
            " there"
        )
        found.append(Finding("06.log-unnamed", FindingState.NOTE, *said, evidence))
    if bucket.foreign:
        found.append(
            Finding(
                "06.foreign",
                FindingState.NOTE,
                *said,
                f"{counted(bucket.foreign, 'object is', 'objects are')} not CloudTrail's: not copied, not proven, never"
                " deleted",
            )
        )
    if bucket.old_versions or bucket.delete_markers:
        evidence = (
            f"{counted(bucket.old_versions, 'older version')} and {counted(bucket.delete_markers, 'delete marker')} are"
            " not part of the proof"
        )
        found.append(Finding("06.versions", FindingState.NOTE, *said, evidence))
    if bucket.unlocked:
        found.append(
            Finding(
                "06.lock",
                FindingState.FINDING,
                *said,
                f"{counted(bucket.unlocked, 'of its copies has', 'of its copies have')} no lock",
            )
        )
    if bucket.unsealed and due(bucket):
        found.append(
            Finding(
                "06.lock",
                FindingState.PLANNED,
                *said,
                "its copies are still under governance; raised by the plan",
            )
        )
    return found


_OLDER: Final = {
    Older.GONE: ("06.older-gone", FindingState.NOTE),
    Older.THERE: ("06.older-left", FindingState.FINDING),
    Older.UNKNOWN: ("06.older-left", FindingState.COULD_NOT_LOOK),
}


def _chain(seen: ArchiveChain) -> list[Finding]:
    chain = seen.chain
    said = (chain.account, chain.region, chain.trail + (" (backfill)" if chain.backfill else ""))
    found = []
    for interval in chain.intervals:
        if interval.state is not IntervalState.GAP:
            continue
        when = f"{iso(interval.start) if interval.start else 'the beginning'} to {iso(interval.end)}"
        if interval.missing:
            evidence = (
                f"{when}: at least {counted(interval.missing, 'digest is', 'digests are')} missing: {interval.why}"
            )
            found.append(Finding("06.digest-missing", FindingState.FINDING, *said, evidence))
        else:
            found.append(Finding("06.gap", FindingState.NOTE, *said, f"{when}: not proven: {interval.why}"))
    for one in seen.older:
        found.append(Finding(*_OLDER[one.state], *said, one.evidence))
    if seen.known == "digests":
        signed = chain.digests.get(File.VALID, 0)
        evidence = "no trail and no receipt names it: " + (
            f"taken from {counted(signed, 'signed digest')} of an allowed account and bucket"
            if signed
            else "only digests do, and no signature of theirs could be proven"
        )
        found.append(Finding("06.trail-unknown", FindingState.NOTE, *said, evidence))
    if chain.sound and not found:
        count = sum(chain.digests.values())
        how = "a sample of " if seen.sampled else ""
        restarts = sum(1 for i in chain.intervals if i.state is IntervalState.RESTART)
        evidence = f"{how}{counted(count, 'digest')} signed and linked" + (
            f", restarted {counted(restarts, 'time')}" if restarts else ""
        )
        found.append(Finding("06.chain", FindingState.OK, *said, evidence))
    return found


def _troubles(settings: Settings, troubles: Iterable[TroubleGroup]) -> list[Finding]:
    found = []
    notes: Counter[tuple[str, str, str, str]] = Counter()
    for one in troubles:
        moved = one.bucket != settings.bucket_name
        if one.state == PENDING or (one.state in HARMLESS and one.kind != "digest" and moved):
            notes[one.account, one.region, one.bucket, one.state] += one.files
            continue
        state = FindingState.COULD_NOT_LOOK if one.state in BLIND else FindingState.FINDING
        name = "06.stray" if one.state == STRAY else f"06.{one.kind}-{one.state}"
        found += named(name, state, one, f"{one.state}: {one.why} ({one.bucket})")
    for (account, region, bucket, held), count in sorted(notes.items()):
        words = YET_TO_COME if held == PENDING else HARMLESS[held]
        found.append(Finding("06.log-unsigned", FindingState.NOTE, account, region, bucket, counted(count, *words)))
    return found


def _keys(observation: VerificationObservation) -> list[Finding]:
    found = []
    for source in observation.keys:
        if source.why:
            found.append(Finding("06.keys", FindingState.COULD_NOT_LOOK, "-", source.region, "public keys", source.why))
        else:
            found.append(
                Finding(
                    "06.keys",
                    FindingState.OK,
                    "-",
                    source.region,
                    "public keys",
                    f"{counted(source.keys, 'key')}: {source.source}",
                )
            )
    return found


def _receipt(observation: VerificationObservation, bucket: BucketVerdict) -> Finding:
    said = (bucket.account, bucket.region, bucket.name)
    why = observation.receipts.get(bucket.name)
    if why == "":
        return Finding(
            "06.receipt",
            FindingState.OK,
            *said,
            "its receipt holds" + (": the bucket is retired" if bucket.proven_before else ""),
        )
    if due(bucket):
        return Finding("06.receipt", FindingState.PLANNED, *said, f"written by the plan{': ' + why if why else ''}")
    return Finding(
        "06.receipt",
        FindingState.NOTE,
        *said,
        why or "no receipt, since it is not proven; step 07 leaves it alone",
    )


def _seals(settings: Settings, observation: VerificationObservation) -> list[Finding]:
    account, region = settings.log_account.account_id, settings.home_region
    found = []
    own = observation.archive
    if own and own.unsealed:
        state = FindingState.PLANNED if own.good else FindingState.FINDING
        evidence = "files that the new trail delivered are still under governance" + (
            "; raised by the plan" if own.good else f": {'; '.join(own.reasons)}"
        )
        found.append(Finding("06.lock", state, account, region, settings.bucket_name, evidence))
    for name, lock in (
        (settings.bucket_name, observation.lock),
        (settings.work_bucket, observation.work_lock),
    ):
        state, evidence = _default_lock(settings, name, lock)
        found.append(Finding("06.default-lock", state, account, region, name, evidence))
    proven = any(bucket.good for bucket in observation.buckets)
    return found + guardrail_findings(
        STEP, observation.guardrail, guardrail_document(settings, observation), (account,), ready=proven
    )


def _default_lock(settings: Settings, bucket: str, lock: Mapping[str, Any] | Unread | None) -> tuple[FindingState, str]:
    """The archive has the mode of the parameters; the work bucket is locked whatever they say."""
    if isinstance(lock, Unread):
        return FindingState.COULD_NOT_LOOK, f"GetObjectLockConfiguration: {lock.why}"
    if settings.object_lock == "none" and bucket == settings.bucket_name:
        return FindingState.NOTE, "the parameters want no lock"
    if not default_retention(lock):
        return FindingState.FINDING, "has no default lock; step 03 puts it back"
    if wanted_lock(settings, lock):
        return FindingState.PLANNED, "under governance until the plan raises it"
    return FindingState.OK, f"under {default_retention(lock)['Mode'].lower()}"
