"""S3's door: which operation a request is, its answer with S3's headers, and what is written down of it."""

from datetime import timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from onetrail.practice import faults
from onetrail.practice.doors.arrival import Arrival, BaseContexts
from onetrail.practice.doors.journal import AnsweredRequest, EventDetails, Journal
from onetrail.practice.iam.authorize import Authorizer
from onetrail.practice.s3 import front, routes
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.request import S3Request
from onetrail.practice.state.clock import http_date
from onetrail.practice.state.world import World
from onetrail.practice.web import sigv4
from onetrail.practice.web.http import HttpRequest, Reply

_EVENT_NAMES: Final = {
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
}
"""How CloudTrail names an operation, where that is not its name in the API."""


class _Asked(NamedTuple):
    operation: str
    bucket: str
    key: str
    request_id: str


class S3Door:
    """Answers what is asked of S3, but not of S3 Control."""

    def __init__(self, world: World, authorizer: Authorizer, contexts: BaseContexts, journal: Journal) -> None:
        self._world, self._authorizer = world, authorizer
        self._contexts, self._journal = contexts, journal

    def answer(self, arrival: Arrival) -> Reply:
        """Answer one request; never raises."""
        asked = self._asked(arrival)
        error = None
        try:
            reply = self._served(arrival, asked)
        except S3Error as err:
            error = err
        except sigv4.BadChunks as err:
            error = S3Error("IncompleteBody", str(err))
        except Exception as err:  # noqa: BLE001 - a defect of the estate is answered, never a cut connection
            error = S3Error("InternalError", f"{asked.operation}: {type(err).__name__}: {err}")
        if error is not None:
            reply = refused(error, asked.request_id, arrival.http)
        if reply.drop or reply.silent:
            return reply
        self._write_down(arrival, asked, reply.status, error)
        date = self._world.clock.now() + timedelta(seconds=faults.skew_seconds(self._world))
        reply.headers = (
            *reply.headers,
            ("x-amz-request-id", asked.request_id),
            ("x-amz-id-2", "practice"),
            ("date", http_date(date)),
            ("server", "AmazonS3"),
        )
        return reply

    def _asked(self, arrival: Arrival) -> _Asked:
        http = arrival.http
        raw_bucket, _, raw_key = http.raw_path[1:].partition("/")
        bucket, key = unquote(raw_bucket), unquote(raw_key)
        operation = routes.operation_of(http.method, bucket, key, http.query, http.headers)
        account = arrival.requester.principal.account
        request_id = self._world.ident("s3", account, operation, bucket).hex()[:16].upper()
        return _Asked(operation, bucket, key, request_id)

    def _served(self, arrival: Arrival, asked: _Asked) -> Reply:
        http, (operation, bucket, key, _) = arrival.http, asked
        headers, body = http.headers, http.body
        fault = faults.for_request(self._world, "s3", operation, bucket, key, headers)
        if fault is not None:
            if fault.code:
                raise S3Error(fault.code, status=fault.reply.status)
            if fault.reply.drop or fault.reply.silent:
                return fault.reply
        if headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
            body, trailers = sigv4.unchunked(body)
            headers = {**headers, **trailers}
        request = S3Request(
            self._world,
            self._authorizer,
            http,
            arrival.requester,
            arrival.region,
            operation,
            bucket,
            key,
            headers,
            body,
            self._world.clock.now(),
            self._contexts.of(arrival),
        )
        reply = fault.reply if fault and fault.instead else front.serve(request)
        if fault is not None:
            reply.delay = fault.reply.delay
            reply.body = reply.body[: len(reply.body) // 2] if fault.cut else reply.body
        return reply

    def _write_down(self, arrival: Arrival, asked: _Asked, status: int, error: S3Error | None) -> None:
        operation, bucket, key, request_id = asked
        resource = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}" if bucket else ""
        changes = routes.changes(operation) if operation else False
        answered = AnsweredRequest(arrival, "s3", operation, changes, status, request_id, resource)
        self._journal.log(answered)
        if operation in routes.DATA_OPERATIONS or not operation or not arrival.requester.principal.account:
            return
        owner = self._world.store.buckets.get(bucket)
        given: dict[str, Any] = {}
        if bucket:
            given = {"bucketName": bucket, "Host": f"s3.{arrival.region}.amazonaws.com"}
        details = EventDetails(
            _EVENT_NAMES.get(operation, operation),
            owner.account if owner else arrival.requester.principal.account,
            {**given, **arrival.http.query},
            (error.code, error.message) if error else ("", ""),
        )
        self._journal.tell(answered, details)


def refused(error: S3Error, request_id: str, http: HttpRequest) -> Reply:
    """S3's refusal of that request."""
    return front.error_reply(error, request_id, http.path, http.method)
