"""Jobs that have ended, read into the ledger: manifest and report from the work bucket, the old bucket's listing, and a
look at each copy."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from onetrail.aws import Clients
from onetrail.aws.actors import JOBS
from onetrail.errors import OnetrailError
from onetrail.estate.backlog.backlog import rules
from onetrail.estate.history.pairing import ObjectPair, archive_key
from onetrail.estate.old_estate import OldBucket
from onetrail.s3.batch import report
from onetrail.s3.batch.index import Held, JobIndex
from onetrail.s3.batch.job import BatchJob, Desk, job_of
from onetrail.s3.batch.manifest import keys
from onetrail.s3.batch.reconcile import Looked, needs_source, settled
from onetrail.s3.batch.reconcile import gone as gone_row
from onetrail.s3.copying.engine import CopyTask
from onetrail.s3.decisions.decide import decide
from onetrail.s3.http import calls
from onetrail.s3.http.client import S3Client
from onetrail.s3.http.retries import code_of
from onetrail.s3.http.session import hot
from onetrail.s3.ledger.parts import LedgerRow
from onetrail.s3.listing.streams import list_objects, merge_join
from onetrail.s3.rows import ObjectRow
from onetrail.settings import Settings
from onetrail.steps.copy_history.local.tasks import task_of

_AT_ONCE: Final = 1000
"""Objects that are looked at together."""
_ABSENT: Final = frozenset({"NoSuchKey", "NotFound", "404"})


Settled = tuple[LedgerRow, CopyTask | None]
"""A row, and the copy as it was planned; None where the old bucket has no such object any more."""


class NoReport(OnetrailError):
    """A job has ended, and whether it wrote a report cannot be read."""


class JobReader:
    """Reads what jobs left in the work bucket."""

    def __init__(self, settings: Settings, clients: Clients, desk: Desk) -> None:
        self.settings, self.clients, self.desk = settings, clients, desk
        self._s3 = clients.client("s3", desk.account, settings.home_region)

    def rows(self, bucket: OldBucket, jobs: Sequence[BatchJob]) -> Iterator[Settled]:
        """One row for each object of these jobs of one old bucket, in key order; memory does not grow with their
        number."""
        scratch = Path(self.settings.run_folder) / "batch" / f"{bucket.name}.scratch"
        by_id = {job.id: job for job in jobs}
        with JobIndex(scratch) as index:
            for job in jobs:
                listed = self._described(job)
                index.add_keys(job.id, keys(self._lines(listed.manifest_key, listed.manifest_etag), bucket.name))
                for file in self._result_files(job):
                    index.add_results(job.id, report.results(self._lines(file.key, file.md5)))
            yield from self._held_against(bucket, by_id, index.rows())

    def _result_files(self, job: BatchJob) -> list[report.ResultFile]:
        """The parts of the report; none where it wrote none, and the copies themselves say how far it came. Raises
        NoReport."""
        for key in report.top_keys(self.desk.report_prefix, job.id):
            try:
                return report.result_files(self._object(key)["Body"].read())
            except ClientError as err:
                if code_of(err) not in _ABSENT:
                    raise NoReport(f"the report of job {job.id} cannot be read: {err}; run this step again") from err
        return []

    def _described(self, job: BatchJob) -> BatchJob:
        """The job with the place of its manifest."""
        client = self.clients.client("s3control", self.desk.account, self.settings.home_region, JOBS)
        said = client.describe_job(AccountId=self.desk.account, JobId=job.id)
        return job_of(said["Job"]) or job

    def _object(self, key: str) -> Any:
        return self._s3.get_object(Bucket=self.desk.work_bucket, ExpectedBucketOwner=self.desk.account, Key=key)

    def _lines(self, key: str, md5: str = "") -> Iterator[str]:
        """The lines of one file, which must have that MD5 where one is given. Raises NoReport."""
        said = self._object(key)
        etag = str(said["ETag"]).strip('"')
        if md5 and "-" not in etag and etag != md5:
            raise NoReport(
                f"{key} is not the file that the job or its report names: ETag {etag}, not {md5}; find out who"
                " changed it"
            )
        return (line.decode() for line in said["Body"].iter_lines())

    def _held_against(self, bucket: OldBucket, jobs: Mapping[str, BatchJob], held: Iterable[Held]) -> Iterator[Settled]:
        client = hot(self.clients, bucket.account, bucket.region)
        listing = list_objects(client, bucket.name, bucket.account, "", owners=True)
        both = merge_join(listing, held, key=lambda row: row.key)
        wanted = ((source, one) for source, one in both if one is not None)
        while part := list(islice(wanted, _AT_ONCE)):
            yield from self._looked_at(bucket, client, jobs, part)

    def _looked_at(
        self,
        bucket: OldBucket,
        client: S3Client,
        jobs: Mapping[str, BatchJob],
        part: Sequence[tuple[ObjectRow | None, Held]],
    ) -> Iterator[Settled]:
        now = self.clients.clock.now()
        tasks = {one.key: self._task(bucket, source, jobs[one.job], now) for source, one in part if source is not None}
        archive = hot(self.clients, self.desk.account, self.settings.home_region)
        tried = [
            task for _, one in part if (task := tasks.get(one.key)) and (one.result is None or one.result.succeeded)
        ]
        copies = _look(
            archive,
            [
                (t.key, calls.head_object(t.destination_bucket, t.destination_owner, t.target_key or t.key))
                for t in tried
            ],
        )
        doubtful = [task for task in tried if needs_source(task, copies[task.key])]
        sources = _look(client, [(t.key, calls.head_object(t.source_bucket, t.source_owner, t.key)) for t in doubtful])
        for _, one in part:
            job, task = jobs[one.job], tasks.get(one.key)
            if task is None:
                yield gone_row(bucket.name, job, one, self.desk.archive, now), None
                continue
            copy, source = copies.get(one.key, Looked()), sources.get(one.key, Looked())
            yield settled(task, job, one.result, copy, source, now), task

    def _task(self, bucket: OldBucket, source: ObjectRow, job: BatchJob, now: datetime) -> CopyTask:
        """The copy as the job was to make it: its class and its date."""
        decision = decide(source, None, rules(self.settings, bucket, now))
        pair = ObjectPair(source, None, archive_key(self.settings, source.key), "")
        task = task_of(self.settings, self.desk.account, bucket, pair, decision, now)
        group = job.label.group
        return task._replace(storage_class=group.storage_class, retain_until=group.retain_until)


def _look(client: S3Client, wanted: Sequence[tuple[str, calls.S3Call[Any]]]) -> dict[str, Looked]:
    """HeadObject of each by its name: there, not there, or could not be read."""
    found: dict[str, Looked] = {}
    for ended in client.run((call, name) for name, call in wanted):
        if ended.error is None:
            found[ended.context] = Looked(ended.result)
        elif code_of(ended.error) in _ABSENT:
            found[ended.context] = Looked()
        else:
            found[ended.context] = Looked(failed=code_of(ended.error))
    return found
