"""The completion report of a job: one CSV for the tasks that succeeded, one for those that failed, and the manifest
that names them.

Source: S3 User Guide, "Examples: S3 Batch Operations completion reports". Its rows have the HTTP status before the
error code, although its own ReportSchema names them the other way round; the rows are followed.
"""

import csv
import hashlib
import json
from collections.abc import Sequence
from io import StringIO
from typing import Any, Final

from onetrail.practice.s3.batch.requests import REPORT
from onetrail.practice.s3.batch.tasks import JobSession, put
from onetrail.practice.state.batch_jobs import StoredJob, StoredTaskResult
from onetrail.practice.state.clock import s3_iso

SCHEMA: Final = "Bucket, Key, VersionId, TaskStatus, ErrorCode, HTTPStatusCode, ResultMessage"


def write(session: JobSession) -> None:
    """Write what the job asked for; nothing where it asked for none or no task was run. Raises JobFailure."""
    job, asked = session.job, session.job.asked["Report"]
    if not asked.get("Enabled") or not job.results:
        return
    bucket, owner = asked["Bucket"].rsplit(":", 1)[-1], asked.get("ExpectedBucketOwner", "")
    folder = f"{asked['Prefix'].strip('/')}/" if asked.get("Prefix") else ""
    folder += f"job-{job.job_id}/"
    scopes = ("succeeded", "failed") if asked["ReportScope"] == "AllTasks" else ("failed",)
    results: list[dict[str, Any]] = []
    for status in scopes:
        rows = [one for one in job.results if bool(one.code) == (status == "failed")]
        if rows:
            body = _rows(status, rows)
            key = f"{folder}results/{_name(job, status)}.csv"
            put(session, bucket, key, body, owner)
            results.append({"TaskExecutionStatus": status, "Bucket": bucket, "MD5Checksum": _md5(body), "Key": key})
    said = {
        "Format": REPORT,
        "ReportCreationDate": s3_iso(session.world.clock.now()),
        "Results": results,
        "ReportSchema": SCHEMA,
    }
    top = json.dumps(said).encode()
    put(session, bucket, f"{folder}manifest.json", top, owner)
    put(session, bucket, f"{folder}manifest.json.md5", _md5(top).encode(), owner)


def _rows(status: str, results: Sequence[StoredTaskResult]) -> bytes:
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for one in results:
        task = one.task
        writer.writerow([task.bucket, task.written, task.version_id, status, one.status, one.code, one.message])
    return out.getvalue().encode()


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def _name(job: StoredJob, status: str) -> str:
    return hashlib.sha1(f"{job.job_id} {status}".encode(), usedforsecurity=False).hexdigest()
