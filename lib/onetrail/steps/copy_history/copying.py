"""The copy of each old bucket under the open grant: the pilot, the partitions, and the rows that say what became of
each object."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onetrail.aws import Clients
from onetrail.aws.actors import COPIER
from onetrail.aws.bulk_progress import BulkProgress
from onetrail.change import BulkAction, Change, ChangeFailed, Gate, Plan, Requirement
from onetrail.change.run_record.line_kind import LineKind
from onetrail.cloudtrail.object_key import DIGEST_KINDS, parse
from onetrail.estate.backlog.still import all_frozen
from onetrail.estate.history.claims import Claims
from onetrail.estate.history.pairing import ObjectPair, ranges_of
from onetrail.estate.old_estate import OldBucket, read_old_estate
from onetrail.s3.bulk import reasons
from onetrail.s3.bulk.tally import WANTED, Counts, ObjectOutcome
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.copying.partition import CopyPartition, FinishedPartition
from onetrail.s3.copying.pipeline import copy_partition, copy_partitions
from onetrail.s3.decisions.decide import DecisionKind, ObjectDecision
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.pace import Paces
from onetrail.s3.http.session import hot
from onetrail.s3.ledger.parts import FinishedPart, LedgerPart, LedgerRow
from onetrail.s3.listing.ranges import KeyRange
from onetrail.steps.copy_history.jobs.plan import runs_by_jobs
from onetrail.steps.copy_history.local import restores
from onetrail.steps.copy_history.local.conditional import conditional_copies, over, taken
from onetrail.steps.copy_history.local.pilot import demand, read_back
from onetrail.steps.copy_history.local.tasks import (
    OUTCOMES,
    STAYS,
    due,
    task_of,
    tasks_of_bucket,
    tasks_of_range,
)
from onetrail.steps.copy_history.local.unwritten import listed, write_missing_rows


def _beside(counts: Counts) -> dict[str, Any]:
    """What a copying rule says in addition to its outcomes, where there is something to say."""
    said = {"reasons": dict(reasons.commonest(counts.reasons)), "unhashed": counts.unhashed}
    return {name: value for name, value in said.items() if value}


@dataclass
class Copying:
    """Carries out the bulk rules of one plan."""

    clients: Clients
    gate: Gate
    expected: Mapping[str, int] = field(default_factory=dict)
    """By old bucket: the objects that the last look found to copy."""

    def __post_init__(self) -> None:
        self.settings = self.clients.settings
        self.estate = read_old_estate(self.settings, self.clients)
        self.buckets = {bucket.name: bucket for bucket in self.estate.buckets}
        self.live = [bucket for bucket in self.estate.buckets if not bucket.emptied]
        self.claims = Claims(self.settings, self.clients, self.live)
        self.folder = self.settings.run_folder / "ledger"
        self.far = BulkProgress(self.gate.progress, "copied", self.expected)
        self.listed = listed(self.settings.run_folder)
        self.unwritten = {bucket.name for bucket in self.live}
        """Buckets of which no copy of this plan writes a row for each object: they are listed beside the ledger at its
        end."""
        self._rows_written = False
        self._piloted: dict[str, frozenset[str]] = {}
        self.paces = Paces(self.settings.max_requests_per_second)
        self.conditional = conditional_copies(self.settings)
        self.left_out: dict[str, str] = {}
        """Old bucket -> why its pilot was refused: nothing more of it is copied, and the others are."""
        self.pilots = 1
        """How many pilots the plan has: where all are refused, the plan fails."""

    def begins(self, plan: Plan) -> None:
        """The plan that is to be carried out."""
        pilots = [c.resource for c in plan.changes if c.bulk and c.bulk.deed is BulkAction.PILOT]
        self.pilots = max(len(pilots), 1)

    def leave_out(self, bucket: OldBucket, why: str, said: Mapping[str, Any]) -> Mapping[str, Any]:
        """Nothing more of the bucket is copied by this plan; what became of its pilot is `said`. Raises ChangeFailed
        where that is every bucket's."""
        self.left_out[bucket.name] = why
        if len(self.left_out) >= self.pilots:
            raise ChangeFailed(f"{why}; nothing else was copied", said)
        self.gate.say(f"{why}: {bucket.name} is left out, the other buckets are copied")
        return {**said, "left_out": why}

    def sources_ready(self, plan: Plan) -> Requirement:
        """Whether the old buckets that the plan copies are frozen, and everything in those it restores can be read."""
        if self.estate.could_not_look:
            return Requirement(False, f"something could not be read: {self.estate.could_not_look[0]}")
        copied = [change.bulk.fixed.get("CopySource.Bucket") for change in plan.changes if change.bulk]
        still = all_frozen(self.estate, [self.buckets[name] for name in dict.fromkeys(copied) if name])
        asked = [self.buckets[c.resource] for c in plan.changes if c.bulk and c.bulk.deed is BulkAction.RESTORE]
        if not still.met or not asked:
            return still
        return restores.restored(self.settings, self.clients, asked)

    def write_rows(self, plan: Plan, *, waits: bool = False) -> None:
        """A row for each listed object that has none, once at the plan's end; `waits`: what is to be copied is left to
        the next plan."""
        if self._rows_written:
            return
        self._rows_written = True
        copied = {c.bulk.fixed.get("CopySource.Bucket") for c in plan.changes if c.bulk} - set(self.left_out)
        left_out = set() if waits else {bucket.name for bucket in self.live} - copied
        write_missing_rows(self.clients, self.gate, self.buckets.values(), self.unwritten, left_out)

    def carry_out(self, change: Change) -> Mapping[str, Any]:
        """One rule over one old bucket: its pilot, or all that the archive lacks."""
        assert change.bulk is not None
        if change.bulk.deed is BulkAction.RESTORE:
            bucket = self.buckets[change.resource]
            return restores.carry_out(self.clients, self.gate, change, bucket)
        bucket = self.buckets[change.bulk.fixed["CopySource.Bucket"]]
        if change.bulk.deed is BulkAction.PILOT:
            return self._pilot(change, bucket)
        if bucket.name in self.left_out:
            return {"outcomes": {}, "left_out": self.left_out[bucket.name]}
        parts: list[Mapping[str, Any]] = []
        named: dict[str, KeyRange] = {}

        def ended(one: FinishedPartition) -> None:
            """A range that is over, into the record; one in which nothing was to be copied leaves nothing."""
            if one.part is None:
                return
            parts.append(_said(one.part))
            span = named[one.name]
            self.gate.record.append(
                LineKind.PARTITION,
                key=change.key,
                after=span.after,
                until=span.until,
                outcomes=dict(one.counts.outcomes),
                **parts[-1],
            )

        total = copy_partitions(
            self._partitions(change, bucket, named),
            self._client(change),
            self.folder,
            self.far.more(bucket.name),
            now=self.clients.clock.now,
            paces=self.paces,
            ended=ended,
            source=self._source(change, bucket),
        ).counts
        if total.stopped:
            raise ChangeFailed(
                f"copy of {bucket.name} stopped: {total.trouble or total.stopped}; the ledger has each object, and a"
                " new run continues"
            )
        self.far.ended(bucket.name)
        return {
            "outcomes": dict(total.outcomes),
            "bytes": total.size,
            "retries": total.retries,
            "ledger": parts,
            **_beside(total),
        }

    def _partitions(
        self, change: Change, bucket: OldBucket, named: dict[str, KeyRange]
    ) -> Iterator[CopyPartition | None]:
        """The bucket in ranges; `named` learns which part is which."""
        now, pace = self.clients.clock.now(), self.paces.overall
        noted = self._noted(change, bucket)
        if bucket.versioned:
            name = f"copy-{bucket.name}-001"
            named[name] = KeyRange()
            yield CopyPartition(name, self._by_version(change, bucket, noted))
            return
        for span in ranges_of(self.clients, bucket, pace):
            if span is None:
                yield None
                continue
            name = f"copy-{bucket.name}-{len(named) + 1:03}"
            named[name] = span._replace(pages=())
            tasks = tasks_of_range(
                self.settings, self.clients, change.account, bucket, span, now, self.claims, pace, noted
            )
            yield CopyPartition(name, self._without_pilot(bucket, tasks))

    def _by_version(
        self, change: Change, bucket: OldBucket, noted: Collection[DecisionKind]
    ) -> Iterator[CopyTask | LedgerRow | None]:
        """A bucket with versions is one listing, in which a log behind a delete marker is seen."""
        tasks = tasks_of_bucket(
            self.settings, self.clients, change.account, bucket, self.clients.clock.now(), self.claims, noted
        )
        return self._without_pilot(bucket, tasks)

    def _noted(self, change: Change, bucket: OldBucket) -> Collection[DecisionKind]:
        """What gets a row in addition to what is copied: all of it, once. After jobs their copies have rows already,
        and are told apart later."""
        if bucket.name in self.listed or runs_by_jobs(change):
            return STAYS
        self.unwritten.discard(bucket.name)
        return OUTCOMES

    def _without_pilot(
        self, bucket: OldBucket, tasks: Iterator[CopyTask | LedgerRow | None]
    ) -> Iterator[CopyTask | LedgerRow | None]:
        """The pilot's copies have their rows."""
        piloted = self._piloted.get(bucket.name, frozenset())
        return (task for task in tasks if not (isinstance(task, LedgerRow) and task.key in piloted))

    def _client(self, change: Change) -> S3Client:
        return hot(self.clients, change.account, self.settings.home_region, COPIER)

    def _source(self, change: Change, bucket: OldBucket) -> S3Client:
        return hot(self.clients, change.account, bucket.region, COPIER)

    def _pilot(self, change: Change, bucket: OldBucket) -> Mapping[str, Any]:
        """One log file and one digest file, read back in every property that was planned."""
        found: dict[bool, tuple[ObjectPair, ObjectDecision]] = {}
        for pair, decision in due(self.settings, self.clients, bucket, self.claims):
            found.setdefault(parse(pair.source.key).kind in DIGEST_KINDS, (pair, decision))
            if len(found) == 2:
                break
        now = self.clients.clock.now()
        tasks = [task_of(self.settings, change.account, bucket, *found[kind], now) for kind in sorted(found)]
        self._piloted[bucket.name] = frozenset(task.key for task in tasks)
        with LedgerPart(self.folder, f"copy-{bucket.name}-pilot") as ledger:
            counts = copy_partition(
                tasks,
                self._client(change),
                ledger,
                self.far.more(bucket.name, rated=False),
                now=self.clients.clock.now,
                pace=self.paces.overall,
                source=self._source(change, bucket),
            )
        part = ledger.finish()
        client = self._client(change)
        if counts.errors:
            if self.conditional and not taken(client, tasks[0], self.gate.record):
                raise ChangeFailed(
                    f"pilot of {bucket.name}: S3 in {self.settings.home_region} does not accept If-None-Match on a"
                    " copy, so the archive's policy cannot require it; nothing was copied: run this step again, its"
                    " plan omits that"
                )
            why = f"pilot of {bucket.name}: {counts.trouble}: see the ledger part {part.path.name}"
            said = {"outcomes": dict(counts.outcomes), "ledger": [_said(part)]}
            if set(counts.outcomes) - WANTED - {ObjectOutcome.REFUSED}:
                raise ChangeFailed(f"{why}; nothing else was copied", said)
            return self.leave_out(bucket, why, said)
        rows = read_back(self.settings, self.clients, bucket, tasks, change.account)
        if self.conditional and tasks:
            rows += over(client, tasks[0])
            demand(bucket, rows)
        return {
            "outcomes": dict(counts.outcomes),
            "read_back": [list(row) for row in rows],
            "bytes": counts.size,
            "ledger": [_said(part)],
            **_beside(counts),
        }


def _said(part: FinishedPart) -> Mapping[str, Any]:
    """A ledger part as the record names it."""
    return {"part": part.path.name, "sha256": part.sha256, "rows": part.rows}
