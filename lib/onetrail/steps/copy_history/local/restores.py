"""Archived logs made readable before they are copied: asked for once, in bulk, by their own account, and waited for
with nothing open.

The readable copies stay for the grant's hours plus a week, since somebody has to come back and run the step
again. Source: S3 User Guide, "Restoring an archived object", "Archive retrieval options".
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from onetrail.aws import Clients
from onetrail.aws.bulk_progress import BulkProgress
from onetrail.change import Bulk, BulkAction, Change, ChangeFailed, Gate, Requirement
from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.words import counted
from onetrail.estate.backlog.backlog import Backlog, rules
from onetrail.estate.history.pairing import pairs
from onetrail.estate.old_estate import OldBucket
from onetrail.instants import moved
from onetrail.s3.bulk.restore import TIER, RestoreCost, RestoreTask, restore_archived, restore_cost
from onetrail.s3.decisions.decide import DecisionKind, archived_in, decide
from onetrail.s3.decisions.prices import BULK_RESTORES
from onetrail.s3.http.session import hot
from onetrail.s3.ledger.parts import LedgerPart, parts, read_part
from onetrail.settings import Settings
from onetrail.steps.copy_history.bounds import restore_bounds

SPARE_DAYS: Final = 7
LOOK_AGAIN: Final = timedelta(hours=1)
"""Where nothing says when a restore was asked for, or it takes longer than S3 says."""


def restore_days(settings: Settings) -> int:
    """How many days the readable copies stay."""
    return math.ceil(settings.grant_hours / 24) + SPARE_DAYS


def cost_of(settings: Settings, backlogs: Iterable[Backlog]) -> RestoreCost:
    """What restoring all that these buckets lack costs, and the hours it takes at most."""
    objects: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for one in backlogs:
        objects.update(one.away)
        sizes.update(one.away_sizes)
    return restore_cost(objects, sizes, restore_days(settings))


def restore_change(settings: Settings, bucket: OldBucket, backlog: Backlog) -> Change:
    """One rule over one old bucket: every log and digest that the archive lacks and that cannot be read is restored in
    bulk.

    `bucket` is the backlog's, with the key prefixes that its objects have.
    """
    days = restore_days(settings)
    cost = cost_of(settings, [backlog])
    objects, size = sum(backlog.away.values()), sum(backlog.away_sizes.values())
    return Change(
        key=f"restore-{bucket.name}",
        account=bucket.account,
        region=bucket.region,
        service="s3",
        call="RestoreObject",
        parameters={},
        resource=bucket.name,
        before=None,
        reason=f"archived objects cannot be copied before they are restored; at most {cost.hours} hours",
        undo=f"nothing to undo: readable copies expire after {days} days, and the archived objects stay as they are",
        bulk=Bulk(
            BulkAction.RESTORE,
            ("RestoreObject",),
            {
                "Bucket": bucket.name,
                "ExpectedBucketOwner": bucket.account,
                "RestoreRequest.GlacierJobParameters.Tier": TIER,
            },
            {
                "in": bucket.name,
                "objects": "every log and digest file that the archive lacks and that must be restored first",
                "tier": TIER,
                "days": days,
            },
            estimate={"objects": objects, "bytes": size, "US dollars": round(cost.dollars, 2)},
            bounds=restore_bounds(bucket, days),
        ),
    )


def carry_out(clients: Clients, gate: Gate, change: Change, bucket: OldBucket) -> Mapping[str, Any]:
    """Ask for every restore of one rule, each with a row in the ledger. ChangeFailed where one is refused: nothing is
    copied then."""
    settings = clients.settings
    ledger = LedgerPart(settings.run_folder / "ledger", f"restore-{bucket.name}")
    with ledger:
        counts = restore_archived(
            restore_tasks(settings, clients, bucket),
            hot(clients, bucket.account, bucket.region),
            ledger,
            BulkProgress(gate.progress, "requested for restore").more(bucket.name),
            days=restore_days(settings),
            now=clients.clock.now,
        )
    part = ledger.finish()
    said = {"part": part.path.name, "sha256": part.sha256, "rows": part.rows}
    gate.record.append(LineKind.PARTITION, key=change.key, folder="", outcomes=dict(counts.outcomes), **said)
    if counts.errors or counts.stopped:
        raise ChangeFailed(
            f"restore in {bucket.name}: {counts.trouble}: see the ledger part {part.path.name}; nothing was "
            "opened, fix the cause and run this step again"
        )
    return {"outcomes": dict(counts.outcomes), "bytes": counts.size, "ledger": [said]}


def restore_tasks(settings: Settings, clients: Clients, bucket: OldBucket) -> Iterable[RestoreTask]:
    """What is to be asked for: never an object whose restore is under way or done."""
    how = rules(settings, bucket, clients.clock.now())
    for pair in pairs(settings, clients, bucket):
        row = pair.source
        if decide(row, pair.target, how).kind is DecisionKind.ARCHIVED:
            yield RestoreTask(
                bucket.name,
                bucket.account,
                row.key,
                archived_in(row),
                row.size,
                row.etag,
                row.last_modified,
                row.version_id,
            )


def ready_at(folder: Path, bucket: str, classes: Iterable[str], now: datetime) -> datetime:
    """When restores of these classes or tiers are done at the latest, as far as the ledger says when they were asked
    for."""
    asked, hours = asked_at(folder, bucket), max(BULK_RESTORES[one].hours for one in classes)
    done = moved(asked, timedelta(hours=hours)) if asked else now
    return done if done > now else now + LOOK_AGAIN


def asked_at(folder: Path, bucket: str) -> datetime | None:
    """When the last restore of this bucket was asked for, by the run's own ledger; None where it does not say. Raises
    LedgerTorn, LaterForm."""
    found = []
    for path in parts(folder) if folder.is_dir() else []:
        if path.name.startswith(f"restore-{bucket}"):
            rows = read_part(path).select(["source_bucket", "when"]).to_pylist()
            found += [row["when"] for row in rows if row["source_bucket"] == bucket and row["when"]]
    return max(found, default=None)


def still_restoring(backlogs: Iterable[Backlog]) -> str:
    """The buckets in which restores are under way, in words."""
    found = [(one.bucket.name, sum(one.restoring.values())) for one in backlogs if one.restoring]
    number = sum(count for _, count in found)
    return f"{counted(number, 'object is', 'objects are')} being restored in {', '.join(name for name, _ in found)}"


def restored(
    settings: Settings,
    clients: Clients,
    buckets: Iterable[OldBucket],
    kinds: Collection[DecisionKind] = (DecisionKind.RESTORING, DecisionKind.ARCHIVED),
) -> Requirement:
    """Whether nothing of these kinds is left in the buckets, so that all of it can be read by now; if not, when to look
    again."""
    waiting: list[tuple[str, int, datetime]] = []
    now = clients.clock.now()
    for bucket in buckets:
        left = _left(settings, clients, bucket, now, kinds)
        if left:
            folder = settings.run_folder / "ledger"
            waiting.append((bucket.name, sum(left.values()), ready_at(folder, bucket.name, left, now)))
    if not waiting:
        return Requirement(True, "everything that is to be copied can be read")
    number = sum(count for _, count, _ in waiting)
    names = ", ".join(name for name, _, _ in waiting)
    why = f"{counted(number, 'object is', 'objects are')} being restored in {names}"
    return Requirement(False, why, max(again for _, _, again in waiting))


def _left(
    settings: Settings, clients: Clients, bucket: OldBucket, now: datetime, kinds: Collection[DecisionKind]
) -> Mapping[str, int]:
    how = rules(settings, bucket, now)
    left: Counter[str] = Counter()
    for pair in pairs(settings, clients, bucket):
        if decide(pair.source, pair.target, how).kind in kinds:
            left[archived_in(pair.source)] += 1
    return left
