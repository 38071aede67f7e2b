"""Making jobs: their lists into the work bucket, the jobs from them, and the confirmation without which they do
nothing."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from onetrail.aws import Clients
from onetrail.change import Change, ChangeFailed, Gate
from onetrail.change.run_record.line_kind import LineKind
from onetrail.change.words import counted
from onetrail.cloudtrail.object_key import DIGEST_KINDS, parse
from onetrail.estate.history.claims import Claims
from onetrail.estate.old_estate import OldBucket
from onetrail.s3.batch.group import JobGroup, Label, group_of, unfit
from onetrail.s3.batch.job import FAILED, SUSPENDED, BatchJob
from onetrail.s3.batch.manifest import ManifestFile, Manifests
from onetrail.s3.copying.engine import CopyTask
from onetrail.steps.copy_history.jobs.plan import PILOT
from onetrail.steps.copy_history.jobs.watch import JobWatch
from onetrail.steps.copy_history.local.tasks import due, task_of
from onetrail.steps.copy_history.observed.jobs import all_jobs


class Maker:
    """Makes the jobs of one plan; what it has made is needed until it is confirmed, and no longer."""

    def __init__(
        self, clients: Clients, gate: Gate, watch: JobWatch, buckets: Mapping[str, OldBucket], claims: Claims
    ) -> None:
        self.claims = claims
        self.clients, self.settings, self.gate, self.watch, self.buckets = (
            clients,
            clients.settings,
            gate,
            watch,
            buckets,
        )
        self.desk = watch.desk
        self.left_out: Collection[str] = ()
        """Old buckets whose pilot was refused: no job copies them."""
        self._lists: dict[str, list[tuple[Label, ManifestFile, str]]] = {}
        self._held: dict[str, int] = {}

    def manifests(self, change: Change, scope: str) -> Mapping[str, Any]:
        """One list a job into the work bucket; what a living job of an earlier kernel copies gets no second one."""
        assert change.bulk is not None
        living = {job.label.group for job in self.watch.jobs(scope) if not job.ended}
        with Manifests(self.settings.run_folder / "batch" / scope) as files:
            for name in change.bulk.rule["from"]:
                for group, task in self._tasks(self.buckets[name], scope):
                    if group not in living:
                        files.add(group, task.key)
            written = files.finish()
        self._lists[scope] = [
            self._put(change, Label(self.settings.run_name, scope, file.group), file) for file in written
        ]
        uploaded = [
            {"key": self.desk.manifest_key(label, etag), "objects": file.objects, "etag": etag}
            for label, file, etag in self._lists[scope]
        ]
        return {"manifests": uploaded, "adopted": len(living)}

    def _put(self, change: Change, label: Label, file: ManifestFile) -> tuple[Label, ManifestFile, str]:
        client = self.clients.client("s3", change.account, change.region, change.actor)
        with file.path.open("rb") as body:
            answer = client.put_object(
                Bucket=self.desk.work_bucket,
                ExpectedBucketOwner=self.desk.account,
                Key=self.desk.manifest_key(label, file.md5),
                Body=body,
                ContentType="text/csv",
                ServerSideEncryption="AES256",
            )
        etag = str(answer["ETag"]).strip('"')
        if etag != file.md5:
            raise ChangeFailed(
                f"the manifest {self.desk.manifest_key(label, file.md5)} is not there as it was sent: ETag {etag}, not"
                f" {file.md5}; run this step again"
            )
        file.path.unlink()
        return label, file, etag

    def _tasks(self, bucket: OldBucket, scope: str) -> Iterator[tuple[JobGroup, CopyTask]]:
        """What jobs are to copy of one old bucket; for the pilot the first log and the first digest of it, unless jobs
        of its copy run already."""
        if bucket.name in self.left_out or (scope == PILOT and self.watch.living(bucket)):
            return
        found: set[bool] = set()
        now = self.clients.clock.now()
        for pair, decision in due(self.settings, self.clients, bucket, self.claims):
            task = task_of(self.settings, self.desk.account, bucket, pair, decision, now)
            digest = parse(task.key).kind in DIGEST_KINDS
            # A job copies without a condition, so what two buckets want is copied by this machine, which never
            # overwrites.
            passed = pair.contested or unfit(task, self.settings.key_prefix)
            if passed or (scope == PILOT and digest in found):
                continue
            yield group_of(task, now, self.settings.grant_hours), task
            found.add(digest)
            if scope == PILOT and len(found) == 2:
                return

    def make(self, change: Change, scope: str) -> Mapping[str, Any]:
        """One job a list. The same list makes no second job, even where the answer to the first request was lost."""
        client = client_of(self.clients, change)
        ended = Counter(str(job.label) for job in all_jobs(self.settings, self.clients) if job.ended)
        made = []
        for label, file, etag in self._lists.get(scope, []):
            answer = client.create_job(**self.desk.request(label, etag, ended[str(label)]))
            job_id = str(answer["JobId"])
            self._held[job_id] = file.objects
            record(self.gate, change, "CreateJob", job_id, answer, description=str(label), objects=file.objects)
            made.append(job_id)
        return {"jobs": made}

    def confirm(self, change: Change, scope: str) -> Mapping[str, Any]:
        """Every job of ours that waits for it, once it has read as many objects as its list holds."""
        read = self.watch.wait(scope, "", lambda job: job.status not in ("New", "Preparing"), "jobs read their lists")
        ours, strange = self.watch.made_here(read)
        if strange:
            raise ChangeFailed(f"{not_ours(strange)}: none was confirmed; run this step again")
        with self.gate.guard.named(change, (job.id for job in ours)):
            return self._confirmed(change, ours)

    def _confirmed(self, change: Change, jobs: Sequence[BatchJob]) -> Mapping[str, Any]:
        client, confirmed = client_of(self.clients, change), []
        for job in jobs:
            if job.status == FAILED:
                self.gate.say(
                    f"job {job.id} of {job.label.group.bucket} failed before it began:"
                    f" {job.why or 'S3 gives no reason'}"
                )
            if job.status != SUSPENDED:
                continue
            listed = self._held.get(job.id, job.total)
            if job.total != listed:
                raise ChangeFailed(
                    f"job {job.id} holds {counted(job.total, 'object')}, and its list {listed:,}: it was not confirmed;"
                    " run this step again"
                )
            answer = client.update_job_status(AccountId=self.desk.account, JobId=job.id, RequestedJobStatus="Ready")
            record(self.gate, change, "UpdateJobStatus", job.id, answer, becomes="Ready")
            confirmed.append(job.id)
        return {"confirmed": confirmed}


def not_ours(jobs: Sequence[BatchJob]) -> str:
    """Jobs that only say that they are of this run, and what to do about them."""
    return (
        f"{counted(len(jobs), 'job claims to be', 'jobs claim to be')} of this run, but this run did not create them "
        f"({', '.join(job.id for job in jobs)}): find out from CreateJob in CloudTrail who did, and cancel them there"
    )


def client_of(clients: Clients, change: Change) -> Any:
    """The client that sends this change's calls."""
    return clients.client(change.service, change.account, change.region, change.actor)


def record(gate: Gate, change: Change, call: str, job_id: str, answer: Mapping[str, Any], **more: Any) -> None:
    """One line per job and call, with the request id."""
    request_id = answer.get("ResponseMetadata", {}).get("RequestId", "")
    gate.record.append(LineKind.JOB, key=change.key, call=call, job=job_id, request_id=request_id, **more)
