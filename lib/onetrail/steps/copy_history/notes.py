"""What the reader of the copy plan should know before approving it: what is not copied, what is restored, who hears of
it, how keys move. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from onetrail.change.words import counted, sized, some
from onetrail.estate.backlog.backlog import Backlog
from onetrail.estate.backlog.direction import Direction
from onetrail.names import CONFLICTS_FOLDER, SID_NEVER_OVERWRITES
from onetrail.s3.decisions.decide import DecisionKind
from onetrail.s3.decisions.prices import KMS_PER_10_000
from onetrail.settings import Settings
from onetrail.steps.copy_history.local.restores import cost_of, restore_days
from onetrail.steps.copy_history.observe import CopyObservation

WHAT_TO_DO: Final = {
    DecisionKind.CONFLICT: (
        "other bytes have both their keys in the archive; nothing is overwritten, and their bucket is kept"
    ),
    DecisionKind.TOO_LARGE: (
        "they are larger than 5 GiB, the limit of one CopyObject; no log is that large, so check what they are; they"
        " stay, and their bucket is kept"
    ),
    DecisionKind.FOREIGN: "they are not CloudTrail's; their owner decides, and their bucket is kept",
}
"""What a person does about objects that are not copied."""


def plan_notes(
    settings: Settings, observation: CopyObservation, due: Sequence[Backlog], after_restores: str = ""
) -> tuple[str, ...]:
    """One line each. `after_restores` is the id of the plan that is left once everything is restored."""
    return (
        *_open(observation),
        *_unconditional(observation, due),
        *_stopped(observation),
        *_restores(settings, observation, due, after_restores),
        *_left_behind(observation),
        *_decrypted(due),
        *_heard(observation),
        *_moved(settings, due),
        *_foreign_key(settings, due),
    )


def _open(observation: CopyObservation) -> Iterator[str]:
    if observation.open_sources:
        yield f"a grant was found open in {counted(len(observation.open_sources), 'old bucket')}; this plan closes it"
    if observation.open_keys:
        yield (
            f"a grant was found open on {counted(len(observation.open_keys), 'key')} of old buckets; this plan"
            " closes it"
        )


def _unconditional(observation: CopyObservation, due: Sequence[Backlog]) -> Iterator[str]:
    if due and not observation.conditional:
        yield (
            "S3 here does not accept If-None-Match on a copy, as a pilot found: the archive's policy is opened without"
            f" {SID_NEVER_OVERWRITES}, each key is checked before its copy, and a second write would add a version"
            " beside a locked one"
        )


def _stopped(observation: CopyObservation) -> Iterator[str]:
    for one in observation.backlogs:
        for obstacle in one.obstacles:
            stops = one.wanted and obstacle.stops
            yield f"{one.bucket.name}{' is not copied' if stops else ''}: {obstacle.line}"


def _restores(
    settings: Settings, observation: CopyObservation, due: Sequence[Backlog], after_restores: str
) -> Iterator[str]:
    away = [one for one in due if one.away]
    if not away:
        return
    cost, number = cost_of(settings, away), sum(sum(one.away.values()) for one in away)
    size = sum(sum(one.away_sizes.values()) for one in away)
    yield (
        f"{counted(number, 'object')} ({sized(size)}) of {counted(len(away), 'bucket')} must be restored first: at"
        f" most {cost.hours} hours and about ${cost.dollars:,.2f}; the readable copies stay for"
        f" {restore_days(settings)} days. No grant is opened before all of them can be read"
    )
    if after_restores:
        yield (
            f"once they are restored, the rest is plan {after_restores}: approve both ids to let a later run continue"
            " by itself"
        )


def _left_behind(observation: CopyObservation) -> Iterator[str]:
    for one in observation.backlogs:
        name, behind = one.bucket.name, one.behind
        for kind, what_to_do in WHAT_TO_DO.items():
            count = one.objects.get(kind, 0)
            if count:
                first = f", first {one.named[kind][0]}" if one.named.get(kind) else ""
                yield f"{name}: {counted(count, 'object is', 'objects are')} not copied{first}: {what_to_do}"
        if one.beside:
            yield (
                f"{name}: {counted(one.beside, 'object has a key', 'objects have keys')} under which the archive holds"
                f" or gets other bytes, first {one.beside_named[0]}: both copies are kept, this bucket's below"
                f" {CONFLICTS_FOLDER}{name}/"
            )
        if behind.hidden:
            yield (
                f"{name}: {counted(behind.hidden, 'log or digest file was', 'log and digest files were')} deleted"
                f" there; the newest version is copied, by version id: {some(behind.hidden_named, behind.hidden)}"
            )
        if behind.other:
            yield (
                f"{name}: {counted(behind.other, 'older version')} may differ from the newest: a person must review "
                f"{some(behind.other_named, behind.other)}; they stay there, and the bucket is kept"
            )
        if behind.equal or behind.markers:
            yield (
                f"{name}: {counted(behind.equal, 'older version')} with equal bytes and"
                f" {counted(behind.markers, 'delete marker')} are not copied"
            )


def _decrypted(due: Sequence[Backlog]) -> Iterator[str]:
    keyed = [one for one in due if one.keys]
    number = sum(one.wanted for one in keyed)
    if number:
        dollars = number / 10_000 * KMS_PER_10_000
        yield (
            f"{counted(number, 'object')} of {counted(len(keyed), 'bucket')} may be under KMS keys: each copy is a"
            f" request to KMS, about ${dollars:,.2f} in all without S3 Bucket Keys"
        )


def _heard(observation: CopyObservation) -> Iterator[str]:
    for one in observation.flooded:
        yield f"{'nothing is copied: ' if one.stops else ''}{one.who}: {one.line}"


def _moved(settings: Settings, due: Sequence[Backlog]) -> Iterator[str]:
    """Where keys change on their way, one bucket of each kind of change; where none does, one line says so."""
    changed: dict[tuple[str, str], list[str]] = {}
    for one in due:
        for mapped in one.mapped:
            if mapped.old != mapped.new:
                changed.setdefault((mapped.old, mapped.new), []).append(one.bucket.name)
    for (old, new), buckets in sorted(changed.items()):
        yield f"keys that begin with {old} begin with {new} in the archive: {', '.join(buckets)}"
    if due and not changed:
        yield "every key stays as it is"


def _foreign_key(settings: Settings, due: Sequence[Backlog]) -> Iterator[str]:
    if settings.kms_key not in ("none", "create") and any(one.direction == Direction.PUSH for one in due):
        yield (
            f"the policy of {settings.kms_key} must let the copier roles of the source accounts encrypt"
            " (kms:GenerateDataKey, kms:Decrypt) while this plan runs: onetrail does not change a key that it did not"
            " create"
        )
