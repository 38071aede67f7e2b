"""Sending the copy plan: the engine behind each bulk rule, and the pilot before it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

from onetrail.aws import Clients
from onetrail.change import COPIER, Change, ChangeFailed, Gate, Outcome, Plan, run_plan
from onetrail.cloudtrail.key import DIGEST_KINDS, parse
from onetrail.s3.decide import Decision
from onetrail.s3.engine import CopyTask, copy_partition
from onetrail.s3.ledger import LedgerPart
from onetrail.s3.pace import Pace
from onetrail.s3.session import hot
from onetrail.s3.tally import Counts
from onetrail.steps.copy_history.batch import BatchCopy
from onetrail.steps.copy_history.batch_grant import SETTLED
from onetrail.steps.copy_history.batch_watch import jobs_role_settled
from onetrail.steps.copy_history.closed import hole_closed
from onetrail.steps.copy_history.pilot import differences
from onetrail.steps.copy_history.tasks import due, task_of
from onetrail.steps.old_estate import OldBucket, read_old_estate
from onetrail.steps.pairing import Pair


def apply(plan: Plan, gate: Gate) -> Outcome:
    """Open, pilot, copy, close, prove. Whatever fails, what was opened is closed."""
    clients = cast(Clients, gate.sender)
    copying = _Copying(clients, gate)
    requires = {
        "hole_closed": lambda: hole_closed(clients),
        SETTLED: lambda: jobs_role_settled(clients, gate),
    }
    return run_plan(plan, gate, requires=requires, bulk=BatchCopy(clients, gate, copying).carry_out)


@dataclass
class _Copying:
    """Carries out the bulk rules of one plan."""

    clients: Clients
    gate: Gate

    def __post_init__(self) -> None:
        self.settings = self.clients.settings
        self.buckets = {
            bucket.name: bucket for bucket in read_old_estate(self.settings, self.clients).buckets
        }
        self.so_far: dict[str, Counts] = {}
        most = self.settings.max_requests_per_second
        self.pace = Pace(most) if most else None

    def carry_out(self, change: Change) -> Mapping[str, Any]:
        """One rule over one old bucket: its pilot, or all that the archive lacks."""
        assert change.bulk is not None
        bucket = self.buckets[change.bulk.fixed["CopySource.Bucket"]]
        if change.key.startswith("pilot-"):
            return self._pilot(change, bucket)
        total = Counts({}, 0, 0)
        parts: list[Mapping[str, Any]] = []
        wanted = (pair for pair in due(self.settings, self.clients, bucket))
        for folder, group in groupby(wanted, key=lambda found: found[0].folder):
            part, counts = self._partition(
                change, bucket, folder, (self._task(change, bucket, *found) for found in group)
            )
            total += counts
            parts.append({"part": part.path.name, "sha256": part.sha256, "rows": part.rows})
            self.gate.record.append(
                "partition", key=change.key, folder=folder, outcomes=dict(counts.outcomes), **parts[-1]
            )
        if total.stopped:
            raise ChangeFailed(
                f"copy of {bucket.name} stopped: {total.stopped}: {dict(total.outcomes)}; the ledger has each object, a new run goes on"
            )
        return {
            "outcomes": dict(total.outcomes),
            "bytes": total.size,
            "retries": total.retries,
            "ledger": parts,
        }

    def _partition(
        self, change: Change, bucket: OldBucket, folder: str, tasks: Iterator[CopyTask]
    ) -> tuple[Any, Counts]:
        name = f"copy-{bucket.name}-{folder.strip('/').replace('/', '_')}"
        ledger = LedgerPart(self.settings.run_folder / "ledger", name)
        client = hot(self.clients, change.account, self.settings.home_region, COPIER)
        with ledger:
            counts = copy_partition(
                tasks,
                client,
                ledger,
                self._progress(bucket),
                now=self.clients.clock.now,
                pace=self.pace,
                only_if_absent=True,
            )
        self.so_far[bucket.name] = self._so_far(bucket) + counts
        return ledger.finish(), counts

    def _so_far(self, bucket: OldBucket) -> Counts:
        return self.so_far.get(bucket.name, Counts({}, 0, 0))

    def _progress(self, bucket: OldBucket) -> Callable[[str, int, int, int, int], None]:
        """Progress of the whole bucket: what its pilot and its earlier folders came to, and what this folder says."""
        before = self._so_far(bucket)

        def told(name: str, objects: int, size: int, retries: int, errors: int) -> None:
            said = (
                before.objects + objects,
                before.size + size,
                before.retries + retries,
                before.errors + errors,
            )
            self.gate.progress(name or bucket.name, *said)

        return told

    def _task(self, change: Change, bucket: OldBucket, pair: Pair, decision: Decision) -> CopyTask:
        now = self.clients.clock.now()
        return task_of(self.settings, change.account, bucket, pair, decision, now)

    def _pilot(self, change: Change, bucket: OldBucket) -> Mapping[str, Any]:
        """One log file and one digest file, read back in every property that was planned."""
        found: dict[bool, tuple[Pair, Decision]] = {}
        for pair, decision in due(self.settings, self.clients, bucket):
            found.setdefault(parse(pair.source.key).kind in DIGEST_KINDS, (pair, decision))
            if len(found) == 2:
                break
        tasks = [self._task(change, bucket, *found[kind]) for kind in sorted(found)]
        part, counts = self._partition(change, bucket, "pilot", iter(tasks))
        if counts.errors:
            raise ChangeFailed(
                f"pilot of {bucket.name}: {dict(counts.outcomes)}: see the ledger part {part.path.name}; nothing else was copied"
            )
        wrong = [line for task in tasks for line in differences(self.settings, self.clients, bucket, task)]
        if wrong:
            raise ChangeFailed(f"pilot of {bucket.name}: {'; '.join(wrong)}; nothing else was copied")
        return {
            "outcomes": dict(counts.outcomes),
            "ledger": [{"part": part.path.name, "sha256": part.sha256, "rows": part.rows}],
        }
