"""What an answer of AWS that is an error says: its code and its message.

A server that is not AWS, a proxy, or a page of HTML in front of either gives an error without the two; botocore then
leaves them out.
"""

from botocore.exceptions import ClientError


def error_code(error: ClientError) -> str:
    """The code, such as `AccessDenied`; the HTTP status where the answer has none: `HTTP 502`."""
    code = error.response.get("Error", {}).get("Code")
    return str(code) if code else f"HTTP {error.response.get('ResponseMetadata', {}).get('HTTPStatusCode', 0)}"


def error_message(error: ClientError) -> str:
    """The message, `""` where the answer has none."""
    return str(error.response.get("Error", {}).get("Message") or "")
