"""The jobs of this run as they stand: looked at, waited for, and shown meanwhile."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from onetrail.aws import Clients
from onetrail.aws.actors import JOBS
from onetrail.aws.sessions import CannotEnter
from onetrail.change import ChangeFailed, Gate, Requirement, entries, iso
from onetrail.change.words import counted
from onetrail.estate.old_estate import OldBucket
from onetrail.progress import Progress
from onetrail.s3.batch.job import FAILED, BatchJob, job_of
from onetrail.steps.copy_history.jobs.plan import COPY
from onetrail.steps.copy_history.observed.jobs import JobsUnread, all_jobs, desk, unsettled

POLL: Final = timedelta(minutes=1)
MARGIN: Final = timedelta(minutes=10)
"""So long before the grant's expiry jobs are waited for no more: cancelling takes its time too."""
BY_JOBS: Final = "copied by S3 Batch Operations"
_ID: Final = 8
"""Characters of a job's id that tell it from the others."""
_ENTRIES: Final = 12
_ENTRY_WAIT: Final = timedelta(seconds=10)


def jobs_role_settled(clients: Clients, gate: Gate) -> Requirement:
    """Whether the role that makes jobs can be entered and may look at them; a new role and its policy are not known
    everywhere at once, so it is tried for two minutes."""
    account = clients.settings.log_account.account_id
    why = ""
    for _ in range(_ENTRIES):
        try:
            arn = clients.entry(account, JOBS).arn
            all_jobs(clients.settings, clients)
            return Requirement(True, f"{arn} can be entered and may list jobs")
        except (CannotEnter, JobsUnread) as err:
            why = err.line
        clients.clock.wait_until(clients.clock.now() + _ENTRY_WAIT, "a new role has to propagate", gate.say)
    return Requirement(False, why)


class JobWatch:
    """Looks at the jobs of one plan. They are waited for until shortly before the grant ends, which is counted from
    now."""

    def __init__(self, clients: Clients, gate: Gate) -> None:
        self.clients, self.settings, self.gate = clients, clients.settings, gate
        self.desk = desk(self.settings)
        self.until = clients.clock.now() + timedelta(hours=self.settings.grant_hours) - MARGIN

    def jobs(self, scope: str, bucket: str = "") -> list[BatchJob]:
        """The jobs of this run that are not in the ledger yet."""
        found = unsettled(self.settings, all_jobs(self.settings, self.clients))
        return [job for job in found if job.label.scope == scope and bucket in ("", job.label.group.bucket)]

    def made_here(self, jobs: Sequence[BatchJob]) -> tuple[list[BatchJob], list[BatchJob]]:
        """The jobs that CreateJob of this run made, and those that only say so.

        The record has each id that was answered; where the answer was lost, what S3 says of the job itself decides.
        """
        made = {str(line["job"]) for line in entries(self.settings.run_folder, "job") if line["call"] == "CreateJob"}
        ours = [job for job in jobs if job.id in made or self._is_ours(job)]
        return ours, [job for job in jobs if job not in ours]

    def _is_ours(self, job: BatchJob) -> bool:
        return self.desk.made(self._described(job), job.label.scope)

    def _described(self, job: BatchJob) -> Mapping[str, Any]:
        client = self.clients.client("s3control", self.desk.account, self.settings.home_region, JOBS)
        said: Mapping[str, Any] = client.describe_job(AccountId=self.desk.account, JobId=job.id)["Job"]
        return said

    def living(self, bucket: OldBucket) -> bool:
        """Whether jobs of the bucket's copy run, which an earlier kernel made after its pilot: a second pilot would
        copy what they copy."""
        return any(not job.ended for job in self.jobs(COPY, bucket.name))

    def wait(
        self,
        scope: str,
        bucket: str,
        enough: Callable[[BatchJob], bool],
        why: str,
        limit: datetime | None = None,
    ) -> list[BatchJob]:
        """The jobs once all are far enough, or as they are when the time is over. All jobs of the scope are shown
        meanwhile."""
        limit = limit or self.until
        while True:
            every = self.jobs(scope)
            self._tell(every)
            jobs = [job for job in every if bucket in ("", job.label.group.bucket)]
            if all(enough(job) for job in jobs):
                break
            again = self.clients.clock.now() + POLL
            if again > limit:
                return jobs
            self.clients.clock.wait_until(again, why, self.gate.say)
        return [self._with_reason(job) if job.status == FAILED else job for job in jobs]

    def _with_reason(self, job: BatchJob) -> BatchJob:
        """The job with the reason why it failed, which ListJobs does not tell."""
        return job_of(self._described(job)) or job

    def _tell(self, jobs: Sequence[BatchJob]) -> None:
        for job in jobs:
            label = f"{job.label.group.bucket}: {job.label.scope}, {job.label.group.storage_class}, {job.id[:_ID]}"
            said = Progress(BY_JOBS, label, job.succeeded, job.total, where="job", errors=job.failed, note=job.status)
            self.gate.progress(said)
        if jobs:
            states = Counter(job.status for job in jobs)
            done, failed = sum(job.succeeded for job in jobs), sum(job.failed for job in jobs)
            total = sum(job.total for job in jobs)
            self.gate.say(
                f"jobs: {listed(states)}; {done:,} of {counted(total, 'copy', 'copies')} made, {failed:,} failed"
            )

    def ended(self, scope: str, bucket: OldBucket) -> list[BatchJob]:
        """The bucket's jobs once all have ended. Raises ChangeFailed where the grant would end first: the closing
        cancels them."""
        jobs = self.wait(scope, bucket.name, lambda job: job.ended, "jobs copy")
        living = [job for job in jobs if not job.ended]
        if living:
            raise ChangeFailed(
                f"{counted(len(living), 'job')} of {bucket.name} had not ended shortly before the grant's end at"
                f" {iso(self.until + MARGIN)}: they are cancelled; run this step again: it goes on from what is there"
            )
        return jobs


def listed(counts: Mapping[str, int]) -> str:
    """`2 Active, 3 Complete`: counts by name."""
    return ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items()))
