"""Copies by S3 Batch Operations: jobs made, confirmed, waited for, read into the ledger; what they leave is this machine's.

The jobs themselves are the state: a new kernel finds them by their descriptions and goes on with them.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol, runtime_checkable

from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.aws.sessions import CannotEnter
from onetrail.change import JOBS, Change, ChangeFailed, Gate, Requirement, iso
from onetrail.change.words import counted
from onetrail.cloudtrail.key import DIGEST_KINDS, parse
from onetrail.s3.batch.group import Group, Label, group_of, unfit
from onetrail.s3.batch.job import CANCELLABLE, FAILED, SUSPENDED, Job, job_of
from onetrail.s3.batch.manifest import ManifestFile, Manifests
from onetrail.s3.engine import CopyTask
from onetrail.s3.failure import code_of
from onetrail.s3.ledger import LedgerPart, LedgerRow
from onetrail.s3.tally import WANTED, Counts, ObjectOutcome, Tally
from onetrail.steps.copy_history.batch_plan import COPY, PILOT, deed_of, runs_by_jobs
from onetrail.steps.copy_history.batch_rows import Reader
from onetrail.steps.copy_history.batch_seen import all_jobs, desk, unsettled
from onetrail.steps.copy_history.pilot import differences
from onetrail.steps.copy_history.tasks import due, task_of
from onetrail.steps.old_estate import OldBucket

POLL: Final = timedelta(minutes=1)
MARGIN: Final = timedelta(minutes=10)
"""So long before the grant's expiry jobs are waited for no more: cancelling takes its time too."""
_ENDING_POLLS: Final = 15
_ENTRIES: Final = 12
_ENTRY_WAIT: Final = timedelta(seconds=10)
HANDED_ON: Final = frozenset(
    {ObjectOutcome.FAILED, ObjectOutcome.REFUSED, ObjectOutcome.ARCHIVED, ObjectOutcome.GONE}
)
"""What a job did not bring into the archive: the next listing shows it, and this machine's engine takes it."""


class Local(Protocol):
    """This machine's engine: carries out the rule of one old bucket."""

    @property
    def buckets(self) -> Mapping[str, OldBucket]:
        """The old buckets by name."""
        ...

    def carry_out(self, change: Change) -> Mapping[str, Any]:
        """Copy what the archive lacks."""
        ...


@runtime_checkable
class TellsJobs(Protocol):
    """Progress that shows jobs besides objects."""

    def jobs(self, jobs: Sequence[Job]) -> None:
        """Show how the jobs stand."""
        ...


def jobs_role_settled(clients: Clients, gate: Gate) -> Requirement:
    """Whether the role that makes jobs can be entered; a new role is not known everywhere at once, so it is tried for two minutes."""
    account = clients.settings.log_account.account_id
    why = ""
    for _ in range(_ENTRIES):
        try:
            return Requirement(True, f"{clients.entry(account, JOBS).arn} can be entered")
        except CannotEnter as err:
            why = err.line
        clients.clock.wait_until(clients.clock.now() + _ENTRY_WAIT, "a new role must become known", gate.say)
    return Requirement(False, why)


class BatchCopy:
    """Carries out the changes of one plan that are about jobs, and leaves the others to this machine's engine."""

    def __init__(self, clients: Clients, gate: Gate, local: Local) -> None:
        self.clients, self.settings, self.gate, self.local = clients, clients.settings, gate, local
        self.desk = desk(self.settings)
        self.until = clients.clock.now() + timedelta(hours=self.settings.grant_hours) - MARGIN
        self._lists: dict[str, list[tuple[Label, ManifestFile, str]]] = {}
        self._held: dict[str, int] = {}

    def carry_out(self, change: Change) -> Mapping[str, Any]:
        """One change about jobs, or one rule over one old bucket."""
        deed = deed_of(change)
        if deed:
            deeds = {
                "manifests": self._manifests,
                "jobs": self._make,
                "confirm": self._confirm,
                "cancel": self._cancel,
            }
            return deeds[deed.what](change, deed.scope)
        if not runs_by_jobs(change):
            return self.local.carry_out(change)
        assert change.bulk is not None
        bucket = self.local.buckets[change.bulk.fixed["CopySource.Bucket"]]
        return self._pilot(change, bucket) if change.key.startswith("pilot-") else self._copy(change, bucket)

    # -- making jobs --------------------------------------------------------------------------------------------

    def _manifests(self, change: Change, scope: str) -> Mapping[str, Any]:
        """One list a job into the work bucket; what a living job of an earlier kernel copies gets no second one."""
        assert change.bulk is not None
        living = {job.label.group for job in self._jobs(scope) if not job.ended}
        with Manifests(self.settings.run_folder / "batch" / scope) as files:
            for name in change.bulk.rule["from"]:
                for group, task in self._tasks(self.local.buckets[name], scope):
                    if group not in living:
                        files.add(group, task.key)
            written = files.finish()
        self._lists[scope] = [
            self._put(change, Label(self.settings.run_name, scope, file.group), file) for file in written
        ]
        told = [
            {"key": self.desk.manifest_key(label), "objects": file.objects, "etag": etag}
            for label, file, etag in self._lists[scope]
        ]
        return {"manifests": told, "adopted": len(living)}

    def _put(self, change: Change, label: Label, file: ManifestFile) -> tuple[Label, ManifestFile, str]:
        client = self.clients.client("s3", change.account, change.region, change.actor)
        with file.path.open("rb") as body:
            answer = client.put_object(
                Bucket=self.desk.work_bucket,
                ExpectedBucketOwner=self.desk.account,
                Key=self.desk.manifest_key(label),
                Body=body,
                ContentType="text/csv",
                ServerSideEncryption="AES256",
            )
        etag = str(answer["ETag"]).strip('"')
        if etag != file.md5:
            raise ChangeFailed(
                f"the manifest {self.desk.manifest_key(label)} is not there as it was sent: ETag {etag}, not {file.md5}; run this step again"
            )
        file.path.unlink()
        return label, file, etag

    def _tasks(self, bucket: OldBucket, scope: str) -> Iterator[tuple[Group, CopyTask]]:
        """What jobs are to copy of one old bucket; for the pilot the first log and the first digest of it, unless jobs of its copy run already."""
        if scope == PILOT and self._living(bucket):
            return
        found: set[bool] = set()
        for pair, decision in due(self.settings, self.clients, bucket):
            now = self.clients.clock.now()
            task = task_of(self.settings, self.desk.account, bucket, pair, decision, now)
            digest = parse(task.key).kind in DIGEST_KINDS
            if unfit(task, self.settings.key_prefix) or (scope == PILOT and digest in found):
                continue
            yield group_of(task, now, self.settings.grant_hours), task
            found.add(digest)
            if scope == PILOT and len(found) == 2:
                return

    def _make(self, change: Change, scope: str) -> Mapping[str, Any]:
        """One job a list. The same list makes no second job, even where the answer to the first request was lost."""
        client = self._client(change)
        ended = Counter(str(job.label) for job in all_jobs(self.settings, self.clients) if job.ended)
        made = []
        for label, file, etag in self._lists.get(scope, []):
            answer = client.create_job(**self.desk.request(label, etag, ended[str(label)]))
            job_id = str(answer["JobId"])
            self._held[job_id] = file.objects
            self._record(change, "CreateJob", job_id, answer, description=str(label), objects=file.objects)
            made.append(job_id)
        return {"jobs": made}

    def _confirm(self, change: Change, scope: str) -> Mapping[str, Any]:
        """Every job of ours that waits for it, once it has read as many objects as its list holds."""
        client, confirmed = self._client(change), []
        for job in self._wait(
            scope, "", lambda job: job.status not in ("New", "Preparing"), "jobs read their lists"
        ):
            if job.status == FAILED:
                self.gate.say(
                    f"job {job.id} of {job.label.group.bucket} failed before it began: {job.why or 'S3 says no more'}"
                )
            if job.status != SUSPENDED:
                continue
            listed = self._held.get(job.id, job.total)
            if job.total != listed:
                raise ChangeFailed(
                    f"job {job.id} holds {counted(job.total, 'object')}, and its list {listed:,}: it was not confirmed; run this step again"
                )
            answer = client.update_job_status(
                AccountId=self.desk.account, JobId=job.id, RequestedJobStatus="Ready"
            )
            self._record(change, "UpdateJobStatus", job.id, answer, becomes="Ready")
            confirmed.append(job.id)
        return {"confirmed": confirmed}

    def _cancel(self, change: Change, scope: str) -> Mapping[str, Any]:
        """Whatever still runs is cancelled, and whatever is not in the ledger yet is read into it."""
        client, cancelled = self._client(change), []
        for job in self._jobs(scope):
            if job.ended or job.status not in CANCELLABLE:
                continue
            try:
                answer = client.update_job_status(
                    AccountId=self.desk.account, JobId=job.id, RequestedJobStatus="Cancelled"
                )
            except ClientError as err:
                if code_of(err) != "JobStatusException":
                    raise
                continue  # it ended while it was looked at
            self._record(change, "UpdateJobStatus", job.id, answer, becomes="Cancelled")
            self.gate.say(
                f"job {job.id} of {job.label.group.bucket} was cancelled as {job.status}: {job.succeeded:,} of {job.total:,} copied"
            )
            cancelled.append(job.id)
        limit = self.clients.clock.now() + _ENDING_POLLS * POLL
        jobs = self._wait(scope, "", lambda job: job.ended, "cancelled jobs come to their end", limit)
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

    # -- what jobs have done ------------------------------------------------------------------------------------

    def _pilot(self, change: Change, bucket: OldBucket) -> Mapping[str, Any]:
        """The first log and the first digest, copied by jobs, read back in every property that was planned."""
        if self._living(bucket):
            return {"outcomes": {}, "passed": "its jobs were made by an earlier run, after its pilot"}
        jobs = self._ended(PILOT, bucket)
        if not jobs:
            return self.local.carry_out(change)
        seen: list[tuple[LedgerRow, CopyTask | None]] = []
        counts, part = self._settle(change, bucket, jobs, lambda row, task: seen.append((row, task)))
        wrong = [
            f"{row.key}: {row.outcome}: {row.why}" for row, _ in seen if row.outcome != ObjectOutcome.COPIED
        ]
        wrong += [
            f"job {job.id} is {job.status}: {job.why or 'S3 says no more'}"
            for job in jobs
            if not (job.success or wrong)
        ]
        for _, task in seen:
            wrong += differences(self.settings, self.clients, bucket, task) if task and not wrong else []
        if wrong:
            raise ChangeFailed(f"pilot of {bucket.name} by jobs: {'; '.join(wrong)}; nothing else was copied")
        return {
            "outcomes": dict(counts.outcomes),
            "bytes": counts.size,
            "ledger": [part],
            "jobs": _told(jobs),
        }

    def _copy(self, change: Change, bucket: OldBucket) -> Mapping[str, Any]:
        """The jobs of one old bucket to their end, each task into the ledger, and whatever is missing then by this machine."""
        jobs = self._ended(COPY, bucket)
        counts, part = self._settle(change, bucket, jobs) if jobs else (Counts({}, 0, 0), None)
        missing = {name: number for name, number in counts.outcomes.items() if name in HANDED_ON}
        for job in jobs:
            if job.status == FAILED:
                self.gate.say(f"job {job.id} of {bucket.name} failed: {job.why or 'S3 says no more'}")
        if missing:
            total = sum(missing.values())
            self.gate.say(
                f"{bucket.name}: {counted(total, 'copy', 'copies')} of {counts.objects:,} by jobs failed ({_listed(missing)}): this machine makes them"
            )
            self.gate.record.append("handed_on", key=change.key, bucket=bucket.name, outcomes=missing)
        rest = dict(self.local.carry_out(change))
        wrong = {
            name: number
            for name, number in counts.outcomes.items()
            if name not in HANDED_ON and name not in WANTED
        }
        if wrong:
            raise ChangeFailed(
                f"copies of {bucket.name} by jobs are not as planned ({_listed(wrong)}): the ledger names each object"
            )
        kept = Counter({name: number for name, number in counts.outcomes.items() if name not in HANDED_ON})
        outcomes = dict(sorted((kept + Counter(rest.get("outcomes", {}))).items()))
        size = counts.size + int(rest.get("bytes", 0))
        self.gate.progress(bucket.name, sum(outcomes.values()), size, int(rest.get("retries", 0)), 0)
        ledger = [*([part] if part else []), *rest.get("ledger", [])]
        return {
            **rest,
            "outcomes": outcomes,
            "bytes": size,
            "ledger": ledger,
            "jobs": _told(jobs),
            "handed_on": missing,
        }

    def _ended(self, scope: str, bucket: OldBucket) -> list[Job]:
        """The bucket's jobs once all have ended. Raises ChangeFailed where the grant would end first: the closing cancels them."""
        jobs = self._wait(scope, bucket.name, lambda job: job.ended, "jobs copy")
        living = [job for job in jobs if not job.ended]
        if living:
            raise ChangeFailed(
                f"{counted(len(living), 'job')} of {bucket.name} had not ended shortly before the grant's end at {iso(self.until + MARGIN)}: "
                "they are cancelled; run this step again: it goes on from what is there"
            )
        return jobs

    def _settle(
        self,
        change: Change,
        bucket: OldBucket,
        jobs: Sequence[Job],
        note: Callable[[LedgerRow, CopyTask | None], None] | None = None,
    ) -> tuple[Counts, dict[str, Any]]:
        """Every task of these jobs into one part of the ledger, which the record binds and which names the jobs."""
        reader = Reader(self.settings, self.clients, self.desk)
        ledger = LedgerPart(
            self.settings.run_folder / "ledger",
            f"{change.key}-jobs-{bucket.name}" if deed_of(change) else f"{change.key}-jobs",
        )
        with ledger:
            tally = Tally(
                ledger, lambda name, *said: self.gate.progress(bucket.name, *said), None, give_up_after=2**62
            )
            for row, task in reader.rows(bucket, jobs):
                tally.add(row, 0)
                if note:
                    note(row, task)
            counts = tally.counts()
        done = ledger.finish()
        part = {"part": done.path.name, "sha256": done.sha256, "rows": done.rows}
        self.gate.record.append(
            "partition",
            key=change.key,
            folder="jobs",
            outcomes=dict(counts.outcomes),
            jobs=[job.id for job in jobs],
            **part,
        )
        return counts, part

    # -- looking and waiting ------------------------------------------------------------------------------------

    def _jobs(self, scope: str, bucket: str = "") -> list[Job]:
        """The jobs of this run that are not in the ledger yet."""
        found = unsettled(self.settings, all_jobs(self.settings, self.clients))
        return [job for job in found if job.label.scope == scope and bucket in ("", job.label.group.bucket)]

    def _living(self, bucket: OldBucket) -> bool:
        """Whether jobs of the bucket's copy run, which an earlier kernel made after its pilot: a second pilot would copy what they copy."""
        return any(not job.ended for job in self._jobs(COPY, bucket.name))

    def _wait(
        self, scope: str, bucket: str, enough: Callable[[Job], bool], why: str, limit: datetime | None = None
    ) -> list[Job]:
        """The jobs once all are far enough, or as they are when the time is over. All jobs of the scope are shown meanwhile."""
        limit = limit or self.until
        while True:
            every = self._jobs(scope)
            self._tell(every)
            jobs = [job for job in every if bucket in ("", job.label.group.bucket)]
            if all(enough(job) for job in jobs):
                break
            again = self.clients.clock.now() + POLL
            if again > limit:
                return jobs
            self.clients.clock.wait_until(again, why, self.gate.say)
        return [self._with_reason(job) if job.status == FAILED else job for job in jobs]

    def _with_reason(self, job: Job) -> Job:
        """The job with the reason why it failed, which ListJobs does not tell."""
        client = self.clients.client("s3control", self.desk.account, self.settings.home_region, JOBS)
        return job_of(client.describe_job(AccountId=self.desk.account, JobId=job.id)["Job"]) or job

    def _tell(self, jobs: Sequence[Job]) -> None:
        shown: object = self.gate.progress
        if isinstance(shown, TellsJobs):
            shown.jobs(jobs)
        elif jobs:
            states = Counter(job.status for job in jobs)
            done, failed = sum(job.succeeded for job in jobs), sum(job.failed for job in jobs)
            total = sum(job.total for job in jobs)
            self.gate.say(
                f"jobs: {_listed(states)}; {done:,} of {counted(total, 'copy', 'copies')} made, {failed:,} failed"
            )

    def _client(self, change: Change) -> Any:
        return self.clients.client(change.service, change.account, change.region, change.actor)

    def _record(self, change: Change, call: str, job_id: str, answer: Mapping[str, Any], **more: Any) -> None:
        request_id = answer.get("ResponseMetadata", {}).get("RequestId", "")
        self.gate.record.append("job", key=change.key, call=call, job=job_id, request_id=request_id, **more)


def _told(jobs: Sequence[Job]) -> list[dict[str, Any]]:
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


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items()))
