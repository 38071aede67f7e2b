"""Copies by S3 Batch Operations: jobs made, confirmed, waited for, read into the ledger; what they leave is this
machine's.

The jobs themselves are the state: a new kernel finds them by their descriptions and goes on with them.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.aws.bulk_progress import BulkProgress
from onetrail.aws.gone import gone_code
from onetrail.change import BulkAction, Change, ChangeFailed, Gate
from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.words import counted
from onetrail.estate.history.claims import Claims
from onetrail.estate.old_estate import OldBucket
from onetrail.s3.batch.job import CANCELLABLE, FAILED, BatchJob
from onetrail.s3.bulk.tally import WANTED, Counts, ObjectOutcome, Tally
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.ledger.parts import LedgerPart, LedgerRow
from onetrail.steps.copy_history.jobs.make import Maker, client_of, not_ours, record
from onetrail.steps.copy_history.jobs.plan import COPY, PILOT, runs_by_jobs
from onetrail.steps.copy_history.jobs.rows import JobReader
from onetrail.steps.copy_history.jobs.watch import POLL, JobWatch, listed
from onetrail.steps.copy_history.local.pilot import read_back

_ENDING_POLLS: Final = 15
HANDED_ON: Final = frozenset({ObjectOutcome.FAILED, ObjectOutcome.REFUSED, ObjectOutcome.ARCHIVED, ObjectOutcome.GONE})
"""What a job did not bring into the archive: the next listing shows it, and this machine's engine takes it."""


class Local(Protocol):
    """This machine's engine: carries out the rule of one old bucket."""

    @property
    def buckets(self) -> Mapping[str, OldBucket]:
        """The old buckets by name."""
        ...

    @property
    def claims(self) -> Claims:
        """Who wants which key of the archive."""
        ...

    @property
    def far(self) -> BulkProgress:
        """How far the copy of each bucket is."""
        ...

    @property
    def left_out(self) -> Mapping[str, str]:
        """Old bucket -> why its pilot was refused."""
        ...

    def carry_out(self, change: Change) -> Mapping[str, Any]:
        """Copy what the archive lacks."""
        ...

    def leave_out(self, bucket: OldBucket, why: str, said: Mapping[str, Any]) -> Mapping[str, Any]:
        """Nothing more of the bucket is copied by this plan."""
        ...


class BatchCopy:
    """Carries out the changes of one plan that are about jobs, and leaves the others to this machine's engine."""

    def __init__(self, clients: Clients, gate: Gate, local: Local) -> None:
        self.clients, self.settings, self.gate, self.local = clients, clients.settings, gate, local
        self.watch = JobWatch(clients, gate)
        self.maker = Maker(clients, gate, self.watch, local.buckets, local.claims)
        self.maker.left_out = local.left_out

    def carry_out(self, change: Change) -> Mapping[str, Any]:
        """One change about jobs, or one rule over one old bucket."""
        assert change.bulk is not None
        about_jobs = {
            BulkAction.MANIFESTS: self.maker.manifests,
            BulkAction.MAKE_JOBS: self.maker.make,
            BulkAction.CONFIRM_JOBS: self.maker.confirm,
            BulkAction.CANCEL_JOBS: self._cancel,
        }
        if change.bulk.deed in about_jobs:
            return about_jobs[change.bulk.deed](change, change.bulk.scope)
        if not runs_by_jobs(change):
            return self.local.carry_out(change)
        bucket = self.local.buckets[change.bulk.fixed["CopySource.Bucket"]]
        return self._pilot(change, bucket) if change.bulk.deed is BulkAction.PILOT else self._copy(change, bucket)

    def _pilot(self, change: Change, bucket: OldBucket) -> Mapping[str, Any]:
        """The first log and the first digest, copied by jobs, read back in every property that was planned."""
        if self.watch.living(bucket):
            return {"outcomes": {}, "passed": "its jobs were made by an earlier run, after its pilot"}
        jobs = self.watch.ended(PILOT, bucket)
        if not jobs:
            return self.local.carry_out(change)
        seen: list[tuple[LedgerRow, CopyTask | None]] = []
        counts, part = self._settle(change, bucket, jobs, lambda row, task: seen.append((row, task)))
        wrong = [f"{row.key}: {row.outcome}: {row.why}" for row, _ in seen if row.outcome != ObjectOutcome.COPIED]
        wrong += [
            f"job {job.id} is {job.status}: {job.why or 'S3 gives no reason'}"
            for job in jobs
            if not (job.success or wrong)
        ]
        if wrong:
            why = f"pilot of {bucket.name} by jobs: {'; '.join(wrong)}"
            if any(row.outcome not in (ObjectOutcome.COPIED, ObjectOutcome.REFUSED) for row, _ in seen) or not seen:
                raise ChangeFailed(f"{why}; nothing else was copied")
            said = {"outcomes": dict(counts.outcomes), "ledger": [part], "jobs": _jobs_in_record(jobs)}
            return self.local.leave_out(bucket, why, said)
        tasks = [task for _, task in seen if task]
        rows = read_back(self.settings, self.clients, bucket, tasks, change.account)
        return {
            "outcomes": dict(counts.outcomes),
            "read_back": [list(row) for row in rows],
            "bytes": counts.size,
            "ledger": [part],
            "jobs": _jobs_in_record(jobs),
        }

    def _copy(self, change: Change, bucket: OldBucket) -> Mapping[str, Any]:
        """The jobs of one old bucket to their end, each task into the ledger, and whatever is missing then by this
        machine."""
        jobs = self.watch.ended(COPY, bucket)
        counts, part = self._settle(change, bucket, jobs) if jobs else (Counts({}, 0, 0), None)
        missing = {name: number for name, number in counts.outcomes.items() if name in HANDED_ON}
        for job in jobs:
            if job.status == FAILED:
                self.gate.say(f"job {job.id} of {bucket.name} failed: {job.why or 'S3 gives no reason'}")
        if missing:
            total = sum(missing.values())
            self.gate.say(
                f"{bucket.name}: {counted(total, 'copy', 'copies')} of {counts.objects:,} by jobs failed"
                f" ({listed(missing)}): this machine makes them"
            )
            self.local.far.handed_on(bucket.name, total)
            self.gate.record.append(LineKind.HANDED_ON, key=change.key, bucket=bucket.name, outcomes=missing)
        rest = dict(self.local.carry_out(change))
        wrong = {
            name: number for name, number in counts.outcomes.items() if name not in HANDED_ON and name not in WANTED
        }
        if wrong:
            raise ChangeFailed(
                f"copies of {bucket.name} by jobs are not as planned ({listed(wrong)}): the ledger names each object"
            )
        kept = Counter({name: number for name, number in counts.outcomes.items() if name not in HANDED_ON})
        outcomes = dict(sorted((kept + Counter(rest.get("outcomes", {}))).items()))
        size = counts.size + int(rest.get("bytes", 0))
        ledger = [*([part] if part else []), *rest.get("ledger", [])]
        return {
            **rest,
            "outcomes": outcomes,
            "bytes": size,
            "ledger": ledger,
            "jobs": _jobs_in_record(jobs),
            "handed_on": missing,
        }

    def _cancel(self, change: Change, scope: str) -> Mapping[str, Any]:
        """Whatever still runs is cancelled, and whatever is not in the ledger yet is read into it."""
        ours, strange = self.watch.made_here(self.watch.jobs(scope))
        if strange:
            self.gate.say(f"{not_ours(strange)}: they were left alone")
        with self.gate.guard.named(change, (job.id for job in ours)):
            cancelled = self._cancelled(change, ours)
        left_alone = {job.id for job in strange}
        limit = self.clients.clock.now() + _ENDING_POLLS * POLL
        ended = self.watch.wait(
            scope,
            "",
            lambda job: job.ended or job.id in left_alone,
            "cancelled jobs are ending",
            limit,
        )
        jobs = [job for job in ended if job.id not in left_alone]
        living = [job.id for job in jobs if not job.ended]
        read = {}
        for name in sorted({job.label.group.bucket for job in jobs if job.ended}):
            mine = [job for job in jobs if job.ended and job.label.group.bucket == name]
            if name in self.local.buckets:
                read[name] = dict(self._settle(change, self.local.buckets[name], mine)[0].outcomes)
        if living:
            raise ChangeFailed(
                f"{counted(len(living), 'job')} did not end when cancelled: {', '.join(living)}; run this step again"
            )
        return {"cancelled": cancelled, "read": read}

    def _cancelled(self, change: Change, jobs: Sequence[BatchJob]) -> list[str]:
        client, cancelled = client_of(self.clients, change), []
        for job in jobs:
            if job.ended or job.status not in CANCELLABLE:
                continue
            try:
                answer = client.update_job_status(
                    AccountId=self.watch.desk.account, JobId=job.id, RequestedJobStatus="Cancelled"
                )
            except ClientError as err:
                if not gone_code("s3control", "UpdateJobStatus", err):
                    raise
                continue  # it ended while it was looked at
            record(self.gate, change, "UpdateJobStatus", job.id, answer, becomes="Cancelled")
            self.gate.say(
                f"job {job.id} of {job.label.group.bucket} was cancelled as {job.status}: {job.succeeded:,} of"
                f" {job.total:,} copied"
            )
            cancelled.append(job.id)
        return cancelled

    def _settle(
        self,
        change: Change,
        bucket: OldBucket,
        jobs: Sequence[BatchJob],
        note: Callable[[LedgerRow, CopyTask | None], None] | None = None,
    ) -> tuple[Counts, dict[str, Any]]:
        """Every task of these jobs into one part of the ledger, which the record binds and which names the jobs."""
        reader = JobReader(self.settings, self.clients, self.watch.desk)
        ledger = LedgerPart(
            self.settings.run_folder / "ledger",
            f"{change.key}-jobs-{bucket.name}" if change.bulk and change.bulk.scope else f"{change.key}-jobs",
        )
        with ledger:
            tally = Tally(ledger, self.local.far.more(bucket.name, rated=False), None, give_up_after=2**62)
            for row, task in reader.rows(bucket, jobs):
                tally.add(row, 0)
                if note:
                    note(row, task)
            counts = tally.counts()
        done = ledger.finish()
        part = {"part": done.path.name, "sha256": done.sha256, "rows": done.rows}
        self.gate.record.append(
            LineKind.PARTITION,
            key=change.key,
            folder="jobs",
            outcomes=dict(counts.outcomes),
            jobs=[job.id for job in jobs],
            **part,
        )
        return counts, part


def _jobs_in_record(jobs: Sequence[BatchJob]) -> list[dict[str, Any]]:
    return [
        {
            "id": job.id,
            "status": job.status,
            "total": job.total,
            "succeeded": job.succeeded,
            "failed": job.failed,
        }
        for job in jobs
    ]
