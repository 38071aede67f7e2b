"""When an S3 call failed, and whether asking again can help."""

from botocore.exceptions import ClientError

from onetrail.errors import OnetrailError
from onetrail.s3 import markup
from onetrail.s3.transport import Answer, Broken

_AGAIN_STATUS = {429, 500, 502, 503, 504}
_AGAIN_CODE = {
    "SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "BandwidthLimitExceeded", "InternalError",
    "ServiceUnavailable", "RequestTimeout", "RequestTimeoutException", "ConditionalRequestConflict", "OperationAborted",
}  # fmt: skip
_SLOW_CODE = {
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
}
_OF_STATUS = {
    200: "InternalError", 301: "PermanentRedirect", 304: "NotModified", 400: "BadRequest", 403: "AccessDenied", 404: "NotFound", 409: "Conflict", 412: "PreconditionFailed",
    416: "InvalidRange", 429: "SlowDown", 500: "InternalError", 501: "NotImplemented", 503: "SlowDown",
}  # fmt: skip
"""For answers without a body (HEAD) or without a code in it."""


class NoAnswer(OnetrailError):
    """S3 gave no answer, however often it was asked; whether the last request took effect is unknown."""


def error_of(answer: Answer, operation: str, retries: int) -> ClientError | None:
    """The error in an answer, or None. CopyObject may say 200 and hold an error in its body (API Reference, CopyObject)."""
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
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__


def request_id_of(error: BaseException) -> str:
    """The request id of the failed call, `""` where no answer came."""
    return error.response["ResponseMetadata"].get("RequestId", "") if isinstance(error, ClientError) else ""


def no_answer(operation: str, where: str, broken: Broken, retries: int) -> NoAnswer:
    """The error for a call that was never answered."""
    cure = (
        "name the right CA file in AWS_CA_BUNDLE"
        if broken.for_good
        else "check the network path to S3 and run again"
    )
    return NoAnswer(f"{operation} on {where}: {broken.why} ({retries} retries); {cure}")


def _is_error(body: bytes) -> bool:
    head = body[:400].lstrip()
    if head.startswith(b"<?xml"):
        head = head.partition(b"?>")[2].lstrip()
    return head.startswith(b"<Error") or not head
