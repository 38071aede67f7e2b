"""Whose key signed a request, or what AWS says where the signature does not hold."""

from datetime import timedelta

from onetrail.practice import faults
from onetrail.practice.iam.requester import credential_of
from onetrail.practice.state.clock import wall_now
from onetrail.practice.state.credentials import Credential
from onetrail.practice.state.world import World
from onetrail.practice.web import sigv4
from onetrail.practice.web.http import HttpRequest


def verified(world: World, request: HttpRequest, signed: sigv4.Signed) -> Credential:
    """The credential whose secret signed the request. Raises sigv4.BadSignature with the code the service uses."""
    credential, s3 = credential_of(world.keyring, signed.access_key_id), signed.service == "s3"
    if credential is None:
        if s3:
            message = "The AWS Access Key Id you provided does not exist in our records."
            raise sigv4.BadSignature("InvalidAccessKeyId", message)
        message = "The security token included in the request is invalid."
        raise sigv4.BadSignature(_unknown_code(request), message)
    now = wall_now() + timedelta(seconds=faults.skew_seconds(world))
    sigv4.verify(request, signed, credential.secret, now)
    if request.headers.get("x-amz-security-token", "") != credential.token:
        code = "InvalidToken" if s3 else _unknown_code(request)
        raise sigv4.BadSignature(code, "The provided token is malformed or otherwise invalid.")
    if credential.expires and credential.expires <= now:
        code = "ExpiredToken" if s3 or "x-amz-target" not in request.headers else "ExpiredTokenException"
        raise sigv4.BadSignature(code, "The security token included in the request is expired")
    return credential


def _unknown_code(request: HttpRequest) -> str:
    return "UnrecognizedClientException" if "x-amz-target" in request.headers else "InvalidClientTokenId"
