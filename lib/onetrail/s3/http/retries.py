"""When an S3 call failed, and whether asking again can help."""

from collections.abc import Callable
from email.utils import parsedate_to_datetime

from botocore.exceptions import BotoCoreError, ClientError, SSLError

from onetrail.aws.refused import error_code
from onetrail.errors import OnetrailError
from onetrail.s3.http import markup
from onetrail.s3.http.transport import Answer, Broken

_AGAIN_STATUS = {429, 500, 502, 503, 504}
_AGAIN_CODE = {
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "InternalError",
    "ServiceUnavailable",
    "RequestTimeout",
    "RequestTimeoutException",
    "ConditionalRequestConflict",
    "OperationAborted",
}
_SLOW_CODE = {
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
}
_OF_STATUS = {
    200: "InternalError",
    301: "PermanentRedirect",
    304: "NotModified",
    400: "BadRequest",
    403: "AccessDenied",
    404: "NotFound",
    409: "Conflict",
    412: "PreconditionFailed",
    416: "InvalidRange",
    429: "SlowDown",
    500: "InternalError",
    501: "NotImplemented",
    503: "SlowDown",
}
"""For answers without a body (HEAD) or without a code in it."""


ENDED_CODES = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken"})
"""The session's credentials are over (API Reference, Error Responses)."""
SKEWED_CODE = "RequestTimeTooSkewed"
SKEW_SECONDS = 600.0
"""A clock that is so far off is corrected; S3 itself refuses from fifteen minutes on (API Reference, Error
Responses)."""


class NoAnswer(OnetrailError, BotoCoreError):
    """S3 gave no answer, however often it was asked; whether the last request took effect is unknown. One of botocore's
    errors too."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)
        self.kwargs: dict[str, object] = {}


class NotTrusted(NoAnswer, SSLError):
    """The other side's certificate is vouched for by nobody known here, or is that of another name. Botocore's SSLError
    too."""


def error_of(answer: Answer, operation: str, retries: int) -> ClientError | None:
    """The error in an answer, or None. CopyObject may say 200 and hold an error in its body (API Reference,
    CopyObject)."""
    hidden = answer.status == 200 and operation in ("CopyObject", "DeleteObjects") and _is_error(answer.body)
    if 200 <= answer.status < 300 and not hidden:
        return None
    body = markup.without_prefixes(answer.body)
    code = markup.text(body, b"Code") or _OF_STATUS.get(answer.status, f"Http{answer.status}")
    return ClientError(
        {
            "Error": {"Code": code, "Message": markup.text(body, b"Message") or f"HTTP {answer.status}"},
            "ResponseMetadata": {
                "HTTPStatusCode": answer.status,
                "RequestId": answer.header("x-amz-request-id") or markup.text(body, b"RequestId"),
                "HTTPHeaders": {name.lower(): value for name, value in answer.headers},
                "RetryAttempts": retries,
                "HostId": answer.header("x-amz-id-2"),
            },
        },
        operation,
    )


def worth_asking_again(error: ClientError) -> bool:
    """True where S3 itself says that the same request may succeed later (API Reference, Error Responses)."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return status in _AGAIN_STATUS or code_of(error) in _AGAIN_CODE


def too_fast(error: ClientError) -> bool:
    """True where S3 asks for fewer requests a second."""
    return code_of(error) in _SLOW_CODE or error.response["ResponseMetadata"]["HTTPStatusCode"] in (429, 503)


def code_of(error: BaseException) -> str:
    """S3's error code, or the name of our own exception."""
    return error_code(error) if isinstance(error, ClientError) else type(error).__name__


def request_id_of(error: BaseException) -> str:
    """The request id of the failed call, `""` where no answer came."""
    return error.response["ResponseMetadata"].get("RequestId", "") if isinstance(error, ClientError) else ""


def no_answer(operation: str, where: str, broken: Broken, retries: int) -> NoAnswer:
    """The error for a call that was never answered."""
    said = f"{operation} on {where}: {broken.why} ({retries} retries)"
    if broken.for_good:
        return NotTrusted(f"{said}; name the right CA file in AWS_CA_BUNDLE, or ca_bundle in the profile")
    return NoAnswer(f"{said}; check the network path to S3 and run again")


def ahead_seconds(answer: Answer, off_by: Callable[[float], float]) -> float:
    """How far the server's clock is ahead, by the answer's Date header; 0 where it has none that can be read."""
    try:
        return off_by(parsedate_to_datetime(answer.header("date")).timestamp())
    except ValueError:
        return 0.0


def _is_error(body: bytes) -> bool:
    head = body[:400].lstrip()
    if head.startswith(b"<?xml"):
        head = head.partition(b"?>")[2].lstrip()
    return head.startswith(b"<Error") or not head
