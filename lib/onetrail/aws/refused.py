"""What an answer of AWS that is an error says: its code and its message; and answers that cannot be read at all.

A server that is not AWS, a proxy, or a page of HTML in front of either gives an error without the two; botocore then
leaves them out. Where such a page comes with status 200, botocore's parsers raise what is none of its usual errors, or
make an empty answer of it, which would look like "nothing there".
"""

from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError, ResponseParserFactory

from onetrail.errors import OnetrailError

_JSON: Final = ("json", "rest-json")
_UNPARSED: Final = (ResponseParserError, LookupError, TypeError, ValueError, AttributeError)
"""What botocore's parsers raise at markup of another form: not only the error that is named for it."""


class AnswerUnreadable(OnetrailError, BotoCoreError):
    """What answered is not AWS, or was changed on its way; whether the request took effect is unknown. One of
    botocore's errors too."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)
        self.kwargs: dict[str, object] = {}


class ReadableAnswers(ResponseParserFactory):
    """botocore's parsers, which raise AnswerUnreadable where an answer is not in the form of its service.

    Clients take it from the component `response_parser_factory` of their session.
    """

    def create_parser(self, protocol_name: str) -> Any:
        """The parser of a protocol."""
        parser = super().create_parser(protocol_name)
        parse = parser.parse

        def parsed(response: dict[str, Any], shape: Any) -> Any:
            if _is_of_another_form(response, shape, json=protocol_name in _JSON):
                raise _unreadable(response, shape)
            try:
                return parse(response, shape)
            except _UNPARSED as err:
                raise _unreadable(response, shape) from err

        parser.parse = parsed
        return parser


def _is_of_another_form(response: dict[str, Any], shape: Any, *, json: bool) -> bool:
    """True for a success that botocore would read as empty: a page of HTML, or no object where JSON is expected."""
    body = response["body"]
    if shape is None or response["status_code"] >= 300 or shape.serialization.get("payload"):
        return False
    if not isinstance(body, bytes):
        return False  # a stream, which belongs to who asked for it
    begins = body.lstrip()[:14].lower()
    return begins.startswith((b"<html", b"<!doctype html")) or (json and begins[:1] not in (b"", b"{"))


def _unreadable(response: dict[str, Any], shape: Any) -> AnswerUnreadable:
    headers = {str(name).lower(): value for name, value in response["headers"].items()}
    wanted = getattr(shape, "name", "") or "an answer"
    size = len(response["body"]) if isinstance(response["body"], bytes) else 0
    request = headers.get("x-amzn-requestid") or headers.get("x-amz-request-id") or "none"
    return AnswerUnreadable(
        f"an answer cannot be read: {wanted} was expected, and HTTP {response['status_code']} with"
        f" {size} bytes of {headers.get('content-type') or 'no content type'} came"
        f" (request id {request}); check the network path to AWS, such as a proxy, and run this again"
    )


def error_code(error: ClientError) -> str:
    """The code, such as `AccessDenied`; the HTTP status where the answer has none: `HTTP 502`."""
    code = error.response.get("Error", {}).get("Code")
    return str(code) if code else f"HTTP {error.response.get('ResponseMetadata', {}).get('HTTPStatusCode', 0)}"


def error_message(error: ClientError) -> str:
    """The message, `""` where the answer has none."""
    return str(error.response.get("Error", {}).get("Message") or "")


def short_reason(error: Exception) -> str:
    """The error's code where AWS answered, else the first line of what it says."""
    return error_code(error) if isinstance(error, ClientError) else str(error).splitlines()[0]
