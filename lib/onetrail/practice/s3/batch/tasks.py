"""Batch Operations at S3's door: a job's role reads the manifest, makes each copy and writes the report, each as a call
of its own.

Every call goes through the same handlers and the same evaluator as one that came over the wire.
"""

import base64
import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any
from urllib.parse import quote, unquote_plus

from onetrail.iam import role as role_session
from onetrail.iam import service as service_principal
from onetrail.practice import faults
from onetrail.practice.iam.authorize import Authorizer
from onetrail.practice.iam.requester import Requester
from onetrail.practice.moto.backends import find_role
from onetrail.practice.s3 import front as s3_front
from onetrail.practice.s3.batch.requests import COPY, SERVICE
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.request import S3Request
from onetrail.practice.state.batch_jobs import StoredJob, StoredTaskResult, Task
from onetrail.practice.state.clock import iso
from onetrail.practice.state.credentials import Credential
from onetrail.practice.state.request_log import Logged
from onetrail.practice.state.world import World
from onetrail.practice.web.http import HttpRequest, Reply

FAULT = "batch-tasks"


class JobFailure(Exception):
    """What ends a job as a whole."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True)
class JobSession:
    """The job's role as Batch Operations has assumed it: what calls S3 for one job at one instant."""

    world: World
    authorizer: Authorizer
    job: StoredJob
    requester: Requester
    context: dict[str, str]

    def send(self, operation: str, bucket: str, key: str, headers: dict[str, str], body: bytes = b"") -> Reply:
        """One S3 call as the job's role, logged like every other. Raises S3Error."""
        world = self.world
        home = world.store.buckets.get(bucket)
        region = home.region if home else self.job.region
        method = "GET" if operation == "GetObject" else "PUT"
        http = HttpRequest(method, f"/{bucket}/{quote(key)}", "", headers, body, True, "s3.amazonaws.com")
        request_id = world.ident("s3", "batch", self.job.job_id, operation).hex()[:16].upper()
        request = S3Request(
            world,
            self.authorizer,
            http,
            self.requester,
            region,
            operation,
            bucket,
            key,
            headers,
            body,
            world.clock.now(),
            dict(self.context),
        )
        status = 500
        try:
            self._fault(operation, bucket, key)
            reply = s3_front.serve(request)
            status = reply.status
            return reply
        except S3Error as err:
            status = err.status
            err.fields = {**err.fields, "RequestId": request_id}
            raise
        finally:
            who = self.requester.principal
            arn = f"arn:aws:s3:::{bucket}/{key}"
            changes = operation != "GetObject"
            world.requests.add(
                Logged(who.account, who.session_arn, region, "s3", operation, changes, status, request_id, arn)
            )

    def _fault(self, operation: str, bucket: str, key: str) -> None:
        fault = faults.for_request(self.world, "s3", operation, bucket, key)
        if fault is not None and (fault.code or fault.reply.drop):
            raise S3Error(fault.code or "InternalError", status=fault.reply.status if fault.code else 500)


def assumed(world: World, authorizer: Authorizer, job: StoredJob) -> JobSession:
    """A session of the job's role. Raises JobFailure where there is no such role or it does not trust the service."""
    arn = job.asked["RoleArn"]
    role = find_role(arn)
    if role is None:
        raise JobFailure("InvalidRole", f"The role {arn} does not exist")
    context = _context(world, job)
    trusted = authorizer.decide(
        Requester(service_principal(SERVICE)),
        "sts:AssumeRole",
        arn,
        job.account,
        context,
        resource_policy=authorizer.role_trust(arn),
        trust=True,
    )
    if not trusted.allowed:
        raise JobFailure("AccessDenied", f"{SERVICE} may not assume the role {arn}")
    who = role_session(arn, f"s3-batch-operations-{job.job_id[:8]}")
    credential = Credential("", "", who, f"{role.id}:s3-batch-operations", role_id=role.id)
    context |= {"aws:userid": credential.principal_id}
    return JobSession(world, authorizer, job, Requester(who, credential), context)


def _context(world: World, job: StoredJob) -> dict[str, str]:
    now = world.clock.now()
    found = {
        "aws:SecureTransport": "true",
        "s3:TlsVersion": "1.3",
        "aws:CurrentTime": iso(now),
        "aws:EpochTime": str(int(now.timestamp())),
        "aws:RequestedRegion": job.region,
        "aws:ViaAWSService": "false",
    }
    if world.organization_id:
        found["aws:PrincipalOrgID"] = world.organization_id
    return found


def manifest(session: JobSession) -> list[Task]:
    """The job's tasks. Raises JobFailure where the manifest cannot be read, is another one, or is not well-formed."""
    asked = session.job.asked["Manifest"]
    bucket, _, key = asked["Location"]["ObjectArn"].removeprefix("arn:aws:s3:::").partition("/")
    home = session.world.store.buckets.get(bucket)
    try:
        reply = session.send("GetObject", bucket, key, {})
    except S3Error as err:
        raise JobFailure(err.code, f"Reading the manifest is not possible: {err.code}: {err.message}") from err
    found = home.current(key) if home else None
    if found is None or found.etag != asked["Location"]["ETag"].strip('"'):
        raise JobFailure("PreconditionFailed", "The ETag of the manifest is not the one that the job names")
    if found.sse.startswith("aws:kms"):
        raise JobFailure("InvalidManifest", "A CSV manifest cannot be encrypted with a KMS key")
    tasks = list(_lines(reply.body, len(asked["Spec"]["Fields"])))
    if not tasks:
        raise JobFailure("InvalidManifest", "The manifest is empty")
    if len({task.bucket for task in tasks}) > 1:
        raise JobFailure("InvalidManifest", "All objects of a manifest must be in one bucket")
    return tasks


def _lines(body: bytes, fields: int) -> Iterator[Task]:
    for number, row in enumerate(csv.reader(StringIO(body.decode())), start=1):
        if len(row) != fields:
            raise JobFailure("InvalidManifest", f"Line {number} of the manifest has {len(row)} fields, not {fields}")
        yield Task(row[0], unquote_plus(row[1]), row[2] if fields == 3 else "", row[1])


def copy(session: JobSession, task: Task) -> StoredTaskResult:
    """One task: a CopyObject as the job asks for it."""
    asked: Mapping[str, Any] = session.job.asked["Operation"][COPY]
    source = quote(f"{task.bucket}/{task.key}") + (f"?versionId={task.version_id}" if task.version_id else "")
    prefix = f"{asked['TargetKeyPrefix']}/" if asked.get("TargetKeyPrefix") else ""
    headers = {"x-amz-copy-source": source, **_headers(asked)}
    bucket = asked["TargetResource"].rsplit(":", 1)[-1]
    try:
        wanted = _wanted_failure(session.world, task)
        if wanted:
            raise S3Error(wanted[0], "A fault that was asked for", status=wanted[1])
        session.send("CopyObject", bucket, prefix + task.key, headers)
    except S3Error as err:
        said = (
            f"(Service: Amazon S3; Status Code: {err.status}; Error Code: {err.code}; Request ID:"
            f" {err.fields.get('RequestId', '')})"
        )
        return StoredTaskResult(task, err.status, err.code, f"{err.message} {said}")
    return StoredTaskResult(task, 200, "", "Successful")


def _headers(asked: Mapping[str, Any]) -> dict[str, str]:
    until = asked.get("ObjectLockRetainUntilDate")
    found = {
        "x-amz-acl": asked.get("CannedAccessControlList"),
        "x-amz-metadata-directive": asked.get("MetadataDirective"),
        "x-amz-storage-class": asked.get("StorageClass"),
        "x-amz-server-side-encryption": "aws:kms" if asked.get("SSEAwsKmsKeyId") else None,
        "x-amz-server-side-encryption-aws-kms-key-id": asked.get("SSEAwsKmsKeyId"),
        "x-amz-checksum-algorithm": asked.get("ChecksumAlgorithm"),
        "x-amz-object-lock-legal-hold": asked.get("ObjectLockLegalHoldStatus"),
        "x-amz-object-lock-mode": asked.get("ObjectLockMode"),
        "x-amz-object-lock-retain-until-date": iso(until) if until else None,
    }
    return {name: value for name, value in found.items() if value}


def arm(world: World, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Let a share of the tasks fail: `share` (0 to 1), `code`, `status`, `bucket` (the source), `key` (a prefix).
    Raises ValueError."""
    share = float(asked.get("share", 1))
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}: give more than 0 and at most 1")
    known = {
        "share": share,
        "code": str(asked.get("code", "InternalError")),
        "status": int(asked.get("status", 500)),
    }
    rest = {name: str(asked[name]) for name in ("bucket", "key") if name in asked}
    world.faults.append({"kind": FAULT, "service": FAULT, "count": 1, "seen": 0, **known, **rest})
    return {"armed": len(world.faults)}


def _wanted_failure(world: World, task: Task) -> tuple[str, int] | None:
    """The code and status by which this task fails on request: evenly spread, so that the share is exact and the same
    every time."""
    for fault in world.faults:
        fits = fault["kind"] == FAULT and fault.get("bucket", task.bucket) == task.bucket
        if fits and task.key.startswith(fault.get("key", "")):
            before, fault["seen"] = fault["seen"], fault["seen"] + 1
            if int(fault["seen"] * fault["share"]) > int(before * fault["share"]):
                return fault["code"], fault["status"]
    return None


def put(session: JobSession, bucket: str, key: str, body: bytes, owner: str) -> None:
    """Write one file of a report, always under S3's own keys. Raises JobFailure."""
    md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    headers = {"content-md5": md5, "x-amz-server-side-encryption": "AES256"}
    headers |= {"x-amz-expected-bucket-owner": owner} if owner else {}
    try:
        session.send("PutObject", bucket, key, headers, body)
    except S3Error as err:
        raise JobFailure(
            err.code,
            f"Job report could not be written to your report bucket: {err.code}. Please check your permissions.",
        ) from err
