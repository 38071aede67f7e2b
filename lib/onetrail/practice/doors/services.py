"""The door of the services that speak JSON, query or CBOR, and of S3 Control: ours answer first, the rest is moto's."""

from typing import Any, Final

from onetrail.practice import faults
from onetrail.practice.calls import ServiceCall, ServiceError
from onetrail.practice.doors.arrival import Arrival, BaseContexts
from onetrail.practice.doors.journal import AnsweredRequest, EventDetails, Journal
from onetrail.practice.iam import actions
from onetrail.practice.iam.authorize import Authorizer
from onetrail.practice.moto.bridge import MotoBridge, not_implemented
from onetrail.practice.services.answers import ServiceAnswers
from onetrail.practice.services.organizations import as_management
from onetrail.practice.services.permitted import authorise
from onetrail.practice.state.world import World
from onetrail.practice.web.http import Reply
from onetrail.practice.web.protocols import Target, answer, refusal, target_of

_DISABLED: Final = {"ec2": "AuthFailure"}
"""What a service of the query protocol calls a session that a disabled region does not know, where that is not
InvalidClientTokenId (STS User Guide, "Managing AWS STS in an AWS Region": such regions take no session of others)."""
_NOT_RECORDED = ("Action", "Version", "body", "raw_query")


class ServicesDoor:
    """Answers what is asked of any service but S3."""

    def __init__(
        self,
        world: World,
        authorizer: Authorizer,
        contexts: BaseContexts,
        journal: Journal,
        answers: ServiceAnswers,
        bridge: MotoBridge,
    ) -> None:
        self._world, self._authorizer = world, authorizer
        self._contexts, self._journal = contexts, journal
        self._answers, self._bridge = answers, bridge

    def answer(self, arrival: Arrival, service: str) -> Reply:
        """Answer one request; never raises."""
        target = target_of(arrival.http, service)
        call = self._call(arrival, service, target)
        who = call.principal
        resource = actions.resource_of(service, call.operation, call.parameters, who.account, call.region, who.arn)
        error, spoken = ("", ""), None
        try:
            reply, spoken = self._answered(arrival, call, target, resource)
        except ServiceError as err:
            error = (err.code, err.message)
            reply = refusal(target, err.code, err.message, err.status, call.request_id)
        except Exception as err:  # noqa: BLE001 - a defect of the estate is answered, never a cut connection
            error = ("InternalFailure", f"{service} {call.operation}: {type(err).__name__}: {err}")
            reply = refusal(target, *error, 500, call.request_id)
        if not error[0] and reply.status >= 400:
            error = (f"HTTP{reply.status}", reply.body[:300].decode(errors="replace"))
        changes = bool(call.operation) and actions.changes(call.operation)
        answered = AnsweredRequest(arrival, service, call.operation, changes, reply.status, call.request_id, resource)
        self._journal.log(answered)
        if changes and service in ("iam", "organizations"):
            self._world.iam_changed()
        if call.operation and error[0] != "NotImplemented":
            self._journal.tell(answered, _details(call, resource, error, spoken))
        return reply

    def _call(self, arrival: Arrival, service: str, target: Target) -> ServiceCall:
        http, who, credential = arrival.http, arrival.requester.principal, arrival.requester.credential
        assert credential is not None, "only S3 has anonymous callers"
        parameters = dict(target.parameters)
        if service == "s3":
            account = http.headers.get("x-amz-account-id", "")
            parameters |= {"AccountId": account, "body": http.body, "raw_query": http.raw_query}
        request_id = request_id_of(self._world, service, who.account, arrival.region, target.operation)
        return ServiceCall(
            who.account,
            who,
            arrival.region,
            service,
            target.operation,
            parameters,
            request_id,
            http.headers.get("user-agent", ""),
            http.source_ip,
            credential.access_key_id,
            credential.principal_id,
        )

    def _answered(
        self, arrival: Arrival, call: ServiceCall, target: Target, resource: str
    ) -> tuple[Reply, dict[str, Any] | None]:
        """The reply, and its members where they are ours."""
        if not call.operation:
            raise not_implemented(call.service, f"{arrival.http.method} {arrival.http.raw_path}")
        fault = faults.for_request(self._world, call.service, call.operation, "", "")
        if fault is None:
            return self._served(arrival, call, target, resource)
        if fault.code:
            raise ServiceError(fault.code, "a fault that was asked for", fault.reply.status)
        if fault.reply.drop or fault.reply.silent or fault.instead:
            return fault.reply, None
        reply, spoken = self._served(arrival, call, target, resource)
        reply.delay = fault.reply.delay
        reply.body = reply.body[: len(reply.body) // 2] if fault.cut else reply.body
        return reply, spoken

    def _served(
        self, arrival: Arrival, call: ServiceCall, target: Target, resource: str
    ) -> tuple[Reply, dict[str, Any] | None]:
        http = arrival.http
        base, json_protocol = self._contexts.of(arrival), "x-amz-target" in http.headers
        if not self._world.enabled(call.account, call.region):
            code = (
                "UnrecognizedClientException" if json_protocol else _DISABLED.get(call.service, "InvalidClientTokenId")
            )
            raise ServiceError(code, "The security token included in the request is invalid.", 403)
        authorise(self._authorizer, call, arrival.requester, base, resource, json_protocol=json_protocol)
        self._answers.check(call)
        handler = self._answers.handler(call)
        if handler is None:
            return self._bridge.call(http, as_management(self._world, call)), None
        said = handler(call)
        reply = answer(target, said.status, said.body, call.request_id)
        reply.headers = (*reply.headers, *said.headers)
        return reply, dict(said.body) if not isinstance(said.body, bytes) else None


def request_id_of(world: World, *parts: object) -> str:
    """The id of the next request of that kind, as services other than S3 write it."""
    raw = world.ident("request", *parts).hex()
    return f"{raw[:8]}-{raw[8:12]}-{raw[12:16]}-{raw[16:20]}-{raw[20:32]}"


def _details(call: ServiceCall, resource: str, error: tuple[str, str], spoken: dict[str, Any] | None) -> EventDetails:
    parts = resource.split(":")
    owner = parts[4] if len(parts) > 5 and parts[4] else call.account
    given = {
        name: value for name, value in call.parameters.items() if name not in _NOT_RECORDED and "Password" not in name
    }
    return EventDetails(call.operation, owner, given, error, spoken)
