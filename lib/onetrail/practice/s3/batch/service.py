"""S3 Batch Operations' API: jobs are made, described, listed, confirmed and cancelled.

Source: S3 Control API Reference, CreateJob, DescribeJob, ListJobs, UpdateJobStatus, UpdateJobPriority.
"""

import base64
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from onetrail.practice.calls import ServiceAnswer, ServiceCall, ServiceError, ServiceHandler
from onetrail.practice.iam.authorize import Authorizer
from onetrail.practice.s3.batch.requests import bad, checked, may_pass
from onetrail.practice.s3.batch.runner import MINUTE
from onetrail.practice.state import batch_jobs as states
from onetrail.practice.state.batch_jobs import StoredJob
from onetrail.practice.state.world import World
from onetrail.practice.web import xml

_NAMESPACE: Final = "http://awss3control.amazonaws.com/doc/2018-08-20/"
_CANCELLABLE: Final = frozenset({states.NEW, states.PREPARING, states.SUSPENDED, states.READY, states.ACTIVE})


class BatchJobs:
    """The part of S3 Control that is about jobs; what time makes of them is not here."""

    def __init__(self, world: World, authorizer: Authorizer) -> None:
        self._world, self._authorizer = world, authorizer

    def operations(self) -> dict[tuple[str, str], ServiceHandler]:
        """(service, operation) -> what answers it."""
        return {
            ("s3", "CreateJob"): self.create,
            ("s3", "DescribeJob"): self.describe,
            ("s3", "ListJobs"): self.list,
            ("s3", "UpdateJobStatus"): self.update_status,
            ("s3", "UpdateJobPriority"): self.update_priority,
        }

    def create(self, call: ServiceCall) -> ServiceAnswer:
        """CreateJob. The same token with the same request is the same job."""
        _own(call)
        asked = checked(self._world, call)
        token = asked.pop("ClientRequestToken")
        for job in self._world.jobs.values():
            if (job.account, job.region, job.token) == (call.account, call.region, token):
                if job.asked != asked:
                    raise ServiceError("IdempotencyException", "The token was used for another job.")
                return _answer("CreateJobResult", {"JobId": job.job_id})
        may_pass(self._world, self._authorizer, call, asked["RoleArn"])
        raw = self._world.ident("s3", "job", call.account, call.region).hex()
        job_id = f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:32]}"
        now = self._world.clock.now()
        self._world.jobs[job_id] = StoredJob(job_id, call.account, call.region, token, asked, now, due=now + MINUTE)
        return _answer("CreateJobResult", {"JobId": job_id})

    def describe(self, call: ServiceCall) -> ServiceAnswer:
        """DescribeJob."""
        return _answer("DescribeJobResult", {"Job": self._found(call).descriptor(self._world.clock.now())})

    def list(self, call: ServiceCall) -> ServiceAnswer:
        """ListJobs: those that run or ended within 90 days, newest first."""
        _own(call)
        query = parse_qs(call.parameters.get("raw_query", ""))
        now = self._world.clock.now()
        mine = [
            job
            for job in reversed(self._world.jobs.values())
            if (job.account, job.region) == (call.account, call.region)
            and (not job.terminated or job.terminated > now - states.KEPT)
            and job.status in query.get("jobStatuses", [job.status])
        ]
        most = min(int(query.get("maxResults", ["1000"])[0]), 1000)
        try:
            start = int(base64.urlsafe_b64decode(query.get("nextToken", ["MA=="])[0]))
        except ValueError as err:
            raise ServiceError("InvalidNextTokenException", "The next token is not valid.") from err
        more = base64.urlsafe_b64encode(str(start + most).encode()).decode() if len(mine) > start + most else None
        shown = [job.listed(now) for job in mine[start : start + most]]
        return _answer("ListJobsResult", {"NextToken": more, "Jobs": shown})

    def update_status(self, call: ServiceCall) -> ServiceAnswer:
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

    def update_priority(self, call: ServiceCall) -> ServiceAnswer:
        """UpdateJobPriority."""
        job, wanted = self._found(call), call.parameters.get("priority", "")
        if not wanted.isdigit():
            raise bad("priority must be between 0 and 2147483647")
        if job.status in states.ENDED:
            raise ServiceError("JobStatusException", f"The job is {job.status}.")
        job.asked["Priority"] = int(wanted)
        return _answer("UpdateJobPriorityResult", {"JobId": job.job_id, "Priority": int(wanted)})

    def _found(self, call: ServiceCall) -> StoredJob:
        _own(call)
        job = self._world.jobs.get(call.parameters.get("id", ""))
        if job is None or (job.account, job.region) != (call.account, call.region):
            raise ServiceError("NoSuchJob", "The specified job does not exist", 404)
        return job


def _own(call: ServiceCall) -> None:
    if call.parameters.get("AccountId") != call.account:
        raise ServiceError("AccessDenied", "Access Denied", 403)


def _answer(root: str, said: Mapping[str, Any]) -> ServiceAnswer:
    inner = "".join(xml.element(name, value) for name, value in said.items())
    return ServiceAnswer(200, f'{xml.DECLARATION}<{root} xmlns="{_NAMESPACE}">{inner}</{root}>'.encode())
