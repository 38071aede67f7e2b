"""What S3 Batch Operations remembers: jobs, their tasks and how each ended.

Source: S3 User Guide, "Tracking job status and completion reports"; S3 Control API Reference, JobDescriptor.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

NEW, PREPARING, SUSPENDED, READY, ACTIVE = "New", "Preparing", "Suspended", "Ready", "Active"
COMPLETING, COMPLETE, CANCELLING, CANCELLED = "Completing", "Complete", "Cancelling", "Cancelled"
FAILING, FAILED = "Failing", "Failed"
ENDED: Final = frozenset({COMPLETE, CANCELLED, FAILED})
KEPT: Final = timedelta(days=90)
"""So long a job that has ended is still listed."""
THRESHOLD_TASKS: Final = 1000
"""From so many tasks on, a job of which more than half failed is given up."""


class Task(NamedTuple):
    """One line of a manifest, decoded. `written` is the key as the manifest has it; `version_id` is empty for none."""

    bucket: str
    key: str
    version_id: str
    written: str


class StoredTaskResult(NamedTuple):
    """How one task ended. `code` is empty where it succeeded."""

    task: Task
    status: int
    code: str
    message: str


@dataclass
class StoredJob:
    """One job. `asked` holds CreateJob's members as the API names them; `due` is when its state changes next, None
    while it rests."""

    job_id: str
    account: str
    region: str
    token: str
    asked: dict[str, Any]
    created: datetime
    status: str = NEW
    due: datetime | None = None
    total: int = 0
    tasks: list[Task] = field(default_factory=list)
    """Those still to be run, in the manifest's order."""
    results: list[StoredTaskResult] = field(default_factory=list)
    succeeded: int = 0
    failed: int = 0
    reasons: list[dict[str, str]] = field(default_factory=list)
    said: str = ""
    """StatusUpdateReason."""
    suspended: datetime | None = None
    active: datetime | None = None
    terminated: datetime | None = None

    @property
    def arn(self) -> str:
        """`arn:aws:s3:REGION:ACCOUNT:job/ID`."""
        return f"arn:aws:s3:{self.region}:{self.account}:job/{self.job_id}"

    @property
    def hopeless(self) -> bool:
        """Whether so many tasks failed that the job is given up."""
        done = self.succeeded + self.failed
        return done >= THRESHOLD_TASKS and self.failed * 2 > done

    def note(self, result: StoredTaskResult) -> None:
        """Count one task that has ended."""
        self.results.append(result)
        if result.code:
            self.failed += 1
        else:
            self.succeeded += 1

    def summary(self, now: datetime) -> dict[str, Any]:
        """ProgressSummary."""
        active = (self.terminated or now) - self.active if self.active else timedelta()
        return {
            "TotalNumberOfTasks": self.total,
            "NumberOfTasksSucceeded": self.succeeded,
            "NumberOfTasksFailed": self.failed,
            "Timers": {"ElapsedTimeInActiveSeconds": int(active.total_seconds())},
        }

    def descriptor(self, now: datetime) -> dict[str, Any]:
        """The member `StoredJob` of DescribeJob."""
        return {
            "JobId": self.job_id,
            "ConfirmationRequired": self.asked.get("ConfirmationRequired", False),
            "Description": self.asked.get("Description"),
            "JobArn": self.arn,
            "Status": self.status,
            "Manifest": self.asked["Manifest"],
            "Operation": self.asked["Operation"],
            "Priority": self.asked["Priority"],
            "ProgressSummary": self.summary(now),
            "StatusUpdateReason": self.said or None,
            "FailureReasons": self.reasons,
            "Report": self.asked["Report"],
            "CreationTime": self.created,
            "TerminationDate": self.terminated,
            "RoleArn": self.asked["RoleArn"],
            "SuspendedDate": self.suspended,
            "SuspendedCause": "AwaitingConfirmation" if self.suspended else None,
        }

    def listed(self, now: datetime) -> dict[str, Any]:
        """The job as ListJobs shows it."""
        return {
            "JobId": self.job_id,
            "Description": self.asked.get("Description"),
            "Operation": next(iter(self.asked["Operation"])),
            "Priority": self.asked["Priority"],
            "Status": self.status,
            "CreationTime": self.created,
            "TerminationDate": self.terminated,
            "ProgressSummary": self.summary(now),
        }
