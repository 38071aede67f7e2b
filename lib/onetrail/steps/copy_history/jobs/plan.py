"""Jobs as changes: manifests, jobs, their confirmation, and the cancelling of what is left of them, for the pilot and
for the copy."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from onetrail.aws.actors import JOBS
from onetrail.change import NAMED, Below, Bulk, BulkAction, Change, CheckKind, OneOf, Only, RequiredCheck
from onetrail.change.bulk import Bound
from onetrail.estate.backlog.backlog import Backlog
from onetrail.estate.batch_folder import folder_of_run
from onetrail.s3.batch.choice import BATCH
from onetrail.s3.batch.group import opening
from onetrail.s3.batch.manifest import FORMAT
from onetrail.s3.decisions.planner import allowed_for
from onetrail.settings import Settings
from onetrail.steps.copy_history.bounds import job_lock
from onetrail.steps.copy_history.jobs.permissions import BatchGrant
from onetrail.steps.copy_history.observed.jobs import desk
from onetrail.steps.copy_history.permissions.grant import Grant, GrantPair

PILOT, COPY = "pilot", "copy"
_IN_KEYS: Final = {
    BulkAction.MANIFESTS: "manifests",
    BulkAction.MAKE_JOBS: "jobs",
    BulkAction.CONFIRM_JOBS: "confirm",
    BulkAction.CANCEL_JOBS: "cancel",
}
_PREFIX: Final = "batch"
_ONE_JOB: Final = Only(("AccountId", "JobId", "RequestedJobStatus"))
_FOR_BOTH: Final = "the copier of the log account and the role of the jobs may list and read until the expiry"


def runs_by_jobs(change: Change) -> bool:
    """Whether the bulk rule of one old bucket is carried out by jobs."""
    return change.bulk is not None and change.bulk.rule.get("engine") == BATCH


class JobChanges(NamedTuple):
    """Everything a plan of 05 holds about jobs, each part for its own place; all empty where no bucket goes by jobs and
    nothing was left."""

    roles: list[GrantPair]
    work: list[GrantPair]
    pilot: list[Change]
    copy: list[Change]
    cancelled: list[Change]
    left_over: list[Change]
    """Jobs that an interrupted run left, where this plan has none of its own."""
    left_open: list[Change]
    """Permissions that an interrupted run left, where this plan does not use them itself."""

    buckets: frozenset[str] = frozenset()
    """Old buckets that jobs copy."""

    def settled(self, sources: list[GrantPair]) -> list[GrantPair]:
        """The openings of old buckets: each says whom it lets in, and the first waits until the new roles are known."""
        said = [
            GrantPair(replace(opening, reason=_FOR_BOTH), closing)
            if opening.resource in self.buckets
            else GrantPair(opening, closing)
            for opening, closing in sources
        ]
        if not self.roles or not said:
            return said
        return [
            GrantPair(replace(said[0].opening, requires=RequiredCheck(CheckKind.JOBS_ROLE_SETTLED)), said[0].closing),
            *said[1:],
        ]


def jobs_for(settings: Settings, grant: Grant, backlogs: Sequence[Backlog]) -> JobChanges:
    """The changes for the backlogs that jobs copy; the grant learns whom else it lets in."""
    opened = BatchGrant(settings, grant.observation, grant, backlogs)
    grant.also, grant.more_copiers = opened.statements, opened.copiers()
    return JobChanges(
        opened.roles(),
        opened.work(),
        begun(settings, backlogs, PILOT, grant.observation.now),
        begun(settings, backlogs, COPY, grant.observation.now),
        [change for scope in (PILOT, COPY) for change in ended(settings, backlogs, scope)],
        left_over(settings, opened),
        opened.left_open(),
        frozenset(one.bucket.name for one in backlogs),
    )


def begun(settings: Settings, backlogs: Sequence[Backlog], scope: str, now: datetime) -> list[Change]:
    """Manifests, jobs, confirmation; nothing where no backlog goes by jobs."""
    if not backlogs:
        return []
    said = _Jobs(settings, [one.bucket.name for one in backlogs], scope)
    return [said.manifests(), said.made(job_lock(settings, now)), said.confirmed()]


def ended(settings: Settings, backlogs: Sequence[Backlog], scope: str) -> list[Change]:
    """The closing of the jobs of one scope."""
    if not backlogs:
        return []
    said = _Jobs(settings, [one.bucket.name for one in backlogs], scope)
    return [said.cancelled(said.key(BulkAction.MAKE_JOBS))]


def left_over(settings: Settings, opened: BatchGrant) -> list[Change]:
    """Jobs that an interrupted run may have left: cancelled where they still run, and read into the ledger."""
    steering = opened.steering()
    return [*steering, *(_Jobs(settings, [], scope).cancelled("") for scope in (PILOT, COPY) if steering)]


class _Jobs:
    def __init__(self, settings: Settings, buckets: Sequence[str], scope: str) -> None:
        self.settings, self.scope, self.buckets = settings, scope, sorted(buckets)
        self.desk = desk(settings)

    def key(self, deed: BulkAction) -> str:
        return f"{_PREFIX}-{self.scope}-{_IN_KEYS[deed]}"

    def manifests(self) -> Change:
        where = f"{folder_of_run(self.settings)}manifests/{self.scope}/"
        return self._change(
            BulkAction.MANIFESTS,
            "s3",
            "PutObject",
            {
                "Bucket": self.settings.work_bucket,
                "ExpectedBucketOwner": self.desk.account,
                "ServerSideEncryption": "AES256",
            },
            {"below": where, "format": FORMAT, "lines": self._objects(), "from": self.buckets},
            f"{self.settings.work_bucket}/{where}",
            "a job reads what it copies from a list: one list per old bucket, storage class and quarter",
            actor=NAMED,
            bounds=(Below("Key", (where,)),),
        )

    def made(self, lock: Bound) -> Change:
        rule = {
            "from": self.buckets,
            "jobs": "one per old bucket, storage class and quarter; metadata and tags are copied",
        }
        return self._change(
            BulkAction.MAKE_JOBS,
            "s3control",
            "CreateJob",
            self.desk.fixed(),
            rule,
            self._all(),
            "jobs are created, and do nothing until they are confirmed",
            bounds=(*self._bounds(), lock),
        )

    def _bounds(self) -> tuple[Bound, ...]:
        """Of every job of ours: a list of this run, a planned class, metadata and tags kept, and nothing else."""
        copy = "Operation.S3PutObjectCopy"
        classes = [name for b in self.buckets for name in allowed_for(self.settings.storage_class_for(b))]
        return (
            Only(
                (
                    "Description",
                    "ClientRequestToken",
                    "Priority",
                    "RoleArn",
                    "Report",
                    "Manifest",
                    "Operation",
                    "ConfirmationRequired",
                    "AccountId",
                )
            ),
            Only(("S3PutObjectCopy",), "Operation"),
            Only(
                (
                    "TargetResource",
                    "StorageClass",
                    "ChecksumAlgorithm",
                    "ObjectLockMode",
                    "ObjectLockRetainUntilDate",
                    "TargetKeyPrefix",
                ),
                copy,
            ),
            OneOf(f"{copy}.TargetKeyPrefix", (self.desk.key_prefix or None,)),
            OneOf(f"{copy}.StorageClass", tuple(dict.fromkeys(("STANDARD", *classes)))),
            Below("Manifest.Location.ObjectArn", (self.desk.manifests(self.scope),)),
            Below(
                "Description", tuple(f"{opening(self.settings.run_name, self.scope)}{name} " for name in self.buckets)
            ),
        )

    def confirmed(self) -> Change:
        return self._change(
            BulkAction.CONFIRM_JOBS,
            "s3control",
            "UpdateJobStatus",
            {"AccountId": self.desk.account, "RequestedJobStatus": "Ready"},
            {"jobs": "those of this run that hold as many objects as their list"},
            f"{self._all()}, confirmed",
            "a job runs only when it is confirmed here",
            bounds=(_ONE_JOB,),
            named="JobId",
        )

    def cancelled(self, closes: str) -> Change:
        return self._change(
            BulkAction.CANCEL_JOBS,
            "s3control",
            "UpdateJobStatus",
            {"AccountId": self.desk.account, "RequestedJobStatus": "Cancelled"},
            {"jobs": "those of this run that have not ended"},
            self._all(),
            "no job outlives its permission; what jobs have copied is read into the ledger",
            closes=closes,
            bounds=(_ONE_JOB,),
            named="JobId",
        )

    def _objects(self) -> str:
        return (
            "one log file and one digest file"
            if self.scope == PILOT
            else "every log and digest file that the archive lacks"
        )

    def _all(self) -> str:
        return f"{self.scope} jobs of {self.settings.run_name}"

    def _change(
        self,
        deed: BulkAction,
        service: str,
        call: str,
        fixed: dict[str, Any],
        rule: dict[str, Any],
        resource: str,
        reason: str,
        *,
        closes: str = "",
        actor: str = JOBS,
        bounds: tuple[Bound, ...] = (),
        named: str = "",
    ) -> Change:
        return Change(
            key=self.key(deed),
            account=self.desk.account,
            region=self.settings.home_region,
            service=service,
            call=call,
            parameters={},
            resource=resource,
            before=None,
            reason=reason,
            undo="cancelled by this plan itself" if deed is BulkAction.MAKE_JOBS else "nothing to undo",
            actor=actor,
            closes=closes,
            bulk=Bulk(deed, (call,), fixed, rule, bounds=bounds, scope=self.scope, named=named),
        )
