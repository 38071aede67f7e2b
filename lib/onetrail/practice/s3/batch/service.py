"""S3 Batch Operations: jobs that are made, confirmed, run minute by minute on the estate's clock, and told about.

Source: S3 Control API Reference, CreateJob, DescribeJob, ListJobs, UpdateJobStatus, UpdateJobPriority; S3 User Guide, "Tracking job
status". How long a state takes AWS does not say: here it is a minute.
"""

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

from onetrail.practice.calls import Answer, Call, ServiceError
from onetrail.practice.s3.batch import report as s3_batch_report
from onetrail.practice.s3.batch import tasks
from onetrail.practice.s3.batch.requests import bad, checked, may_pass
from onetrail.practice.state import batch_jobs as states
from onetrail.practice.state.batch_jobs import Job, Result
from onetrail.practice.web import xml

if TYPE_CHECKING:
    from onetrail.practice.state.world import World

MINUTE: Final = timedelta(minutes=1)
TASKS_A_MINUTE: Final = 10_000
_NAMESPACE: Final = "http://awss3control.amazonaws.com/doc/2018-08-20/"
_CANCELLABLE: Final = frozenset({states.NEW, states.PREPARING, states.SUSPENDED, states.READY, states.ACTIVE})


class BatchJobs:
    """All jobs of one world, by id."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.jobs: dict[str, Job] = {}
        world.clock.on_stop(self._next_due)
        world.on_advance(self._advance)
        world.register_state("s3-batch", lambda: dict(self.jobs), self._restore)
        world.register_fault(tasks.FAULT, lambda asked: tasks.arm(world, asked))

    def _restore(self, jobs: Mapping[str, Job]) -> None:
        self.jobs = dict(jobs)

    def _next_due(self) -> datetime | None:
        return min((job.due for job in self.jobs.values() if job.due), default=None)

    def _advance(self, before: datetime, to: datetime) -> None:
        for job in list(self.jobs.values()):
            while job.due and job.due <= to:
                self._step(job, job.due)

    def _step(self, job: Job, now: datetime) -> None:
        """What becomes of a job at the instant it was due."""
        job.due = None
        try:
            _STEPS[job.status](self._world, job, now)
        except tasks.JobFailure as err:
            job.reasons = [{"FailureCode": err.code, "FailureReason": err.reason}]
            _end(job, states.FAILED, now)

    # -- operations ---------------------------------------------------------------------------------------------

    def create(self, call: Call) -> Answer:
        """CreateJob. The same token with the same request is the same job."""
        _own(call)
        asked = checked(self._world, call)
        token = asked.pop("ClientRequestToken")
        for job in self.jobs.values():
            if (job.account, job.region, job.token) == (call.account, call.region, token):
                if job.asked != asked:
                    raise ServiceError("IdempotencyException", "The token was used for another job.")
                return _answer("CreateJobResult", {"JobId": job.job_id})
        may_pass(self._world, call, asked["RoleArn"])
        raw = self._world.ident("s3", "job", call.account, call.region).hex()
        job_id = f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:32]}"
        now = self._world.clock.now()
        self.jobs[job_id] = Job(job_id, call.account, call.region, token, asked, now, due=now + MINUTE)
        return _answer("CreateJobResult", {"JobId": job_id})

    def describe(self, call: Call) -> Answer:
        """DescribeJob."""
        return _answer("DescribeJobResult", {"Job": self._found(call).descriptor(self._world.clock.now())})

    def list(self, call: Call) -> Answer:
        """ListJobs: those that run or ended within 90 days, newest first."""
        _own(call)
        query = parse_qs(call.parameters.get("raw_query", ""))
        now = self._world.clock.now()
        mine = [
            job
            for job in reversed(self.jobs.values())
            if (job.account, job.region) == (call.account, call.region)
            and (not job.terminated or job.terminated > now - states.KEPT)
            and job.status in query.get("jobStatuses", [job.status])
        ]
        most = min(int(query.get("maxResults", ["1000"])[0]), 1000)
        try:
            start = int(base64.urlsafe_b64decode(query.get("nextToken", ["MA=="])[0]))
        except ValueError as err:
            raise ServiceError("InvalidNextTokenException", "The next token is not valid.") from err
        more = (
            base64.urlsafe_b64encode(str(start + most).encode()).decode()
            if len(mine) > start + most
            else None
        )
        shown = [job.listed(now) for job in mine[start : start + most]]
        return _answer("ListJobsResult", {"NextToken": more, "Jobs": shown})

    def update_status(self, call: Call) -> Answer:
        """UpdateJobStatus: confirm a suspended job, or cancel one that has not ended."""
        job, wanted = self._found(call), call.parameters.get("requestedJobStatus", "")
        if wanted not in ("Ready", "Cancelled"):
            raise bad("requestedJobStatus must be Ready or Cancelled")
        if job.status not in ({states.SUSPENDED} if wanted == "Ready" else _CANCELLABLE):
            raise ServiceError("JobStatusException", f"A job that is {job.status} cannot become {wanted}.")
        job.said = call.parameters.get("statusUpdateReason", "")
        job.status = states.READY if wanted == "Ready" else states.CANCELLING
        job.due = self._world.clock.now() + MINUTE
        return _answer(
            "UpdateJobStatusResult",
            {"JobId": job.job_id, "Status": job.status, "StatusUpdateReason": job.said},
        )

    def update_priority(self, call: Call) -> Answer:
        """UpdateJobPriority."""
        job, wanted = self._found(call), call.parameters.get("priority", "")
        if not wanted.isdigit():
            raise bad("priority must be between 0 and 2147483647")
        if job.status in states.ENDED:
            raise ServiceError("JobStatusException", f"The job is {job.status}.")
        job.asked["Priority"] = int(wanted)
        return _answer("UpdateJobPriorityResult", {"JobId": job.job_id, "Priority": int(wanted)})

    def _found(self, call: Call) -> Job:
        _own(call)
        job = self.jobs.get(call.parameters.get("id", ""))
        if job is None or (job.account, job.region) != (call.account, call.region):
            raise ServiceError("NoSuchJob", "The specified job does not exist", 404)
        return job


def _own(call: Call) -> None:
    if call.parameters.get("AccountId") != call.account:
        raise ServiceError("AccessDenied", "Access Denied", 403)


def _answer(root: str, said: Mapping[str, Any]) -> Answer:
    inner = "".join(xml.element(name, value) for name, value in said.items())
    return Answer(200, f'{xml.DECLARATION}<{root} xmlns="{_NAMESPACE}">{inner}</{root}>'.encode())


# -- what time brings -------------------------------------------------------------------------------------------


def _become(job: Job, status: str, now: datetime) -> None:
    job.status, job.due = status, now + MINUTE


def _end(job: Job, status: str, now: datetime) -> None:
    job.status, job.due, job.terminated, job.tasks = status, None, now, []


def _begin(world: "World", job: Job, now: datetime) -> None:
    _become(job, states.PREPARING, now)


def _prepare(world: "World", job: Job, now: datetime) -> None:
    job.tasks = tasks.manifest(tasks.Hands.of(world, job))
    job.total = len(job.tasks)
    if job.asked.get("ConfirmationRequired"):
        job.status, job.suspended = states.SUSPENDED, now
    else:
        _become(job, states.READY, now)


def _start(world: "World", job: Job, now: datetime) -> None:
    job.active = now
    _become(job, states.ACTIVE, now)


def _work(world: "World", job: Job, now: datetime) -> None:
    """One minute's tasks. A role that is gone makes tasks fail, not the job."""
    slice_, job.tasks = job.tasks[:TASKS_A_MINUTE], job.tasks[TASKS_A_MINUTE:]
    try:
        hands = tasks.Hands.of(world, job)
    except tasks.JobFailure as err:
        done = (Result(task, 403, "AccessDenied", err.reason) for task in slice_)
    else:
        done = (tasks.copy(hands, task) for task in slice_)
    for result in done:
        job.note(result)
        if job.hopeless:
            job.reasons = [
                {"FailureCode": "JobFailureThreshold", "FailureReason": "More than half of the tasks failed"}
            ]
            return _become(job, states.FAILING, now)
    _become(job, states.ACTIVE if job.tasks else states.COMPLETING, now)


def _complete(world: "World", job: Job, now: datetime) -> None:
    s3_batch_report.write(tasks.Hands.of(world, job))
    _end(job, states.COMPLETE, now)


def _cancel(world: "World", job: Job, now: datetime) -> None:
    _reported_if_possible(world, job)
    _end(job, states.CANCELLED, now)


def _fail(world: "World", job: Job, now: datetime) -> None:
    _reported_if_possible(world, job)
    _end(job, states.FAILED, now)


def _reported_if_possible(world: "World", job: Job) -> None:
    """A job that ends otherwise has its report where its role can still write one."""
    try:
        s3_batch_report.write(tasks.Hands.of(world, job))
    except tasks.JobFailure as err:
        job.reasons.append({"FailureCode": err.code, "FailureReason": err.reason})


_STEPS: Final = {
    states.NEW: _begin, states.PREPARING: _prepare, states.READY: _start, states.ACTIVE: _work,
    states.COMPLETING: _complete, states.CANCELLING: _cancel, states.FAILING: _fail,
}  # fmt: skip

CORRECTIONS = {
    ("s3", "CreateJob"): lambda world, call: world.batch.create(call),
    ("s3", "DescribeJob"): lambda world, call: world.batch.describe(call),
    ("s3", "ListJobs"): lambda world, call: world.batch.list(call),
    ("s3", "UpdateJobStatus"): lambda world, call: world.batch.update_status(call),
    ("s3", "UpdateJobPriority"): lambda world, call: world.batch.update_priority(call),
}
