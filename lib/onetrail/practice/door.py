"""The door: every request is parsed, its signature checked, its caller named, authorised, answered and logged."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from onetrail.iam import ANONYMOUS, Principal
from onetrail.practice import faults
from onetrail.practice.calls import Answer, Call, CallEvent, ServiceError
from onetrail.practice.iam import actions
from onetrail.practice.moto.bridge import not_implemented
from onetrail.practice.s3 import front as s3_front
from onetrail.practice.s3 import routes as s3_routes
from onetrail.practice.s3.batch import service as s3_batch_service
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.s3.request import S3Request
from onetrail.practice.services import account as corrections_account
from onetrail.practice.services import iam as corrections_iam
from onetrail.practice.services import kms as corrections_kms
from onetrail.practice.services import organizations as corrections_organizations
from onetrail.practice.services import s3control as corrections_s3control
from onetrail.practice.services import sts as corrections_sts
from onetrail.practice.services.authorise import authorise
from onetrail.practice.state.clock import http_date, wall_now
from onetrail.practice.state.credentials import Credential
from onetrail.practice.web import sigv4
from onetrail.practice.web.http import Connection, HttpRequest, Reply
from onetrail.practice.web.protocols import Target, answer, refusal, target_of

if TYPE_CHECKING:
    from onetrail.practice.state.world import World

Correction = Callable[["World", Call], Answer]
Check = Callable[["World", Call], None]

CORRECTIONS: Final[dict[tuple[str, str], Correction]] = {
    **corrections_account.CORRECTIONS,
    **corrections_iam.CORRECTIONS,
    **corrections_s3control.CORRECTIONS,
    **s3_batch_service.CORRECTIONS,
    **corrections_sts.CORRECTIONS,
}
CHECKS: Final[dict[tuple[str, str], Check]] = {
    **corrections_iam.CHECKS,
    **corrections_kms.CHECKS,
    **corrections_organizations.CHECKS,
}

_EVENT_NAMES: Final = {
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
}


class Door:
    """Answers requests for one world. `control` answers the paths below `/_practice/`."""

    def __init__(self, world: "World", control: Callable[[HttpRequest], Reply] | None = None) -> None:
        self.world, self._control = world, control
        self._contexts: dict[tuple[Any, ...], dict[str, str]] = {}

    def handle(self, request: HttpRequest) -> Reply:
        """Answer one request; never raises."""
        if request.raw_path.startswith("/_practice/") and self._control:
            return self._control(request)
        try:
            signed = sigv4.read(request)
        except sigv4.NotSigned:
            return self._unsigned(request)
        except sigv4.BadSignature as err:
            return self._stop(request, "s3", err.code, err.message, 400)
        try:
            credential = self._credential(request, signed)
        except sigv4.BadSignature as err:
            return self._stop(request, signed.service, err.code, err.message, 403)
        if signed.service == "s3" and not request.raw_path.startswith("/v20180820/"):
            return self._s3(request, credential, credential.principal, signed.region)
        return self._service(request, credential, signed.service, signed.region)

    def _credential(self, request: HttpRequest, signed: sigv4.Signed) -> Credential:
        credential = self.world.keyring.find(signed.access_key_id)
        s3 = signed.service == "s3"
        if credential is None:
            if s3:
                raise sigv4.BadSignature(
                    "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records."
                )
            raise sigv4.BadSignature(
                _unknown_code(request), "The security token included in the request is invalid."
            )
        now = wall_now() + timedelta(seconds=faults.skew_seconds(self.world))
        sigv4.verify(request, signed, credential.secret, now)
        if request.headers.get("x-amz-security-token", "") != credential.token:
            raise sigv4.BadSignature(
                "InvalidToken" if s3 else _unknown_code(request),
                "The provided token is malformed or otherwise invalid.",
            )
        if credential.expires and credential.expires <= now:
            code = "ExpiredToken" if s3 or "x-amz-target" not in request.headers else "ExpiredTokenException"
            raise sigv4.BadSignature(code, "The security token included in the request is expired")
        return credential

    def _unsigned(self, request: HttpRequest) -> Reply:
        if (
            "x-amz-target" in request.headers
            or "Action=" in request.raw_query
            or request.body[:7] == b"Action="
        ):
            return self._stop(
                request, "", "MissingAuthenticationToken", "Request is missing Authentication Token", 403
            )
        return self._s3(request, None, ANONYMOUS, "")

    def _stop(self, request: HttpRequest, service: str, code: str, message: str, status: int) -> Reply:
        """A refusal before anybody is known."""
        request_id = self._request_id("refused", service)
        self.world.requests.add("", "", "", service, "", False, status, request_id, request.raw_path)
        if service == "s3":
            error = S3Error(code, message, status=status)
            return s3_front.error_reply(error, request_id, request.path, request.method)
        target = target_of(request, service)
        return refusal(target, code, message, status, request_id)

    def _date(self) -> datetime:
        """What the door's answers say the time is."""
        return self.world.clock.now() + timedelta(seconds=faults.skew_seconds(self.world))

    def _request_id(self, *parts: object) -> str:
        raw = self.world.ident("request", *parts).hex()
        return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:32]}"

    def _base_context(
        self, request: HttpRequest, credential: Credential | None, principal: Principal, region: str
    ) -> dict[str, str]:
        now = self.world.clock.now()
        key = (credential.access_key_id if credential else "", request.secure, region, now, request.source_ip)
        found = self._contexts.get(key)
        if found is None:
            if len(self._contexts) > 1000:
                self._contexts.clear()
            found = self._contexts[key] = self._context(request, credential, principal, region)
        return found

    def _context(
        self, request: HttpRequest, credential: Credential | None, principal: Principal, region: str
    ) -> dict[str, str]:
        now = self.world.clock.now()
        found = {
            "aws:SecureTransport": "true" if request.secure else "false",
            "aws:CurrentTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws:EpochTime": str(int(now.timestamp())),
            "aws:SourceIp": request.source_ip,
            "aws:ViaAWSService": "false",
        }
        if region:
            found["aws:RequestedRegion"] = region
        if request.secure:
            found["s3:TlsVersion"] = "1.3"
        if credential:
            found["aws:userid"] = credential.principal_id
        if principal.kind == "user":
            found["aws:username"] = principal.arn.rsplit("/", 1)[-1]
        if principal.account in self.world.accounts and self.world.organization_id:
            found["aws:PrincipalOrgID"] = self.world.organization_id
        return found

    # -- S3 -----------------------------------------------------------------------------------------------------

    def _s3(
        self, http: HttpRequest, credential: Credential | None, principal: Principal, region: str
    ) -> Reply:
        raw_bucket, _, raw_key = http.raw_path[1:].partition("/")
        bucket, key = unquote(raw_bucket), unquote(raw_key)
        operation = s3_routes.operation_of(http.method, bucket, key, http.query, http.headers)
        request_id = self.world.ident("s3", principal.account, operation, bucket).hex()[:16].upper()
        headers, body = http.headers, http.body
        try:
            fault = faults.for_request(self.world, "s3", operation, bucket, key, headers)
            if fault is not None and (fault.reply.drop or fault.reply.silent or fault.code):
                if fault.code:
                    raise S3Error(fault.code, status=fault.reply.status)
                return fault.reply
            if headers.get("x-amz-content-sha256", "").startswith("STREAMING-"):
                body, trailers = sigv4.unchunked(body)
                headers = {**headers, **trailers}
            request = S3Request(
                self.world, http, operation, bucket, key, headers, http.query, body, credential, principal, region,
                self.world.clock.now(), request_id, self._base_context(http, credential, principal, region),
            )  # fmt: skip
            reply, error = fault.reply if fault and fault.instead else s3_front.serve(request), None
            if fault is not None:
                reply.delay = fault.reply.delay
                reply.body = reply.body[: len(reply.body) // 2] if fault.cut else reply.body
        except S3Error as err:
            error = err
            reply = s3_front.error_reply(err, request_id, http.path, http.method)
        except sigv4.BadChunks as err:
            error = S3Error("IncompleteBody", str(err))
            reply = s3_front.error_reply(error, request_id, http.path, http.method)
        except Exception as err:  # noqa: BLE001 - a defect of the estate is answered, never a cut connection
            error = S3Error("InternalError", f"{operation}: {type(err).__name__}: {err}")
            reply = s3_front.error_reply(error, request_id, http.path, http.method)
        self._log_s3(http, credential, principal, region, operation, bucket, key, request_id, reply, error)
        reply.headers = (
            *reply.headers, ("x-amz-request-id", request_id), ("x-amz-id-2", "practice"),
            ("date", http_date(self._date())), ("server", "AmazonS3"),
        )  # fmt: skip
        return reply

    def _log_s3(
        self, http: HttpRequest, credential: Credential | None, principal: Principal, region: str, operation: str,
        bucket: str, key: str, request_id: str, reply: Reply, error: S3Error | None,
    ) -> None:  # fmt: skip
        resource = f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}" if bucket else ""
        changes = s3_routes.changes(operation) if operation else False
        arn = principal.session_arn or principal.arn
        self.world.requests.add(
            principal.account, arn, region, "s3", operation, changes, reply.status, request_id, resource
        )
        if (
            operation in s3_routes.DATA_OPERATIONS
            or not operation
            or not principal.account
            or not self.world.event_sink
        ):
            return
        owner = self.world.store.buckets.get(bucket)
        given: dict[str, Any] = {"bucketName": bucket, "Host": f"s3.{region}.amazonaws.com"} if bucket else {}
        given |= {name: value for name, value in http.query.items()}
        self._event(
            http, credential, principal, "s3", _EVENT_NAMES.get(operation, operation), region, not changes, given,
            request_id, resource, owner.account if owner else principal.account,
            (error.code, error.message) if error else ("", ""),
        )  # fmt: skip

    def _event(
        self, http: HttpRequest, credential: Credential | None, principal: Principal, service: str, operation: str,
        region: str, read_only: bool, given: dict[str, Any], request_id: str, resource: str, owner: str,
        error: tuple[str, str], response: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.world.record_event(
            CallEvent(
                self.world.clock.now(), principal.account, owner, principal,
                credential.principal_id if credential else "", credential.access_key_id if credential else "",
                service, operation, region, read_only, given, request_id, http.source_ip,
                http.headers.get("user-agent", ""), resource, error[0], error[1], response,
            )
        )  # fmt: skip

    # -- everything else ----------------------------------------------------------------------------------------

    def _service(self, http: HttpRequest, credential: Credential, service: str, region: str) -> Reply:
        target = target_of(http, service)
        principal = credential.principal
        operation = target.operation
        request_id = self._request_id(service, principal.account, region, operation)
        parameters = dict(target.parameters)
        if service == "s3":
            account = http.headers.get("x-amz-account-id", "")
            parameters |= {"AccountId": account, "body": http.body, "raw_query": http.raw_query}
        call = Call(
            principal.account, principal, region, service, operation, parameters, request_id,
            http.headers.get("user-agent", ""), http.source_ip, credential.access_key_id, credential.principal_id,
        )  # fmt: skip
        resource = actions.resource_of(
            service, operation, parameters, principal.account, region, principal.arn
        )
        error = ("", "")
        spoken: dict[str, Any] | None = None
        try:
            reply, spoken = self._answer(http, credential, call, target, resource)
        except ServiceError as err:
            error = (err.code, err.message)
            reply = refusal(target, err.code, err.message, err.status, request_id)
        except Exception as err:  # noqa: BLE001 - a defect of the estate is answered, never a cut connection
            error = ("InternalFailure", f"{service} {operation}: {type(err).__name__}: {err}")
            reply = refusal(target, *error, 500, request_id)
        if not error[0] and reply.status >= 400:
            error = (f"HTTP{reply.status}", reply.body[:300].decode(errors="replace"))
        changes = bool(operation) and actions.changes(operation)
        arn = principal.session_arn or principal.arn
        self.world.requests.add(
            principal.account, arn, region, service, operation, changes, reply.status, request_id, resource
        )
        if changes and service in ("iam", "organizations"):
            self.world.iam_changed()
        if operation and error[0] != "NotImplemented":
            owner = (
                resource.split(":")[4]
                if resource.count(":") >= 5 and resource.split(":")[4]
                else principal.account
            )
            given = {
                k: v
                for k, v in parameters.items()
                if k not in ("Action", "Version", "body", "raw_query") and "Password" not in k
            }
            self._event(
                http, credential, principal, service, operation, region, not changes, given, request_id, resource, owner,
                error, spoken,
            )  # fmt: skip
        return reply

    def _answer(
        self, http: HttpRequest, credential: Credential, call: Call, target: Target, resource: str
    ) -> tuple[Reply, dict[str, Any] | None]:
        if not call.operation:
            raise not_implemented(call.service, f"{http.method} {http.raw_path}")
        fault = faults.for_request(self.world, call.service, call.operation, "", "")
        if fault is not None:
            if fault.code:
                raise ServiceError(fault.code, "a fault that was asked for", fault.reply.status)
            return fault.reply, None
        self._check_region(call)
        base = self._base_context(http, credential, call.principal, call.region)
        authorise(self.world, call, credential, base, resource, json_protocol="x-amz-target" in http.headers)
        check = CHECKS.get((call.service, call.operation))
        if check:
            check(self.world, call)
        correction = CORRECTIONS.get((call.service, call.operation))
        handler = self.world.services.get(call.service) if call.service != "s3" else None
        if correction or handler:
            said = correction(self.world, call) if correction else handler(call) if handler else Answer()
            reply = answer(target, said.status, said.body, call.request_id)
            reply.headers = (*reply.headers, *said.headers)
            return reply, dict(said.body) if not isinstance(said.body, bytes) else None
        return self.world.bridge.call(
            http, call.service, call.operation, call.region, call.account, call.request_id
        ), None

    def _check_region(self, call: Call) -> None:
        account = self.world.accounts.get(call.account)
        known = corrections_account.BY_DEFAULT + corrections_account.BY_CHOICE
        if account is not None and call.region not in account.opted_in and call.region in known:
            raise ServiceError(
                "UnrecognizedClientException", "The security token included in the request is invalid.", 403
            )


def _unknown_code(request: HttpRequest) -> str:
    return "UnrecognizedClientException" if "x-amz-target" in request.headers else "InvalidClientTokenId"


async def listen(door: Door, port: int, banner: str) -> tuple[asyncio.Server, asyncio.Server]:
    """Two loopback listeners: the main one counts as TLS, the second as plain HTTP. Port 0 takes any free one."""
    loop = asyncio.get_running_loop()
    main = await loop.create_server(
        lambda: Connection(door.handle, True, banner), "127.0.0.1", port, backlog=1024
    )
    plain = await loop.create_server(
        lambda: Connection(door.handle, False, banner), "127.0.0.1", 0, backlog=1024
    )
    return main, plain
