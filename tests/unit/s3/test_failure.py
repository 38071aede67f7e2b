"""What an answer of S3 means: an error or none, worth asking again or not, too fast or not."""

import pytest

from onetrail.s3.http.retries import (
    ahead_seconds,
    code_of,
    error_of,
    request_id_of,
    too_fast,
    worth_asking_again,
)
from onetrail.s3.http.transport import Answer

ERROR = b"<Error><Code>%s</Code><Message>Words.</Message><RequestId>R9</RequestId></Error>"
XML = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def failed(status, code=b"", operation="PutObject"):
    return error_of(Answer(status, [], ERROR % code if code else b""), operation, 0)


@pytest.mark.parametrize(
    ("status", "operation", "body", "is_error"),
    [
        (200, "PutObject", b"", False),
        (299, "PutObject", b"", False),
        (300, "PutObject", b"", True),
        (199, "PutObject", b"", True),
        (204, "DeleteObjects", b"", False),  # nothing is said, and nothing is promised of 204
        # only these two hide an error behind 200
        (200, "CopyObject", ERROR % b"InternalError", True),
        (200, "CopyObject", XML + ERROR % b"InternalError", True),
        (200, "CopyObject", b"  \n" + ERROR % b"InternalError", True),
        (200, "CopyObject", b"", True),
        (200, "CopyObject", b"<CopyObjectResult/>", False),
        (200, "CopyObject", XML + b"<CopyObjectResult/>", False),
        (200, "DeleteObjects", ERROR % b"InternalError", True),
        (200, "DeleteObjects", b"", True),
        (
            200,
            "DeleteObjects",
            b"<DeleteResult><Error><Key>a</Key></Error></DeleteResult>",
            False,
        ),  # of one key
        (200, "GetObject", ERROR % b"InternalError", False),  # an object's own bytes
    ],
)
def test_whether_an_answer_is_an_error(status, operation, body, is_error):
    """By its status, and by its body where 200 may hide one."""
    assert (error_of(Answer(status, [], body), operation, 0) is not None) is is_error


def test_an_error_says_all_that_came_with_it():
    """As botocore's own, so that whoever catches that reads it."""
    headers = [("X-Amz-Request-Id", "R1"), ("X-Amz-Id-2", "H1"), ("Date", "x")]
    error = error_of(Answer(403, headers, ERROR % b"AccessDenied"), "PutObject", 3)
    assert error.operation_name == "PutObject"
    assert error.response == {
        "Error": {"Code": "AccessDenied", "Message": "Words."},
        "ResponseMetadata": {
            "HTTPStatusCode": 403,
            "RequestId": "R1",
            "RetryAttempts": 3,
            "HostId": "H1",
            "HTTPHeaders": {"x-amz-request-id": "R1", "x-amz-id-2": "H1", "date": "x"},
        },
    }
    assert request_id_of(failed(403, b"X")) == "R9", "the body's, where no header has it"
    assert failed(403).response["Error"]["Message"] == "HTTP 403"
    assert (code_of(KeyError()), request_id_of(KeyError())) == ("KeyError", "")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (200, "InternalError"),
        (301, "PermanentRedirect"),
        (304, "NotModified"),
        (400, "BadRequest"),
        (403, "AccessDenied"),
        (404, "NotFound"),
        (409, "Conflict"),
        (412, "PreconditionFailed"),
        (416, "InvalidRange"),
        (429, "SlowDown"),
        (500, "InternalError"),
        (501, "NotImplemented"),
        (503, "SlowDown"),
        (418, "Http418"),
    ],
)
def test_an_answer_without_a_code_has_that_of_its_status(status, code):
    """HEAD has no body."""
    assert code_of(error_of(Answer(status, [], b""), "CopyObject", 0)) == code


AGAIN = [
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
]


@pytest.mark.parametrize(
    ("status", "code", "again", "fast"),
    [
        *((400, code, True, index < 5) for index, code in enumerate(AGAIN)),
        *((status, "X", True, status in (429, 503)) for status in (429, 500, 502, 503, 504)),
        *((status, "X", False, False) for status in (400, 403, 404, 409, 412, 428, 430, 501, 505)),
    ],
)
def test_what_is_asked_again_and_what_is_slowed_down_for(status, code, again, fast):
    """By the code, or by the status alone."""
    error = failed(status, code.encode())
    assert (worth_asking_again(error), too_fast(error)) == (again, fast)


def test_a_clock_is_compared_only_where_the_answer_has_a_date():
    """One that cannot be read is none."""
    at = [("Date", "Mon, 12 Jan 2026 09:00:00 GMT")]
    assert ahead_seconds(Answer(403, at, b""), lambda server: server - 1768208000.0) == 400.0
    for headers in ([], [("date", "soon")]):
        assert ahead_seconds(Answer(403, headers, b""), lambda server: 7.0) == 0.0
