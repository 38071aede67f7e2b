"""What time makes of jobs: each state lasts a minute of the estate's clock, and an active job runs its tasks minute by
minute.

Source: S3 User Guide, "Tracking job status and completion reports". How long a state takes AWS does not say: here it is
a minute.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from onetrail.practice.iam.authorize import Authorizer
from onetrail.practice.s3.batch import report, tasks
from onetrail.practice.state import batch_jobs as states
from onetrail.practice.state.batch_jobs import StoredJob, StoredTaskResult
from onetrail.practice.state.world import World

MINUTE: Final = timedelta(minutes=1)
TASKS_A_MINUTE: Final = 10_000


class JobRunner:
    """Moves every job of the world from state to state as it falls due."""

    def __init__(self, world: World, authorizer: Authorizer) -> None:
        self._world, self._authorizer = world, authorizer
        self._steps: Final[dict[str, Callable[[StoredJob, datetime], None]]] = {
            states.NEW: _begin,
            states.PREPARING: self._prepare,
            states.READY: _start,
            states.ACTIVE: self._work,
            states.COMPLETING: self._complete,
            states.CANCELLING: self._cancel,
            states.FAILING: self._fail,
        }

    def next_due(self) -> datetime | None:
        """When the next job changes its state; None while all rest."""
        return min((job.due for job in self._world.jobs.values() if job.due), default=None)

    def advance(self, before: datetime, to: datetime) -> None:
        """Everything that is due until `to`."""
        for job in list(self._world.jobs.values()):
            while job.due and job.due <= to:
                self._step(job, job.due)

    def _step(self, job: StoredJob, now: datetime) -> None:
        """What becomes of a job at the instant it was due."""
        job.due = None
        try:
            self._steps[job.status](job, now)
        except tasks.JobFailure as err:
            job.reasons = [{"FailureCode": err.code, "FailureReason": err.reason}]
            _end(job, states.FAILED, now)

    def _session(self, job: StoredJob) -> tasks.JobSession:
        return tasks.assumed(self._world, self._authorizer, job)

    def _prepare(self, job: StoredJob, now: datetime) -> None:
        job.tasks = tasks.manifest(self._session(job))
        job.total = len(job.tasks)
        if job.asked.get("ConfirmationRequired"):
            job.status, job.suspended = states.SUSPENDED, now
        else:
            _become(job, states.READY, now)

    def _work(self, job: StoredJob, now: datetime) -> None:
        """One minute's tasks. A role that is gone makes tasks fail, not the job."""
        slice_, job.tasks = job.tasks[:TASKS_A_MINUTE], job.tasks[TASKS_A_MINUTE:]
        try:
            session = self._session(job)
        except tasks.JobFailure as err:
            reason = err.reason
            done = (StoredTaskResult(task, 403, "AccessDenied", reason) for task in slice_)
        else:
            done = (tasks.copy(session, task) for task in slice_)
        for result in done:
            job.note(result)
            if job.hopeless:
                said = "More than half of the tasks failed"
                job.reasons = [{"FailureCode": "JobFailureThreshold", "FailureReason": said}]
                return _become(job, states.FAILING, now)
        _become(job, states.ACTIVE if job.tasks else states.COMPLETING, now)

    def _complete(self, job: StoredJob, now: datetime) -> None:
        report.write(self._session(job))
        _end(job, states.COMPLETE, now)

    def _cancel(self, job: StoredJob, now: datetime) -> None:
        self._report_if_possible(job)
        _end(job, states.CANCELLED, now)

    def _fail(self, job: StoredJob, now: datetime) -> None:
        self._report_if_possible(job)
        _end(job, states.FAILED, now)

    def _report_if_possible(self, job: StoredJob) -> None:
        """A job that ends otherwise has its report where its role can still write one."""
        try:
            report.write(self._session(job))
        except tasks.JobFailure as err:
            job.reasons.append({"FailureCode": err.code, "FailureReason": err.reason})


def _become(job: StoredJob, status: str, now: datetime) -> None:
    job.status, job.due = status, now + MINUTE


def _end(job: StoredJob, status: str, now: datetime) -> None:
    job.status, job.due, job.terminated, job.tasks = status, None, now, []


def _begin(job: StoredJob, now: datetime) -> None:
    _become(job, states.PREPARING, now)


def _start(job: StoredJob, now: datetime) -> None:
    job.active = now
    _become(job, states.ACTIVE, now)
