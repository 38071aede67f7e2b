"""The front of both doors: every request's signature is read and checked, its caller named, and the right door
found."""

from onetrail.iam import ANONYMOUS
from onetrail.practice.doors.arrival import Arrival
from onetrail.practice.doors.s3 import S3Door, refused
from onetrail.practice.doors.services import ServicesDoor, request_id_of
from onetrail.practice.doors.signatures import verified
from onetrail.practice.iam.requester import Requester
from onetrail.practice.s3.errors import S3Error
from onetrail.practice.state.request_log import Logged
from onetrail.practice.state.world import World
from onetrail.practice.web import sigv4
from onetrail.practice.web.http import HttpRequest, Reply
from onetrail.practice.web.protocols import refusal, target_of


class Front:
    """Hands each request to S3's door or to that of the other services."""

    def __init__(self, world: World, s3: S3Door, services: ServicesDoor) -> None:
        self._world, self._s3, self._services = world, s3, services

    def handle(self, request: HttpRequest) -> Reply:
        """Answer one request; never raises."""
        try:
            signed = sigv4.read(request)
        except sigv4.NotSigned:
            return self._unsigned(request)
        except sigv4.BadSignature as err:
            return self._stop(request, "s3", err, 400)
        try:
            credential = verified(self._world, request, signed)
        except sigv4.BadSignature as err:
            return self._stop(request, signed.service, err, 403)
        arrival = Arrival(request, Requester(credential.principal, credential), signed.region)
        if signed.service == "s3" and not request.raw_path.startswith("/v20180820/"):
            return self._s3.answer(arrival)
        return self._services.answer(arrival, signed.service)

    def _unsigned(self, request: HttpRequest) -> Reply:
        if "x-amz-target" in request.headers or "Action=" in request.raw_query or request.body[:7] == b"Action=":
            missing = sigv4.BadSignature("MissingAuthenticationToken", "Request is missing Authentication Token")
            return self._stop(request, "", missing, 403)
        return self._s3.answer(Arrival(request, Requester(ANONYMOUS), ""))

    def _stop(self, request: HttpRequest, service: str, error: sigv4.BadSignature, status: int) -> Reply:
        """A refusal before anybody is known."""
        request_id = request_id_of(self._world, "refused", service)
        self._world.requests.add(Logged("", "", "", service, "", False, status, request_id, request.raw_path))
        if service == "s3":
            return refused(S3Error(error.code, error.message, status=status), request_id, request)
        return refusal(target_of(request, service), error.code, error.message, status, request_id)
